"""The hospitals of this computer: listed, named, removed after a second question, opened one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from sync.hospital_profile import HospitalProfile
from tests.sync.authorization_doubles import MemoryKeyring
from workstation.cli import main
from workstation.hospital_list import list_hospitals, remove_hospital
from workstation.places import free_profile_name, hospital_profile_path
from workstation.window.browser_pane import BrowserPane
from workstation.window.hospitals_page import HospitalsPage

pytestmark = pytest.mark.qt


def test_that_a_browser_that_did_not_open_can_be_helped_and_a_wait_cancelled(qapp: QApplication) -> None:
    pane = BrowserPane()
    cancelled: list[bool] = []
    pane.cancelled.connect(lambda: cancelled.append(True))
    pane.show_waiting("https://login.hospital.example/authorize?x=1")
    pane.show()
    copy, cancel = pane.findChild(QPushButton, "browser-copy"), pane.findChild(QPushButton, "browser-cancel")
    assert isinstance(copy, QPushButton) and isinstance(cancel, QPushButton)
    copy.click()
    assert QApplication.clipboard().text() == "https://login.hospital.example/authorize?x=1"
    cancel.click()
    assert cancelled == [True]
    pane.close()
    pane.deleteLater()


def test_that_a_hospital_is_removed_only_after_a_second_question(qapp: QApplication, tmp_path: Path) -> None:
    _write(tmp_path, "one")
    _write(tmp_path, "two")
    page = HospitalsPage()
    page.show()
    page.show_hospitals(list_hospitals(tmp_path))
    asked: list[str] = []
    page.remove_requested.connect(asked.append)
    page.remove.click()
    box = QApplication.activeModalWidget()
    assert box is not None
    QTest.keyClick(box, Qt.Key.Key_Return)  # Cancel is what Enter means
    assert asked == []
    remove_hospital(tmp_path, "one", MemoryKeyring())
    assert [hospital.profile_name for hospital in list_hospitals(tmp_path)] == ["two"]
    assert not (tmp_path / "one").exists()
    page.close()
    page.deleteLater()


def test_that_names_of_profiles_are_plain_and_never_taken_twice(tmp_path: Path) -> None:
    assert free_profile_name(tmp_path, "St. Üxample / Klinik") == "st-xample-klinik"
    assert free_profile_name(tmp_path, "Demo") == "demo-2"
    _write(tmp_path, "clinic")
    assert free_profile_name(tmp_path, "Clinic") == "clinic-2"
    assert free_profile_name(tmp_path, "∅") == "hospital"


def test_that_the_window_opens_again_at_the_list_until_it_is_closed_for_good(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[str] = []

    class Window:
        def __init__(self, profile: str) -> None:
            self.wants_hospitals = profile == "clinic"

    def build(home: Path, profile: str, **_named: object) -> Window:
        opened.append(profile)
        return Window(profile)

    monkeypatch.setattr("workstation.startup.build_application", build)
    monkeypatch.setattr("workstation.commands.workstation_command.stay_open", lambda _window: 0)
    assert main(["--home", str(tmp_path)]) == 0
    assert main(["--home", str(tmp_path), "--profile", "clinic"]) == 0
    assert opened == ["", "clinic", ""]


def _write(home: Path, name: str) -> None:
    HospitalProfile(
        name=name, hospital_name=name, fhir_base="http://127.0.0.1:1/fhir", dicomweb_base="http://127.0.0.1:1/d",
        files_base="http://127.0.0.1:1/f", token="", practitioner_reference="Practitioner/me",
        practitioner_name="Dr Me",
    ).save(hospital_profile_path(home, name))  # fmt: skip
