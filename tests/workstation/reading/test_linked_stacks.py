"""Stacks of one patient that hang side by side stay at one level, and say so; driven through the page by real keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from tests.viewers.radiology.dicom_files import ct_slice
from tests.viewers.radiology.phantom_volumes import grid, in_memory
from tests.workstation.reading.conftest import ShowStacks, lead, stack_view
from viewers.radiology.frame import Series
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.stack_view import StackView
from viewers.radiology.volume_geometry import VoxelPoint
from workstation.reading.case_reading import SeriesItem

pytestmark = pytest.mark.qt
CORONAL = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""Row to the patient's left, column to the feet."""


def stack(
    uid: str, slices: int, spacing_mm: float, frame_of_reference: str = "1.9", rotation: Any = None, **changes: Any
) -> Series:
    """A grid around the patient's origin, 20 × 24 pixels of 2 mm."""
    geometry = grid((slices, 20, 24), (spacing_mm, 2.0, 2.0), rotation)
    turn = np.eye(3) if rotation is None else rotation
    sources = []
    for k in range(slices):
        position = geometry.to_patient(VoxelPoint(float(k), 0.0, 0.0))
        image = ct_slice(
            float(k), values=np.zeros((20, 24), np.int16), SeriesInstanceUID=uid, SOPInstanceUID=f"{uid}.{k}",
            PixelSpacing=[2.0, 2.0], FrameOfReferenceUID=frame_of_reference, SliceThickness=spacing_mm, **changes,
        )  # fmt: skip
        image.ImagePositionPatient = [float(part) for part in position]
        image.ImageOrientationPatient = [float(part) for part in (*turn[:, 0], *turn[:, 1])]
        sources.append(in_memory(image, f"{uid}.{k}"))
    return scan_instances(sources).series[0]


def items_of(*series: Series, lines: tuple[str, ...] = ()) -> tuple[SeriesItem, ...]:
    """All of one patient, unless *lines* names theirs."""
    return tuple(
        SeriesItem(f"series:{one.series_uid}", one, lines[n] if lines else "MUSTER, ANNA")
        for n, one in enumerate(series)
    )


def level(view: StackView) -> float:
    levels = view.shared.levels
    assert levels is not None
    return levels.level_of(view.frame_index)


def test_that_stacks_of_one_frame_of_reference_scroll_together(
    show_stacks: ShowStacks,
) -> None:
    page = show_stacks(*items_of(stack("1.2.1", 21, 2.0), stack("1.2.2", 9, 5.0)))
    thin, thick = lead(page, 0), stack_view(page, 1)
    for key, times in ((Qt.Key.Key_Down, 5), (Qt.Key.Key_PageUp, 1), (Qt.Key.Key_End, 1)):
        for _ in range(times):
            QTest.keyClick(thin, key)
        assert abs(level(thin) - level(thick)) <= 2.5
    assert "Linked by position" in thick.corner_text().top_right
    assert thin.corner_text().top_right[-1] != "Linked by position", "the leader follows nobody"
    thick = lead(page, 1)
    QTest.keyClick(thick, Qt.Key.Key_Home)
    assert abs(level(thin) - level(thick)) <= 1.0, "whichever is scrolled leads"


def test_that_a_stack_that_ends_before_the_level_says_so_on_its_image(show_stacks: ShowStacks) -> None:
    page = show_stacks(*items_of(stack("1.2.1", 21, 5.0), stack("1.2.2", 5, 5.0)))
    long, short = lead(page, 0), stack_view(page, 1)
    QTest.keyClick(long, Qt.Key.Key_End)
    assert short.notices()[0] == "Not the level shown beside it: 40 mm away."
    QTest.keyClick(long, Qt.Key.Key_Home)
    for _ in range(10):
        QTest.keyClick(long, Qt.Key.Key_Down)
    assert not any("Not the level" in notice for notice in short.notices())


def test_that_another_examination_goes_along_from_where_the_reader_linked_it(
    show_stacks: ShowStacks,
) -> None:
    page = show_stacks(*items_of(stack("1.2.1", 21, 2.0), stack("1.2.2", 21, 2.0, "1.8")))
    said: list[str] = []
    page.said.connect(said.append)
    now, prior = lead(page, 0), stack_view(page, 1)
    prior.scroll.to(14)
    now = lead(page, 0)
    now.scroll.to(10)
    assert prior.frame_index == 14, "nobody said that they belong together"
    QTest.keyClick(now, Qt.Key.Key_Y)
    QTest.keyClick(now, Qt.Key.Key_Down)
    assert (now.frame_index, prior.frame_index) == (11, 15)
    assert "Linked by you, +8.0 mm" in prior.corner_text().top_right
    QTest.keyClick(now, Qt.Key.Key_Y)
    QTest.keyClick(now, Qt.Key.Key_Down)
    assert (now.frame_index, prior.frame_index) == (12, 15)
    assert [sentence.split()[0] for sentence in said] == ["Linked", "Scrolling"]
    assert not prior.shared.words


def test_that_two_patients_are_never_linked(show_stacks: ShowStacks) -> None:
    page = show_stacks(
        *items_of(stack("1.2.1", 9, 2.0), stack("1.2.2", 9, 2.0), lines=("MUSTER, ANNA", "MUSTER, BERTA"))
    )
    first, second = lead(page, 0), stack_view(page, 1)
    before = second.frame_index
    QTest.keyClick(first, Qt.Key.Key_Y)
    QTest.keyClick(first, Qt.Key.Key_End)
    assert second.frame_index == before and not second.shared.words and not second.shared.lines


def test_that_the_active_image_is_a_line_in_the_crossing_one_and_moves_with_it(
    show_stacks: ShowStacks,
) -> None:
    page = show_stacks(*items_of(stack("1.2.1", 11, 2.0), stack("1.2.2", 11, 2.0, rotation=CORONAL)))
    axial, coronal = lead(page, 0), stack_view(page, 1)
    axial.scroll.to(5)
    rows = []
    for index in (5, 8):
        axial.scroll.to(index)
        ((start, end),) = coronal.shared.lines
        assert start.row == pytest.approx(end.row)
        rows.append(start.row)
    assert rows == [pytest.approx(10.0), pytest.approx(7.0)], "6 mm higher is three rows of 2 mm"
    assert axial.shared.lines == ()
    page.set_layout_name("1x1")
    assert axial.shared.lines == () and page.layout_name == "1x1"


def test_that_pointing_shows_the_same_patient_point_in_the_other_stack(show_stacks: ShowStacks) -> None:
    page = show_stacks(*items_of(stack("1.2.1", 11, 2.0), stack("1.2.2", 15, 2.0, rotation=CORONAL)))
    axial, coronal = lead(page, 0), stack_view(page, 1)
    QTest.keyClick(axial, Qt.Key.Key_C)
    assert page.drag_mode == "point"
    at = QPoint(axial.width() // 2 + 30, axial.height() // 2 + 40)
    QTest.mousePress(axial, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseRelease(axial, Qt.MouseButton.LeftButton, pos=at)
    point = axial.shared.point
    assert point is not None and coronal.shared.point == point
    frame, place = coronal.current_frame, coronal.shared.place_of_point()
    assert frame is not None and frame.geometry is not None and place is not None
    shown = frame.geometry.to_patient(place[0])
    assert place[1] == "" and abs(shown.y_mm - point.y_mm) <= 1.0
    assert (shown.x_mm, shown.z_mm) == (pytest.approx(point.x_mm), pytest.approx(point.z_mm))
    QTest.keyClick(axial, Qt.Key.Key_C)
    assert coronal.shared.point is None and page.drag_mode == "scroll"


def test_that_the_buttons_say_what_is_on(show_stacks: ShowStacks) -> None:
    page = show_stacks(*items_of(stack("1.2.1", 5, 2.0), stack("1.2.2", 5, 2.0)))
    link, point = page.findChild(QToolButton, "tool-link"), page.findChild(QToolButton, "tool-point")
    assert link.isEnabled() and link.isChecked()
    link.click()
    assert not link.isChecked()
    point.click()
    assert page.drag_mode == "point" and point.isChecked()
    page.show_reading(None)
    assert not link.isEnabled()
