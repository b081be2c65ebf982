"""A millimetre of the image is a millimetre of the monitor, once that was measured, and never said otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from tests.workstation.reading.conftest import ShowStacks, stack_view
from tests.workstation.reading.test_linked_stacks import stack
from viewers.calibration import uncalibrated
from workstation.reading.case_reading import SeriesItem
from workstation.reading.page import ReadingPage
from workstation.reading.screen_size_dialog import CARD_MM, ScreenSizeDialog
from workstation.reading.screen_sizes import ScreenSizes, name_of

pytestmark = pytest.mark.qt


@pytest.fixture
def page(show_stacks: ShowStacks) -> ReadingPage:
    return show_stacks(SeriesItem("series:1.91", stack("1.91", 3, 5.0), "MUSTER, ANNA"), layout="1x1")


def asked(page: ReadingPage) -> ScreenSizeDialog:
    (dialog,) = [one for one in page.findChildren(ScreenSizeDialog) if one.isVisible()]
    return dialog


def test_that_an_unmeasured_monitor_is_measured_first_and_then_a_millimetre_is_one(page: ReadingPage) -> None:
    view = stack_view(page, 0)
    assert view.true_size.show() == "True size is not possible yet: this monitor is not calibrated."
    QTest.keyClick(view, Qt.Key.Key_U)
    dialog = asked(page)
    before = dialog.mm_per_px
    QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Left)
    mm_per_px = dialog.mm_per_px
    assert CARD_MM[0] / mm_per_px == pytest.approx(CARD_MM[0] / before + 3.75)
    save = dialog.findChild(QPushButton, "screen-size-save")
    assert save is not None
    save.click()
    # The image's pixels are 2 mm: 20 of them, 40 mm, lie on as many device pixels as are 40 mm.
    to_view = view.geometry_now().image_to_view()
    across_px = to_view.map(20.0, 0.0)[0] - to_view.map(0.0, 0.0)[0]
    assert across_px * mm_per_px == pytest.approx(40.0, abs=0.01)
    assert "True size on this monitor" in view.corner_text().bottom_right
    view.zoom.by(1.2)
    assert "True size on this monitor" not in view.corner_text().bottom_right
    QTest.keyClick(view, Qt.Key.Key_U)
    assert "True size on this monitor" in view.corner_text().bottom_right, "it is asked once"


def test_that_the_card_drawn_is_what_is_measured_and_cancelling_keeps_nothing(page: ReadingPage) -> None:
    view = stack_view(page, 0)
    QTest.keyClick(view, Qt.Key.Key_U)
    dialog = asked(page)
    picture = dialog.card.grab().toImage()
    drawn = [x for x in range(picture.width()) if picture.pixelColor(x, 40) != picture.pixelColor(0, 0)]
    assert (drawn[-1] - drawn[0]) * dialog.mm_per_px == pytest.approx(CARD_MM[0], rel=0.01)
    dialog.reject()
    assert "True size on this monitor" not in view.corner_text().bottom_right
    assert view.true_size.show() == "True size is not possible yet: this monitor is not calibrated."


def test_that_an_image_without_pixel_size_has_no_true_size(show_stacks: ShowStacks) -> None:
    bare = replace(stack("1.92", 1, 5.0), calibration=uncalibrated("The header does not say."))
    page = show_stacks(SeriesItem("series:1.92", bare, "MUSTER, ANNA"), layout="1x1")
    said: list[str] = []
    page.refused.connect(said.append)
    assert not page.stacks.can_show_true_size
    page.stacks.show_true_size()
    assert said == ["True size is not possible here: the image does not say how large its pixels are."]


@pytest.mark.parametrize("text", ["", "[1]", '{"a": "x"}'])
def test_that_sizes_are_kept_by_monitor_and_damaged_ones_are_none(qapp: Any, text: str) -> None:
    screen, kept = qapp.primaryScreen(), []
    sizes = ScreenSizes(kept.append)
    sizes.put(screen, 0.25)
    again = ScreenSizes()
    again.read(kept[-1])
    assert again.find(screen) == 0.25
    size, ratio = screen.size(), screen.devicePixelRatio()
    assert name_of(screen).endswith(f"{round(size.width() * ratio)}x{round(size.height() * ratio)}")
    damaged = ScreenSizes()
    damaged.read(text)
    assert damaged.find(screen) is None
