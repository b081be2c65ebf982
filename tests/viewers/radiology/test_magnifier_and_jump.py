"""The magnifier shows what is under the pointer, at its window; a typed number goes to its image and to no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.viewers.radiology.test_stack_view import arrive, series_of
from viewers.radiology.display_orientation import DisplayOrientation
from viewers.radiology.stack_magnifier import magnified_geometry
from viewers.radiology.stack_view import StackView
from viewers.radiology.viewport_geometry import ViewportGeometry

pytestmark = pytest.mark.qt


@pytest.fixture
def view(qapp: Any, tmp_path: Path) -> Iterator[StackView]:
    shown = StackView()
    shown.resize(600, 400)
    shown.set_series(series_of(tmp_path, count=12), first_index=0)
    shown.show()
    shown.activateWindow()
    shown.setFocus()
    arrive(shown)
    yield shown
    shown.set_series(None)
    shown.close()
    shown.deleteLater()
    QApplication.processEvents()


@pytest.mark.parametrize("turned", [DisplayOrientation(), DisplayOrientation().turned(1).flipped(horizontally=True)])
def test_that_the_point_under_the_pointer_is_the_middle_and_twice_as_large(turned: DisplayOrientation) -> None:
    here = ViewportGeometry(512, 400, 700, 500, 1.3, turned, 1.37, 20.0, -9.0)
    there = magnified_geometry(here, 210.0, 333.0, 260)
    assert there.image_to_view().map(*here.image_to_view().unmap(210.0, 333.0)) == pytest.approx((130.0, 130.0))
    assert there.scale == pytest.approx(2 * here.scale) and there.orientation == here.orientation


def test_that_the_key_magnifies_while_it_is_held_at_the_same_window(view: StackView) -> None:
    at = view.image_to_view().map(QPointF(30.5, 20.5))
    view.probe(at)
    plain = view.grab().toImage()
    QTest.keyPress(view, Qt.Key.Key_Z)
    magnified = view.magnifier.find(at)
    assert magnified is not None and magnified.factor == 2.0
    middle = magnified.pixels[magnified.pixels.shape[0] // 2, magnified.pixels.shape[1] // 2]
    assert abs(int(middle[0]) - plain.pixelColor(at.toPoint()).red()) <= 1
    assert view.grab().toImage() != plain
    QTest.keyRelease(view, Qt.Key.Key_Z)
    assert view.magnifier.find(at) is None and view.grab().toImage() == plain


def test_that_nothing_is_magnified_without_a_pointer_and_the_key_is_let_go_with_the_focus(view: StackView) -> None:
    QTest.keyPress(view, Qt.Key.Key_Z)
    assert view.magnifier.find(None) is None
    view.clearFocus()
    view.magnifier.hold(True)
    view.set_series(None)
    assert not view.magnifier.is_held


def test_that_a_typed_number_goes_to_its_image_and_digits_are_presets_again(view: StackView) -> None:
    window = view.window_level.as_window()
    QTest.keyClick(view, Qt.Key.Key_G)
    assert view.jump.words == "Go to image … of 12"
    QTest.keyClicks(view, "11")
    assert view.jump.words == "Go to image 11 of 12" and view.frame_index == 0
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert view.frame_index == 10 and view.jump.words == ""
    assert view.window_level.as_window() == window
    QTest.keyClick(view, Qt.Key.Key_2)
    assert view.window_level.as_window() != window


def test_that_a_number_without_an_image_goes_nowhere_and_can_be_mended(view: StackView) -> None:
    QTest.keyClick(view, Qt.Key.Key_G)
    QTest.keyClicks(view, "40")
    QTest.keyClick(view, Qt.Key.Key_Enter)
    assert view.frame_index == 0 and view.jump.words == "Go to image 40: there are 1 to 12"
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    QTest.keyClick(view, Qt.Key.Key_Enter)
    assert view.frame_index == 3


def test_that_esc_and_any_other_key_leave_the_number(view: StackView) -> None:
    for key, index in ((Qt.Key.Key_Escape, 0), (Qt.Key.Key_Down, 1)):
        QTest.keyClick(view, Qt.Key.Key_G)
        QTest.keyClicks(view, "9")
        QTest.keyClick(view, key)
        assert view.jump.words == "" and view.frame_index == index
