"""The transfers page: what it says of each case, and what its keys do to the downloads and to the store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QStackedWidget, QTableWidget

from sync.records.case import CaseId, ConsentState
from sync.records.stored_object import RejectedObject
from sync.store.database import Store, open_store
from sync.transfer.control import TransferControl
from sync.transfer.holds import Hold, are_all_paused, find_holds
from sync.transfer.progress import SyncProgress, SyncStage
from tests.workstation.cases import CASE_ID, NOW, REPORT, make_case, make_image
from tests.workstation.lanes import ImmediateLanes
from workstation.transfers.page import TransfersPage
from workstation.transfers.presenter import TransfersPresenter
from workstation.transfers.transfer_actions import transfer_actions
from workstation.transfers.transfer_words import (
    Circumstances,
    TransferFacts,
    TransferRow,
    row_of,
    summary_words,
    time_left_words,
)

FACTS = TransferFacts(CASE_ID, "Moreau, Anne\nSO-2026-00001", 412, 1000, 210_000_000, 512_000_000, None, ())


class RecordingView:
    def __init__(self) -> None:
        self.rows: tuple[TransferRow, ...] = ()
        self.summary = ""
        self.settings: dict[str, object] = {}

    def show_transfers(self, rows: tuple[TransferRow, ...], summary: str) -> None:
        self.rows, self.summary = rows, summary

    def show_settings(self, **settings: object) -> None:
        self.settings = settings


class Desk:
    """A presenter over a real store, with what it asked for."""

    def __init__(self, store: Store, control: TransferControl | None = None) -> None:
        self.store = store
        self.control = control or TransferControl()
        self.wanted = 0
        self.view = RecordingView()
        self.presenter = TransfersPresenter(
            store, ImmediateLanes(), self.control, lambda: NOW, self._want, lambda error: pytest.fail(str(error))
        )
        self.presenter.attach(self.view)

    def _want(self) -> None:
        self.wanted += 1

    @property
    def row(self) -> TransferRow:
        (row,) = self.view.rows
        return row


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "profile")
    yield opened
    opened.close()


@pytest.fixture
def page(qapp: QApplication) -> Iterator[TransfersPage]:
    made = TransfersPage()
    made.resize(1200, 600)
    made.show()
    yield made
    made.close()
    made.deleteLater()


@pytest.mark.parametrize(
    ("changes", "now", "state"),
    [
        ({}, Circumstances(running=CASE_ID, rate_bytes_s=5e6), "Arriving"),
        ({}, Circumstances(is_syncing=True), "Next"),
        ({}, Circumstances(), "Waiting"),
        ({}, Circumstances(all_paused=True, running=CASE_ID), "Paused"),
        ({}, Circumstances(waits_for_network=True), "Images wait"),
        ({"hold": Hold.PAUSED}, Circumstances(), "Paused"),
        ({"hold": Hold.CANCELLED}, Circumstances(), "Given up"),
        ({"files_here": 1000}, Circumstances(), "Complete"),
        ({"files_here": 1000, "problems": ("Image 1: cut off.",)}, Circumstances(), "Incomplete"),
        ({"problems": ("Image 1: cut off.",)}, Circumstances(), "Incomplete"),
        ({"withheld": "withheld: no release"}, Circumstances(is_syncing=True), "Withheld"),
        ({"files_here": 1000, "foreign": ("The image is of P-2.",)}, Circumstances(), "Needs a look"),
        ({"files_here": 1000, "is_looked_at": False}, Circumstances(), "Arriving"),
        (
            {"files_here": 1000, "accepted": ("The image is of P-2.",), "accepted_count": 2},
            Circumstances(),
            "Complete, 2 accepted",
        ),
    ],
)
def test_that_the_state_is_what_holds_the_case_up(changes: dict[str, object], now: Circumstances, state: str) -> None:
    assert row_of(replace(FACTS, **changes), now).state == state  # type: ignore[arg-type]


def test_that_amount_rate_and_time_left_are_said_as_far_as_they_are_known() -> None:
    running = Circumstances(running=CASE_ID, rate_bytes_s=5e6)
    row = row_of(FACTS, running)
    assert (row.amount, row.pace) == ("412 of 1,000 files · 210.0 MB of about 512.0 MB", "5.0 MB/s · 60 s left")
    unknown = row_of(replace(FACTS, bytes_total=None), running)
    assert (unknown.amount, unknown.pace) == ("412 of 1,000 files · 210.0 MB", "5.0 MB/s")
    assert row_of(FACTS, replace(running, rate_bytes_s=0.0)).pace == "no data at the moment"
    assert time_left_words(3) == "a few seconds left"
    assert time_left_words(720) == "about 12 min left"
    assert time_left_words(9000) == "about 2.5 h left"
    assert summary_words((FACTS,), running) == "1 case incomplete · 5.0 MB/s · all of it 60 s left"


def test_that_a_case_is_paused_continued_given_up_and_tried_again(store: Store) -> None:
    store.cases.put_case(make_case(), ())
    desk = Desk(store)
    assert desk.row.state == "Waiting"
    desk.presenter.pause_or_continue(CASE_ID)
    assert (desk.row.state, find_holds(store), desk.control.held(CASE_ID)) == (
        "Paused",
        {CASE_ID: Hold.PAUSED},
        Hold.PAUSED,
    )
    desk.presenter.pause_or_continue(CASE_ID)
    assert (desk.row.state, find_holds(store), desk.control.held(CASE_ID)) == ("Waiting", {}, None)
    desk.presenter.give_up(CASE_ID)
    assert (desk.row.state, desk.row.can_give_up, desk.row.can_continue) == ("Given up", False, True)
    assert desk.wanted == 3
    desk.presenter.pause_or_continue(CASE_ID)
    store.objects.put_rejected(RejectedObject(CASE_ID, REPORT.reference, REPORT.title, "It is cut off.", NOW))
    desk.presenter.load()
    assert desk.row.problems == (f"{REPORT.title}: It is cut off.",)
    store.rounds.note_fetched([make_case()])
    desk.presenter.try_again(CASE_ID)
    assert desk.row.problems == ()
    assert store.rounds.list_to_fetch(), "the next round asks again"


def test_that_what_was_decided_holds_after_a_new_start(store: Store) -> None:
    store.cases.put_case(make_case(), ())
    desk = Desk(store)
    desk.presenter.set_limit(2e6)
    desk.presenter.pause_or_continue_all()
    desk.presenter.allow_images_on_metered(True)
    assert are_all_paused(store)
    again = Desk(store)
    assert again.control.bandwidth.limit_bytes_s == 2e6
    assert again.control.is_paused
    assert again.control.images_on_metered
    assert again.view.settings["all_paused"] is True
    assert again.view.summary == "All downloads are paused · 1 case incomplete"
    again.presenter.pause_or_continue_all()
    assert not are_all_paused(store)


def test_that_a_decision_holds_although_a_round_began_before_it_was_written(store: Store) -> None:
    store.cases.put_case(make_case(), ())
    desk = Desk(store)
    desk.presenter.pause_or_continue(CASE_ID)
    desk.presenter.pause_or_continue_all()
    desk.control.take_holds({}, all_paused=False)  # as the store was a moment before
    desk.presenter.load()
    assert desk.control.held(CASE_ID) is Hold.PAUSED
    assert desk.control.is_paused


def test_that_progress_moves_the_row_without_asking_the_store(store: Store) -> None:
    store.cases.put_case(make_case(), ())
    desk = Desk(store)
    desk.presenter.progressed(
        SyncProgress(
            SyncStage.DOWNLOADING, CASE_ID, 3, 4, 3, 4, 5_000_000, 5_000_000, 10_000_000, rate_bytes_s=1_000_000
        )
    )
    assert (desk.row.state, desk.row.share, desk.row.pace) == ("Arriving", 0.5, "1.0 MB/s · 5 s left")
    desk.presenter.sync_ran(False)
    assert desk.row.state == "Waiting"


def test_that_a_failure_of_this_round_is_listed(store: Store) -> None:
    store.cases.put_case(make_case(), ())
    control = TransferControl()
    control.note_failure(CASE_ID, "“Slide A” needs 3.2 GB.")
    assert Desk(store, control).row.problems == ("“Slide A” needs 3.2 GB.",)


@pytest.mark.parametrize("consent", [ConsentState.MISSING, ConsentState.EXPIRED])
def test_that_a_case_without_a_release_is_withheld_and_says_why_and_never_queues(
    store: Store, consent: ConsentState
) -> None:
    store.cases.put_case(make_case(consent=consent), ())
    store.rounds.note_fetched([make_case(consent=consent)])  # as a round leaves it
    desk = Desk(store)
    desk.presenter.sync_ran(True)
    assert (desk.row.state, desk.row.can_pause, desk.row.can_give_up) == ("Withheld", False, False)
    assert desk.row.problems[0].startswith("Withheld: ") and "release" in desk.row.problems[0]
    assert desk.view.summary == "Nothing to fetch · 1 case withheld"


def test_that_another_patients_image_needs_a_look_until_it_is_accepted(store: Store) -> None:
    store.cases.put_case(make_case(documents=()), ())
    for number in (1, 2):
        store.objects.put_object(make_image(number, mismatch="The image is of patient P-2, the case of patient P-1."))
    store.rounds.note_fetched([make_case()])
    desk = Desk(store)
    assert (desk.row.state, desk.row.tone) == ("Needs a look", "danger")
    assert desk.row.problems == ("2 images: The image is of patient P-2, the case of patient P-1.",)
    assert desk.view.summary == "Nothing to fetch · 1 case with another patient's image"
    store.objects.put_mismatch_override(CASE_ID, "Maiden name", NOW)
    assert store.audit.entries()[-1].detail["images"] == ["1.2.3.4.1", "1.2.3.4.2"]
    accepted = Desk(store)
    assert (accepted.row.state, accepted.row.tone) == ("Complete, 2 accepted", "warning")
    assert accepted.row.problems[0].startswith("2 images accepted although they name another patient: The image is ")
    assert accepted.view.summary == "Nothing to fetch · 1 case with such an image accepted"


def test_that_a_case_taken_away_shows_no_patient_among_the_transfers(store: Store) -> None:
    store.cases.put_case(make_case(), ())
    store.objects.put_object(make_image(1, mismatch="The image is of patient P-2."))
    store.objects.put_rejected(RejectedObject(CASE_ID, REPORT.reference, "First report", "It is damaged.", NOW))
    store.cases.mark_withdrawn(CASE_ID, "The hospital took it away.")
    assert Desk(store).view.rows == ()


def shown(page: TransfersPage, name: str, kind: type = QLabel) -> object:
    found = page.findChild(kind, name)
    assert found is not None
    return found


def test_that_an_empty_page_says_why(page: TransfersPage) -> None:
    stack = page.findChild(QStackedWidget)
    assert stack is not None
    assert stack.currentWidget() is shown(page, "transfers-empty")


def test_that_buttons_say_their_key_and_do_what_the_current_row_allows(page: TransfersPage) -> None:
    other = replace(FACTS, case_id=CaseId("SO-2"), hold=Hold.PAUSED, problems=("“Slide A” is damaged.",))
    rows = (row_of(FACTS, Circumstances()), row_of(other, Circumstances()))
    page.show_transfers(rows, "2 cases incomplete")
    pause = page.findChild(QPushButton, "transfers-pause")
    again = page.findChild(QPushButton, "transfers-try-again")
    table = page.findChild(QTableWidget)
    assert pause is not None and again is not None and table is not None
    assert (pause.text(), again.isEnabled(), page.current_case()) == ("Pause  (P)", False, CASE_ID)
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert (pause.text(), again.isEnabled(), page.current_case()) == ("Continue  (P)", True, "SO-2")
    problems = shown(page, "transfers-problems")
    assert isinstance(problems, QLabel) and problems.text().splitlines()[0] == "• “Slide A” is damaged."
    page.show_transfers(tuple(reversed(rows)), "")
    assert page.current_case() == "SO-2", "the case stays current wherever its row goes"
    asked: list[str] = []
    page.open_requested.connect(asked.append)
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert asked == ["SO-2"]


def test_that_the_limit_is_chosen_and_shown(page: TransfersPage) -> None:
    page.show_settings(all_paused=True, limit_bytes_s=2e6, waits_for_network=True)
    limit = page.findChild(QComboBox, "transfers-limit")
    everything = page.findChild(QPushButton, "transfers-pause-all")
    banner = page.findChild(QPushButton, "transfers-allow-images")
    assert limit is not None and everything is not None and banner is not None
    assert (limit.currentText(), everything.text(), banner.isVisible()) == ("2 MB/s", "Continue all  (Shift+P)", True)
    chosen: list[object] = []
    page.limit_chosen.connect(chosen.append)
    limit.setCurrentIndex(0)
    limit.activated.emit(0)
    assert chosen == [None]


def test_that_actions_follow_the_current_row(store: Store) -> None:
    store.cases.put_case(make_case(), ())
    desk = Desk(store)
    actions = {action.id: action for action in transfer_actions(desk.presenter, lambda: CASE_ID)}
    assert actions["transfers.pause"].enabled_when()
    assert not actions["transfers.try_again"].enabled_when()
    actions["transfers.pause"].run()
    assert find_holds(store) == {CASE_ID: Hold.PAUSED}
    nothing = {action.id: action for action in transfer_actions(desk.presenter, lambda: None)}
    assert not nothing["transfers.pause"].enabled_when()


def test_that_a_setting_that_is_changed_is_in_the_audit_trail(store: Store) -> None:
    desk = Desk(store)
    desk.presenter.set_limit(5e6)
    desk.presenter.allow_images_on_metered(True)
    rows = [(row.object, row.outcome, row.detail) for row in store.audit.entries() if row.action == "setting changed"]
    assert rows == [
        ("transfer_limit_bytes_s", "done", {"value": "5000000.0"}),
        ("transfer_images_on_metered", "done", {"value": "yes"}),
    ]


def test_that_standing_still_says_why_and_what_ends_it_and_is_no_failure() -> None:
    def why(now: Circumstances, **changes: object) -> tuple[str, ...]:
        row = row_of(replace(FACTS, **changes), now)  # type: ignore[arg-type]
        assert row.tone != "danger" and not row.can_try_again
        return row.problems

    assert why(Circumstances(all_paused=True)) == ("All downloads are paused; Shift+P goes on with them.",)
    assert why(Circumstances(all_paused=True), hold=Hold.PAUSED) == ("This case is paused; P goes on with it.",)
    assert why(Circumstances(), hold=Hold.CANCELLED) == ("Given up; P fetches the rest after all.",)
    assert why(Circumstances(is_offline=True)) == ("The hospital cannot be reached; it goes on by itself.",)
    assert why(Circumstances(is_offline=True), files_here=1000) == ()
    assert summary_words((FACTS,), Circumstances(all_paused=True)) == "All downloads are paused · 1 case incomplete"


def test_that_a_network_paid_by_volume_stops_images_at_once_and_another_goes_on(store: Store) -> None:
    metered, woken = [False], []
    desk = Desk(store, TransferControl(is_metered=lambda: metered[0]))
    store.cases.put_case(make_case(), [])
    with desk.control.interrupting(lambda: woken.append("woken")):
        metered[0] = True
        desk.presenter.network_changed()
        assert (woken, desk.wanted) == (["woken"], 0)
        assert desk.view.settings["waits_for_network"]
        metered[0] = False
        desk.presenter.network_changed()
    assert (woken, desk.wanted) == (["woken"], 1)
    assert not desk.view.settings["waits_for_network"]


def test_that_being_offline_lasts_until_files_come_again(store: Store) -> None:
    store.cases.put_case(make_case(), [])
    desk = Desk(store)
    desk.presenter.sync_ran(False, is_offline=True)
    assert desk.row.problems == ("The hospital cannot be reached; it goes on by itself.",)
    desk.presenter.sync_ran(True)
    assert desk.row.problems == ("The hospital cannot be reached; it goes on by itself.",)
    desk.presenter.progressed(SyncProgress(SyncStage.DOWNLOADING, CASE_ID, 1, 9, 1, 9))
    assert desk.row.problems == ()


def test_that_a_guess_of_the_whole_that_turned_out_too_small_is_not_said() -> None:
    row = row_of(
        replace(FACTS, files_here=6, files_total=8, bytes_here=2_100_000, bytes_total=1_100_000),
        Circumstances(running=CASE_ID, rate_bytes_s=242_000.0),
    )
    assert (row.amount, row.pace, row.share) == ("6 of 8 files · 2.1 MB", "242 kB/s", 0.75)
