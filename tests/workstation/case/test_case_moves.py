"""What the reader can do about a case, and what is said about it: without Qt, without a hospital."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sync.changes import Changes
from sync.records.case import CaseStatus
from sync.records.message import Message, RecordsDraft
from sync.records.outbox_entry import OutboxState
from sync.store.database import Store, open_store
from tests.workstation.cases import CASE_ID, NOW, make_case
from tests.workstation.lanes import ImmediateLanes
from workstation.actions.registry import ActionRegistry
from workstation.case.case_actions import case_actions
from workstation.case.case_moves import USUAL_REQUEST, CaseMoves, day_words
from workstation.case.case_summary import CaseSummary
from workstation.case.moves_presenter import CaseMovesPresenter
from workstation.case.presenter import load_summary

REASON = "It is not my field."
THEIRS = Message("Communication/1", "", False, "Pennhallow", NOW - timedelta(days=1), "A disc is on its way.")
ASKED = Message(
    "CommunicationRequest/1", "SO-2026-00001/1", True, "", NOW - timedelta(days=4), "Please.", ("CT of May", "Slide B")
)


class Reader:
    """The open case and its presenter over a real store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.at_once: list[Changes] = []
        self.slowly: list[Changes] = []
        self.said: list[str] = []
        self.presenter = CaseMovesPresenter(
            store, ImmediateLanes(), lambda: self.summary, self.at_once.append, self.slowly.append, self.said.append
        )

    @property
    def summary(self) -> CaseSummary:
        return load_summary(self.store, CASE_ID, NOW)

    @property
    def waiting(self) -> list[tuple[str, str]]:
        return [(e.subject, str(e.payload.get("reason", ""))) for e in self.store.outbox.list_waiting()]


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    store = open_store(tmp_path / "profile")
    store.cases.put_case(make_case(), [])
    yield Reader(store)
    store.close()


def stand(reader: Reader, status: CaseStatus, *messages: Message) -> None:
    reader.store.cases.put_case(make_case(status=status, messages=messages), [])


@pytest.mark.parametrize(
    ("status", "moves"),
    [
        (CaseStatus.REQUESTED, CaseMoves(can_accept=True, can_decline=True, can_ask=True, must_accept_first=True)),
        (CaseStatus.READY, CaseMoves(can_accept=True, can_decline=True, can_ask=True, must_accept_first=True)),
        (CaseStatus.ACCEPTED, CaseMoves(can_decline=True, can_fail=True, can_ask=True)),
        (CaseStatus.IN_PROGRESS, CaseMoves(can_fail=True, can_ask=True)),
        (CaseStatus.ON_HOLD, CaseMoves(can_fail=True, can_resume=True)),
        (CaseStatus.COMPLETED, CaseMoves()),
        (CaseStatus.REJECTED, CaseMoves()),
    ],
)
def test_that_only_the_moves_of_the_protocol_can_be_made(reader: Reader, status: CaseStatus, moves: CaseMoves) -> None:
    stand(reader, status)
    assert reader.summary.moves == moves


def test_that_accepting_queues_one_move_and_can_be_undone(reader: Reader) -> None:
    reader.presenter.accept()
    reader.presenter.accept()
    assert reader.waiting == [("accepted", "")]
    assert reader.at_once, "an acceptance leaves at once"
    assert (reader.summary.moves.can_accept, reader.summary.state.text) == (False, "Accepted, unsent")
    reader.presenter.take_back()
    assert (reader.waiting, reader.summary.state.text) == ([], "New")


def test_that_a_case_is_declined_for_a_reason_only_and_held_back_a_moment(reader: Reader) -> None:
    assert not reader.presenter.decline("  no ")
    assert reader.presenter.decline(REASON)
    assert reader.waiting == [("rejected", REASON)]
    assert not reader.at_once
    assert reader.slowly[0].outbox == {CASE_ID}
    summary = reader.summary
    assert summary.state.text == "Declined, unsent"
    assert summary.standing.text == "You declined this case: “It is not my field”. The hospital does not have it yet."
    assert summary.moves == CaseMoves(), "nothing else can be done with a case that is declined"


def test_that_asking_for_records_accepts_a_new_case_first_and_is_undone_step_by_step(reader: Reader) -> None:
    assert not reader.presenter.ask_for_records([" ", ""], "A note alone asks for nothing.")
    assert reader.presenter.ask_for_records([" CT of May ", "", "Slide B"], "")
    assert reader.waiting == [("accepted", ""), ("on-hold", USUAL_REQUEST)]
    assert reader.summary.standing.text.startswith("You ask for records: CT of May; Slide B.")
    (line,) = reader.summary.conversation.lines
    assert (line.wanted, line.state) == (("CT of May", "Slide B"), "Waits to leave")
    reader.presenter.take_back()
    assert reader.waiting == [("accepted", "")]
    reader.presenter.take_back()
    assert reader.waiting == []


def test_that_a_request_for_records_being_written_is_kept_for_its_case_until_it_is_sent(reader: Reader) -> None:
    found: list[RecordsDraft] = []
    for draft in (RecordsDraft("CT of May", "Please"), RecordsDraft(" ", "")):
        reader.presenter.keep_records_draft(CASE_ID, draft)
        reader.presenter.find_records_draft(lambda _case_id, kept: found.append(kept))
    assert found == [RecordsDraft("CT of May", "Please"), RecordsDraft()]
    reader.presenter.keep_records_draft(CASE_ID, RecordsDraft("CT of May"))
    assert reader.presenter.ask_for_records(["CT of May"], "")
    assert reader.store.messages.find_records_draft(CASE_ID) == RecordsDraft()


def test_that_a_case_on_hold_says_since_when_and_for_what_and_goes_on_when_asked(reader: Reader) -> None:
    stand(reader, CaseStatus.ON_HOLD, ASKED)
    assert reader.summary.standing.text == "Waiting for records since 18 November: CT of May; Slide B."
    assert reader.summary.standing.can_resume
    reader.presenter.resume()
    assert reader.waiting == [("in-progress", "")]
    assert reader.summary.state.text == "In progress"


def test_that_a_request_delivered_a_moment_ago_is_told_before_the_hospital_shows_it(reader: Reader) -> None:
    stand(reader, CaseStatus.ACCEPTED, ASKED)
    reader.presenter.ask_for_records(["Slide C"], "")
    reader.store.outbox.record_delivered(reader.store.outbox.list_waiting()[0].entry_id)
    stand(reader, CaseStatus.ON_HOLD, ASKED)
    assert reader.summary.standing.text.endswith(": Slide C.")


def test_that_what_may_have_left_cannot_be_taken_back_and_says_so(reader: Reader) -> None:
    reader.presenter.decline(REASON)
    (entry,) = reader.store.outbox.list_waiting()
    assert reader.store.outbox.note_leaving(entry.entry_id)
    assert reader.summary.standing.taken_back is None
    assert "It was sent; the next sync asks whether it arrived." in reader.summary.standing.text
    reader.presenter.take_back(entry.entry_id)
    assert reader.said == ["It has left already and cannot be taken back; write to the hospital instead."]
    assert reader.waiting == [("rejected", REASON)]


def test_that_a_refusal_is_said_first_and_can_be_put_away(reader: Reader) -> None:
    stand(reader, CaseStatus.ON_HOLD, ASKED)
    reader.store.outbox.enqueue_move(CASE_ID, "rejected", {"reason": REASON})
    (entry,) = reader.store.outbox.list_waiting()
    reader.store.outbox.record_attempt(entry.entry_id, "The hospital has moved on.", needs_attention=True)
    assert (reader.summary.standing.text, reader.summary.standing.is_refused) == ("The hospital has moved on.", True)
    reader.presenter.take_back()
    assert reader.summary.standing.text.startswith("Waiting for records")


def test_that_a_message_is_queued_stands_once_and_tells_how_far_it_is(reader: Reader) -> None:
    stand(reader, CaseStatus.ACCEPTED, THEIRS)
    assert not reader.presenter.send("  \n ")
    reader.presenter.keep_draft(CASE_ID, "Thank y")
    assert reader.summary.conversation.draft == "Thank y"
    assert reader.presenter.send(" Thank you. ")
    assert reader.summary.conversation.draft == ""
    assert [(x.author, x.text, x.state) for x in reader.summary.conversation.lines] == [
        ("Pennhallow", "A disc is on its way.", ""),
        ("You", "Thank you.", "Waits to leave"),
    ]
    (entry,) = reader.store.outbox.list_waiting()
    reader.store.outbox.note_leaving(entry.entry_id)
    assert reader.summary.conversation.lines[1].state == "Sent, not confirmed yet"
    reader.store.outbox.record_delivered(entry.entry_id)
    assert reader.summary.conversation.lines[1].state == "Delivered"
    ours = Message("Communication/2", entry.subject, True, "", NOW, "Thank you.")
    stand(reader, CaseStatus.ACCEPTED, THEIRS, ours)
    assert [x.text for x in reader.summary.conversation.lines] == ["A disc is on its way.", "Thank you."]


def test_that_a_message_that_waits_is_taken_back(reader: Reader) -> None:
    reader.presenter.send("Too hasty.")
    (line,) = reader.summary.conversation.lines
    reader.presenter.take_back(line.taken_back)
    assert reader.summary.conversation.lines == ()
    assert reader.store.outbox.list_entries()[0].state is OutboxState.VOID


def test_that_a_message_is_unread_until_it_was_on_the_screen(reader: Reader) -> None:
    stand(reader, CaseStatus.ACCEPTED, THEIRS, ASKED)
    assert reader.summary.conversation.unread == ("Communication/1",)
    reader.presenter.note_seen()
    assert reader.summary.conversation.unread == ()
    assert reader.slowly[-1].messages == {CASE_ID}
    assert not reader.slowly[-1].outbox, "looking at a message sends nothing"


def test_that_the_actions_have_keys_of_their_own_and_follow_the_case(reader: Reader) -> None:
    class Asking:
        asked = ""

        def ask_decline(self) -> None:
            self.asked += "decline "

        def ask_close(self) -> None:
            self.asked += "close "

        def ask_records(self) -> None:
            self.asked += "records "

    asking, registry = Asking(), ActionRegistry()
    registry.add(case_actions(reader.presenter, asking, lambda: reader.summary, lambda: None))
    ids = ("case.decline", "case.close_without_opinion", "case.ask_records")
    assert [registry.run(action_id) for action_id in ids] == [True, False, True]
    assert asking.asked == "decline records "
    assert not registry.run("case.take_back")
    registry.run("case.accept")
    assert registry.run("case.take_back")
    assert reader.waiting == []


def test_that_days_are_told_as_a_person_tells_them() -> None:
    days = (0, 1, 4, 400)
    words = [day_words(NOW - timedelta(days=n), NOW) for n in days]
    assert words == ["today", "yesterday", "18 November", "18 October 2025"]
