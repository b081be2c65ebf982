"""A case's PET is laid over its CT by one key, and over nothing it does not belong to; real files, real keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.viewers.radiology.dicom_files import ct_slice
from tests.viewers.radiology.phantom_volumes import in_memory
from tests.workstation.reading.conftest import ShowStacks, lead, stack_view
from tests.workstation.reading.lanes import LanesWhenTold
from viewers.radiology.frame import Series
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.stack_view import StackView
from workstation.reading.case_reading import SeriesItem
from workstation.reading.page import ReadingPage

pytestmark = pytest.mark.qt


def stack(uid: str, modality: str, frame_of_reference: str = "1.9", value: int = 0) -> Series:
    """Five axial images of 20 × 24 px of 2 mm; stored values are modality values."""
    sources = []
    for k in range(5):
        image = ct_slice(
            float(k), values=np.full((20, 24), value, np.int16), SeriesInstanceUID=uid, SOPInstanceUID=f"{uid}.{k}",
            PixelSpacing=[2.0, 2.0], FrameOfReferenceUID=frame_of_reference, Modality=modality, RescaleIntercept=0,
            SeriesDescription=f"{modality} {uid[-1]}",
        )  # fmt: skip
        image.ImagePositionPatient = [0.0, 0.0, 3.0 * k]
        image.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
        if modality == "PT":
            image.Units = "GML"
        sources.append(in_memory(image, f"{uid}.{k}"))
    return scan_instances(sources).series[0]


def item(series: Series, line: str = "MUSTER, ANNA", **changes: Any) -> SeriesItem:
    return SeriesItem(f"series:{series.series_uid}", series, line, **changes)


def first(page: ReadingPage) -> StackView:
    """The stack that hangs, all of it read, and active."""
    view = lead(page, 0)
    assert view.pixels is not None and view.pixels.wait(10)
    QApplication.processEvents()
    return view


def test_that_one_key_lays_the_pet_over_the_ct_and_takes_it_off_again(show_stacks: ShowStacks) -> None:
    page = show_stacks(item(stack("1.2.1", "CT")), item(stack("1.2.2", "PT", value=4)), layout="1x1")
    ct, said, probed = first(page), [], []
    page.said.connect(said.append)
    ct.value_probed.connect(probed.append)
    plain = ct.grab_image()
    QTest.keyClick(ct, Qt.Key.Key_F)
    assert ct.fuse.fusion is not None and ct.grab_image() != plain
    assert ct.corner_text().bottom_left[0].startswith("Over it: ")
    ct.probe(QPointF(ct.width() / 2, ct.height() / 2))
    assert probed[-1].startswith("SUVbw 4.00 g/ml  over  0 HU")
    QTest.keyClick(ct, Qt.Key.Key_BracketRight)
    QTest.keyClick(ct, Qt.Key.Key_BracketLeft, Qt.KeyboardModifier.ControlModifier)
    assert (ct.fuse.fusion.look.opacity, ct.fuse.fusion.look.top) == (0.7, 8.0)
    QTest.keyClick(ct, Qt.Key.Key_F)
    assert ct.fuse.fusion is None and said[-1] == "Nothing lies over the images any more."


@pytest.mark.parametrize(
    "other",
    [
        item(stack("1.2.2", "PT", "1.8")),
        item(stack("1.2.2", "PT"), "MUSTER, BERTA"),
        item(stack("1.2.2", "PT"), here="3 of 5 images here"),
        item(stack("1.2.2", "MR")),
        item(stack("1.2.2", "PT"), mismatch="Its patient is MUSTER, BERTA.", is_blocked=True),
    ],
    ids=["another frame of reference", "another patient", "not all here", "no PET", "held back"],
)
def test_that_nothing_is_laid_over_what_it_does_not_belong_to(show_stacks: ShowStacks, other: SeriesItem) -> None:
    page = show_stacks(item(stack("1.2.1", "CT")), other, layout="1x1")
    ct, refused = first(page), []
    page.refused.connect(refused.append)
    QTest.keyClick(ct, Qt.Key.Key_F)
    assert ct.fuse.fusion is None and refused[-1].startswith("Nothing can be laid over this series")


def test_that_what_is_read_too_late_lies_over_nothing(show_stacks: ShowStacks) -> None:
    lanes = LanesWhenTold()
    items = (item(stack("1.2.1", "CT")), item(stack("1.2.2", "PT")), item(stack("1.2.3", "CT")))
    page = show_stacks(*items, lanes=lanes, layout="1x1")
    ct = first(page)
    QTest.keyClick(ct, Qt.Key.Key_F)
    page.show_image(0, items[2].key)
    lanes.run()
    assert stack_view(page, 0).fuse.fusion is None
