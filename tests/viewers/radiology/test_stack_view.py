"""What the reader does to a stack by mouse and keys, and what the view then shows; driven by real Qt events."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.viewers.radiology.dicom_files import ct_slice, save
from viewers.annotation.annotation import FrameTarget
from viewers.byte_source import ByteSource
from viewers.image_text import Letters
from viewers.radiology.display_facts import VoiFunction, VoiWindow
from viewers.radiology.frame import Series
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.stack_view import StackView
from viewers.radiology.volume import SeriesPixels

pytestmark = pytest.mark.qt
ROWS, COLUMNS = 40, 60


def series_of(tmp_path: Path, count: int = 5, **changes: Any) -> Series:
    """Slice *n* holds the column number + 100·n, in HU after an intercept of 0."""
    values = np.tile(np.arange(COLUMNS, dtype=np.int16), (ROWS, 1))
    sources = [
        save(
            ct_slice(
                float(n), values=values + np.int16(100 * n), RescaleIntercept=0, PixelSpacing=[0.7, 0.7], **changes
            ),
            tmp_path / f"{n}.dcm",
        )
        for n in range(count)
    ]
    return scan_instances(sources).series[0]


@dataclass(frozen=True)
class GatedSource:
    """A file that opens only when the gate does."""

    file: ByteSource
    gate: threading.Event
    path: None = None

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def size_bytes(self) -> int:
        return self.file.size_bytes

    def open(self) -> BinaryIO:
        assert self.gate.wait(10)
        return self.file.open()


def arrive(view: StackView) -> None:
    assert view.pixels is not None and view.pixels.wait(10)
    QApplication.processEvents()


@pytest.fixture
def view(qapp: Any, tmp_path: Path) -> Iterator[StackView]:
    shown = StackView()
    shown.resize(600, 400)
    shown.set_series(series_of(tmp_path))
    shown.show()
    arrive(shown)
    yield shown
    shown.set_series(None)
    shown.close()
    shown.deleteLater()
    QApplication.processEvents()


def grey_at(view: StackView, x: int, y: int) -> int:
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return image.pixelColor(x, y).red()


def wheel(view: StackView, delta: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    at = QPointF(view.rect().center())
    event = QWheelEvent(
        at,
        view.mapToGlobal(at),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def drag(view: StackView, button: Qt.MouseButton, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(view, button, Qt.KeyboardModifier.NoModifier, start)
    # QTest.mouseMove knows no buttons; the view remembers what was pressed.
    for step in range(1, 5):
        QTest.mouseMove(view, start + (end - start) * (step / 4))
    QTest.mouseRelease(view, button, Qt.KeyboardModifier.NoModifier, end)


def test_that_a_stack_opens_in_its_middle_and_scrolls_by_wheel_and_keys(view: StackView) -> None:
    seen: list[int] = []
    view.frame_changed.connect(seen.append)
    assert view.frame_index == 2
    wheel(view, -120)
    QTest.keyClick(view, Qt.Key.Key_Up)
    QTest.keyClick(view, Qt.Key.Key_Home)
    QTest.keyClick(view, Qt.Key.Key_End)
    QTest.keyClick(view, Qt.Key.Key_PageUp)
    wheel(view, 120)  # there is nothing before the first
    assert seen == [3, 2, 0, 4, 0]


def test_that_what_is_painted_is_the_frame_and_window_asked_for(view: StackView) -> None:
    view.scroll.to(0)
    view.window_level.set(30, 61)
    assert grey_at(view, 300, 200) == pytest.approx(127, abs=4)
    view.scroll.to(4)
    assert grey_at(view, 300, 200) == 255


def test_that_number_keys_set_the_modalitys_presets_and_i_inverts(view: StackView) -> None:
    QTest.keyClick(view, Qt.Key.Key_2)
    assert (view.window_level.centre, view.window_level.width) == (-600, 1500)
    assert any("Lung" in line for line in view.corner_text().bottom_left)
    before = grey_at(view, 300, 200)
    QTest.keyClick(view, Qt.Key.Key_I)
    assert grey_at(view, 300, 200) == 255 - before
    assert "Inverted" in view.corner_text().bottom_left


def test_that_the_right_button_changes_the_window_and_w_gives_it_to_the_left(view: StackView) -> None:
    QTest.keyClick(view, Qt.Key.Key_1)
    drag(view, Qt.MouseButton.RightButton, QPoint(300, 200), QPoint(400, 200))
    wider = view.window_level.width
    assert wider is not None and wider > 400 and view.window_level.centre == pytest.approx(40)
    QTest.keyClick(view, Qt.Key.Key_W)
    drag(view, Qt.MouseButton.LeftButton, QPoint(300, 200), QPoint(300, 300))
    assert view.window_level.centre is not None and view.window_level.centre > 40
    assert view.frame_index == 2


def test_that_dragging_with_the_left_button_scrolls(view: StackView) -> None:
    drag(view, Qt.MouseButton.LeftButton, QPoint(300, 200), QPoint(300, 213))
    assert view.frame_index == 4


def test_that_control_and_wheel_zoom_at_the_pointer_and_zero_fits_again(view: StackView) -> None:
    fitted = view.zoom.factor
    before = view.image_to_view().inverted()[0].map(QPointF(view.rect().center()))
    wheel(view, 120, Qt.KeyboardModifier.ControlModifier)
    after = view.image_to_view().inverted()[0].map(QPointF(view.rect().center()))
    assert view.zoom.factor == pytest.approx(fitted * 1.2)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()), abs=0.1)
    QTest.keyClick(view, Qt.Key.Key_0)
    assert view.zoom.factor == fitted
    view.zoom.actual()
    assert "Zoom 100 %" in view.corner_text().bottom_right


def test_that_the_middle_button_and_space_pan(view: StackView) -> None:
    corner = view.image_to_view().map(QPointF(0, 0))
    drag(view, Qt.MouseButton.MiddleButton, QPoint(300, 200), QPoint(330, 210))
    QTest.keyPress(view, Qt.Key.Key_Space)
    drag(view, Qt.MouseButton.LeftButton, QPoint(300, 200), QPoint(320, 200))
    QTest.keyRelease(view, Qt.Key.Key_Space)
    moved = view.image_to_view().map(QPointF(0, 0)) - corner
    assert (moved.x(), moved.y()) == pytest.approx((50, 10), abs=1)
    assert view.frame_index == 2


def test_that_letters_turn_with_the_image(view: StackView) -> None:
    assert view.orientation_letters() == Letters("R", "L", "A", "P")
    QTest.keyClick(view, Qt.Key.Key_R)
    assert view.orientation_letters() == Letters("P", "A", "R", "L")
    QTest.keyClick(view, Qt.Key.Key_H)
    assert view.orientation_letters() == Letters("A", "P", "R", "L")
    QTest.keyClick(view, Qt.Key.Key_X)
    assert view.orientation_letters() == Letters("R", "L", "A", "P")


def test_that_the_value_under_the_pointer_is_the_pixels_in_its_unit(view: StackView) -> None:
    heard: list[str] = []
    view.value_probed.connect(heard.append)
    view.probe(view.image_to_view().map(QPointF(17.5, 5.5)))
    view.probe(QPointF(-50, -50))
    assert heard == ["217 HU  (17, 5)  stored 217 · grey 241", ""]


def test_that_marks_belong_to_the_frame_shown(view: StackView) -> None:
    assert view.series is not None
    view.scroll.to(1)
    frame = view.series.frames[1]
    assert view.current_target() == FrameTarget(view.series.series_uid, frame.sop_instance_uid, 1)


def test_that_a_new_series_starts_fresh(view: StackView, tmp_path: Path) -> None:
    view.window_level.set(1, 2)
    view.window_level.invert()
    view.turn.by(1)
    view.zoom.by(3)
    view.set_series(series_of(tmp_path, 3))
    arrive(view)
    window = view.window_level.voi
    assert isinstance(window, VoiWindow) and (window.centre, window.width) == (40, 400)
    assert not view.window_level.is_inverted and view.orientation_letters() == Letters("R", "L", "A", "P")
    assert view.zoom.factor == view.geometry_now().fitted_zoom


def test_that_a_frame_not_here_yet_says_so_and_appears_when_it_comes(qapp: Any, tmp_path: Path) -> None:
    series = series_of(tmp_path)
    pixels = SeriesPixels(series)
    view = StackView()
    view.resize(400, 300)
    view.set_series(series, pixels)
    assert view.current_picture() is None and view.window_level.voi is None
    assert grey_at(view, 100, 150) == 0
    repaints: list[None] = []
    view.view_changed.connect(lambda: repaints.append(None))
    pixels.read_frame(2)
    assert not repaints  # told by a queued signal, never in the middle of something
    QApplication.processEvents()
    assert repaints and view.current_picture() is not None
    view.set_series(None)


def test_that_an_image_that_cannot_be_read_says_why_on_itself(qapp: Any, tmp_path: Path) -> None:
    series = series_of(tmp_path)
    (tmp_path / "2.dcm").unlink()
    view = StackView()
    view.set_series(series)
    arrive(view)
    assert "1 of 5 images cannot be shown." in view.notices()
    assert "2.dcm cannot be read: No such file or directory." in view.notices()
    view.set_series(None)


def test_that_missing_images_are_counted_on_the_image(view: StackView) -> None:
    view.expected_frames = 56
    assert view.notices() == ("5 of 56 images here.",)


def test_that_unknown_orientation_is_said_and_no_letters_are_drawn(qapp: Any, tmp_path: Path) -> None:
    view = StackView()
    view.set_series(series_of(tmp_path, 2, ImageOrientationPatient=None))
    assert view.orientation_letters() is None
    assert "Orientation unknown." in view.notices()
    view.set_series(None)


def test_that_letting_a_view_go_ends_its_reading(qapp: Any, tmp_path: Path) -> None:
    series, gate = series_of(tmp_path, 30), threading.Event()
    frames = tuple(replace(frame, source=GatedSource(frame.source, gate)) for frame in series.frames)
    view = StackView()
    view.set_series(replace(series, frames=frames))
    pixels = view.pixels
    assert pixels is not None and pixels.is_reading
    shiboken6.delete(view)
    gate.set()
    pixels.stop()
    # Only the two frames already in the threads' hands were still read.
    assert pixels.loaded_count <= 2


def test_that_repainting_an_unchanged_image_does_not_render_it_again(view: StackView) -> None:
    view.grab()
    view._canvas.pixels[...] = 77
    view.grab()
    assert (view._canvas.pixels == 77).all()
    view.window_level.set(30, 61)
    view.grab()
    assert not (view._canvas.pixels == 77).all()


def test_that_the_value_under_a_resting_pointer_follows_the_scrolling(view: StackView) -> None:
    heard: list[str] = []
    view.value_probed.connect(heard.append)
    view.probe(view.image_to_view().map(QPointF(17.5, 5.5)))
    view.scroll.by(1)
    assert heard == ["217 HU  (17, 5)  stored 217 · grey 241", "317 HU  (17, 5)  stored 317 · grey 255"]


def test_that_the_files_own_window_stays_each_images_own(qapp: Any, tmp_path: Path) -> None:
    series = series_of(tmp_path, 2)
    frames = tuple(
        replace(frame, display=replace(frame.display, windows=(VoiWindow(centre, 50.0),)))
        for frame, centre in zip(series.frames, (10.0, 20.0), strict=True)
    )
    view = StackView()
    view.set_series(replace(series, frames=frames), first_index=0)
    arrive(view)
    view.window_level.preset(1)
    view.window_level.preset(8)  # "File"
    assert view.window_level.centre == 10.0
    view.scroll.to(1)
    assert view.window_level.centre == 20.0
    view.set_series(None)


def test_that_every_frame_scrolled_to_is_the_one_painted(view: StackView) -> None:
    view.window_level.set(250, 600)
    at = view.image_to_view().map(QPointF(30, 20))
    for index in (0, 4, 1, 3, 2, 0, 1, 2, 3, 4):
        view.scroll.to(index)
        expected = (30 + 100 * index - 249.5) / 599 + 0.5
        assert grey_at(view, int(at.x()), int(at.y())) == pytest.approx(expected * 255, abs=2)


@pytest.mark.parametrize(
    ("key", "modifier"),
    [
        (Qt.Key.Key_Plus, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Plus, Qt.KeyboardModifier.ShiftModifier),
        (Qt.Key.Key_Plus, Qt.KeyboardModifier.KeypadModifier),
        (Qt.Key.Key_Equal, Qt.KeyboardModifier.NoModifier),
    ],
)
def test_that_plus_zooms_on_any_keyboard_and_ctrl_zero_is_one_to_one(
    view: StackView, key: Qt.Key, modifier: Qt.KeyboardModifier
) -> None:
    before = view.zoom.factor
    QTest.keyClick(view, key, modifier)
    assert view.zoom.factor == pytest.approx(before * 1.25)
    QTest.keyClick(view, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert view.zoom.factor == 1.0


def test_that_dragging_the_window_gives_whole_numbers_and_comes_back_to_where_it_began(view: StackView) -> None:
    view.window_level.set(40, 400)
    QTest.mousePress(view, Qt.MouseButton.RightButton, pos=QPoint(300, 200))
    for x in range(301, 334):
        QTest.mouseMove(view, QPoint(x, x - 87))
    window = view.window_level
    assert window.centre == int(window.centre or 0) and window.width == int(window.width or 0) > 400
    shown = view.corner_text().bottom_left[0]
    assert shown == f"C {window.centre:.0f}  W {window.width:.0f} HU"
    for x in range(333, 299, -1):
        QTest.mouseMove(view, QPoint(x, x - 100))
    QTest.mouseRelease(view, Qt.MouseButton.RightButton, pos=QPoint(300, 200))
    assert (window.centre, window.width) == (40, 400)


def test_that_a_narrow_window_is_dragged_and_shown_with_the_decimals_it_needs(view: StackView) -> None:
    view.set_voi(VoiWindow.make(0.5, 0.8, VoiFunction.LINEAR_EXACT))
    drag(view, Qt.MouseButton.RightButton, QPoint(300, 200), QPoint(300, 225))
    assert view.window_level.centre == pytest.approx(0.58)
    assert view.corner_text().bottom_left[0].startswith("C 0.58  W 0.80 HU")


def test_that_more_images_extend_the_stack_under_the_reader(qapp: Any, tmp_path: Path) -> None:
    whole = series_of(tmp_path, 5)
    view = StackView()
    view.resize(600, 400)
    view.set_series(replace(whole, frames=whole.frames[1:4]))
    view.expected_frames = 5
    view.show()
    arrive(view)
    view.show_frame(2)
    view.window_level.set(30, 61)
    view.zoom.by(2)
    view.set_tool("polygon")
    target, before, pixels = view.current_target(), view.geometry_now(), view.pixels
    assert pixels is not None and "3 of 5 images here." in view.notices()
    read = [pixels.find_frame(index) for index in range(3)]
    view.extend_series(whole)
    assert view.frame_index == 3 and view.current_target() == target
    assert view.pixels is not None
    assert all(view.pixels.find_frame(index + 1) is frame for index, frame in enumerate(read)), "nothing is read again"
    arrive(view)
    assert view.pixels.is_complete and view.notices() == ()
    assert (view.window_level.centre, view.window_level.width, view.geometry_now()) == (30, 61, before)
    assert view.tool_name == "polygon"
    view.show_frame(4)
    QTest.qWait(1)
    assert view.current_picture() is not None
    view.set_series(None)
    view.deleteLater()
