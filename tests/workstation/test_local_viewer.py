"""Whose images the local viewer says are open."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from tests.viewers.pathology.byte_sources import MemoryByteSource
from tests.workstation.reading.readings import PATIENT, series_item
from viewers.radiology.frame import DicomPatient, Series
from workstation.actions.menus import Palette, ShortcutSheet
from workstation.background import Background
from workstation.local_files import LocalScan, LocalSlide
from workstation.local_viewer import LocalViewer, identity_of_files, reading_of
from workstation.reading.hanging.choosing import choose_hanging
from workstation.reading.page import ReadingPage

BERTA = DicomPatient("P2", "MUSTER^BERTA", "19610101", "F", "MUSTER, BERTA")
NOBODY = DicomPatient("", "", "", "", "")


def series(uid: str, patient: DicomPatient) -> Series:
    return replace(series_item(uid).series, patient=patient)


def slide(patient: DicomPatient | None) -> LocalSlide:
    return LocalSlide("Biopsy", (MemoryByteSource("slide.svs", b""),), patient)


def test_that_of_one_patient_the_strip_names_the_patient_and_no_image_warns() -> None:
    reading = reading_of(LocalScan((series("1.1", PATIENT), series("1.2", PATIENT)), (slide(PATIENT),), ()))
    identity = identity_of_files(reading)
    assert (identity.name, identity.missing) == ("MUSTER, ANNA", "")
    assert identity.person == "born 1960-01-01 · ID P1"
    assert [item.mismatch for item in reading.items] == ["", "", ""]
    assert choose_hanging(reading).layout == "1x2"


@pytest.mark.parametrize(
    "scan",
    [
        LocalScan((series("1.1", PATIENT), series("1.2", BERTA)), (), ()),
        LocalScan((series("1.1", PATIENT),), (slide(BERTA),), ()),
        LocalScan((series("1.1", PATIENT),), (slide(None),), ()),
    ],
)
def test_that_of_several_patients_the_strip_names_none_each_image_says_whose_and_one_hangs(scan: LocalScan) -> None:
    reading = reading_of(scan)
    identity = identity_of_files(reading)
    assert identity.name == "2 patients"
    assert identity.missing
    assert all(item.patient_line in item.mismatch for item in reading.items)
    assert choose_hanging(reading).layout == "1x1"


@pytest.mark.parametrize("scan", [LocalScan((series("1.1", NOBODY),), (), ()), LocalScan((), (slide(None),), ())])
def test_that_files_that_name_nobody_say_that_the_identity_is_missing(scan: LocalScan) -> None:
    assert identity_of_files(reading_of(scan)).missing.startswith("Identity missing")


@pytest.mark.qt
@pytest.mark.parametrize("key", [Qt.Key.Key_Q, Qt.Key.Key_W])
def test_that_the_keys_that_close_the_workstation_close_the_local_viewer(qapp: QApplication, key: Qt.Key) -> None:
    background = Background()
    viewer = LocalViewer(background)
    try:
        viewer.show()
        viewer.activateWindow()
        assert QTest.qWaitForWindowActive(viewer)
        QTest.keyClick(viewer, key, Qt.KeyboardModifier.ControlModifier)
        assert not viewer.isVisible()
    finally:
        viewer.close()
        background.shutdown()


@pytest.mark.qt
def test_that_f1_lists_the_keys_of_images_and_they_work_without_a_case(qapp: QApplication) -> None:
    background = Background()
    viewer = LocalViewer(background)
    try:
        viewer._show(LocalScan((series("1.1", PATIENT),), (), ()))
        viewer.show()
        viewer.activateWindow()
        assert QTest.qWaitForWindowActive(viewer)
        page = viewer.findChild(ReadingPage)
        assert page is not None
        QTest.keyClick(page, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        palette = viewer.findChild(Palette)
        assert palette is not None and palette.isVisible()
        palette.reject()
        QTest.keyClick(page, Qt.Key.Key_F1)
        sheet = viewer.findChild(ShortcutSheet)
        assert sheet is not None and sheet.isVisible()
        words = [label.text() for label in sheet.findChildren(QLabel)]
        assert {"Images", "Length", "On a series", "On a slide", "Quit"} <= set(words)
        assert not {"Worklist", "Opinion", "In the message box"} & set(words)
        sheet.reject()
    finally:
        viewer.close()
        background.shutdown()
