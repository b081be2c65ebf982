"""The real chest CT and the real H&E slide on the reading page, measured with the mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.real_data import real_data
from tests.workstation.reading.lanes import LanesAtOnce
from viewers.annotation.annotation import SlideTarget
from viewers.annotation.annotation_set import AnnotationSet
from viewers.annotation.measurements import measure
from viewers.image_view import ImageView
from workstation.local_files import scan_local_files
from workstation.reading.case_reading import CaseReading, SeriesItem, SlideItem
from workstation.reading.page import ReadingPage

LEFT = Qt.MouseButton.LeftButton
pytestmark = pytest.mark.real_data


@pytest.fixture
def page(qapp: Any) -> Iterator[ReadingPage]:
    ct, slide = real_data("dicom", "ct_chest_56sl_LungDx-A0001"), real_data("wsi", "aperio_svs")
    scan = scan_local_files([ct, slide])
    series = tuple(SeriesItem(f"series:{s.series_uid}", s, "") for s in scan.series)
    slides = tuple(SlideItem(SlideTarget("ab" * 32), s.title, s.sources, "") for s in scan.slides)
    page = ReadingPage(LanesAtOnce())
    page.resize(1600, 1000)
    page.show()
    page.show_reading(CaseReading(None, "Practitioner/r", series, slides))
    yield page
    page.show_reading(None)
    page.deleteLater()
    QApplication.processEvents()


def in_view(view: ImageView, x: float, y: float) -> QPoint:
    return view.image_to_view().map(QPointF(x, y)).toPoint()


def marks_of(page: ReadingPage) -> AnnotationSet:
    assert page.annotations is not None
    return page.annotations


def draw(view: ImageView, tool: str, points: list[tuple[float, float]], press: Callable[[QPoint], None]) -> None:
    view.set_tool(tool)
    for x, y in points:
        press(in_view(view, x, y))
    if tool == "polygon":
        QTest.keyClick(view, Qt.Key.Key_Return)


def test_that_a_length_on_the_ct_is_within_one_pixel_spacing_of_the_geometry(page: ReadingPage) -> None:
    stack = page.viewport_view(0)
    draw(stack, "length", [(150, 200), (350, 300)], lambda at: QTest.mouseClick(stack, LEFT, pos=at))
    (mark,) = marks_of(page).marks
    (length,) = measure(mark, stack.calibration())
    spacing = stack.calibration().column_mm
    assert spacing is not None
    truth_mm = (200**2 + 100**2) ** 0.5 * spacing
    assert length.value == pytest.approx(truth_mm, abs=spacing)
    assert length.calibration_text == "patient geometry"


def test_that_an_area_on_the_slide_is_in_its_own_mpp(page: ReadingPage) -> None:
    slide = page.viewport_view(1)
    corners = [(600.0, 800.0), (1600.0, 800.0), (1600.0, 1800.0), (600.0, 1800.0)]
    draw(slide, "polygon", corners, lambda at: QTest.mouseClick(slide, LEFT, pos=at))
    (mark,) = marks_of(page).marks
    area, _ = measure(mark, slide.calibration())
    assert (area.unit, area.calibration_text) == ("mm²", "slide MPP")
    assert area.value == pytest.approx((1000 * 0.000499) ** 2, rel=0.02)
