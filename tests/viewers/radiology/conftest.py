"""Shared by the radiology tests: the real data, scanned once."""

from __future__ import annotations

import pytest

from tests.real_data import real_data
from viewers.byte_source import FileByteSource
from viewers.radiology.frame import StudyScan
from viewers.radiology.series_loader import scan_instances


@pytest.fixture(scope="session")
def real_scan() -> StudyScan:
    """Every file below the real data's dicom folder, as one scan."""
    files = [path for path in sorted(real_data("dicom").rglob("*")) if path.is_file()]
    return scan_instances([FileByteSource(path) for path in files])
