"""The frame: strip, rail, status line, and the window that is painted before anything heavy is loaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QToolButton, QWidget

from workstation.window.main_window import MainWindow
from workstation.window.patient_identity import PatientIdentity

pytestmark = pytest.mark.qt

HEAVY = {
    "numpy",
    "cv2",
    "pydicom",
    "sqlalchemy",
    "sqlcipher3",
    "requests",
    "imagecodecs",
    "openslide",
    "tifffile",
    "fpdf",
}


@pytest.fixture
def window(qapp: QApplication) -> Iterator[MainWindow]:
    made = MainWindow()
    for page_id in ("worklist", "case"):
        made.add_page(page_id, QWidget())
    made.show()
    yield made
    made.close()
    made.deleteLater()


def test_that_the_window_is_shown_with_qt_alone() -> None:
    code = "import sys, workstation.startup; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert HEAVY & set(loaded) == set()


def test_that_the_rail_asks_and_does_not_turn_the_page_itself(window: MainWindow) -> None:
    window.set_reachable(("worklist", "case"))
    window.show_page("worklist")
    asked: list[str] = []
    window.page_requested.connect(asked.append)
    button = window.findChild(QToolButton, "rail-case")
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert (asked, window.current_page, button.isChecked()) == (["case"], "worklist", False)


def test_that_pages_out_of_reach_cannot_be_pressed(window: MainWindow) -> None:
    window.set_reachable(("worklist",))
    asked: list[str] = []
    window.page_requested.connect(asked.append)
    button = window.findChild(QToolButton, "rail-reading")
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked == []


def test_that_a_missing_identity_is_a_banner_on_every_page(window: MainWindow) -> None:
    warning = window.strip.findChild(QFrame, "patient-strip-warning")
    assert warning is not None
    window.strip.show_identity(PatientIdentity("Name missing", "ID missing", "case LOCAL-0001", "Identity missing: …"))
    for page in ("worklist", "case"):
        window.show_page(page)
        assert warning.isVisible()
    window.strip.show_identity(None)
    assert not warning.isVisible()


def test_that_beside_the_worklist_the_strip_says_that_it_is_the_open_case(window: MainWindow) -> None:
    window.strip.show_identity(PatientIdentity("Testfall, Anna", "female · born 1970-02-03 · ID P1", "case C1"))
    which = window.findChild(QLabel, "patient-strip-which")
    assert which is not None
    window.show_page("worklist")
    assert (which.isVisible(), which.text()) == (True, "Open case")
    window.show_page("case")
    assert not which.isVisible()
    window.strip.show_identity(None)
    window.show_page("worklist")
    assert not which.isVisible()


def test_that_a_sentence_in_the_status_line_can_be_clicked_away(window: MainWindow) -> None:
    window.status.say("The image is of another patient.", failure=True)
    dismiss, sentence = (
        window.findChild(QToolButton, "status-dismiss"),
        window.findChild(QLabel, "status-sentence"),
    )
    assert dismiss is not None and sentence is not None and dismiss.isVisible()
    QTest.mouseClick(dismiss, Qt.MouseButton.LeftButton)
    assert (sentence.text(), dismiss.isVisible()) == ("", False)


def test_that_a_failure_is_said_in_the_status_line(window: MainWindow) -> None:
    window.status.say("The disk is full.", failure=True)
    label = window.findChild(QLabel, "status-sentence")
    assert label is not None
    assert (label.text(), label.property("tone")) == ("The disk is full.", "danger")
