"""Giving a case back, asking for records and writing to the hospital: what leaves, what comes, what is taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sync.case_custody import shred_due_cases
from sync.demo_hospital.case_resources import OWNER
from sync.fhir.names import DELETION_SYSTEM
from sync.outbox import deliver_outbox
from sync.records.case import CaseStatus
from sync.records.conflict import ConflictKind
from sync.records.message import Message
from sync.records.outbox_entry import OutboxState
from sync.store.database import Store
from sync.sync_round import run_sync_round
from sync.transfer.hospital import connect_hospital
from tests.sync.faulty_line import faulty_line
from tests.sync.small_hospital import SmallHospital
from tests.sync.test_outbox import CASE, deliver, signed_opinion


def write(hospital: SmallHospital, text: str, **elements: Any) -> str:
    """A message of the hospital about the case."""
    message = {
        "resourceType": "Communication", "id": f"m{hospital.count('Communication')}", "status": "completed",
        "basedOn": [{"reference": "ServiceRequest/sr-so-1"}], "subject": {"reference": "Patient/p-so-1"},
        "sent": "2026-05-03T10:00:00Z", "sender": {"reference": "Organization/here"},
        "payload": [{"contentString": text}],
    }  # fmt: skip
    return hospital.state.put_resource({**message, **elements}).reference


def sync(hospital: SmallHospital, store: Store) -> None:
    report = run_sync_round(store, hospital.profile())
    assert report.complete, report.problems


def messages(store: Store) -> list[Message]:
    return list(store.cases.get_case(CASE).messages)


@pytest.fixture
def case(hospital: SmallHospital, store: Store) -> None:
    """One accepted case, here and at the hospital."""
    hospital.add_case(instances=0, slide=False, status="accepted")
    sync(hospital, store)


@pytest.mark.usefixtures("case")
def test_that_messages_of_both_sides_come_with_the_case_and_a_new_one_with_the_next_round(
    hospital: SmallHospital, store: Store
) -> None:
    store.outbox.enqueue_message(CASE, "SO-1/1/message/x", "When does the disc come?")
    sync(hospital, store)
    write(hospital, "Tomorrow.", sent="2046-05-04T10:00:00Z")
    sync(hospital, store)
    ours, theirs = messages(store)
    assert (ours.is_from_reader, ours.identifier, ours.text) == (True, "SO-1/1/message/x", "When does the disc come?")
    assert (theirs.is_from_reader, theirs.sender, theirs.text) == (False, "Small Hospital", "Tomorrow.")


@pytest.mark.usefixtures("case")
def test_that_only_the_hospitals_messages_count_as_unread_and_only_until_seen(
    hospital: SmallHospital, store: Store
) -> None:
    first = write(hospital, "First.")
    write(hospital, "Second.", sender={"reference": OWNER})
    sync(hospital, store)
    assert store.worklist.list_standings([CASE])[0].unread == 1
    assert store.messages.note_seen(CASE, [first]).messages == {CASE}
    assert not store.messages.note_seen(CASE, [first])
    assert store.worklist.list_standings([CASE])[0].unread == 0


@pytest.mark.usefixtures("case")
def test_that_messages_of_other_cases_and_those_taken_back_are_not_shown(hospital: SmallHospital, store: Store) -> None:
    write(hospital, "Of another case.", basedOn=[{"reference": "ServiceRequest/sr-other"}])
    write(hospital, "An error.", status="entered-in-error")
    write(hospital, "Ours.")
    sync(hospital, store)
    assert [message.text for message in messages(store)] == ["Ours."]


def test_that_a_case_without_release_brings_its_messages(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=0, slide=False, consented=False)
    write(hospital, "The patient signs the release on Monday.")
    sync(hospital, store)
    assert [message.text for message in messages(store)] == ["The patient signs the release on Monday."]


@pytest.mark.usefixtures("case")
def test_that_a_request_for_records_names_each_and_comes_back_as_one_message(
    hospital: SmallHospital, store: Store
) -> None:
    store.outbox.enqueue_move(CASE, "on-hold", {"wanted": ["Slide B", "Letter of 2024"]})
    sync(hospital, store)
    sync(hospital, store)
    (request,) = messages(store)
    assert request.is_records_request
    assert (request.text, request.wanted) == ("Records are missing.", ("Slide B", "Letter of 2024"))
    assert store.cases.get_case(CASE).status is CaseStatus.ON_HOLD


@pytest.mark.usefixtures("case")
def test_that_what_never_left_is_taken_back_and_what_may_have_left_is_not(
    hospital: SmallHospital, store: Store
) -> None:
    store.outbox.enqueue_move(CASE, "rejected", {"reason": "Not my field."})
    (entry,) = store.outbox.list_entries()
    connected = connect_hospital(hospital.profile(1))
    assert deliver_outbox(store, connected).problems, "offline"
    connected.close()
    assert store.outbox.take_back(entry.entry_id).outbox == {CASE}
    assert not store.outbox.take_back(entry.entry_id)
    assert deliver(hospital, store) == ()
    assert hospital.resource("Task/task-so-1")["status"] == "accepted"
    store.outbox.enqueue_move(CASE, "rejected", {"reason": "Not my field after all."})
    with faulty_line(hospital.port) as line:
        line.cut = lambda _first, reply: b"" if any(one.startswith("PUT") for one in line.lines) else reply
        assert deliver(hospital, store, line.port)
    assert hospital.resource("Task/task-so-1")["status"] == "rejected", "it arrived, and the answer was lost"
    assert not store.outbox.take_back(store.outbox.list_entries()[-1].entry_id)
    assert deliver(hospital, store) == ()
    assert [e.state for e in store.outbox.list_entries()] == [OutboxState.VOID, OutboxState.DELIVERED]


@pytest.mark.usefixtures("case")
def test_that_an_entry_taken_back_while_a_round_runs_is_not_sent(
    hospital: SmallHospital, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.outbox.enqueue_move(CASE, "rejected", {"reason": "Not my field."})
    (entry,) = store.outbox.list_waiting()
    monkeypatch.setattr(type(store.outbox), "list_waiting", lambda _self: (entry,))
    store.outbox.take_back(entry.entry_id)
    assert deliver(hospital, store) == ()
    assert hospital.resource("Task/task-so-1")["status"] == "accepted"


@pytest.mark.parametrize(("move", "words"), [("rejected", "is declined"), ("failed", "is closed without an opinion")])
def test_that_a_case_given_back_is_locked_without_a_question_and_shredded_after_the_grace_with_a_receipt(
    hospital: SmallHospital, store: Store, move: str, words: str
) -> None:
    hospital.add_case(instances=2, slide=False, status="accepted")
    sync(hospital, store)
    store.outbox.enqueue_move(CASE, move, {"reason": "I know the patient."})
    sync(hospital, store)
    lock = store.conflicts.find_lock(CASE)
    assert lock is not None
    assert (lock.kind, lock.shred_after - lock.locked_at) == (ConflictKind.GIVEN_BACK, timedelta(days=7))
    assert words in lock.sentence
    assert store.conflicts.list_open() == ()
    sync(hospital, store)
    assert store.conflicts.find_lock(CASE) == lock, "the grace does not begin anew each round"
    assert shred_due_cases(store, lock.shred_after) == (CASE,)
    assert store.objects.list_objects(CASE) == ()
    sync(hospital, store)
    entities = [e.json["entity"][0]["what"] for e in hospital.state.list_resources("AuditEvent") if "entity" in e.json]
    receipts = [what for what in entities if what.get("identifier", {}).get("system") == DELETION_SYSTEM]
    assert [what["reference"] for what in receipts] == ["Task/task-so-1"]
    store.cases.put_sync_token(None)
    sync(hospital, store)
    assert store.cases.find_case(CASE) is None, "it does not come again only to be deleted again"


@pytest.mark.usefixtures("case")
def test_that_a_case_with_a_signed_opinion_is_never_put_away_as_given_back(
    hospital: SmallHospital, store: Store
) -> None:
    store.opinions.put_signed(signed_opinion())
    hospital.change("Task/task-so-1", status="failed", statusReason={"text": "Closed by mistake."})
    run_sync_round(store, hospital.profile())
    assert store.conflicts.find_lock(CASE) is None
    assert store.opinions.find_signed(CASE) is not None


@pytest.mark.usefixtures("case")
def test_that_a_declined_case_that_the_hospital_assigns_again_is_readable_again(
    hospital: SmallHospital, store: Store
) -> None:
    store.outbox.enqueue_move(CASE, "rejected", {"reason": "I know the patient."})
    sync(hospital, store)
    hospital.change("Task/task-so-1", status="requested", statusReason=None)
    sync(hospital, store)
    assert store.conflicts.find_lock(CASE) is None
    assert store.cases.find_withdrawal(CASE) is None


@pytest.mark.usefixtures("case")
def test_that_a_move_that_came_too_late_is_explained_in_one_sentence_and_can_be_put_away(
    hospital: SmallHospital, store: Store
) -> None:
    store.outbox.enqueue_move(CASE, "rejected", {"reason": "Not my field."})
    hospital.change("Task/task-so-1", status="in-progress")
    (sentence,) = deliver(hospital, store)
    assert sentence == (
        "The hospital has moved on: case SO-1 is in progress and can no longer be declined; nothing was sent."
    )
    (entry,) = store.outbox.list_entries()
    assert (entry.state, entry.last_error) == (OutboxState.NEEDS_ATTENTION, sentence)
    assert store.outbox.take_back(entry.entry_id)
    store.outbox.enqueue_move(CASE, "failed", {"reason": "The images are missing."})
    assert deliver(hospital, store) == ()
    assert hospital.resource("Task/task-so-1")["statusReason"]["text"] == "The images are missing."
    assert store.audit.verify() is None


@pytest.mark.usefixtures("case")
def test_that_a_message_being_written_is_there_again_and_goes_with_its_case(store: Store) -> None:
    store.messages.put_draft(CASE, "Is the dis")
    store.messages.put_draft(CASE, "Is the disc here?")
    assert store.messages.find_draft(CASE) == "Is the disc here?"
    store.vault.remove_case(CASE)
    store.cases.remove_case(CASE, "Task/task-so-1", "For the test.")
    assert store.messages.find_draft(CASE) == ""
