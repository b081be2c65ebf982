"""What waits to leave, on the transfers page: every entry with its why, tried again and saved elsewhere by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton, QTableWidget, QWidget

from sync.changes import Changes
from sync.records.conflict import CaseLock, ConflictKind
from sync.records.outbox_entry import OutboxEntry, OutboxKind, OutboxState
from sync.store.database import Store, open_store
from tests.sync.test_outbox import signed_opinion
from tests.workstation.cases import CASE_ID, NOW, make_case
from tests.workstation.lanes import ImmediateLanes
from workstation.hospital_news import outbox_words
from workstation.transfers.export_dialog import ExportQuestion
from workstation.transfers.leaving_actions import leaving_actions
from workstation.transfers.leaving_pane import LeavingPane
from workstation.transfers.leaving_presenter import LeavingPresenter
from workstation.transfers.leaving_words import LeavingRow, heading_words, leaving_row
from workstation.worklist.presenter import load_rows

WHY = "The hospital refused it (422)."
ENTRY = OutboxEntry(7, CASE_ID, OutboxKind.OPINION, "x", OutboxState.WAITING, 2, "The hospital is busy.", NOW, None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "profile")
    opened.cases.put_case(make_case(), {})
    yield opened
    opened.close()


class View:
    def __init__(self) -> None:
        self.rows: tuple[LeavingRow, ...] = ()

    def show_entries(self, rows: tuple[LeavingRow, ...]) -> None:
        self.rows = rows


class Desk:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.view = View()
        self.changes: list[Changes] = []
        self.said: list[str] = []
        self.errors: list[str] = []
        self.presenter = LeavingPresenter(
            store, ImmediateLanes(), lambda: NOW, self._changed, self.said.append, lambda e: self.errors.append(str(e))
        )
        self.presenter.attach(self.view)

    def _changed(self, changes: Changes) -> None:
        self.changes.append(changes)
        self.presenter.changes_happened(changes)


def put_aside(store: Store) -> int:
    """A signed opinion that the hospital refused."""
    ours = signed_opinion()
    store.opinions.put_signed(replace(ours, frozen=replace(ours.frozen, case_id=CASE_ID)))
    (entry,) = store.outbox.list_entries()
    store.outbox.record_attempt(entry.entry_id, WHY, needs_attention=True)
    return entry.entry_id


def row(entry: OutboxEntry, *, is_locked: bool = False, may_export: bool = True) -> LeavingRow:
    return leaving_row(entry, "Thornbury, Ada", NOW, is_locked=is_locked, may_export=may_export)


def test_that_an_entry_says_what_it_is_how_it_stands_and_when_it_is_tried_next() -> None:
    assert row(ENTRY).next_try == "With the next sync"
    paused = replace(ENTRY, not_before=NOW + timedelta(seconds=40), held_until=NOW + timedelta(seconds=90))
    assert row(paused).next_try == "After 09:01:30"
    stuck = replace(ENTRY, state=OutboxState.NEEDS_ATTENTION, kind=OutboxKind.TASK_MOVE, subject="accepted")
    shown = row(stuck)
    assert (shown.what, shown.state, shown.next_try) == ("Acceptance", "Needs attention", "When you retry")
    assert (shown.case, shown.tries, shown.why) == (f"Thornbury, Ada · {CASE_ID}", "2", "The hospital is busy.")
    assert row(replace(ENTRY, attempts=0, last_error="")).why == "Not tried yet"
    assert row(replace(stuck, subject="completed")).what == "Status: completed"
    assert heading_words((row(ENTRY), shown)) == "Waiting to leave · 2, of which 1 needs attention"


def test_that_nothing_of_a_locked_case_is_offered_to_leave_by_any_way() -> None:
    locked = row(ENTRY, is_locked=True)
    assert not (locked.can_retry or locked.can_export)
    receipt = row(replace(ENTRY, kind=OutboxKind.DELETION), is_locked=True)
    assert (receipt.can_retry, receipt.can_export) == (True, False)
    assert not row(ENTRY, may_export=False).can_export


def test_that_a_stuck_opinion_is_called_so_in_the_worklist_until_it_is_tried_again(store: Store) -> None:
    entry_id = put_aside(store)
    assert load_rows(store, NOW, None)[0].state.text == "Needs attention"
    desk = Desk(store)
    (shown,) = desk.view.rows
    assert (shown.needs_attention, shown.why) == (True, WHY)
    desk.presenter.retry(entry_id)
    assert [bool(changes.outbox) for changes in desk.changes] == [True]
    assert "tried again now" in desk.said[-1]
    assert desk.view.rows[0].state == "Waits"
    assert load_rows(store, NOW, None)[0].state.text == "Waits to leave"


def test_that_what_is_locked_and_kept_by_choice_asks_for_nobody(store: Store) -> None:
    put_aside(store)
    lock = CaseLock(CASE_ID, ConflictKind.REASSIGNED, "Given away.", NOW, NOW + timedelta(days=7))
    store.conflicts.lock_case(lock)
    store.conflicts.raise_conflict(CASE_ID, ConflictKind.REASSIGNED, "Given away.")
    desk = Desk(store)
    assert desk.view.rows[0].needs_attention
    store.conflicts.settle(store.conflicts.list_open()[0].conflict_id, "keep")
    desk.presenter.changes_happened(Changes(outbox=frozenset({CASE_ID})))
    (kept,) = desk.view.rows
    assert (kept.state, kept.needs_attention, kept.next_try) == ("Kept, locked", False, "If given back")
    until = f"{lock.shred_after.astimezone():%d %B}".lstrip("0")
    assert f"until {until}, and then deleted" in kept.why
    assert heading_words(desk.view.rows) == "Not leaving · 1 kept, locked"
    assert heading_words((*desk.view.rows, row(ENTRY))) == "Waiting to leave · 1 · 1 kept, locked"
    assert outbox_words(store.outbox.list_entries(), {CASE_ID}) == ""


def test_that_a_site_that_forbids_exports_is_obeyed_and_a_failed_one_is_said(store: Store, tmp_path: Path) -> None:
    entry_id = put_aside(store)
    desk = Desk(store)
    desk.presenter.export(entry_id, str(tmp_path / "gone"))
    assert "Nothing can be written" in desk.errors[-1]
    (store.directory / "site.json").write_text('{"export_unsent": false}')
    desk.presenter.changes_happened(Changes(outbox=frozenset({CASE_ID})))
    desk.presenter.export(entry_id, str(tmp_path))
    assert not list(tmp_path.glob("* opinion*"))
    assert not desk.view.rows[0].can_export


def test_that_a_locked_window_knows_nothing_of_what_waits(store: Store) -> None:
    entry_id = put_aside(store)
    desk = Desk(store)
    desk.presenter.put_away()
    assert (desk.view.rows, desk.presenter.row(entry_id)) == ((), None)


@pytest.mark.qt
def test_that_a_stuck_opinion_is_exported_by_keyboard_after_a_warning(
    qapp: QApplication, store: Store, tmp_path: Path
) -> None:
    entry_id = put_aside(store)
    desk = Desk(store)
    window, pane = QWidget(), LeavingPane()
    window.show()
    question = ExportQuestion(window)
    question.folder_chosen.connect(desk.presenter.export)
    actions = {a.id: a for a in leaving_actions(desk.presenter, pane.current_entry, question.ask)}
    desk.presenter.attach(pane)
    pane.show()
    assert pane.current_entry() == entry_id
    assert pane.findChild(QPushButton, "leaving-export").isEnabled()
    actions["outbox.export"].run()
    (box,) = window.findChildren(QMessageBox)
    assert "leaves the encryption" in box.informativeText()
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert not window.findChildren(QFileDialog), "Enter alone does not export"
    actions["outbox.export"].run()
    box = [found for found in window.findChildren(QMessageBox) if found.isVisible()][-1]
    QTest.keyClick(box.findChild(QPushButton, "export-choose"), Qt.Key.Key_Space)
    (dialog,) = window.findChildren(QFileDialog)
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    dialog.fileSelected.emit(str(chosen))
    dialog.close()
    (made,) = chosen.iterdir()
    assert sorted(path.name for path in made.iterdir()) == ["opinion.json", "opinion.json.jws", "report.pdf"]
    assert "outside the encryption" in desk.said[-1]
    opened: list[str] = []
    pane.open_requested.connect(opened.append)
    QTest.keyClick(pane.findChild(QTableWidget, "leaving-table"), Qt.Key.Key_Return)
    assert opened == [CASE_ID]
    window.close()
    pane.close()
    window.deleteLater()
    pane.deleteLater()
