"""Each conflict with the hospital is one sentence on the screen, with its choices by keyboard; and a choice does it.

The whole program against a small hospital. Pictures go to the folder in READINGROOM_PICTURES, where it is set.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFrame, QLabel, QPushButton, QWidget

from sync.fhir.opinion_mapping import opinion_bundle
from sync.records.conflict import ConflictKind
from sync.store.database import Store, open_store
from sync.sync_round import run_sync_round
from sync.transfer.hospital import connect_hospital
from tests.sync.conftest import hospital, hospital_server  # noqa: F401 - fixtures
from tests.sync.small_hospital import SmallHospital
from tests.sync.test_outbox import CASE, IDENTIFIER, signed_opinion
from workstation.startup import RunningApplication, build_application
from workstation.tour.hands import Hands, let_live

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


class Screen:
    """The running program and hands on it."""

    def __init__(self, running: RunningApplication) -> None:
        self.running = running
        self.hands = Hands()

    @property
    def window(self) -> QWidget:
        return self.running.window

    @property
    def store(self) -> Store:
        assert self.running._store is not None
        return self.running._store

    def conflict(self) -> QDialog:
        return self.hands.wait_for("conflict-dialog", QDialog)

    def sentence(self) -> str:
        return self.hands.wait_for("conflict-sentence", QLabel).text()

    def choices(self) -> list[str]:
        buttons = self.conflict().findChildren(QPushButton)
        return [button.text().replace("&", "") for button in buttons]

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Pressed where the focus is: at the dialog while there is one."""
        dialog = self.hands.look_for("conflict-dialog", QDialog)
        self.hands.key(dialog or self.window, key, modifier)

    def wait_for_no_dialog(self) -> None:
        self.hands.wait_until(lambda: self.hands.look_for("conflict-dialog", QDialog) is None, "the dialog to go")

    def open_case(self) -> None:
        from workstation.worklist.page import WorklistPage

        page = self.hands.wait_for("page-worklist", WorklistPage)
        page.open_requested.emit(str(CASE))
        self.hands.wait_until(lambda: "Moreau" in self.identity(), "the case to open")

    def identity(self) -> str:
        name = self.hands.look_for("patient-strip-name", QLabel)
        return name.text() if name is not None else ""

    def photograph(self, name: str) -> None:
        folder = os.environ.get("READINGROOM_PICTURES")
        if folder:
            let_live(0.3)
            dialog = self.conflict()
            picture = self.window.grab()
            from PySide6.QtGui import QPainter

            painter = QPainter(picture)
            painter.drawPixmap(dialog.pos() - self.window.pos(), dialog.grab())
            painter.end()
            assert picture.save(str(Path(folder) / f"{name}.png"))


Begin = Callable[..., Screen]


@pytest.fixture
def begin(hospital: SmallHospital, tmp_path: Path, qapp: Any) -> Iterator[Begin]:  # noqa: F811
    """Opens the program on a case that is here, *signed* or not, after *change* happened at the hospital."""
    running: list[RunningApplication] = []

    def start(signed: bool, change: Callable[[], object] = lambda: None) -> Screen:
        home = tmp_path / "home"
        hospital.add_case(instances=0, status="in-progress")
        hospital.profile().save(home / "demo" / "profile.json")
        store = open_store(home / "demo")
        assert run_sync_round(store, hospital.profile()).complete
        if signed:
            store.opinions.put_signed(signed_opinion())
        store.close()
        change()
        application = build_application(home, "demo")
        running.append(application)
        screen = Screen(application)
        screen.hands.wait_until(lambda: application.is_ready or bool(application.failure), "the program", 40)
        assert not application.failure
        return screen

    yield start
    for application in running:
        application.close()


def test_that_a_case_given_to_somebody_else_leaves_the_screen_and_can_be_deleted(
    hospital: SmallHospital,  # noqa: F811
    begin: Begin,
) -> None:
    screen = begin(signed=False)
    screen.open_case()
    hospital.change("Task/task-so-1", owner={"reference": "Practitioner/other"})
    screen.key(Qt.Key.Key_R, CONTROL)
    assert screen.sentence() == "The hospital has given case SO-1 to somebody else."
    assert screen.choices()[0].startswith("Keep it locked until ")
    assert screen.choices()[1] == "Delete it now"
    screen.hands.wait_until(lambda: "Moreau" not in screen.identity(), "the name to leave the screen")
    screen.hands.wait_until(
        lambda: not any("Moreau" in text for text in screen.hands.texts()), "the name to leave the worklist too"
    )
    screen.photograph("1-reassigned")
    screen.key(Qt.Key.Key_D, ALT)
    screen.hands.wait_until(lambda: "press again" in " ".join(screen.choices()), "the second question")
    assert screen.store.cases.find_case(CASE) is not None, "one press deletes nothing"
    screen.key(Qt.Key.Key_D, ALT)
    screen.wait_for_no_dialog()
    assert screen.store.cases.find_case(CASE) is None

    def receipts() -> list[object]:
        return [e for e in hospital.state.list_resources("AuditEvent") if e.json.get("action") == "D"]

    screen.hands.wait_until(lambda: len(receipts()) == 1, "the receipt of the deletion")
    assert screen.store.audit.verify() is None


def test_that_a_cancelled_case_is_locked_and_its_unsent_opinion_kept_for_the_grace(
    hospital: SmallHospital,  # noqa: F811
    begin: Begin,
) -> None:
    screen = begin(signed=True, change=lambda: hospital.change("Task/task-so-1", status="cancelled"))
    assert screen.sentence() == "The hospital has cancelled case SO-1; nothing was sent."
    assert screen.choices()[0].startswith("Keep it locked until ")
    screen.photograph("2-cancelled")
    screen.key(Qt.Key.Key_Return)
    screen.wait_for_no_dialog()
    assert screen.store.opinions.find_signed(CASE) is not None
    assert hospital.count("DiagnosticReport") == 0
    from workstation.worklist.page import WorklistPage

    screen.hands.wait_for("page-worklist", WorklistPage).open_requested.emit(str(CASE))
    let_live(1.0)
    assert "Moreau" not in screen.identity()
    screen.hands.wait_until(
        lambda: any("has cancelled case SO-1" in text for text in screen.hands.texts()), "the sentence in its place"
    )


def test_that_a_withdrawn_release_deletes_the_case_at_once_and_says_so(
    hospital: SmallHospital,  # noqa: F811
    begin: Begin,
) -> None:
    screen = begin(signed=False)
    screen.open_case()
    hospital.change("Consent/consent-so-1", status="inactive")
    screen.key(Qt.Key.Key_R, CONTROL)
    assert "withdrawn the release for case SO-1" in screen.sentence()
    assert screen.choices() == ["Understood"]
    screen.hands.wait_until(lambda: "Moreau" not in screen.identity(), "the name to leave the screen")
    screen.hands.wait_until(
        lambda: not any("Moreau" in text for text in screen.hands.texts()), "the name to leave the worklist too"
    )
    screen.photograph("3-release-withdrawn")
    assert screen.store.objects.list_objects(CASE) == ()
    screen.key(Qt.Key.Key_U, ALT)
    screen.wait_for_no_dialog()
    assert screen.store.conflicts.list_open() == ()


def test_that_a_question_changed_after_signing_leads_back_to_the_case_to_sign_again(
    hospital: SmallHospital,  # noqa: F811
    begin: Begin,
) -> None:
    def ask_otherwise() -> None:
        hospital.change("ServiceRequest/sr-so-1", note=[{"text": "Is it malignant after all?"}])

    screen = begin(signed=True, change=ask_otherwise)
    assert screen.sentence() == "The hospital changed the clinical question of case SO-1; review it and sign again."
    assert screen.choices() == ["Review and sign again", "Keep it here, unsent", "Save the signed report…"]
    screen.photograph("4-question-changed")
    screen.key(Qt.Key.Key_Return)
    screen.wait_for_no_dialog()
    screen.hands.wait_until(
        lambda: any("Is it malignant after all?" in text for text in screen.hands.texts()), "the new question"
    )
    screen.hands.wait_until(lambda: "Moreau" in screen.identity(), "the case to open")
    assert screen.store.opinions.find_signed(CASE) is None
    assert [opinion.frozen.opinion_identifier for opinion in screen.store.opinions.list_signed(CASE)] == [IDENTIFIER]
    screen.key(Qt.Key.Key_F6)
    screen.hands.wait_until(
        lambda: any("Only on this computer until you sign it" in t for t in screen.hands.texts()), "the form open again"
    )
    assert hospital.count("DiagnosticReport") == 0


def test_that_an_opinion_already_there_from_another_computer_shows_its_receipt(
    hospital: SmallHospital,  # noqa: F811
    begin: Begin,
) -> None:
    def deliver_from_elsewhere() -> None:
        ours = signed_opinion()
        other = replace(ours, report_pdf=b"%PDF-1.7 other", frozen=replace(ours.frozen, envelope=b'{"type":"other"}'))
        connected = connect_hospital(hospital.profile())
        elsewhere = open_store(hospital.folder / "elsewhere")
        run_sync_round(elsewhere, hospital.profile())
        case = elsewhere.cases.get_case(CASE)
        bundle = opinion_bundle(other, case, hospital.resource("Task/task-so-1"), frozenset())
        connected.fhir.transaction(bundle)
        elsewhere.close()
        connected.close()

    screen = begin(signed=True, change=deliver_from_elsewhere)
    assert "already holds an opinion of yours on case SO-1 that was signed on another computer" in screen.sentence()
    (report,) = hospital.state.list_resources("DiagnosticReport")
    receipt = screen.hands.find("conflict-receipt", QFrame)
    assert any(report.reference in label.text() for label in receipt.findChildren(QLabel))
    assert screen.choices() == ["Leave it at that", "Save mine…"]
    screen.photograph("5-already-there")
    screen.key(Qt.Key.Key_Escape)
    screen.wait_for_no_dialog()
    screen.key(Qt.Key.Key_X, CONTROL | SHIFT)
    screen.conflict()
    screen.key(Qt.Key.Key_L, ALT)
    screen.wait_for_no_dialog()
    assert screen.store.conflicts.list_open() == ()
    assert hospital.count("DiagnosticReport") == 1
    assert ConflictKind.ALREADY_THERE.value in [row.object for row in screen.store.audit.entries()]
