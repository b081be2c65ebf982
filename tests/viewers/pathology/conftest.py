"""A small phantom slide, made once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.demo_hospital.phantoms.slide import write_slide
from viewers.byte_source import FileByteSource
from viewers.pathology.slide_source import SlideSource, open_slide


@pytest.fixture(scope="package")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("phantom") / "phantom.svs"
    write_slide(path, width_px=1280, height_px=1280)
    return path


@pytest.fixture()
def slide(phantom: Path) -> Iterator[SlideSource]:
    source = open_slide([FileByteSource(phantom)])
    yield source
    source.close()
