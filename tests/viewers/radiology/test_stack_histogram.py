"""The distribution counts what the image holds, and dragging on it is dragging the window, never a mark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.viewers.radiology.test_stack_view import COLUMNS, ROWS, arrive, drag, series_of
from viewers.annotation.annotation_set import AnnotationSet
from viewers.radiology.stack_histogram import HEIGHT_PX, Place
from viewers.radiology.stack_view import StackView

pytestmark = pytest.mark.qt


@pytest.fixture
def view(qapp: Any, tmp_path: Path) -> Iterator[StackView]:
    shown = StackView()
    shown.resize(600, 400)
    shown.set_series(series_of(tmp_path, count=3), first_index=0)
    shown.show()
    arrive(shown)
    shown.window_level.set(30, 20)
    QTest.keyClick(shown, Qt.Key.Key_D)
    yield shown
    shown.set_series(None)
    shown.close()
    shown.deleteLater()
    QApplication.processEvents()


def place_of(view: StackView) -> Place:
    place = view.histogram.place(view.width(), view.height())
    assert place is not None
    return place


def at_value(view: StackView, value: float) -> QPoint:
    place = place_of(view)
    return QPoint(round(place.x_of(value)), round(place.top + HEIGHT_PX / 2))


def ends(view: StackView) -> tuple[float, float]:
    found = view.histogram.ends()
    assert found is not None
    return found


def test_that_every_value_of_the_image_is_counted_and_follows_the_image(view: StackView) -> None:
    first = place_of(view).histogram
    assert (first.low, first.high, int(first.counts.sum())) == (0.0, COLUMNS - 1, ROWS * COLUMNS)
    view.scroll.by(1)
    assert (place_of(view).histogram.low, place_of(view).histogram.high) == (100.0, 100.0 + COLUMNS - 1)


def test_that_it_is_drawn_with_the_window_over_it_and_nothing_is_without_it(view: StackView) -> None:
    shown, at = view.grab().toImage(), at_value(view, 30)
    inside, beyond = shown.pixelColor(at.x(), at.y()), shown.pixelColor(at_value(view, 55).x(), at.y())
    assert inside.blue() - inside.red() > beyond.blue() - beyond.red() + 10, "the window is tinted"
    QTest.keyClick(view, Qt.Key.Key_D)
    assert view.grab().toImage() != shown


def test_that_padding_is_no_value(qapp: Any, tmp_path: Path) -> None:
    view = StackView()
    view.set_series(series_of(tmp_path, count=1, PixelPaddingValue=0))
    arrive(view)
    view.histogram.toggle()
    assert place_of(view).histogram.low == 1.0
    view.set_series(None)
    view.deleteLater()


def test_that_an_end_is_dragged_alone_and_between_them_the_whole_window(view: StackView) -> None:
    assert ends(view) == (20.0, 40.0)
    drag(view, Qt.MouseButton.LeftButton, at_value(view, 40), at_value(view, 50))
    assert ends(view) == pytest.approx((20.0, 50.0), abs=0.7)
    drag(view, Qt.MouseButton.LeftButton, at_value(view, 20), at_value(view, 10))
    assert ends(view) == pytest.approx((10.0, 50.0), abs=0.7)
    drag(view, Qt.MouseButton.LeftButton, at_value(view, 30), at_value(view, 35))
    assert ends(view) == pytest.approx((15.0, 55.0), abs=1.0)
    assert view.frame_index == 0, "and nothing is scrolled"


def test_that_an_end_never_passes_the_other(view: StackView) -> None:
    drag(view, Qt.MouseButton.LeftButton, at_value(view, 40), at_value(view, 2))
    low, high = ends(view)
    assert low <= high and view.window_level.width is not None and view.window_level.width >= 1.0


def test_that_no_mark_is_made_through_it_and_it_goes_with_its_key(view: StackView) -> None:
    view.annotations = AnnotationSet("Practitioner/r")
    view.set_tool("length")
    drag(view, Qt.MouseButton.LeftButton, at_value(view, 40), at_value(view, 45))
    assert view.annotations.marks == () and not view.is_drawing
    QTest.keyClick(view, Qt.Key.Key_D)
    assert view.histogram.place(600, 400) is None
