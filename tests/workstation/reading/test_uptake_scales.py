"""A PET that hangs is told how its values become SUV, once, and never one that is not shown any more."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QLabel

from sync.records.case import CaseId
from tests.workstation.reading.lanes import LanesAtOnce, LanesWhenTold
from tests.workstation.reading.test_linked_stacks import stack
from viewers.radiology.stack_view import StackView
from viewers.radiology.suv import SuvScale
from workstation.reading.case_reading import CaseReading, SeriesItem
from workstation.reading.page import ReadingPage
from workstation.reading.uptake_scales import UptakeScales

pytestmark = pytest.mark.qt


def test_that_the_toolbar_shows_the_uptake_value_and_keeps_its_formula(qapp: Any) -> None:
    page = ReadingPage(LanesAtOnce())
    page.resize(1300, 800)
    page.show()
    series = stack("1.81", 3, 5.0, Modality="PT", Units="GML")
    item = SeriesItem("series:1.81", series, "MUSTER, ANNA")
    page.show_reading(CaseReading(CaseId("SO-1"), "Practitioner/r", (item,)))
    view = page.viewport_view(0)
    assert isinstance(view, StackView) and isinstance(view.uptake, SuvScale)
    assert view.pixels is not None and view.pixels.wait(10)
    value = page.findChild(QLabel, "probed-value")
    assert value is not None
    view.probe(view.image_to_view().map(QPointF(3.5, 2.5)))
    assert value.text().startswith("SUVbw -1024.00 g/ml  (3, 2)  stored 0")
    assert value.toolTip().splitlines()[:2] == ["SUVbw as stored; nothing is computed", "Units: g/ml, SUV as stored"]
    view.probe(None)
    assert value.text() == "SUVbw as stored", "there to be pointed at"
    page.show_reading(None)
    assert (value.text(), value.toolTip()) == ("", "")
    page.deleteLater()


def test_that_a_view_that_shows_something_else_meanwhile_is_not_told(qapp: Any) -> None:
    lanes, view = LanesWhenTold(), StackView()
    scales = UptakeScales(lanes)
    view.set_series(stack("1.82", 1, 5.0, Modality="PT", Units="GML"))
    scales.find([view])
    scales.find([view])
    assert len(lanes.waiting) == 1, "asked once"
    view.set_series(stack("1.83", 1, 5.0))
    lanes.run()
    assert view.uptake is None
    view.set_series(None)
    view.deleteLater()
