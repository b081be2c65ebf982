"""Slides that only OpenSlide reads, out of bytes without a path: lent in memory, pixel for pixel, and given back."""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openslide
import pytest

from tests.viewers.pathology import vendor_slides
from tests.viewers.pathology.byte_sources import MemoryByteSource
from viewers.byte_source import FileByteSource
from viewers.calibration import CalibrationClass
from viewers.errors import UnreadableFile, UnsupportedImage
from viewers.pathology import memory_file
from viewers.pathology.memory_file import NotEnoughMemory, copy_into_memory
from viewers.pathology.openslide_source import LIES_OPEN
from viewers.pathology.plain_file import NoPlainFile, PlainFile
from viewers.pathology.scratch_file import copy_to_scratch, sweep_scratch
from viewers.pathology.slide_source import SlideSource, open_slide

linux = pytest.mark.skipif(sys.platform != "linux", reason="files in memory are Linux's")
DIALECTS = [("hamamatsu", vendor_slides.write_ndpi), ("philips", vendor_slides.write_philips)]


@pytest.fixture(scope="module", params=DIALECTS, ids=[vendor for vendor, _ in DIALECTS])
def slide_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    vendor, write = request.param
    path = tmp_path_factory.mktemp(vendor) / "slide.tiff"
    write(path)
    return vendor, path


def sealed(path: Path, name: str = "Biopsy") -> MemoryByteSource:
    return MemoryByteSource(name, path.read_bytes())


def open_handles() -> set[str]:
    """What this program has open in memory or below a scratch folder."""
    found = set()
    for handle in Path("/proc/self/fd").iterdir():
        try:
            target = str(handle.readlink())
        except FileNotFoundError:
            continue
        if "memfd:slide" in target or "/open-" in target:
            found.add(f"{handle.name} {target}")
    return found


def assert_same_pixels(slide: SlideSource, plain: Path) -> None:
    with openslide.OpenSlide(str(plain)) as oracle:
        assert [(at.width_px, at.height_px) for at in slide.levels] == list(oracle.level_dimensions)
        for number, level in enumerate(slide.levels):
            whole = slide.read_region(0, 0, level.width_px, level.height_px, number)
            expected = np.asarray(oracle.read_region((0, 0), number, (level.width_px, level.height_px)))
            assert np.array_equal(whole[..., 2::-1], expected[..., :3])


@linux
def test_that_a_dialect_reads_the_same_out_of_memory_as_from_a_plain_file(slide_file: tuple[str, Path]) -> None:
    vendor, path = slide_file
    assert openslide.OpenSlide.detect_format(str(path)) == vendor
    slide = open_slide([sealed(path)], copy_into_memory)
    try:
        assert slide.name == "Biopsy" and slide.format_name == f"{vendor} (OpenSlide)"
        assert slide.warnings == ()
        assert slide.calibration.kind is not CalibrationClass.UNCALIBRATED
        assert_same_pixels(slide, path)
        shown = slide.read_region(0, 0, vendor_slides.WIDTH, vendor_slides.HEIGHT)[..., 2::-1].astype(int)
        assert np.abs(shown - vendor_slides.picture()).max() <= 6  # what was drawn, but for JPEG
    finally:
        slide.close()
    assert open_handles() == set()


def test_that_stripes_are_read_in_squares(tmp_path: Path) -> None:
    """NDPI keeps stripes of 8 pixels: asked for one by one, a screen would be thousands of readings."""
    vendor_slides.write_ndpi(tmp_path / "a.ndpi")
    slide = open_slide([FileByteSource(tmp_path / "a.ndpi")])
    try:
        assert all((at.tile_width_px, at.tile_height_px) == (256, 256) for at in slide.levels)
    finally:
        slide.close()


def test_that_without_a_lender_the_slide_is_not_opened_and_the_sentence_says_why(slide_file: tuple[str, Path]) -> None:
    with pytest.raises(NoPlainFile, match="Biopsy is of a kind that can only be read from an unencrypted file"):
        open_slide([sealed(slide_file[1])])


@linux
def test_that_a_file_in_memory_is_sealed_private_and_handed_to_no_program() -> None:
    plain = copy_into_memory(MemoryByteSource("Biopsy", bytes(range(256)) * 40_000))
    try:
        assert plain.path.read_bytes() == bytes(range(256)) * 40_000
        assert stat.S_IMODE(os.fstat(plain.handle).st_mode) == 0o600
        assert not os.get_inheritable(plain.handle)
        for change in (lambda: os.pwrite(plain.handle, b"x", 0), lambda: os.ftruncate(plain.handle, 1)):
            with pytest.raises(PermissionError):
                change()
    finally:
        plain.close()
    assert open_handles() == set()


@linux
@pytest.mark.parametrize(
    ("free_bytes", "size_bytes", "is_refused"),
    [
        (memory_file.KEPT_FREE_BYTES + 100, 100, False),
        (memory_file.KEPT_FREE_BYTES + 99, 100, True),
        (0, 100, True),
        (None, 100, False),
    ],
)
def test_that_memory_which_others_need_is_left_to_them(
    monkeypatch: pytest.MonkeyPatch, free_bytes: int | None, size_bytes: int, is_refused: bool
) -> None:
    monkeypatch.setattr(memory_file, "free_memory_bytes", lambda: free_bytes)
    source = MemoryByteSource("Biopsy", bytes(size_bytes))
    if is_refused:
        with pytest.raises(
            NotEnoughMemory, match="too little is free; close the case or other programs and open it again"
        ):
            copy_into_memory(source)
    else:
        copy_into_memory(source).close()
    assert open_handles() == set()


@linux
def test_that_a_copy_is_given_up_when_memory_runs_short_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([1 << 40, 0])
    monkeypatch.setattr(memory_file, "LOOK_AGAIN_BYTES", 1 << 20)
    monkeypatch.setattr(memory_file, "free_memory_bytes", lambda: next(answers))
    with pytest.raises(NotEnoughMemory):
        copy_into_memory(MemoryByteSource("Biopsy", bytes(6 << 20)))
    assert open_handles() == set()


@linux
def test_that_more_than_a_gigabyte_is_not_taken_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_file, "LARGEST_BYTES", 99)
    with pytest.raises(NoPlainFile, match="decrypted into memory"):
        copy_into_memory(MemoryByteSource("Biopsy", bytes(100)))


def test_that_elsewhere_there_is_no_file_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_file.sys, "platform", "darwin")
    assert not memory_file.memory_files_exist()
    with pytest.raises(NoPlainFile, match="reads from an unencrypted file only"):
        copy_into_memory(MemoryByteSource("Biopsy", b"content"))


@pytest.mark.parametrize("nameless", [pytest.param(True, marks=linux), False])
def test_that_a_copy_on_the_disk_is_this_users_alone_warns_and_is_gone_afterwards(
    tmp_path: Path, slide_file: tuple[str, Path], nameless: bool
) -> None:
    folder = tmp_path / "open"
    slide = open_slide([sealed(slide_file[1])], lambda source: copy_to_scratch(source, folder, nameless=nameless))
    try:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        names = list(folder.iterdir())
        assert len(names) == (0 if nameless else 1)
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in names)
        assert slide.warnings == (LIES_OPEN,)
        assert_same_pixels(slide, slide_file[1])
    finally:
        slide.close()
    assert list(folder.iterdir()) == []
    assert open_handles() == set()


def test_that_what_a_kill_left_on_the_disk_is_swept(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    plain = copy_to_scratch(MemoryByteSource("Biopsy", b"of a patient"), folder, nameless=False)
    os.close(plain.handle)  # which is all that a kill does
    assert len(list(folder.iterdir())) == 1
    assert sweep_scratch(folder) == 1
    assert not folder.exists()
    assert sweep_scratch(folder) == 0


def test_that_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int, _part: memoryview) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("viewers.pathology.scratch_file.os.write", full)
    with pytest.raises(NoPlainFile, match=r"disk \(No space left on device\)"):
        copy_to_scratch(MemoryByteSource("Biopsy", b"of a patient"), tmp_path / "open", nameless=False)
    assert list((tmp_path / "open").iterdir()) == []


@linux
def test_that_a_damaged_file_is_refused_and_given_back(slide_file: tuple[str, Path]) -> None:
    content = slide_file[1].read_bytes()
    for cut in (content[: len(content) // 2], content[:4] + bytes(len(content) - 4)):
        with pytest.raises((UnreadableFile, UnsupportedImage)):
            open_slide([MemoryByteSource("Biopsy", cut)], copy_into_memory).close()
    assert open_handles() == set()


@linux
@pytest.mark.parametrize(
    "content",
    [b"\xff\xd8\xff\xe0 the picture of a MIRAX slide", b"[Virtual Microscope Specimen]\nNoLayers=1\nImageFile=x.jpg\n"],
    ids=["MIRAX", "VMS"],
)
def test_that_one_file_of_several_says_so(content: bytes) -> None:
    with pytest.raises(UnsupportedImage, match="ask the hospital for the slide as DICOM or in a format of one file"):
        open_slide([MemoryByteSource("Biopsy", content)], copy_into_memory)
    assert open_handles() == set()


def test_that_a_slide_closed_while_it_is_read_goes_with_the_last_reader(slide_file: tuple[str, Path]) -> None:
    """A handle that is closed under a reader is somebody else's memory: the program would crash, or show it."""
    given_back: list[bool] = []
    source = sealed(slide_file[1])
    slide = open_slide([source], lambda _source: PlainFile(slide_file[1], on_close=lambda: given_back.append(True)))
    begun, go_on = threading.Event(), threading.Event()
    read_region = slide._handle.read_region  # type: ignore[attr-defined]

    def slow(*arguments: object) -> object:
        begun.set()
        go_on.wait(10)
        return read_region(*arguments)

    slide._handle.read_region = slow  # type: ignore[attr-defined]
    tiles: list[np.ndarray] = []
    reader = threading.Thread(target=lambda: tiles.append(slide.read_tile(0, 0, 0)))
    reader.start()
    begun.wait(10)
    slide.close()
    slide.close()
    assert given_back == []
    with pytest.raises(UnreadableFile, match="is closed"):
        slide.read_tile(0, 1, 0)
    go_on.set()
    reader.join(10)
    assert given_back == [True] and tiles[0].shape == (256, 256, 4)


@linux
def test_that_several_threads_read_from_memory_at_once(slide_file: tuple[str, Path]) -> None:
    slide = open_slide([sealed(slide_file[1])], copy_into_memory)
    level = slide.levels[0]
    places = [(column, row) for row in range(level.rows) for column in range(level.columns)]
    alone = [slide.read_tile(0, *place) for place in places]
    same: list[bool] = []

    def read(order: Callable[[list[tuple[int, int]]], list[tuple[int, int]]]) -> None:
        same.extend(np.array_equal(slide.read_tile(0, *place), alone[places.index(place)]) for place in order(places))

    threads = [threading.Thread(target=read, args=(order,)) for order in (list, lambda all_: all_[::-1]) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    slide.close()
    assert len(same) == 4 * len(places) and all(same)
