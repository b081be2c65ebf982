"""What becomes of work that cannot simply be sent: signed again, sent in parts, paused, locked, shredded, saved."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sync.case_custody import shred_due_cases
from sync.conflict_choices import leave_at_that, sign_again
from sync.demo_hospital.case_resources import OWNER
from sync.errors import CaseLocked, ExportNotAllowed, SigningRefused, StoreUnavailable
from sync.fhir.opinion_mapping import opinion_bundle
from sync.outbox import deliver_outbox, pause_after
from sync.outbox_export import export_entry, export_to_folder
from sync.records.amendment import AmendmentKind
from sync.records.case import Case, CaseId
from sync.records.conflict import ConflictKind
from sync.records.opinion import OpinionDraft, SignedOpinion
from sync.records.outbox_entry import OutboxState
from sync.store.database import Store
from sync.sync_round import run_sync_round
from sync.transfer.hospital import connect_hospital
from tests.sync.faulty_line import faulty_line
from tests.sync.small_hospital import SmallHospital
from tests.sync.test_outbox import CASE, IDENTIFIER, assert_held_once, deliver, prepare, signed_opinion


def second_version() -> SignedOpinion:
    first = signed_opinion()
    frozen = replace(first.frozen, opinion_identifier="SO-1/1/v2", version=2, envelope=b'{"replaces":null}')
    return replace(first, frozen=frozen, report_pdf=b"%PDF-1.7 second")


def test_that_an_opinion_made_void_is_signed_again_and_only_the_second_one_arrives(
    hospital: SmallHospital, store: Store
) -> None:
    prepare(hospital, store)
    hospital.change("ServiceRequest/sr-so-1", note=[{"text": "Another question?"}])
    (problem,) = run_sync_round(store, hospital.profile()).problems
    assert problem.endswith("review it and sign again.")
    assert [conflict.kind for conflict in store.conflicts.list_open()] == [ConflictKind.TERMS_CHANGED]
    (entry,) = store.outbox.list_entries()
    store.outbox.retry(entry.entry_id)
    assert deliver(hospital, store) == (problem,), "what was signed before still answers the old question"
    with pytest.raises(SigningRefused, match="still waits to leave"):
        store.opinions.put_signed(second_version())
    sign_again(store, CASE)
    assert store.opinions.find_signed(CASE) is None
    store.opinions.put_signed(second_version())
    assert deliver(hospital, store) == ()
    assert_held_once(hospital)
    (report,) = hospital.state.list_resources("DiagnosticReport")
    assert report.json["identifier"][0]["value"] == "SO-1/1/v2"
    assert report.json["status"] == "final", "it amends nothing that the hospital ever saw"
    assert [e.state for e in store.outbox.list_entries()] == [OutboxState.VOID, OutboxState.DELIVERED]
    assert store.opinions.find_signed_by_identifier(IDENTIFIER) == signed_opinion_like(store)


def signed_opinion_like(store: Store) -> SignedOpinion:
    """The first version as it was signed; its time is the store's."""
    (first, _second) = store.opinions.list_signed(CASE)
    ours = signed_opinion()
    return replace(ours, frozen=replace(ours.frozen, signed_at=first.frozen.signed_at))


def test_that_a_first_version_that_arrived_after_all_is_acknowledged_and_the_second_stays(
    hospital: SmallHospital, store: Store
) -> None:
    case = prepare(hospital, store)
    connected = connect_hospital(hospital.profile())
    connected.fhir.transaction(
        opinion_bundle(store.opinions.list_signed(CASE)[0], case, hospital.resource("Task/task-so-1"), frozenset())
    )
    connected.close()
    sign_again(store, CASE)
    store.opinions.put_signed(second_version())
    (problem,) = deliver(hospital, store)
    assert "that you signed before this one has arrived" in problem
    receipt = store.opinions.find_receipt_of(IDENTIFIER)
    assert receipt is not None and receipt.already_there
    assert hospital.count("DiagnosticReport") == 1
    (conflict,) = store.conflicts.list_open()
    leave_at_that(store, conflict)
    leave_at_that(store, conflict)
    assert store.opinions.find_receipt(CASE) == receipt, "the version that arrived stands again"
    assert [entry.state for entry in store.outbox.list_entries()] == [OutboxState.DELIVERED, OutboxState.VOID]
    store.amendments.begin(CASE, AmendmentKind.CORRECTION, "What the second version said.")


def test_that_an_opinion_left_at_anothers_is_closed_for_good_and_never_sent(
    hospital: SmallHospital, store: Store
) -> None:
    case = prepare(hospital, store)
    put_there_from_another_computer(hospital, case)
    (_problem,) = deliver(hospital, store)
    (conflict,) = store.conflicts.list_open()
    leave_at_that(store, conflict)
    store.conflicts.settle(conflict.conflict_id, "understood")
    (entry,) = store.outbox.list_entries()
    assert entry.state is OutboxState.VOID
    assert not store.outbox.retry(entry.entry_id), "nobody brings it back into the queue"
    assert deliver(hospital, store) == ()
    assert hospital.count("DiagnosticReport") == 1
    standing = store.opinions.find_signed(CASE)
    assert standing is not None and standing.frozen.envelope == signed_opinion().frozen.envelope
    told = [(row.object, row.outcome) for row in store.audit.entries() if row.action == "sync conflict"]
    assert (IDENTIFIER, "left unsent") in told
    assert (ConflictKind.ALREADY_THERE.value, "understood") in told


def test_that_a_question_changed_while_it_is_answered_is_noted_by_the_round_and_by_signing_again(
    hospital: SmallHospital, store: Store
) -> None:
    hospital.add_case(instances=0, status="in-progress")
    run_sync_round(store, hospital.profile())
    store.opinions.put_draft(OpinionDraft(CASE, {"item": []}, datetime.now(UTC)))
    hospital.change("ServiceRequest/sr-so-1", note=[{"text": "Another question?"}])
    run_sync_round(store, hospital.profile())
    noted = store.questions.find_changed(CASE)
    assert noted is not None and noted.before == ("Is it benign?",)
    store.opinions.put_signed(signed_opinion())
    hospital.change("ServiceRequest/sr-so-1", note=[{"text": "A third one?"}])
    run_sync_round(store, hospital.profile())
    assert store.questions.find_changed(CASE) is None, "what is signed is put to the reader as a conflict"
    sign_again(store, CASE)
    noted = store.questions.find_changed(CASE)
    assert noted is not None and noted.before == ("Another question?",)


def put_there_from_another_computer(hospital: SmallHospital, case: Case) -> None:
    ours = signed_opinion()
    other = replace(ours, report_pdf=b"%PDF-1.7 other", frozen=replace(ours.frozen, envelope=b'{"type":"other"}'))
    connected = connect_hospital(hospital.profile())
    connected.fhir.transaction(opinion_bundle(other, case, hospital.resource("Task/task-so-1"), frozenset()))
    connected.close()


def without(statement: dict[str, Any], *, transaction: bool, conditional: bool) -> dict[str, Any]:
    rest = statement["rest"][0]
    if not transaction:
        rest["interaction"] = [i for i in rest["interaction"] if i["code"] != "transaction"]
    for resource in rest["resource"]:
        resource["conditionalCreate"] = conditional and resource["conditionalCreate"]
    return statement


@pytest.mark.parametrize("conditional", [True, False])
def test_that_a_hospital_without_transactions_gets_one_opinion_however_often_the_line_breaks(
    hospital: SmallHospital, store: Store, conditional: bool
) -> None:
    prepare(hospital, store)
    posts: list[str] = []
    with faulty_line(hospital.port) as line:

        def lose_each_answer_once(first: str, reply: bytes) -> bytes:
            if " /fhir/metadata" in first:
                head, _, body = reply.partition(b"\r\n\r\n")
                poor = json.dumps(without(json.loads(body), transaction=False, conditional=conditional)).encode()
                return (
                    re.sub(rb"(?i)content-length: *\d+", b"content-length: %d" % len(poor), head) + b"\r\n\r\n" + poor
                )
            is_write = first.startswith(("POST", "PUT"))
            if is_write:
                posts.append(first.split()[1])
            return b"" if is_write and len(posts) % 2 else reply

        line.cut = lose_each_answer_once
        for _ in range(40):
            deliver(hospital, store, line.port)
            if store.opinions.find_receipt(CASE) is not None:
                break
    assert_held_once(hospital)
    assert hospital.count("DocumentReference") == 4, "report and slide of the case, opinion and marks of ours"
    receipt = store.opinions.find_receipt(CASE)
    assert receipt is not None
    assert {entry.state for entry in store.outbox.list_entries()} == {OutboxState.DELIVERED}


def test_that_after_a_failure_the_outbox_pauses_and_the_hospitals_own_wish_is_kept_always(
    hospital: SmallHospital, store: Store
) -> None:
    prepare(hospital, store)
    connected = connect_hospital(hospital.profile(1))
    assert deliver_outbox(store, connected, at_once=False).problems
    assert deliver_outbox(store, connected, at_once=False).problems == [], "its pause is not over"
    assert deliver_outbox(store, connected, at_once=True).problems
    connected.close()
    (entry,) = store.outbox.list_entries()
    assert entry.attempts == 2
    store.outbox.record_attempt(entry.entry_id, "busy", held_until=datetime.now(UTC) + timedelta(seconds=90))
    assert deliver(hospital, store) == ()
    assert hospital.count("DiagnosticReport") == 0
    store.outbox.record_attempt(entry.entry_id, "busy", held_until=datetime.now(UTC) + timedelta(days=900))
    assert deliver(hospital, store) == ()
    assert hospital.count("DiagnosticReport") == 1, "a pause that long was written under another clock"


def test_that_the_pause_doubles_up_to_five_minutes() -> None:
    for attempts in range(1, 40):
        longest = min(2.0**attempts, 300.0)
        assert all(longest / 2 <= pause_after(attempts) <= longest for _ in range(20))


def test_that_a_decline_and_a_request_for_records_say_why(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=0, status="in-progress")
    hospital.add_case("SO-2", instances=0)
    run_sync_round(store, hospital.profile())
    store.outbox.enqueue_move(CASE, "on-hold", {"reason": "The slides are missing.", "wanted": ["Slide B"]})
    store.outbox.enqueue_move(CaseId("SO-2"), "rejected", {"reason": "Not my field."})
    store.outbox.enqueue_message(CASE, "message-1", "Please send slide B.")
    assert deliver(hospital, store) == ()
    held = hospital.resource("Task/task-so-1")
    assert (held["status"], held["businessStatus"]["coding"][0]["code"]) == ("on-hold", "records-missing")
    (request,) = hospital.state.list_resources("CommunicationRequest")
    assert [p["contentString"] for p in request.json["payload"]] == ["The slides are missing.", "Slide B"]
    assert hospital.resource("Task/task-so-2")["statusReason"]["text"] == "Not my field."
    (message,) = hospital.state.list_resources("Communication")
    assert message.json["payload"][0]["contentString"] == "Please send slide B."


def test_that_a_lost_case_is_kept_for_the_grace_and_shredded_after_it_by_the_hospitals_clock(
    hospital: SmallHospital, store: Store
) -> None:
    prepare(hospital, store)
    hospital.change("Task/task-so-1", owner={"reference": "Practitioner/other"})
    deliver(hospital, store)
    lock = store.conflicts.find_lock(CASE)
    assert lock is not None
    assert lock.shred_after - lock.locked_at == timedelta(days=7)
    (entry,) = store.outbox.list_entries()
    with pytest.raises(CaseLocked, match="cannot be saved elsewhere"):
        export_entry(store, entry, store.directory / "opinion.pdf")
    store.outbox.retry(entry.entry_id)
    assert deliver(hospital, store) == (), "nothing of a locked case is tried"
    assert shred_due_cases(store, lock.shred_after - timedelta(seconds=1)) == ()
    assert store.opinions.find_signed(CASE) is not None
    assert shred_due_cases(store, lock.shred_after) == (CASE,)
    assert store.opinions.list_signed(CASE) == ()
    assert store.conflicts.find_lock(CASE) is None
    assert "case deleted" in [row.action for row in store.audit.entries()]


def test_that_a_case_given_back_in_time_is_readable_again(hospital: SmallHospital, store: Store) -> None:
    prepare(hospital, store)
    hospital.change("Task/task-so-1", owner={"reference": "Practitioner/other"})
    run_sync_round(store, hospital.profile())
    assert store.cases.find_withdrawal(CASE)
    hospital.change("Task/task-so-1", owner={"reference": OWNER})
    run_sync_round(store, hospital.profile())
    assert store.cases.find_withdrawal(CASE) is None
    assert store.conflicts.list_open() == ()
    (entry,) = store.outbox.list_entries()
    assert entry.state is OutboxState.NEEDS_ATTENTION, "nothing is sent unasked"
    assert entry.last_error == "The hospital took case SO-1 away and gave it back; nothing was sent meanwhile."
    assert store.outbox.retry(entry.entry_id)
    assert deliver(hospital, store) == ()
    assert_held_once(hospital)


def test_that_an_exported_opinion_is_the_signed_report_byte_for_byte(
    hospital: SmallHospital, store: Store, tmp_path: Path
) -> None:
    prepare(hospital, store)
    (entry,) = store.outbox.list_entries()
    export_entry(store, entry, tmp_path / "mine.pdf")
    assert (tmp_path / "mine.pdf").read_bytes() == signed_opinion().report_pdf
    assert store.audit.entries()[-1].action == "exported"


def test_that_an_export_to_a_folder_brings_report_envelope_and_signature_and_overwrites_nothing(
    hospital: SmallHospital, store: Store, tmp_path: Path
) -> None:
    prepare(hospital, store)
    (entry,) = store.outbox.list_entries()
    folder = tmp_path / "chosen"
    folder.mkdir()
    first, second = export_to_folder(store, entry, folder), export_to_folder(store, entry, folder)
    assert [first.name, second.name] == ["SO-1 opinion", "SO-1 opinion 2"]
    ours = signed_opinion()
    for made in (first, second):
        found = {path.name: path.read_bytes() for path in made.iterdir()}
        assert found == {
            "report.pdf": ours.report_pdf,
            "opinion.json": ours.frozen.envelope,
            "opinion.json.jws": ours.jws.encode(),
        }
    assert [row.action for row in store.audit.entries()].count("exported") == 2
    assert store.outbox.list_entries()[0].state is OutboxState.WAITING, "what was exported still leaves"


def test_that_a_site_can_forbid_exports_and_a_folder_that_is_gone_leaves_nothing_behind(
    hospital: SmallHospital, store: Store, tmp_path: Path
) -> None:
    prepare(hospital, store)
    (entry,) = store.outbox.list_entries()
    with pytest.raises(StoreUnavailable, match="Nothing can be written"):
        export_to_folder(store, entry, tmp_path / "gone")
    (store.directory / "site.json").write_text('{"export_unsent": false}')
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    with pytest.raises(ExportNotAllowed):
        export_to_folder(store, entry, chosen)
    with pytest.raises(ExportNotAllowed):
        export_entry(store, entry, chosen / "mine.pdf")
    assert not list(chosen.iterdir())
    assert "exported" not in [row.action for row in store.audit.entries()]
