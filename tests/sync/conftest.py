"""A hospital and a store for one test; the server behind all hospitals is started once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.store.database import Store, open_store
from tests.sync.small_hospital import HospitalServer, SmallHospital


@pytest.fixture(scope="session")
def hospital_server() -> Iterator[HospitalServer]:
    with HospitalServer() as server:
        yield server


@pytest.fixture
def hospital(hospital_server: HospitalServer, tmp_path: Path) -> Iterator[SmallHospital]:
    """An empty hospital of the test's own."""
    with hospital_server.hospital(tmp_path / "hospital") as hospital:
        yield hospital


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "profile")
    yield store
    store.close()
