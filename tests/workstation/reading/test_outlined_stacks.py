"""The outlines of a case's structure sets are drawn by one key, over nobody else's images."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sync.records.case import CaseId
from tests.viewers.radiology.dicom_files import ct_slice
from tests.viewers.radiology.phantom_volumes import in_memory
from tests.viewers.radiology.test_contours import structure_file
from tests.workstation.reading.conftest import ShowStacks, lead
from viewers.radiology.series_loader import scan_instances
from workstation.reading.case_reading import CaseReading, SeriesItem, StructuresItem

pytestmark = pytest.mark.qt
ANNA, BERTA = "MUSTER, ANNA", "MUSTER, BERTA"


def ct() -> SeriesItem:
    """Three images at z 0, 3 and 6, in the frame of reference 1.2.3."""
    sources = []
    for k in range(3):
        image = ct_slice(float(k), SOPInstanceUID=f"1.2.1.{k}", FrameOfReferenceUID="1.2.3")
        image.ImagePositionPatient = [0.0, 0.0, 3.0 * k]
        sources.append(in_memory(image, f"{k}"))
    (series,) = scan_instances(sources).series
    return SeriesItem("series:1", series, ANNA)


def structures(line: str = ANNA, *, blocked: bool = False, **changes: str) -> StructuresItem:
    """One square at z 3."""
    file: Dataset = structure_file([[1, 1, 3, 3, 1, 3, 3, 3, 3, 1, 3, 3]], **changes)
    return StructuresItem("Plan A", in_memory(file, "RS.dcm"), line, blocked)


def open_with(show_stacks: ShowStacks, *found: StructuresItem) -> tuple[object, list[str]]:
    page = show_stacks(layout="1x1")
    page.show_reading(CaseReading(CaseId("SO-1"), "Practitioner/r", (ct(),), structures=found))
    page.set_layout_name("1x1")
    sentences: list[str] = []
    page.said.connect(sentences.append)
    page.refused.connect(sentences.append)
    return page, sentences


def test_that_one_key_draws_the_outlines_where_they_lie_and_takes_them_off(show_stacks: ShowStacks) -> None:
    page, sentences = open_with(show_stacks, structures())
    view = lead(page, 0)  # type: ignore[arg-type]
    QTest.keyClick(view, Qt.Key.Key_S)
    outlines = view.outlined.outlines
    assert outlines is not None and sentences == ["Outlined: Lung (S takes it off)."]
    assert [len(outlines.at(index)) for index in range(3)] == [0, 1, 0]
    QTest.keyClick(view, Qt.Key.Key_S)
    assert view.outlined.outlines is None


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        (structures(BERTA), "This case has no structure set or segmentation"),
        (structures(blocked=True), "This case has no structure set or segmentation"),
        (structures(frame="1.2.4"), "Nothing is outlined: "),
    ],
    ids=["another patient", "held back", "another frame of reference"],
)
def test_that_nobody_elses_outlines_are_drawn(show_stacks: ShowStacks, item: StructuresItem, sentence: str) -> None:
    page, sentences = open_with(show_stacks, item)
    view = lead(page, 0)  # type: ignore[arg-type]
    QTest.keyClick(view, Qt.Key.Key_S)
    assert view.outlined.outlines is None and sentences[-1].startswith(sentence)


def test_that_more_images_of_the_series_take_the_outlines_off(show_stacks: ShowStacks) -> None:
    """They were laid out by the place of each image in the stack, which another image changes."""
    page, _sentences = open_with(show_stacks, structures())
    view = lead(page, 0)  # type: ignore[arg-type]
    QTest.keyClick(view, Qt.Key.Key_S)
    assert view.outlined.outlines is not None and view.series is not None
    view.extend_series(view.series)
    assert view.outlined.outlines is None
