"""What hangs by a rule opens at its level, side and scale, and says what of it is not certain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sync.records.case import CaseId
from tests.workstation.reading.lanes import LanesAtOnce
from tests.workstation.reading.readings import series_item
from tests.workstation.reading.test_linked_stacks import level, stack, stack_view
from viewers.calibration import Calibration, CalibrationClass
from viewers.radiology.frame import Series
from workstation.reading.case_reading import CaseReading, SeriesItem
from workstation.reading.linked_stacks import NOT_LINKED
from workstation.reading.page import ReadingPage
from workstation.reading.paired_scale import NOT_CALIBRATED, OTHERWISE_CALIBRATED

pytestmark = pytest.mark.qt


@pytest.fixture
def hang(qapp: Any) -> Iterator[Callable[..., ReadingPage]]:
    pages: list[ReadingPage] = []

    def make(*items: SeriesItem) -> ReadingPage:
        page = ReadingPage(LanesAtOnce())
        page.resize(1300, 800)
        page.show()
        pages.append(page)
        page.show_reading(CaseReading(CaseId("SO-1"), "Practitioner/r", items))
        return page

    yield make
    for page in pages:
        page.show_reading(None)
        page.deleteLater()
    QApplication.processEvents()


def item(series: Series) -> SeriesItem:
    return SeriesItem(f"series:{series.series_uid}", series, "MUSTER, ANNA")


def test_that_a_prior_opens_as_far_up_its_stack_and_says_it_is_not_linked(
    hang: Callable[..., ReadingPage],
) -> None:
    current = stack("1.2.1", 21, 5.0, "1.9", StudyDate="20260110")
    prior = stack("1.2.2", 41, 2.5, "1.8", StudyDate="20250110")
    page = hang(item(prior), item(current))
    here, before = stack_view(page, 0), stack_view(page, 1)
    assert here.series == current and abs(level(here) - level(before)) <= 2.5
    assert NOT_LINKED in before.notices() and NOT_LINKED not in here.notices()
    shown = before.frame_index
    QTest.keyClick(here, Qt.Key.Key_End)
    assert before.frame_index == shown, "nothing follows before the reader says so"
    QTest.keyClick(here, Qt.Key.Key_Home)
    QTest.keyClick(page, Qt.Key.Key_Y)
    assert NOT_LINKED not in before.notices()


def test_that_what_shares_a_space_opens_at_the_very_level(hang: Callable[..., ReadingPage]) -> None:
    current = stack("1.2.1", 21, 5.0, StudyDate="20260110")
    prior = stack("1.2.2", 11, 5.0, StudyDate="20250110")
    shifted = tuple(
        replace(frame, geometry=frame.geometry and replace(frame.geometry, position=_up(frame.geometry.position, 20.0)))
        for frame in prior.frames
    )
    page = hang(item(current), item(replace(prior, frames=shifted)))
    assert level(stack_view(page, 0)) == pytest.approx(level(stack_view(page, 1)), abs=2.5)
    assert NOT_LINKED not in stack_view(page, 1).notices()


def _up(position: Any, by_mm: float) -> Any:
    return type(position)(position[0], position[1], position[2] + by_mm)


def scaled(item: SeriesItem, calibration: Calibration, oriented: str = "") -> SeriesItem:
    letters = (oriented[0], oriented[1]) if oriented else None
    frames = tuple(replace(frame, patient_orientation=letters) for frame in item.series.frames)
    return replace(item, series=replace(item.series, calibration=calibration, frames=frames))


def mammogram(side: str, mm: float, oriented: str, kind: CalibrationClass = CalibrationClass.AT_DETECTOR) -> SeriesItem:
    view = series_item(f"1.{side}", modality="MG", views=[(side, "CC")], date="20260110")
    return scaled(view, Calibration(kind, mm, mm), oriented)


def test_that_paired_images_show_one_millimetre_equally_large_whatever_their_pixels(
    hang: Callable[..., ReadingPage],
) -> None:
    page = hang(mammogram("R", 0.1, "PF"), mammogram("L", 0.05, "AF"))
    one, other = stack_view(page, 0), stack_view(page, 1)
    assert page.layout_name == "2x2"

    def mm_per_px() -> tuple[float, float]:
        return 0.1 / one.zoom.factor, 0.05 / other.zoom.factor

    assert mm_per_px()[0] == pytest.approx(mm_per_px()[1]) and one.zoom.factor == pytest.approx(
        one.geometry_now().fitted_zoom
    )
    assert one.corner_text().bottom_right[0] == "Same scale"
    page.resize(1000, 700)
    QApplication.processEvents()
    assert mm_per_px()[0] == pytest.approx(mm_per_px()[1]), "it follows the room there is"
    one.zoom.by(2.0)
    assert not any("Same scale" in line for view in (one, other) for line in view.corner_text().bottom_right)


def test_that_chest_walls_meet_in_the_middle_and_letters_follow_the_flip(hang: Callable[..., ReadingPage]) -> None:
    page = hang(mammogram("R", 0.1, "AF"), mammogram("L", 0.1, "AF"))
    right, left = stack_view(page, 0), stack_view(page, 1)
    for view, is_flipped, edge in ((right, True, "right"), (left, False, "left")):
        letters = view.orientation_letters()
        assert letters is not None and getattr(letters, edge) == "P"
        affine = view.geometry_now().image_to_view()
        assert (affine.xx < 0) == is_flipped
        wall, _ = affine.map(0.0, 0.0)  # posterior is at column 0 of both
        assert wall == pytest.approx(view.geometry_now().width if edge == "right" else 0.0, abs=1.0)


def test_that_an_image_that_does_not_say_which_way_it_lies_is_left_as_it_is(hang: Callable[..., ReadingPage]) -> None:
    page = hang(mammogram("R", 0.1, ""), mammogram("L", 0.1, "HF"))
    for index in range(2):
        affine = stack_view(page, index).geometry_now().image_to_view()
        assert affine.xx > 0 and stack_view(page, index).geometry_now().pan_x == 0


def test_that_images_without_one_scale_say_why(hang: Callable[..., ReadingPage]) -> None:
    page = hang(mammogram("R", 0.1, "PF"), mammogram("L", 0.1, "AF", CalibrationClass.MAGNIFICATION_CORRECTED))
    assert all(OTHERWISE_CALIBRATED in stack_view(page, index).notices() for index in range(2))
    bare = scaled(mammogram("L", 0.1, "AF"), Calibration(CalibrationClass.UNCALIBRATED, None, None), "AF")
    page = hang(mammogram("R", 0.1, "PF"), bare)
    assert NOT_CALIBRATED in stack_view(page, 1).notices()


def test_that_no_image_says_same_scale_beside_one_that_the_reader_put_there(hang: Callable[..., ReadingPage]) -> None:
    third = scaled(series_item("1.9", modality="DX", frames=1), Calibration(CalibrationClass.AT_DETECTOR, 0.3, 0.3))
    page = hang(mammogram("R", 0.1, "PF"), mammogram("L", 0.05, "AF"), third)
    assert "Same scale" in stack_view(page, 0).corner_text().bottom_right
    page.show_image(1, third.key)
    assert not any("Same scale" in stack_view(page, n).corner_text().bottom_right for n in range(2))


def test_that_a_place_without_an_image_says_so(hang: Callable[..., ReadingPage]) -> None:
    page = hang(mammogram("R", 0.1, "PF"), mammogram("L", 0.1, "AF"))
    assert page.viewport_view(2).empty_text.startswith("No image of this case belongs here")
