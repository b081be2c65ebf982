"""The slide viewport, driven by mouse and keys: what is under the cursor stays there, and nothing is coarse unsaid."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from viewers.annotation.annotation import SlideTarget
from viewers.geometry import SlidePoint
from viewers.pathology.slide_source import SlideSource
from viewers.pathology.slide_view import SlideView
from viewers.pathology.snapshot import render_slide_snapshot

pytestmark = pytest.mark.qt
SHA256 = "ab" * 32


@pytest.fixture()
def view(qapp: QApplication, slide: SlideSource) -> Iterator[SlideView]:
    view = SlideView()
    view.resize(600, 500)
    view.set_slide(slide, "Biopsy A1", SlideTarget(SHA256))
    view.show()
    wait_until(lambda: view.is_sharp)
    yield view
    view.stop()
    view.deleteLater()
    QApplication.processEvents()


def wait_until(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        QTest.qWait(5)


def wheel(view: SlideView, at: QPointF, turned: int) -> None:
    position = view.mapToGlobal(at)
    buttons, modifiers = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(at, position, QPoint(), QPoint(0, turned), buttons, modifiers, phase, False)
    QApplication.sendEvent(view, event)


def point_under(view: SlideView, at: QPointF) -> tuple[float, float]:
    point = view.image_to_view().inverted()[0].map(at)
    return point.x(), point.y()


def pixels(view: SlideView) -> np.ndarray[Any, Any]:
    image = view._render(view.size())
    assert image is not None
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).copy()


def test_that_a_slide_opens_whole_and_centred(view: SlideView) -> None:
    corner, far = view.image_to_view().map(QPointF(0, 0)), view.image_to_view().map(QPointF(1280, 1280))
    assert 0 <= corner.x() < far.x() <= 600
    assert 0 <= corner.y() < far.y() <= 500
    assert corner.x() + far.x() == pytest.approx(600, abs=2)
    view.resize(400, 300)
    assert view.image_to_view().map(QPointF(1280, 1280)).y() <= 300


@pytest.mark.parametrize(("key", "magnification"), [("1", 1), ("2", 2), ("3", 5), ("4", 10), ("5", 20), ("6", 40)])
def test_that_number_keys_show_true_magnifications(view: SlideView, key: str, magnification: float) -> None:
    view.zoom.to_magnification(13)
    QTest.keyClick(view, key)
    assert view.zoom.magnification == pytest.approx(magnification)
    ruler = view.image_to_view().map(QPointF(100, 0)) - view.image_to_view().map(QPointF(0, 0))
    assert ruler.x() == pytest.approx(100 * 0.5 / (10 / magnification))
    assert f"{magnification:g}×" in view.corner_text().bottom_left


def test_that_the_wheel_keeps_what_is_under_the_cursor(view: SlideView) -> None:
    QTest.keyClick(view, "4")
    at = QPointF(430, 120)
    before, rounding = point_under(view, at), 0.6 / view.zoom.factor
    for turned in (120, 120, 360, -240, 60, -360):
        wheel(view, at, turned)
        assert point_under(view, at) == pytest.approx(before, abs=rounding + 0.6 / view.zoom.factor)


def test_that_dragging_moves_the_slide_with_the_hand(view: SlideView) -> None:
    QTest.keyClick(view, "5")
    start, end = QPoint(300, 250), QPoint(240, 290)
    held = point_under(view, QPointF(start))
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view, end)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end)
    assert point_under(view, QPointF(end)) == pytest.approx(held, abs=1)


def test_that_a_click_in_the_overview_goes_there(view: SlideView) -> None:
    QTest.keyClick(view, "5")
    at = view._overview_rect()
    assert at is not None
    place = QPoint(round(at.left() + at.width() * 0.25), round(at.top() + at.height() * 0.75))
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=place)
    assert view.place.centre == pytest.approx((320, 960), abs=1280 / at.width())


def test_that_a_sharp_field_at_pixel_for_pixel_is_the_slide_itself(view: SlideView, slide: SlideSource) -> None:
    QTest.keyClick(view, "5")
    view.pan.centre_on(SlidePoint(640, 700))
    wait_until(lambda: view.is_sharp and not pixels_missing(view))
    field = view.field()
    expected = slide.read_region(int(field.left_px), int(field.top_px), field.width_px, field.height_px)
    np.testing.assert_array_equal(pixels(view)[..., :3], expected[..., :3])


def pixels_missing(view: SlideView) -> bool:
    pixels(view)
    return not view.is_sharp


def test_that_a_coarse_field_says_so_until_it_is_sharp(view: SlideView) -> None:
    QTest.keyClick(view, "6")
    view.pan.centre_on(SlidePoint(1000, 300))
    pixels(view)
    coarse = [notice for notice in view.notices() if "coarser" in notice]
    assert bool(coarse) is not view.is_sharp
    wait_until(lambda: not pixels_missing(view))
    assert not any("coarser" in notice for notice in view.notices())
    assert any("Colour not managed" in notice for notice in view.notices())


def test_that_marks_belong_to_the_slide_and_lengths_are_calibrated(view: SlideView) -> None:
    assert view.current_target() == SlideTarget(SHA256)
    assert view.target_key() == f"slide:{SHA256}"
    assert view.calibration().column_mm == pytest.approx(0.0005)


def test_that_nothing_of_a_slide_is_left_when_it_is_taken_away(view: SlideView) -> None:
    view.set_slide(None)
    assert view.current_target() is None
    assert view.notices() == ()
    assert view.corner_text().top_left == ()
    assert view._render(view.size()) is None
    QTest.keyClick(view, "5")
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    wheel(view, QPointF(10, 10), 120)


def test_that_the_bare_snapshot_is_the_slide_itself(slide: SlideSource) -> None:
    picture = render_slide_snapshot(slide, (333, 200, 401, 302), bare=True, no_icc=True)
    np.testing.assert_array_equal(picture, slide.read_region(333, 200, 401, 302)[..., 2::-1])


def test_that_a_snapshot_is_made_at_the_size_asked_for_and_words_need_no_window(
    qapp: QApplication, slide: SlideSource, phantom: Path
) -> None:
    bare = render_slide_snapshot(slide, None, (320, 320), bare=True)
    written = render_slide_snapshot(slide, None, (320, 320), patient_line="NOBODY, Anna")
    assert bare.shape == written.shape == (320, 320, 3)
    assert (bare != written).any()
    reduced = slide.read_region(0, 0, 320, 320, 1)[..., 2::-1].astype(int)
    assert np.abs(bare - reduced).mean() < 1
