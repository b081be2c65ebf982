"""Slides that only OpenSlide reads, at the door: the child reads them from memory that the program has filled."""

from __future__ import annotations

import io
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.viewers.pathology import vendor_slides
from tests.viewers.pathology.byte_sources import MemoryByteSource
from tests.viewers.pathology.test_lent_slides import open_handles
from viewers.door import slide_check
from viewers.door.slide_passed import PASSED_OPENSLIDE
from viewers.errors import UnreadableFile
from viewers.pathology import memory_file
from viewers.pathology.memory_file import copy_into_memory
from viewers.pathology.plain_file import CopiedSource, NoPlainFile, PlainFile
from viewers.pathology.scratch_file import copy_to_scratch
from workstation.door import inspection_pool
from workstation.door.inspection_pool import InspectionPool
from workstation.door.object_inspector import ProcessInspector

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="handles travel on Linux only")
NDPI = "image/x-hamamatsu-ndpi"


@pytest.fixture(scope="module")
def pool() -> Iterator[InspectionPool]:
    pool = InspectionPool(1)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def ndpi(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("ndpi") / "slide.ndpi"
    vendor_slides.write_ndpi(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def philips(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("philips") / "slide.tiff"
    vendor_slides.write_philips(path)
    return path.read_bytes()


def test_that_a_dialect_is_read_in_the_child_and_what_passes_is_remembered(
    pool: InspectionPool, ndpi: bytes, philips: bytes
) -> None:
    inspector = ProcessInspector(pool)
    for content in (ndpi, philips):
        found = inspector.inspect_file(MemoryByteSource("Biopsy", content), NDPI)
        assert (found.problem, found.display_facts) == ("", PASSED_OPENSLIDE)
    assert open_handles() == set()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_that_a_slide_cut_short_is_kept_apart_with_its_reason(pool: InspectionPool, ndpi: bytes, share: float) -> None:
    found = pool.check(MemoryByteSource("Biopsy", ndpi[: int(len(ndpi) * share)]), kind="file", content_type=NDPI)
    assert found.problem and found.blob == b""
    assert open_handles() == set()


def test_that_a_damaged_tile_is_found_wherever_it_is(pool: InspectionPool, philips: bytes) -> None:
    """Its directory is whole: only whoever reads the picture notices."""
    starts = [at for at in range(len(philips)) if philips.startswith(b"\xff\xd8\xff", at)]
    assert len(starts) >= 16
    for start in (starts[0], starts[7], starts[-1]):
        damaged = bytearray(philips)
        damaged[start : start + 600] = bytes(600)
        found = pool.check(MemoryByteSource("Biopsy", bytes(damaged)), kind="file", content_type=NDPI)
        assert "cannot be read" in found.problem and "/proc" not in found.problem


def test_that_where_no_memory_can_be_had_it_comes_in_unread_and_nothing_says_that_it_passed(
    pool: InspectionPool, ndpi: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_file, "free_memory_bytes", lambda: 0)
    found = pool.check(MemoryByteSource("Biopsy", ndpi), kind="file", content_type=NDPI)
    assert (found.problem, found.blob) == ("", b"")
    assert "too little is free" in found.facts["sentence"]


def test_that_a_file_of_another_kind_is_no_business_of_this_check(pool: InspectionPool) -> None:
    """A content type that sounds like a slide proves nothing; the file was let in before, and is not opened."""
    found = pool.check(MemoryByteSource("Photo", b"BM and a bitmap"), kind="file", content_type="image/x-ms-bmp")
    assert (found.problem, found.blob) == ("", b"")


def test_that_a_copy_on_the_disk_can_be_read_too_by_its_handle_or_by_its_name(
    pool: InspectionPool, ndpi: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(pool: InspectionPool, *, nameless: bool) -> bytes:
        def lend(source: CopiedSource) -> PlainFile:
            return copy_to_scratch(source, tmp_path / "open", nameless=nameless)

        found = pool.check(MemoryByteSource("Biopsy", ndpi), lend, kind="file", content_type=NDPI)
        assert not found.problem
        return found.blob

    assert check(pool, nameless=True) == PASSED_OPENSLIDE
    monkeypatch.setattr(inspection_pool, "make_handover", lambda: (None, None))  # as on Windows and macOS
    monkeypatch.setattr(inspection_pool, "_make_window", lambda: -1)
    elsewhere = InspectionPool(1)
    try:
        assert check(elsewhere, nameless=False) == PASSED_OPENSLIDE
    finally:
        elsewhere.close()
    assert list((tmp_path / "open").iterdir()) == []
    assert open_handles() == set()


def test_that_a_vault_that_cannot_be_read_is_no_fault_of_the_file(pool: InspectionPool, ndpi: bytes) -> None:
    class Failing(MemoryByteSource):
        opened = 0

        def open(self) -> io.BytesIO:
            type(self).opened += 1
            if type(self).opened > 1:  # the child has seen its beginning; now it is to be lent
                raise PermissionError("gone")
            return io.BytesIO(self.content)

    with pytest.raises(PermissionError):
        pool.check(Failing("Biopsy", ndpi), kind="file", content_type=NDPI)
    assert pool.check(MemoryByteSource("Biopsy", ndpi), kind="file", content_type=NDPI).blob == PASSED_OPENSLIDE


def test_that_however_short_the_time_every_level_is_read_and_the_readings_lie_all_over(
    ndpi: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[int, int, int]] = []
    real = slide_check.open_slide

    def watched(*arguments: object) -> object:
        slide = real(*arguments)  # type: ignore[arg-type]
        read_tile = slide.read_tile
        slide.read_tile = lambda *at: read.append(at) or read_tile(*at)  # type: ignore[method-assign, func-returns-value]
        return slide

    monkeypatch.setattr(slide_check, "open_slide", watched)
    slide_check.check_slide(MemoryByteSource("Biopsy", ndpi), lambda: None, lend=copy_into_memory, decode_for_s=0.0)
    assert [level for level, _, _ in read] == [5, 4, 3, 2, 1, 0]
    order = list(slide_check._spread(1000))
    assert sorted(order) == list(range(1000))
    first = sorted(order[:20])
    assert max(b - a for a, b in itertools.pairwise(first)) <= 100


def test_that_a_slide_larger_than_any_is_not_read(ndpi: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slide_check, "LARGEST_LEVEL_PX", 1000)
    with pytest.raises(UnreadableFile, match="which no slide has"):
        slide_check.check_slide(MemoryByteSource("Biopsy", ndpi), lambda: None, lend=copy_into_memory)
    with pytest.raises(NoPlainFile):
        slide_check.check_slide(MemoryByteSource("Biopsy", ndpi), lambda: None)
    assert open_handles() == set()
