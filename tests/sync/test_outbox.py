"""What is signed arrives exactly once, whatever is lost on the way; what may not leave does not, and says why."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.fhir.opinion_mapping import opinion_bundle
from sync.outbox import deliver_outbox
from sync.records.case import Case, CaseId, CaseStatus
from sync.records.conflict import ConflictKind
from sync.records.opinion import FrozenOpinion, MarksFile, SignedOpinion
from sync.records.outbox_entry import OutboxKind, OutboxState
from sync.store.database import Store, open_store
from sync.sync_round import run_sync_round
from sync.transfer.hospital import connect_hospital
from tests.sync.faulty_line import faulty_line
from tests.sync.scripted_server import reply as reply_with
from tests.sync.small_hospital import SmallHospital

CASE = CaseId("SO-1")
IDENTIFIER = "SO-1/1/v1"
GEOJSON = b'{"type":"FeatureCollection","features":[]}'


def signed_opinion() -> SignedOpinion:
    response = {
        "resourceType": "QuestionnaireResponse", "status": "completed",
        "item": [{"linkId": "opinion.dx", "answer": [{"valueString": "Hamartoma"}]}],
    }  # fmt: skip
    marks = MarksFile(
        "slide:ab", "Slide A.geojson", "application/geo+json", GEOJSON, hashlib.sha256(GEOJSON).hexdigest(),
        ("mark-1", "mark-2"), "DocumentReference/slide-so-1",
    )  # fmt: skip
    frozen = FrozenOpinion(CASE, IDENTIFIER, 1, b'{"type":"envelope"}', datetime.now(UTC), response, (marks,))
    return SignedOpinion(frozen, "header..signature", b"%PDF-1.7 signed report", "Dr. Ilse Marwick", "00" * 32)


def prepare(hospital: SmallHospital, store: Store, status: str = "in-progress") -> Case:
    """A case that is here, with a signed opinion waiting."""
    hospital.add_case(instances=0, status=status)
    run_sync_round(store, hospital.profile())
    store.opinions.put_signed(signed_opinion())
    return store.cases.get_case(CASE)


def deliver(hospital: SmallHospital, store: Store, port: int | None = None) -> tuple[str, ...]:
    """One delivery; the problems it tells of."""
    connected = connect_hospital(hospital.profile(port))
    try:
        return tuple(deliver_outbox(store, connected).problems)
    finally:
        connected.close()


def assert_held_once(hospital: SmallHospital) -> None:
    kinds = ("DiagnosticReport", "QuestionnaireResponse", "Provenance", "ChargeItem")
    assert [hospital.count(kind) for kind in kinds] == [1, 1, 1, 1]
    assert hospital.resource("Task/task-so-1")["status"] == "completed"


@pytest.mark.parametrize("status", ["requested", "received", "ready", "accepted", "in-progress", "on-hold"])
def test_that_a_signed_opinion_is_delivered_and_acknowledged_from_every_open_state(
    hospital: SmallHospital, store: Store, status: str
) -> None:
    prepare(hospital, store, status)
    assert deliver(hospital, store) == ()
    assert_held_once(hospital)
    receipt = store.opinions.find_receipt(CASE)
    assert receipt is not None
    assert receipt.opinion_identifier == IDENTIFIER
    assert not receipt.already_there
    assert receipt.task_version == hospital.resource("Task/task-so-1")["meta"]["versionId"]
    assert store.outbox.list_waiting() == ()
    assert store.cases.get_case(CASE).status is CaseStatus.COMPLETED


def test_that_the_hospital_holds_every_signed_byte(hospital: SmallHospital, store: Store) -> None:
    prepare(hospital, store)
    deliver(hospital, store)
    signed = signed_opinion()
    task = hospital.resource("Task/task-so-1")
    outputs = {o["type"]["coding"][0]["code"]: o["valueReference"]["reference"] for o in task["output"]}
    report = hospital.resource(outputs["opinion"])
    url = report["presentedForm"][0]["url"]
    assert base64.b64decode(hospital.resource(url)["data"]) == signed.report_pdf
    assert report["conclusion"] == "Hamartoma"
    marks = hospital.resource(outputs["annotations"])
    assert marks["relatesTo"][0]["target"]["reference"] == "DocumentReference/slide-so-1"
    assert {i["value"] for i in marks["identifier"]} >= {"mark-1", "mark-2"}
    attachment = marks["content"][0]["attachment"]
    assert base64.b64decode(hospital.resource(attachment["url"])["data"]) == GEOJSON
    assert base64.b64decode(attachment["extension"][0]["valueBase64Binary"]) == hashlib.sha256(GEOJSON).digest()
    provenance = hospital.state.list_resources("Provenance")[0].json
    assert base64.b64decode(provenance["signature"][0]["data"]) == signed.jws.encode()
    assert provenance["signature"][0]["sigFormat"] == "application/jose"
    assert provenance["entity"][0]["what"]["reference"] == "List/manifest-so-1/_history/1"


def test_that_moves_leave_in_order_before_the_opinion(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=0)
    run_sync_round(store, hospital.profile())
    store.outbox.enqueue_move(CASE, "accepted")
    store.outbox.enqueue_move(CASE, "in-progress")
    store.opinions.put_signed(signed_opinion())
    assert deliver(hospital, store) == ()
    versions = [hospital.state.find_resource("Task", "task-so-1", n) for n in (1, 2, 3, 4)]
    assert [v.json["status"] for v in versions if v] == ["requested", "accepted", "in-progress", "completed"]
    assert versions[2] is not None
    assert versions[2].json["executionPeriod"]["start"]
    assert [entry.state for entry in store.outbox.list_entries()] == [OutboxState.DELIVERED] * 3


def test_that_a_move_already_made_or_overtaken_is_not_made_again(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=0, status="in-progress")
    run_sync_round(store, hospital.profile())
    store.outbox.enqueue_move(CASE, "accepted")
    assert deliver(hospital, store) == ()
    assert hospital.resource("Task/task-so-1")["meta"]["versionId"] == "1"


def is_transaction(line: str) -> bool:
    return line.startswith("POST")


@pytest.mark.parametrize("bytes_back", [0, 40])
def test_that_a_lost_answer_is_found_out_at_once_and_nothing_is_sent_twice(
    hospital: SmallHospital, store: Store, bytes_back: int
) -> None:
    prepare(hospital, store)
    with faulty_line(hospital.port) as line:
        line.cut = lambda first, reply: reply[:bytes_back] if is_transaction(first) else reply
        assert deliver(hospital, store, line.port) == ()
        assert len([first for first in line.lines if is_transaction(first)]) == 1
    receipt = store.opinions.find_receipt(CASE)
    assert receipt is not None
    assert receipt.already_there
    assert_held_once(hospital)


def test_that_after_a_lost_answer_and_a_dead_line_the_next_attempt_asks_before_it_sends(
    hospital: SmallHospital, store: Store
) -> None:
    prepare(hospital, store)
    posted = threading.Event()

    def cut(first: str, reply: bytes) -> bytes:
        if is_transaction(first):
            posted.set()
        return b"" if posted.is_set() else reply

    with faulty_line(hospital.port) as line:
        line.cut = cut
        assert deliver(hospital, store, line.port) != ()
    assert [entry.state for entry in store.outbox.list_waiting()] == [OutboxState.WAITING]
    with faulty_line(hospital.port) as line:
        assert deliver(hospital, store, line.port) == ()
        assert not [first for first in line.lines if is_transaction(first)]
    assert_held_once(hospital)
    assert store.opinions.find_receipt(CASE) is not None


def test_that_two_programs_delivering_at_once_make_one_opinion_and_both_see_the_receipt(
    hospital: SmallHospital, store: Store
) -> None:
    prepare(hospital, store)
    gate = threading.Barrier(2, timeout=20)
    other = open_store(store.directory)
    problems: list[tuple[str, ...]] = []

    def meet(first: str) -> None:
        if is_transaction(first):
            gate.wait()  # both have looked, both believe that nothing is there

    with faulty_line(hospital.port) as line:
        line.before = meet
        threads = [
            threading.Thread(target=lambda own=own: problems.append(deliver(hospital, own, line.port)))
            for own in (store, other)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert problems == [(), ()]
    assert_held_once(hospital)
    assert store.opinions.find_receipt(CASE) == other.opinions.find_receipt(CASE) is not None
    other.close()


def test_that_a_task_changed_under_us_is_looked_at_again_and_the_opinion_goes_to_its_new_version(
    hospital: SmallHospital, store: Store
) -> None:
    prepare(hospital, store)
    once = [True]

    def change(first: str) -> None:
        if is_transaction(first) and once:
            once.clear()
            hospital.change("Task/task-so-1", priority="stat")

    with faulty_line(hospital.port) as line:
        line.before = change
        assert deliver(hospital, store, line.port) == ()
    assert_held_once(hospital)
    assert hospital.resource("Task/task-so-1")["priority"] == "stat"


Change = Callable[[SmallHospital], None]
CONFLICTS: list[tuple[Change, str]] = [
    (
        lambda h: h.change("Task/task-so-1", owner={"reference": "Practitioner/other"}),
        "The hospital has given case SO-1 to somebody else.",
    ),
    (
        lambda h: h.change("Task/task-so-1", status="cancelled"),
        "The hospital has cancelled case SO-1; nothing was sent.",
    ),
    (
        lambda h: h.change("Task/task-so-1", status="completed"),
        "Case SO-1 already has an opinion that is not this one; nothing was sent.",
    ),
    (
        lambda h: h.change(
            "Consent/consent-so-1",
            provision={
                **h.resource("Consent/consent-so-1")["provision"],
                "period": {"start": "2020-01-01", "end": "2020-12"},
            },
        ),
        "The patient's release for case SO-1 has run out; nothing was sent.",
    ),
    (
        lambda h: h.change("ServiceRequest/sr-so-1", note=[{"text": "Another question?"}]),
        "The hospital changed the clinical question of case SO-1; review it and sign again.",
    ),
    (
        lambda h: h.change("Task/task-so-1", **{"for": {"reference": "Patient/somebody-else"}}),
        "The hospital changed the patient of case SO-1; review it and sign again.",
    ),
    (
        lambda h: h.change("List/manifest-so-1", title="compiled again"),
        "The hospital changed the records of case SO-1; review it and sign again.",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), CONFLICTS, ids=[sentence[:48] for _, sentence in CONFLICTS])
def test_that_nothing_leaves_when_the_case_changed_and_one_sentence_says_why(
    hospital: SmallHospital, store: Store, change: Change, sentence: str
) -> None:
    prepare(hospital, store)
    change(hospital)
    with faulty_line(hospital.port) as line:
        assert deliver(hospital, store, line.port) == (sentence,)
        assert not [first for first in line.lines if not first.startswith("GET")]
    (entry,) = store.outbox.list_entries()
    assert (entry.state, entry.last_error) == (OutboxState.NEEDS_ATTENTION, sentence)
    assert hospital.count("DiagnosticReport") == 0
    # A person decides; no later round sends it by itself.
    assert deliver(hospital, store) == ()
    assert hospital.count("DiagnosticReport") == 0


def test_that_a_withdrawn_release_shreds_what_was_not_sent_and_the_hospital_gets_a_receipt_of_that(
    hospital: SmallHospital, store: Store
) -> None:
    prepare(hospital, store)
    hospital.change("Consent/consent-so-1", status="inactive")
    (problem,) = deliver(hospital, store)
    assert "withdrawn the release for case SO-1" in problem
    assert hospital.count("DiagnosticReport") == 0
    assert store.cases.find_case(CASE) is None
    assert store.opinions.list_signed(CASE) == ()
    assert [conflict.kind for conflict in store.conflicts.list_open()] == [ConflictKind.CONSENT_WITHDRAWN]
    assert "opinion signed" in [row.action for row in store.audit.entries()]
    assert store.audit.verify() is None
    (entry,) = store.outbox.list_waiting()
    assert entry.kind is OutboxKind.DELETION
    assert deliver(hospital, store) == ()
    (event,) = (found.json for found in hospital.state.list_resources("AuditEvent"))
    assert event["entity"][0]["what"]["reference"] == "Task/task-so-1"
    assert "Moreau" not in str(event)
    assert store.outbox.list_waiting() == ()


def test_that_a_question_changed_before_delivery_is_noticed_by_the_worklist_too(
    hospital: SmallHospital, store: Store
) -> None:
    prepare(hospital, store)
    hospital.change("ServiceRequest/sr-so-1", note=[{"text": "Another question?"}])
    with faulty_line(hospital.port) as line:
        # Only sending fails, so the refresh of the same round sees the new question while the opinion still waits.
        line.cut = lambda first, reply: reply.replace(b"200 OK", b"400 No", 1) if "metadata" in first else reply
        run_sync_round(store, hospital.profile(line.port))
    (entry,) = store.outbox.list_entries()
    assert entry.state is OutboxState.NEEDS_ATTENTION


def test_that_a_refusal_stops_the_entry_with_the_hospitals_words(hospital: SmallHospital, store: Store) -> None:
    prepare(hospital, store)
    outcome = b'{"resourceType":"OperationOutcome","issue":[{"diagnostics":"The report is too old."}]}'
    with faulty_line(hospital.port) as line:
        line.cut = lambda first, reply: reply_with("422 No", outcome) if is_transaction(first) else reply
        problems = deliver(hospital, store, line.port)
    assert problems == ("Case SO-1: Small Hospital refuses this request (422): The report is too old.",)
    assert store.outbox.list_entries()[0].state is OutboxState.NEEDS_ATTENTION


def test_that_a_report_under_our_number_that_is_not_ours_is_never_taken_for_a_receipt(
    hospital: SmallHospital, store: Store
) -> None:
    case = prepare(hospital, store)
    ours = signed_opinion()
    other = replace(ours, report_pdf=b"%PDF-1.7 another", frozen=replace(ours.frozen, envelope=b'{"type":"other"}'))
    connected = connect_hospital(hospital.profile())
    connected.fhir.transaction(
        opinion_bundle(other, case, hospital.resource("Task/task-so-1"), connected.fhir.capability().identifier_search)
    )
    connected.close()
    (problem,) = deliver(hospital, store)
    assert "already holds an opinion of yours on case SO-1 that was signed on another computer" in problem
    (conflict,) = store.conflicts.list_open()
    assert conflict.kind is ConflictKind.ALREADY_THERE
    assert conflict.detail["report"].startswith("DiagnosticReport/")
    assert store.opinions.find_receipt(CASE) is None


DELIVERIES = """
import os, sys
from pathlib import Path
from sync.hospital_profile import HospitalProfile
from sync.outbox import deliver_outbox
from sync.store.database import open_store
from sync.transfer.hospital import connect_hospital
while os.read(0, 1):
    child = os.fork()
    if child == 0:
        store = open_store(Path(sys.argv[1]))
        hospital = connect_hospital(HospitalProfile.load(Path(sys.argv[2])))
        os.write(1, b"%d\\n" % os.getpid())
        os.read(0, 1)
        deliver_outbox(store, hospital)
        os._exit(0)
    os.write(1, b"%d\\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
INSTANTS = [
    *(("asked", request) for request in range(7)),  # the seventh is the transaction: it arrives and is carried out
    *(("asked", request) for request in range(3)),  # now each attempt only asks: Task, metadata, report, document
    ("answered", 2),
]


def test_that_a_program_killed_at_ten_instants_of_delivery_leaves_one_opinion(
    hospital: SmallHospital, store: Store, tmp_path: Path
) -> None:
    prepare(hospital, store)
    with faulty_line(hospital.port) as line:
        hospital.profile(line.port).save(tmp_path / "profile.json")
        command = [sys.executable, "-c", DELIVERIES, str(store.directory), str(tmp_path / "profile.json")]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, cwd=Path(__file__).parents[2]
        ) as programs:
            assert programs.stdin is not None
            assert programs.stdout is not None
            for moment, request in INSTANTS:
                line.lines.clear()
                programs.stdin.write(b".")
                pid = int(programs.stdout.readline())

                def kill(when: str, moment: str = moment, request: int = request, pid: int = pid) -> None:
                    if (when, len(line.lines) - 1) == (moment, request):
                        os.kill(pid, signal.SIGKILL)

                def answer(first: str, reply: bytes, kill: Callable[[str], None] = kill) -> bytes:
                    kill("answered")
                    return reply

                line.before = lambda first, kill=kill: kill("asked")
                line.cut = answer
                programs.stdin.write(b".")
                assert int(programs.stdout.readline()) == -signal.SIGKILL, (moment, request)
            programs.stdin.close()
        assert not [first for first in line.lines if is_transaction(first)]
    assert store.opinions.find_receipt(CASE) is None
    assert deliver(hospital, store) == ()
    assert_held_once(hospital)
    receipt = store.opinions.find_receipt(CASE)
    assert receipt is not None
    assert receipt.already_there
