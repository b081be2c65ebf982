"""The worklist: order, search, keys, and which changes it reads again for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QTableView

from sync.changes import Changes
from sync.records.case import CaseId, CaseStatus, ConsentState, Priority
from sync.store.database import Store, open_store
from tests.workstation.cases import NOW, make_case
from tests.workstation.lanes import ImmediateLanes
from workstation.case_state import state_of
from workstation.worklist.page import WorklistPage
from workstation.worklist.presenter import WorklistPresenter, WorklistRow, load_rows, make_row, matching


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "profile")
    yield opened
    opened.close()


@pytest.fixture
def page(qapp: QApplication) -> Iterator[WorklistPage]:
    made = WorklistPage()
    made.resize(1200, 600)
    made.show()
    yield made
    made.close()
    made.deleteLater()


def rows(*cases: tuple[str, str]) -> tuple[WorklistRow, ...]:
    made = [make_case(case_id=CaseId(name), questions=(question,)) for name, question in cases]
    return tuple(make_row(case, state_of(case), "all here", "", NOW) for case in made)


class SilentView:
    def __init__(self) -> None:
        self.shown: list[tuple[WorklistRow, ...]] = []

    def show_rows(self, found: tuple[WorklistRow, ...]) -> None:
        self.shown.append(found)

    def show_progress(self, case_id: CaseId, text: str) -> None:
        pass

    def show_syncing(self, running: bool) -> None:
        pass


def test_that_the_most_pressing_case_stands_first(store: Store) -> None:
    store.cases.put_case(make_case(case_id=CaseId("A"), due=NOW + timedelta(days=1)), [])
    store.cases.put_case(make_case(case_id=CaseId("B"), priority=Priority.STAT), [])
    store.cases.put_case(make_case(case_id=CaseId("C"), due=NOW + timedelta(hours=1)), [])
    found = sorted(load_rows(store, NOW, None), key=lambda row: row.order)
    assert [row.case_id for row in found] == ["B", "C", "A"]


def test_that_the_list_goes_by_what_needs_doing_and_keeps_urgent_cases_on_hold_in_sight() -> None:
    urgent, hold, new = Priority.URGENT, CaseStatus.ON_HOLD, CaseStatus.REQUESTED
    shown = {
        "urgent, new": (make_case(priority=urgent, status=new, due=None), {}),
        "urgent, begun": (make_case(priority=urgent, status=CaseStatus.IN_PROGRESS, due=NOW), {}),
        "at once, on hold": (make_case(priority=Priority.STAT, status=hold), {}),
        "urgent, on hold": (make_case(priority=urgent, status=hold), {}),
        "routine, new": (make_case(status=new), {}),
        "routine, cannot leave": (make_case(), {"signed": True, "stuck": True}),
        "routine, on hold": (make_case(status=hold), {}),
        "urgent, delivered": (make_case(priority=urgent, status=CaseStatus.COMPLETED), {}),
        "urgent, closed": (make_case(priority=urgent, status=CaseStatus.CANCELLED), {}),
    }
    orders = {name: make_row(case, state_of(case, **facts), "", "", NOW).order for name, (case, facts) in shown.items()}
    assert sorted(orders, key=orders.__getitem__) == [
        "urgent, begun",
        "urgent, new",
        "routine, cannot leave",
        "at once, on hold",
        "urgent, on hold",
        "routine, new",
        "routine, on hold",
        "urgent, delivered",
        "urgent, closed",
    ]


def test_that_a_case_that_was_taken_away_says_why_and_not_whose_it_was(store: Store) -> None:
    case = make_case()
    store.cases.put_case(case, [])
    said = f"The hospital has cancelled case {case.case_id}; nothing was sent."
    store.cases.mark_withdrawn(case.case_id, said)
    (row,) = load_rows(store, NOW, None)
    assert (row.patient, row.question, row.here) == ("Locked", said, "")
    assert case.patient.family.casefold() not in row.haystack


def test_that_a_cancelled_case_does_not_speak_of_a_missing_release(store: Store) -> None:
    store.cases.put_case(make_case(status=CaseStatus.CANCELLED, consent=ConsentState.MISSING), [])
    (row,) = load_rows(store, NOW, None)
    assert (row.state.text, row.here) == ("Cancelled", "")


def test_that_every_typed_word_must_occur() -> None:
    found = rows(("A", "Is it a metastasis?"), ("B", "Is it an abscess?"))
    assert [row.case_id for row in matching(found, "THORN abs")] == ["B"]


def test_that_only_touched_cases_are_read_again(store: Store) -> None:
    for name in ("A", "B"):
        store.cases.put_case(make_case(case_id=CaseId(name)), [])
    view, lanes = SilentView(), ImmediateLanes()
    presenter = WorklistPresenter(store, lanes, lambda: NOW, lambda error: pytest.fail(str(error)))
    presenter.attach(view)
    changes = store.cases.put_case(make_case(case_id=CaseId("B"), questions=("Another?",)), [])
    presenter.changes_happened(changes)
    presenter.changes_happened(Changes(annotations=frozenset({CaseId("A")})))
    assert len(view.shown) == 2
    assert [row.question for row in view.shown[-1]] == ["Is the nodule malignant?", "Another?"]


def test_that_many_changes_during_one_reading_become_one_more_reading(store: Store) -> None:
    store.cases.put_case(make_case(), [])
    view, lanes = SilentView(), ImmediateLanes()
    presenter = WorklistPresenter(store, lanes, lambda: NOW, lambda error: pytest.fail(str(error)))
    lanes.is_held = True
    presenter.attach(view)
    for _ in range(50):
        presenter.changes_happened(Changes(objects=frozenset({CaseId("SO-2026-00001")})))
    assert lanes.waiting == 1
    lanes.release()
    assert len(view.shown) == 2


@pytest.mark.qt
def test_that_typing_in_the_table_searches_and_enter_opens(page: WorklistPage) -> None:
    opened: list[str] = []
    page.open_requested.connect(opened.append)
    page.show_rows(rows(("A", "Is it a metastasis?"), ("B", "Is it an abscess?")))
    table, search = page.findChild(QTableView, "worklist-table"), page.findChild(QLineEdit, "worklist-search")
    assert table is not None and search is not None
    QTest.keyClicks(table, "a")
    QTest.keyClicks(search, "bscess")
    assert table.model().rowCount() == 1
    summary = page.findChild(QLabel, "worklist-summary")
    assert summary is not None and summary.text() == "1 of 2 cases", "the count follows the search"
    QTest.keyClick(search, Qt.Key.Key_Return)
    assert opened == ["B"]


@pytest.mark.qt
def test_that_arrows_and_enter_open_a_case(page: WorklistPage) -> None:
    opened: list[str] = []
    page.open_requested.connect(opened.append)
    page.show_rows(rows(("A", "x"), ("B", "y")))
    table = page.findChild(QTableView, "worklist-table")
    assert table is not None
    QTest.keyClick(table, Qt.Key.Key_Down)
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert opened == ["B"]


@pytest.mark.qt
def test_that_the_current_case_stays_current_when_rows_change(page: WorklistPage) -> None:
    page.show_rows(rows(("B", "x"), ("C", "y")))
    page.select_case(CaseId("C"))
    page.show_rows(rows(("A", "z"), ("B", "x"), ("C", "y")))
    table = page.findChild(QTableView, "worklist-table")
    assert table is not None and table.currentIndex().row() == 2


@pytest.mark.qt
def test_that_no_match_is_said_in_words(page: WorklistPage) -> None:
    page.show_rows(rows(("A", "x")))
    search, empty = page.findChild(QLineEdit, "worklist-search"), page.findChild(QLabel, "worklist-empty")
    assert search is not None and empty is not None
    search.setText("zebra")
    assert empty.isVisible()
    assert empty.text() == "No case matches “zebra”."


@pytest.mark.qt
def test_that_an_incomplete_case_waits_only_while_a_round_runs(page: WorklistPage) -> None:
    case = make_case()
    page.show_rows((make_row(case, state_of(case), "1 of 2 images", "", NOW, is_incomplete=True),))
    table = page.findChild(QTableView, "worklist-table")
    assert table is not None
    cell = table.model().index(0, 5)
    page.show_syncing(True)
    assert cell.data() == "1 of 2 images · waiting"
    page.show_progress(case.case_id, "arriving: 50 %")
    assert cell.data() == "arriving: 50 %"
    page.show_syncing(False)
    assert cell.data() == "1 of 2 images"
