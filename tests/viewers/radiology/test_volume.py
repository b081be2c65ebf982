"""Pixels arrive visible first, once each, whatever fails; reading can be stopped at any time."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.viewers.radiology.dicom_files import ct_slice, save
from viewers.errors import OutOfRange, UnreadableFile
from viewers.radiology.frame import Series
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.volume import SeriesPixels


def series_of(tmp_path: Path, count: int) -> Series:
    sources = [
        save(ct_slice(float(z), values=np.full((4, 6), z, np.int16)), tmp_path / f"{z}.dcm") for z in range(count)
    ]
    return scan_instances(sources).series[0]


def test_that_every_frame_arrives_and_holds_its_own_values(tmp_path: Path) -> None:
    pixels = SeriesPixels(series_of(tmp_path, 20))
    pixels.start(10)
    assert pixels.wait(10) and pixels.loaded_count == 20
    assert all((pixels.read_frame(index) == index).all() for index in range(20))


def test_that_the_visible_frame_comes_first_and_its_neighbours_next(tmp_path: Path) -> None:
    pixels = SeriesPixels(series_of(tmp_path, 9))
    arrived: list[int] = []
    pixels.subscribe(arrived.append)
    pixels.start(4, threads=1)
    pixels.wait(10)
    pixels.stop()
    assert arrived == [4, 5, 3, 6, 2, 7, 1, 8, 0]


def test_that_frames_of_one_shape_share_one_block_of_memory(tmp_path: Path) -> None:
    pixels = SeriesPixels(series_of(tmp_path, 3))
    base = pixels.read_frame(0).base
    assert base is not None and pixels.read_frame(2).base is base


def test_that_a_frame_that_fails_is_named_and_the_others_still_come(tmp_path: Path) -> None:
    series = series_of(tmp_path, 5)
    (tmp_path / "2.dcm").unlink()
    pixels = SeriesPixels(series)
    pixels.start(0)
    assert pixels.wait(10)
    assert (pixels.loaded_count, pixels.unreadable_count, pixels.is_complete) == (4, 1, True)
    assert pixels.errors == {2: "2.dcm cannot be read: No such file or directory."}
    with pytest.raises(UnreadableFile):
        pixels.read_frame(2)


def test_that_a_frame_is_decoded_once_however_many_ask(tmp_path: Path) -> None:
    pixels = SeriesPixels(series_of(tmp_path, 2))
    arrived: list[int] = []
    pixels.subscribe(arrived.append)
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(id(pixels.read_frame(1)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert arrived == [1] and len(set(found)) == 1


def test_that_stopping_ends_the_threads_and_what_is_here_stays(tmp_path: Path) -> None:
    pixels = SeriesPixels(series_of(tmp_path, 30))
    first = threading.Event()
    pixels.subscribe(lambda _index: first.set())
    pixels.start(0)
    assert first.wait(10)
    pixels.stop()
    assert not any(thread.name.startswith("series-pixels") for thread in threading.enumerate())
    assert pixels.is_loaded(0) and (pixels.read_frame(29) == 29).all()


def test_that_frames_of_different_depth_are_kept_apart(tmp_path: Path) -> None:
    series = series_of(tmp_path, 2)
    wide = replace(series.frames[1], layout=replace(series.frames[1].layout, signed=False))
    pixels = SeriesPixels(replace(series, frames=(series.frames[0], wide)))
    assert [pixels.read_frame(i).dtype for i in range(2)] == [np.dtype(np.int16), np.dtype(np.uint16)]


def test_that_a_frame_outside_the_series_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutOfRange, match="Image 4 does not exist: the series has 3"):
        SeriesPixels(series_of(tmp_path, 3)).read_frame(3)
