"""Playing a stack: at the file's rate, never past a frame that is not here, never unseen, and honest about its pace."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.real_data import real_data
from tests.viewers.radiology.dicom_files import ct_slice, save
from tests.viewers.radiology.test_stack_view import GatedSource, arrive, series_of
from viewers.byte_source import FileByteSource
from viewers.radiology.cine_run import CineRun
from viewers.radiology.display_facts import CineFacts
from viewers.radiology.frame import Series
from viewers.radiology.instance import load_instance
from viewers.radiology.series_facts import series_from_facts, series_to_facts
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.stack_view import StackView


def recording(tmp_path: Path, frames: int = 6, **changes: Any) -> Series:
    dataset = ct_slice(values=np.zeros((4, 6), np.int16), NumberOfFrames=frames, ImagePositionPatient=None, **changes)
    dataset.PixelData = np.repeat(np.arange(frames, dtype=np.int16), 24).tobytes()
    return scan_instances([save(dataset, tmp_path / "recording.dcm")]).series[0]


def cine_of(tmp_path: Path, **changes: Any) -> CineFacts | None:
    return recording(tmp_path, **changes).frames[0].display.cine


# What the header says ----------------------------------------------------------------------------------------------


def test_that_the_rate_recommended_for_display_comes_before_the_one_recorded_at(tmp_path: Path) -> None:
    both = cine_of(tmp_path, RecommendedDisplayFrameRate=12, CineRate=30, FrameTime=20.0)
    assert both is not None and both.rate_fps == 12
    recorded = cine_of(tmp_path, CineRate=30, FrameTime=20.0)
    assert recorded is not None and recorded.rate_fps == 30
    timed = cine_of(tmp_path, FrameTime=20.0)
    assert timed is not None and timed.rate_fps == 50


@pytest.mark.parametrize("changes", [{}, {"FrameTime": 0.0}, {"FrameTime": 240000.0}, {"CineRate": 5000}])
def test_that_what_cannot_be_a_rate_of_display_is_none(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert cine_of(tmp_path, **changes) is None


def test_that_frames_that_follow_unevenly_keep_their_own_waits_and_survive_being_stored(tmp_path: Path) -> None:
    series = recording(
        tmp_path,
        frames=4,
        FrameTimeVector=[0.0, 100.0, 300.0, 200.0],
        FrameIncrementPointer=0x00181065,
        PreferredPlaybackSequencing=1,
        StartTrim=2,
        StopTrim=4,
    )
    wanted = CineFacts(5.0, (0.0, 100.0, 300.0, 200.0), sweeps=True, trim=(2, 4))
    assert series.frames[0].display.cine == wanted
    back = series_from_facts(series_to_facts(series), lambda _uid: series.frames[0].source)
    assert back == series and back.frames[0].display.cine == wanted


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("path", "frames", "rate_fps"),
    [
        ("pydicom_testfiles/examples_ybr_color.dcm", 30, 1000 / 33.333),
        ("xa_cine/XA_96fr_RuboDemo_fragments.dcm", 96, 1000 / 33),
    ],
)
def test_that_real_recordings_state_their_rate(path: str, frames: int, rate_fps: float) -> None:
    instance = load_instance(FileByteSource(real_data("dicom", *path.split("/"))))
    cine = instance.frames[0].display.cine
    assert len(instance.frames) == frames and cine is not None
    assert cine.rate_fps == pytest.approx(rate_fps) and cine.waits_ms == ()


# What is due when --------------------------------------------------------------------------------------------------


def run_of(count: int, rate_fps: float = 10.0, *, at: int = 0, sweeps: bool = False) -> CineRun:
    return CineRun(at, (0, count - 1), lambda _a, _b: 1 / rate_fps, 0.0, sweeps=sweeps)


def everything(_index: int) -> bool:
    return True


def played(run: CineRun, ticks: int, here: Callable[[int], bool] = everything) -> list[int]:
    shown = []
    for number in range(1, ticks + 1):
        shown.append(run.tick(number * 0.1 + 0.001, here))
        run.painted(run.index)
    return shown


def test_that_a_loop_begins_again_and_a_sweep_turns_round() -> None:
    assert played(run_of(3), 7) == [1, 2, 0, 1, 2, 0, 1]
    assert played(run_of(3, sweeps=True), 7) == [1, 2, 1, 0, 1, 2, 1]


def test_that_nothing_moves_before_its_time() -> None:
    run = run_of(5)
    assert run.tick(0.099, everything) == 0 and run.seconds_left(0.099) == pytest.approx(0.001)
    assert run.tick(0.1, everything) == 1


def test_that_a_frame_that_is_not_here_is_waited_for_and_time_stands_still() -> None:
    run, here = run_of(5), {0, 1}
    assert played(run, 8, here.__contains__)[-1] == 1 and run.waited_for == 2
    here.add(2)
    assert run.tick(0.95, here.__contains__) == 2, "at once, and not those that were due meanwhile"
    here |= {3, 4}
    assert run.tick(1.0, here.__contains__) == 2 and run.tick(1.051, here.__contains__) == 3


def test_that_dropped_frames_are_counted_and_said_and_a_full_pace_is_not() -> None:
    run = run_of(100, 30.0)
    for millisecond in range(0, 2100, 50):  # painted twenty times a second
        run.painted(run.tick(millisecond / 1000, everything))
    assert run.said == (20, 30)
    steady = run_of(100, 30.0)
    for millisecond in range(0, 2100, 10):
        steady.painted(steady.tick(millisecond / 1000, everything))
    assert steady.said is None


def test_that_a_frame_that_was_never_painted_counts_as_dropped() -> None:
    run = run_of(100, 30.0)
    for millisecond in range(0, 1100, 10):
        run.tick(millisecond / 1000, everything)
    assert run.said is not None and run.said[0] <= 1


def test_that_a_computer_that_slept_does_not_race_through_what_it_missed() -> None:
    run = run_of(1000)
    assert run.tick(60.0, everything) == 1


# In the view -------------------------------------------------------------------------------------------------------


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def view(qapp: Any, tmp_path: Path, clock: Clock) -> Iterator[StackView]:
    shown = StackView()
    shown.cine.clock = clock
    shown.resize(600, 400)
    shown.set_series(series_of(tmp_path), first_index=0)
    shown.show()
    arrive(shown)
    yield shown
    shown.set_series(None)
    shown.close()
    shown.deleteLater()
    QApplication.processEvents()


def press(view: StackView, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(view, key, modifiers)


def advance(view: StackView, clock: Clock, seconds: float) -> int:
    clock.now_s += seconds
    view.cine.tick()
    return view.frame_index


@pytest.mark.qt
def test_that_k_plays_and_pauses_and_the_corner_says_whence_the_rate_is(view: StackView, clock: Clock) -> None:
    press(view, Qt.Key.Key_K)
    assert view.cine.is_playing and view.corner_text().bottom_left[0] == "Cine 15 fps, no rate in the file"
    assert [advance(view, clock, 1 / 15) for _ in range(5)] == [1, 2, 3, 4, 0]
    press(view, Qt.Key.Key_K)
    assert not view.cine.is_playing and "Cine" not in view.corner_text().bottom_left[0]
    assert advance(view, clock, 5.0) == 0


@pytest.mark.qt
def test_that_the_files_own_rate_is_played_until_the_reader_chooses_another(view: StackView, clock: Clock) -> None:
    series = view.series
    assert series is not None
    stated = [replace(f, display=replace(f.display, cine=CineFacts(30.0))) for f in series.frames]
    view.set_series(replace(series, frames=tuple(stated)), first_index=0)
    arrive(view)
    press(view, Qt.Key.Key_K)
    assert view.corner_text().bottom_left[0] == "Cine 30 fps, of the file"
    press(view, Qt.Key.Key_Period)
    assert view.corner_text().bottom_left[0] == "Cine 40 fps, chosen"
    press(view, Qt.Key.Key_Comma)
    press(view, Qt.Key.Key_Comma)
    assert view.corner_text().bottom_left[0] == "Cine 25 fps, chosen"
    assert advance(view, clock, 1 / 25) == 1


@pytest.mark.qt
def test_that_a_range_is_kept_to_there_and_back_and_said(view: StackView, clock: Clock) -> None:
    view.scroll.to(1)
    press(view, Qt.Key.Key_B)
    view.scroll.to(3)
    press(view, Qt.Key.Key_E)
    assert view.corner_text().bottom_left[0] == "Cine paused, 15 fps · images 2–4"
    press(view, Qt.Key.Key_K, Qt.KeyboardModifier.ShiftModifier)
    press(view, Qt.Key.Key_K)
    assert view.corner_text().bottom_left[0] == "Cine 15 fps, no rate in the file · images 2–4 · there and back"
    assert [advance(view, clock, 1 / 15) for _ in range(5)] == [2, 1, 2, 3, 2]
    view.scroll.to(3)
    press(view, Qt.Key.Key_E)
    assert view.cine.ends == (1, 4)


@pytest.mark.qt
def test_that_scrolling_by_hand_stops_what_is_played(view: StackView) -> None:
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp):
        press(view, Qt.Key.Key_K)
        assert view.cine.is_playing
        press(view, key)
        assert not view.cine.is_playing


@pytest.mark.qt
def test_that_nothing_plays_unseen_and_another_series_does_not_go_on(view: StackView, tmp_path: Path) -> None:
    press(view, Qt.Key.Key_K)
    view.hide()
    assert not view.cine.is_playing
    view.cine.toggle()
    assert not view.cine.is_playing, "nor does it begin"
    view.show()
    view.cine.toggle()
    view.set_series(series_of(tmp_path, count=1))
    assert not view.cine.is_playing
    said: list[str] = []
    view.refused.connect(said.append)
    press(view, Qt.Key.Key_K)
    assert said == ["There is one image here: nothing to play."]


@pytest.mark.qt
def test_that_what_is_not_here_yet_is_waited_for_in_words(view: StackView, clock: Clock, tmp_path: Path) -> None:
    series, gate = series_of(tmp_path), threading.Event()
    late = [f if n < 2 else replace(f, source=GatedSource(f.source, gate)) for n, f in enumerate(series.frames)]
    view.set_series(replace(series, frames=tuple(late)), first_index=0)
    pixels = view.pixels
    assert pixels is not None
    pixels.read_frame(0)
    pixels.read_frame(1)
    press(view, Qt.Key.Key_K)
    assert advance(view, clock, 0.1) == 1 and advance(view, clock, 0.1) == 1
    assert view.corner_text().bottom_left[0] == "Cine waits for image 3"
    gate.set()
    arrive(view)
    assert advance(view, clock, 5.0) == 2
