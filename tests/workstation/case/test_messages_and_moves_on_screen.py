"""The conversation, the line above the case and the dialogs, worked by keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QRadioButton, QWidget

from sync.records.case import CaseStatus
from sync.records.message import RecordsDraft
from sync.store.database import Store, open_store
from tests.workstation.case.test_case_moves import ASKED, THEIRS
from tests.workstation.case.test_case_page import child
from tests.workstation.cases import CASE_ID, NOW, make_case
from workstation.background import Background
from workstation.case.case_summary import CaseSummary
from workstation.case.move_dialogs import ReasonDialog, RecordsDialog
from workstation.case.page import MESSAGES_FACE, CasePage
from workstation.case.presenter import load_summary

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def summary(tmp_path: Path) -> Iterator[Callable[..., CaseSummary]]:
    store: Store = open_store(tmp_path / "profile")

    def make(**changes: Any) -> CaseSummary:
        store.cases.put_case(make_case(**changes), [])
        return load_summary(store, CASE_ID, NOW)

    yield make
    store.close()


@pytest.fixture
def page(qapp: QApplication) -> Iterator[CasePage]:
    background = Background()
    made = CasePage(background, lambda _case, _key: b"")
    made.resize(1200, 800)
    made.show()
    yield made
    made.document.close_process()
    background.shutdown()
    made.close()
    made.deleteLater()


def heard(signal: Any) -> list[Any]:
    told: list[Any] = []
    signal.connect(lambda *values: told.append(values[0] if len(values) == 1 else values))
    return told


def test_that_a_case_that_waits_says_for_what_above_the_question(page: CasePage, summary: Any) -> None:
    page.show_case(summary())
    assert page.standing.isHidden(), "nothing to say, nothing there"
    page.show_case(summary(status=CaseStatus.ON_HOLD, messages=(ASKED,)))
    assert child(page, QLabel, "case-standing-text").text() == (
        "Waiting for records since 18 November: CT of May; Slide B."
    )
    resumed = heard(page.resume_requested)
    child(page, QPushButton, "case-resume").click()
    assert len(resumed) == 1
    assert child(page, QPushButton, "case-take-back").isHidden()


def test_that_new_messages_are_counted_on_the_button_and_seen_when_the_pane_is_in_front(
    page: CasePage, summary: Any
) -> None:
    seen = heard(page.messages_shown)
    page.show_case(summary(messages=(THEIRS, ASKED)))
    button = child(page, QPushButton, "case-messages")
    assert button.text() == "Messages · 1 new (Ctrl+M)"
    assert not seen
    page.show_messages()
    assert len(seen) == 1
    authors = [label.text() for label in page.findChildren(QLabel, "message-author")]
    assert authors == ["You · 18 November 09:00", "Pennhallow · yesterday 09:00"], "oldest first"
    assert child(page, QLabel, "message-wanted").text() == "•  CT of May\n•  Slide B"
    page.show_messages()
    assert page._right.currentIndex() != MESSAGES_FACE, "the same key goes back"


def test_that_a_message_is_written_and_sent_by_keys_and_its_draft_kept(page: CasePage, summary: Any) -> None:
    page.show_case(summary())
    page.show_messages()
    box = child(page, QPlainTextEdit, "messages-compose")
    sent, drafts = heard(page.message_sent), heard(page.message_draft_changed)
    assert not child(page, QPushButton, "messages-send").isEnabled()
    QTest.keyClicks(box, "When?")
    QTest.keyClick(box, Qt.Key.Key_Return)
    page.messages.keep_draft()
    assert drafts == [(CASE_ID, "When?\n")]
    page.show_case(summary(working_diagnosis="Changed meanwhile"))
    assert box.toPlainText() == "When?\n", "what is being written stays when the case is read again"
    QTest.keyClick(box, Qt.Key.Key_Return, CONTROL)
    assert sent == ["When?"]
    assert box.toPlainText() == ""
    QTest.keyClick(box, Qt.Key.Key_Return, CONTROL)
    assert sent == ["When?"], "nothing is sent twice, and nothing empty"
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert page._right.currentIndex() != MESSAGES_FACE


def test_that_a_draft_never_moves_to_another_case(page: CasePage, summary: Any) -> None:
    page.show_case(summary())
    page.show_messages()
    box = child(page, QPlainTextEdit, "messages-compose")
    drafts = heard(page.message_draft_changed)
    QTest.keyClicks(box, "About the first.")
    other = summary()
    page.show_case(replace(other, case=make_case(case_id="SO-2")))
    assert drafts == [(CASE_ID, "About the first.")]
    assert box.toPlainText() == ""
    page.show_case(None)
    assert page.findChildren(QLabel, "message-text") == []


def test_that_messages_in_front_stay_there_when_records_arrive(page: CasePage, summary: Any) -> None:
    page.show_case(summary())
    page.show_messages()
    page.show_case(summary(documents=()))
    assert page._right.currentIndex() == MESSAGES_FACE


def test_that_a_closed_case_takes_no_message(page: CasePage, summary: Any) -> None:
    page.show_case(summary(status=CaseStatus.COMPLETED, messages=(THEIRS,)))
    page.show_messages()
    assert child(page, QPlainTextEdit, "messages-compose").isHidden()


def test_that_a_reason_is_chosen_or_written_and_only_control_enter_sends_it(qapp: QApplication) -> None:
    told: list[str] = []

    def take(reason: str) -> bool:
        told.append(reason)
        return True

    parent = QWidget()
    dialog = ReasonDialog(parent, "Decline this case", "It goes back.", ("Not my field.", "No time."), "&Decline", take)
    dialog.show()
    confirm = child(dialog, QPushButton, "reason-dialog-confirm")
    QTest.keyClick(dialog, Qt.Key.Key_Return, CONTROL)
    assert (confirm.isEnabled(), told) == (False, []), "without a reason nothing is sent"
    QTest.keyClick(child(dialog, QRadioButton, "reason-0"), Qt.Key.Key_Space)
    QTest.keyClicks(child(dialog, QLineEdit, "reason-own"), "Ask a neurologist.")
    QTest.keyClick(child(dialog, QLineEdit, "reason-own"), Qt.Key.Key_Return)
    assert (dialog.isVisible(), told) == (True, []), "Enter while writing sends nothing"
    QTest.keyClick(child(dialog, QLineEdit, "reason-own"), Qt.Key.Key_Return, CONTROL)
    assert told == ["Not my field. Ask a neurologist."]
    assert not dialog.isVisible()
    parent.deleteLater()


def test_that_a_case_that_changed_under_the_dialog_is_said(qapp: QApplication) -> None:
    parent = QWidget()
    dialog = ReasonDialog(
        parent, "Decline this case", "It goes back.", ("Not my field.",), "&Decline", lambda _r: False
    )
    dialog.show()
    problem = child(dialog, QLabel, "reason-dialog-problem")
    assert problem.isHidden()
    QTest.keyClick(child(dialog, QRadioButton, "reason-0"), Qt.Key.Key_Space)
    QTest.keyClick(dialog, Qt.Key.Key_Return, CONTROL)
    assert dialog.isVisible()
    assert problem.text().startswith("The case has changed meanwhile")
    assert not problem.isHidden()
    parent.deleteLater()


def test_that_records_are_asked_for_line_by_line_and_escape_asks_for_nothing(qapp: QApplication) -> None:
    told: list[tuple[list[str], str]] = []

    def take(wanted: Sequence[str], note: str) -> bool:
        told.append((list(wanted), note))
        return True

    parent = QWidget()
    for last in (Qt.Key.Key_Escape, Qt.Key.Key_Return):
        dialog = RecordsDialog(parent, take, RecordsDraft(), lambda _draft: None)
        dialog.show()
        box = child(dialog, QPlainTextEdit, "records-wanted")
        QTest.keyClick(box, Qt.Key.Key_Return, CONTROL)
        assert dialog.isVisible(), "nothing is named yet"
        QTest.keyClicks(box, "Slide B")
        QTest.keyClick(box, Qt.Key.Key_Return)
        QTest.keyClicks(box, " CT ")
        QTest.keyClick(box, last, CONTROL if last == Qt.Key.Key_Return else Qt.KeyboardModifier.NoModifier)
        assert not dialog.isVisible()
    assert told == [(["Slide B", "CT"], "")]
    parent.deleteLater()


def test_that_escape_keeps_a_request_for_records_for_the_next_time(qapp: QApplication) -> None:
    kept: list[RecordsDraft] = []
    parent = QWidget()
    dialog = RecordsDialog(parent, lambda _wanted, _note: True, RecordsDraft(), kept.append)
    dialog.show()
    QTest.keyClicks(child(dialog, QPlainTextEdit, "records-wanted"), "CT of May")
    QTest.keyClicks(child(dialog, QLineEdit, "records-note"), "Please")
    QTest.keyClick(child(dialog, QLineEdit, "records-note"), Qt.Key.Key_Escape)
    assert not dialog.isVisible() and kept[-1] == RecordsDraft("CT of May", "Please")
    again = RecordsDialog(parent, lambda _wanted, _note: True, kept[-1], kept.append)
    again.show()
    assert child(again, QPlainTextEdit, "records-wanted").toPlainText() == "CT of May"
    assert child(again, QLineEdit, "records-note").text() == "Please"
    assert again.confirm.isEnabled(), "what was typed can be sent as it stands"
    so_far = len(kept)
    again.reject()
    assert len(kept) == so_far, "nothing changed"
    parent.deleteLater()
