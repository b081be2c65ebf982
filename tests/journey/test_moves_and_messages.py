"""The case's own life by keyboard, with the real demo hospital: declined, on hold and gone on with, written about.

Pictures go to the folder in READINGROOM_PICTURES, where it is set.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QTableView

from sync.case_custody import shred_due_cases
from sync.records.case import CaseId, CaseStatus
from sync.records.conflict import ConflictKind
from sync.records.outbox_entry import OutboxState
from sync.store.database import Store
from tests.journey.demo_place import point_profile, serving
from workstation.startup import RunningApplication, build_application
from workstation.tour.hands import Hands, let_live
from workstation.worklist.model import ROW_ROLE
from workstation.worklist.presenter import WorklistRow

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

DECLINED, ASKED, HELD = CaseId("SO-2026-00108"), CaseId("SO-2026-00105"), CaseId("SO-2026-00106")
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Hospital:
    """The demo hospital from outside: what it holds, and what happens there."""

    def __init__(self, announced: dict[str, Any]) -> None:
        self._base = str(announced["fhir_base"])
        self._headers = {"Authorization": f"Bearer {announced['token']}"}

    def happens(self, spec: str) -> None:
        """From now on, instead of what went wrong before."""
        origin = self._base.rpartition("/")[0]
        assert requests.put(f"{origin}/faults", data=spec, headers=self._headers, timeout=10).ok

    def get(self, address: str) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self._base}/{address}", headers=self._headers, timeout=10).json()
        return found

    def status(self, case_id: CaseId) -> str:
        return str(self.get(f"Task/task-{case_id.lower()}")["status"])

    def found(self, kind: str, case_id: CaseId) -> list[dict[str, Any]]:
        bundle = self.get(f"{kind}?based-on=ServiceRequest/sr-{case_id.lower()}")
        return [entry["resource"] for entry in bundle.get("entry", [])]


class Screen:
    """The running program and hands on its keys."""

    def __init__(self, running: RunningApplication) -> None:
        self.running = running
        self.hands = Hands()
        self._pictures = 0

    @property
    def store(self) -> Store:
        assert self.running._store is not None
        return self.running._store

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        dialog = QApplication.activeModalWidget()
        self.hands.key(dialog or QApplication.focusWidget() or self.running.window, key, modifier)

    def write(self, text: str) -> None:
        focus = QApplication.focusWidget()
        assert isinstance(focus, QLineEdit | QPlainTextEdit), focus
        QTest.keyClicks(focus, text)

    def row(self, case_id: CaseId) -> WorklistRow:
        table = self.hands.find("worklist-table", QTableView)
        model = table.model()
        rows = [model.index(n, 0).data(ROW_ROLE) for n in range(model.rowCount())]
        found: WorklistRow = next(row for row in rows if row.case_id == case_id)
        return found

    def open_case(self, case_id: CaseId) -> None:
        """From the worklist, by keys alone."""
        self.key(Qt.Key.Key_F2)
        table = self.hands.wait_for("worklist-table", QTableView)
        self.hands.wait_until(table.hasFocus, "the worklist to take the keyboard")
        self.key(Qt.Key.Key_Home, CONTROL)
        model = table.model()
        for _ in range(model.rowCount()):
            if table.currentIndex().data(ROW_ROLE).case_id == case_id:
                break
            self.key(Qt.Key.Key_Down)
        self.key(Qt.Key.Key_Return)
        strip = self.hands.wait_for("patient-strip-identity", QLabel)
        self.hands.wait_until(lambda: case_id in strip.text(), f"{case_id} to open")

    def wait_for_words(self, words: str) -> None:
        self.hands.wait_until(lambda: any(words in text for text in self.hands.texts()), words, 90)

    def wait_for_standing(self, words: str) -> None:
        def says() -> bool:
            label = self.hands.look_for("case-standing-text", QLabel)
            return label is not None and words in label.text()

        self.hands.wait_until(says, words, 90)

    def sync(self) -> None:
        self.key(Qt.Key.Key_R, CONTROL)

    def photograph(self, name: str) -> None:
        folder = os.environ.get("READINGROOM_PICTURES")
        if not folder:
            return
        from PySide6.QtGui import QPainter

        let_live(0.3)
        window, dialog = self.running.window, QApplication.activeModalWidget()
        picture = window.grab()
        if dialog is not None:
            painter = QPainter(picture)
            painter.drawPixmap(dialog.pos() - window.pos(), dialog.grab())
            painter.end()
        self._pictures += 1
        assert picture.save(str(Path(folder) / f"{self._pictures:02d}-{name}.png"))


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hospital, Path]]:
    """Once for this file: its cohort takes seconds to build."""
    place = tmp_path_factory.mktemp("place")
    with serving(place / "hospital") as announced:
        point_profile(place / "home", announced)
        yield Hospital(announced), place / "home"


@pytest.fixture(scope="module")
def screen(hospital: tuple[Hospital, Path], qapp: Any) -> Iterator[Screen]:
    """The program, after its first round."""
    application = build_application(hospital[1], "demo")
    shown = Screen(application)
    shown.hands.wait_until(lambda: application.is_ready or bool(application.failure), "the program", 60)
    assert not application.failure
    shown.wait_for_words("Synced with")
    yield shown
    application.close()


def test_that_a_message_of_the_hospital_is_seen_as_new_and_answered(
    screen: Screen, hospital: tuple[Hospital, Path]
) -> None:
    there = hospital[0]
    screen.hands.wait_until(lambda: screen.row(HELD).unread == 1, "the unread message in the worklist")
    screen.photograph("worklist-unread")
    screen.open_case(HELD)
    screen.wait_for_standing("Waiting for records since ")
    screen.photograph("on-hold")
    screen.key(Qt.Key.Key_M, CONTROL)
    screen.wait_for_words("a disc is on its way")
    screen.hands.wait_until(lambda: not screen.store.worklist.list_standings([HELD])[0].unread, "it to count as seen")
    screen.photograph("messages")
    screen.write("Thank you. Is the disc of the 2024 CT among them?")
    screen.key(Qt.Key.Key_Return, CONTROL)
    screen.hands.wait_until(lambda: len(there.found("Communication", HELD)) == 2, "the message to arrive")
    ours = max(there.found("Communication", HELD), key=lambda one: str(one["sent"]))
    assert ours["payload"] == [{"contentString": "Thank you. Is the disc of the 2024 CT among them?"}]
    screen.wait_for_words("Delivered")
    there.happens(f"message={HELD}")
    screen.sync()
    screen.wait_for_words("are being scanned")
    screen.photograph("messages-answered")
    there.happens("")
    lines = [label for label in screen.hands.texts() if label.startswith("Thank you. Is the disc")]
    assert len(lines) == 1, "ours stands once, here and back from the hospital"
    screen.key(Qt.Key.Key_Escape)


def test_that_records_are_asked_for_and_the_hospital_ends_the_waiting(
    screen: Screen, hospital: tuple[Hospital, Path]
) -> None:
    there = hospital[0]
    screen.open_case(ASKED)
    screen.key(Qt.Key.Key_R, CONTROL | SHIFT)
    screen.hands.wait_for("records-dialog", QDialog)
    screen.photograph("ask-records-empty")
    assert not screen.hands.find("records-dialog-confirm", QPushButton).isEnabled()
    screen.write("CT chest of May 2024")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    screen.write("Pathology slides of 2014")
    screen.photograph("ask-records")
    screen.hands.key(screen.hands.find("records-wanted", QPlainTextEdit), Qt.Key.Key_Return, CONTROL)
    screen.wait_for_standing("You ask for records: CT chest of May 2024; Pathology slides of 2014.")
    screen.photograph("ask-records-waits")
    screen.sync()
    screen.wait_for_standing("Waiting for records since today: CT chest of May 2024; Pathology slides of 2014.")
    assert there.status(ASKED) == "on-hold"
    (request,) = there.found("CommunicationRequest", ASKED)
    assert [part["contentString"] for part in request["payload"]][1:] == [
        "CT chest of May 2024",
        "Pathology slides of 2014",
    ]
    screen.photograph("ask-records-on-hold")
    there.happens(f"records-arrived={ASKED}")
    screen.sync()
    screen.hands.wait_until(lambda: screen.hands.look_for("case-standing-text", QLabel) is None, "the waiting to end")
    there.happens("")
    screen.wait_for_words("In progress")


def test_that_a_decline_waits_for_the_hospital_can_be_taken_back_and_locks_the_case_when_it_is_there(
    screen: Screen, hospital: tuple[Hospital, Path]
) -> None:
    there = hospital[0]
    screen.open_case(DECLINED)
    there.happens("offline")
    screen.sync()
    screen.wait_for_words("cannot be reached")
    screen.key(Qt.Key.Key_D, CONTROL | SHIFT)
    screen.hands.wait_for("reason-dialog", QDialog)
    screen.photograph("decline-empty")
    confirm = screen.hands.find("reason-dialog-confirm", QPushButton)
    assert not confirm.isEnabled()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert confirm.isEnabled()
    screen.photograph("decline-chosen")
    screen.key(Qt.Key.Key_Return, CONTROL)
    screen.wait_for_standing("You declined this case: “It is not my field”. The hospital does not have it yet.")
    screen.sync()
    let_live(1.0)
    screen.photograph("decline-offline")
    screen.key(Qt.Key.Key_Z, CONTROL)
    screen.hands.wait_until(lambda: screen.hands.look_for("case-standing-text", QLabel) is None, "the undone decline")
    screen.key(Qt.Key.Key_D, CONTROL | SHIFT)
    screen.hands.wait_for("reason-dialog", QDialog)
    own = screen.hands.find("reason-own", QLineEdit)
    own.setFocus()
    screen.write("I operated on this patient last year.")
    screen.key(Qt.Key.Key_Return, CONTROL)
    screen.wait_for_standing("You declined this case: “I operated on this patient last year”.")
    there.happens("")
    assert there.status(DECLINED) == "requested", "nothing left while offline"
    screen.sync()
    screen.hands.wait_until(lambda: there.status(DECLINED) == "rejected", "the decline to arrive")
    assert there.get(f"Task/task-{DECLINED.lower()}")["statusReason"]["text"] == "I operated on this patient last year."
    screen.hands.wait_until(
        lambda: screen.hands.look_for("worklist-table", QTableView) is not None, "the case to leave the screen"
    )
    screen.hands.wait_until(lambda: screen.row(DECLINED).patient == "Locked", "the row to be locked")
    row = screen.row(DECLINED)
    assert row.state.text == "Declined"
    assert "is declined and back with the hospital; this computer deletes its files on" in row.question
    said = screen.hands.find("status-sentence", QLabel)
    assert not said.text() or said.property("tone") != "danger", "the reader's own doing is no alarm"
    screen.photograph("declined-in-the-worklist")
    store = screen.store
    lock = store.conflicts.find_lock(DECLINED)
    assert lock is not None
    assert lock.kind is ConflictKind.GIVEN_BACK
    assert store.conflicts.list_open() == (), "the reader's own doing asks nothing of the reader"
    states = [entry.state for entry in store.outbox.list_case_entries(DECLINED)]
    assert states == [OutboxState.VOID, OutboxState.DELIVERED]
    assert shred_due_cases(store, lock.shred_after - timedelta(seconds=1)) == ()
    assert shred_due_cases(store, lock.shred_after) == (DECLINED,)
    screen.sync()
    screen.hands.wait_until(
        lambda: any(entity["what"].get("reference") == f"Task/task-{DECLINED.lower()}"
                    for event in there.get("AuditEvent?_count=500").get("entry", [])
                    if event["resource"].get("action") == "D" for entity in event["resource"]["entity"]),
        "the receipt of the deletion",
    )  # fmt: skip


def test_that_a_move_that_the_hospital_overtook_is_explained_in_one_sentence(
    screen: Screen, hospital: tuple[Hospital, Path]
) -> None:
    there = hospital[0]
    screen.open_case(HELD)
    there.happens("offline")
    screen.sync()
    screen.wait_for_words("cannot be reached")
    assert screen.store.cases.get_case(HELD).status is CaseStatus.ON_HOLD
    screen.store.outbox.enqueue_move(HELD, "rejected", {"reason": "As an older program would have queued it."})
    there.happens("")
    screen.sync()
    screen.wait_for_standing("is on hold and can no longer be declined; nothing was sent.")
    screen.photograph("refused")
    screen.key(Qt.Key.Key_Z, CONTROL)
    screen.wait_for_standing("Waiting for records since ")
