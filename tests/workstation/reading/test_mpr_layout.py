"""The planes of a series hang beside it by one key, stay at its place, and go without a trace; by real keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton

from sync.records.case import CaseId
from tests.viewers.radiology.dicom_files import ct_slice
from tests.viewers.radiology.phantom_volumes import grid, in_memory, series_from
from tests.workstation.reading.lanes import LanesAtOnce
from viewers.radiology.frame import Series
from viewers.radiology.mpr_axes import COLOURS
from viewers.radiology.mpr_view import NO_MARKS, MprView
from viewers.radiology.orthogonal_planes import Orientation
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.stack_view import StackView
from workstation.reading.case_reading import CaseReading, SeriesItem
from workstation.reading.page import ReadingPage

pytestmark = pytest.mark.qt
MADE = grid((12, 20, 24), (2.0, 1.0, 1.0))


def height(points: np.ndarray) -> np.ndarray:
    return np.asarray(points[..., 2] * 10.0)


def single_image() -> Series:
    image = ct_slice(0.0, values=np.zeros((20, 24), np.int16), SeriesInstanceUID="1.77", SOPInstanceUID="1.77.1")
    return scan_instances([in_memory(image, "single")]).series[0]


@pytest.fixture
def make_page(qapp: Any) -> Iterator[Callable[..., ReadingPage]]:
    pages: list[ReadingPage] = []

    def make(*series: Series) -> ReadingPage:
        page = ReadingPage(LanesAtOnce())
        page.resize(1300, 800)
        page.show()
        pages.append(page)
        items = tuple(SeriesItem(f"series:{one.series_uid}", one, "MUSTER, ANNA") for one in series)
        page.show_reading(CaseReading(CaseId("SO-1"), "Practitioner/r", items))
        page.show_image(0, items[0].key)
        return page

    yield make
    for page in pages:
        page.show_reading(None)
        page.deleteLater()
    QApplication.processEvents()


def stack_of(page: ReadingPage) -> StackView:
    view = page.viewport_view(0)
    assert isinstance(view, StackView)
    return view


def planes_of(page: ReadingPage) -> list[MprView]:
    views = [page.viewport_view(index) for index in range(1, 4)]
    return [view for view in views if isinstance(view, MprView)]


def hang(page: ReadingPage) -> list[MprView]:
    """Press the key, and wait until the volume is there."""
    stack = stack_of(page)
    assert stack.pixels is not None and stack.pixels.wait(10)
    QTest.keyClick(stack, Qt.Key.Key_O)
    planes = planes_of(page)
    assert len(planes) == 3
    for _ in range(400):
        shown = planes[1].shown
        if shown is not None and shown.wish.volume.is_complete:
            return planes
        QTest.qWait(5)
    raise AssertionError("no volume came")


def test_that_one_key_hangs_three_planes_beside_the_stack_and_takes_them_away(
    make_page: Callable[..., ReadingPage],
) -> None:
    page = make_page(series_from(MADE, height))
    before = [page.viewport_view(index) for index in range(4)]
    planes = hang(page)
    assert page.layout_name == "2x2" and stack_of(page) is before[0]
    assert [view.corner_text().top_right[0] for view in planes] == ["MPR axial", "MPR coronal", "MPR sagittal"]
    assert all(view.patient_line == "MUSTER, ANNA" for view in planes)
    button = page.findChild(QToolButton, "tool-mpr")
    assert button is not None and button.isChecked()
    QTest.keyClick(planes[2], Qt.Key.Key_O)
    assert page.layout_name == "1x1" and [page.viewport_view(index) for index in range(4)] == before
    assert not button.isChecked()


def test_that_esc_puts_down_the_tool_first_and_then_the_planes(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page(series_from(MADE, height))
    planes = hang(page)
    refused: list[str] = []
    page.refused.connect(refused.append)
    page.choose_tool("length")
    QTest.mouseClick(planes[0], Qt.MouseButton.LeftButton)
    assert refused == [NO_MARKS]
    QTest.keyClick(planes[0], Qt.Key.Key_Escape)
    assert page.tool is None and len(planes_of(page)) == 3
    QTest.keyClick(planes[0], Qt.Key.Key_Escape)
    assert planes_of(page) == [] and page.layout_name == "1x1"


def test_that_stack_and_planes_stay_at_one_place(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page(series_from(MADE, height))
    stack = stack_of(page)
    planes = hang(page)
    scene = planes[0].scene
    frame = stack.current_frame
    assert frame is not None and frame.geometry is not None
    assert scene.point.z_mm == pytest.approx(frame.geometry.position.z_mm)
    QTest.keyClick(stack, Qt.Key.Key_Up)
    frame = stack.current_frame
    assert frame is not None and frame.geometry is not None
    assert scene.point.z_mm == pytest.approx(frame.geometry.position.z_mm)
    # The axial plane lies in the image; the others are told apart by the colours of their views.
    assert len(stack.shared.lines) == 2
    assert stack.shared.line_colours == (COLOURS[Orientation.CORONAL], COLOURS[Orientation.SAGITTAL])
    at = stack.frame_index
    QTest.keyClick(planes[0], Qt.Key.Key_Down)
    QTest.keyClick(planes[0], Qt.Key.Key_Down)
    assert stack.frame_index == at + 2
    QTest.keyClick(planes[1], Qt.Key.Key_Down)
    assert stack.frame_index == at + 2
    QTest.keyClick(planes[0], Qt.Key.Key_O)
    assert stack.shared.lines == ()


def test_that_another_image_takes_the_planes_away_first(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page(series_from(MADE, height), single_image())
    hang(page)
    page.show_image(2, "series:1.77")
    assert planes_of(page) == [] and isinstance(page.viewport_view(2), StackView)


def test_that_closing_the_case_ends_the_reconstruction(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page(series_from(MADE, height))
    planes = hang(page)
    page.show_reading(None)
    assert planes_of(page) == [] and page.layout_name == "1x1"
    assert all(view.shown is None for view in planes)


def test_that_a_series_that_is_no_volume_says_why_and_hangs_as_before(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page(single_image())
    refused: list[str] = []
    page.refused.connect(refused.append)
    QTest.keyClick(stack_of(page), Qt.Key.Key_O)
    assert len(refused) == 1 and refused[0].endswith("cannot be shown as a volume: it is a single image.")
    assert page.layout_name == "1x1" and planes_of(page) == []


def test_that_images_that_come_while_planes_hang_fill_them(make_page: Callable[..., ReadingPage]) -> None:
    series = series_from(MADE, height)
    page = make_page(replace(series, frames=series.frames[:8]))
    planes = hang(page)
    tall = planes[1].scene.plane(planes[1].orientation).rows
    reading = page.reading
    assert reading is not None
    page._wanted = reading.case_id
    page._loaded(replace(reading, series=(replace(reading.series[0], series=series),)))
    for _ in range(400):
        shown = planes[1].shown
        if shown is not None and shown.wish.volume.is_complete and shown.wish.volume.geometry.slices == 12:
            break
        QTest.qWait(5)
    assert planes_of(page) == planes and planes[1].notices() == ()
    assert planes[1].scene.plane(planes[1].orientation).rows == tall + 8
