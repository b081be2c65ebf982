"""A reading page that shows items made for one test, in its own grid; closed and forgotten afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sync.records.case import CaseId
from tests.workstation.reading.lanes import LanesAtOnce
from viewers.radiology.stack_view import StackView
from workstation.reading.case_reading import CaseReading, SeriesItem
from workstation.reading.page import ReadingPage

ShowStacks = Callable[..., ReadingPage]


@pytest.fixture
def show_stacks(qapp: Any) -> Iterator[ShowStacks]:
    """``show_stacks(*items, layout="1x2", lanes=None)``: the first items hang in that layout, the others lie in the
    strip."""
    pages: list[ReadingPage] = []

    def show(*items: SeriesItem, layout: str = "1x2", lanes: Any = None) -> ReadingPage:
        page = ReadingPage(lanes or LanesAtOnce())
        page.resize(1300, 800)
        page.show()
        pages.append(page)
        page.show_reading(CaseReading(CaseId("SO-1"), "Practitioner/r", items))
        page.set_layout_name(layout)
        places = {"1x1": 1, "1x2": 2, "2x2": 4}[layout]
        for index, item in enumerate(items[:places]):
            page.show_image(index, item.key)
        return page

    yield show
    for page in pages:
        page.show_reading(None)
        page.deleteLater()
    QApplication.processEvents()


def stack_view(page: ReadingPage, index: int) -> StackView:
    """The stack in that viewport."""
    view = page.viewport_view(index)
    assert isinstance(view, StackView)
    return view


def lead(page: ReadingPage, index: int) -> StackView:
    """The same, made the active one by a click beside its image."""
    view = stack_view(page, index)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    return view
