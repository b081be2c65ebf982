"""An amendment of a delivered opinion arrives exactly once, whatever is lost on the way, and overwrites nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sync.conflict_choices import sign_again
from sync.errors import Offline, SigningRefused
from sync.fhir.fhir_gateway import HttpFhirGateway
from sync.records.amendment import AmendmentKind
from sync.records.opinion import OpinionDraft, SignedOpinion
from sync.records.outbox_entry import OutboxState
from sync.store.database import Store
from sync.sync_round import run_sync_round
from tests.sync.faulty_line import faulty_line
from tests.sync.sample_records import AT
from tests.sync.small_hospital import SmallHospital
from tests.sync.test_outbox import CASE, IDENTIFIER, assert_held_once, deliver, prepare, signed_opinion

SECOND = "SO-1/1/v2"


def amendment(kind: str = "correction", version: int = 2) -> SignedOpinion:
    first = signed_opinion()
    envelope = {
        "type": "envelope",
        "replaces": hashlib.sha256(first.frozen.envelope).hexdigest(),
        "amendment": {"opinion": IDENTIFIER, "kind": kind, "reason": "The other lung was meant"},
    }
    frozen = replace(
        first.frozen,
        opinion_identifier=f"SO-1/1/v{version}",
        version=version,
        envelope=json.dumps(envelope).encode(),
        marks=(),
    )
    return replace(first, frozen=frozen, report_pdf=b"%PDF-1.7 the corrected report")


def begin(hospital: SmallHospital, store: Store, kind: AmendmentKind = AmendmentKind.CORRECTION) -> None:
    """A delivered first version, and its amendment signed."""
    prepare(hospital, store)
    assert deliver(hospital, store) == ()
    store.amendments.begin(CASE, kind, "The other lung was meant")
    store.opinions.put_signed(amendment(kind.value))


def assert_amended_once(hospital: SmallHospital, relation: str = "replaces") -> None:
    counts = {kind: hospital.count(kind) for kind in ("DiagnosticReport", "QuestionnaireResponse", "Provenance")}
    assert counts == {"DiagnosticReport": 2, "QuestionnaireResponse": 2, "Provenance": 2}
    assert hospital.count("ChargeItem") == 1, "an assignment is charged for once"
    task = hospital.resource("Task/task-so-1")
    assert task["status"] == "completed"
    reports = [o["valueReference"]["reference"] for o in task["output"] if "DiagnosticReport" in str(o)]
    assert [hospital.resource(r)["identifier"][0]["value"] for r in reports] == [IDENTIFIER, SECOND]
    documents = {d.json["masterIdentifier"]["value"]: d for d in held_documents(hospital)}
    assert documents[IDENTIFIER].json["status"] == "superseded"
    assert documents[IDENTIFIER].version == 2, "superseded once"
    assert documents[SECOND].json["status"] == "current"
    related = documents[SECOND].json["relatesTo"]
    assert related == [{"code": relation, "target": {"reference": documents[IDENTIFIER].reference}}]


def held_documents(hospital: SmallHospital) -> list[Any]:
    found = hospital.state.list_resources("DocumentReference")
    return [d for d in found if d.json.get("masterIdentifier", {}).get("value") in (IDENTIFIER, SECOND)]


@pytest.mark.parametrize(
    ("kind", "relation"), [(AmendmentKind.CORRECTION, "replaces"), (AmendmentKind.ADDENDUM, "appends")]
)
def test_that_an_amendment_is_delivered_beside_what_it_amends(
    hospital: SmallHospital, store: Store, kind: AmendmentKind, relation: str
) -> None:
    begin(hospital, store, kind)
    assert deliver(hospital, store) == ()
    assert_amended_once(hospital, relation)
    receipt = store.opinions.find_receipt(CASE)
    assert receipt is not None
    assert receipt.opinion_identifier == SECOND
    assert deliver(hospital, store) == ()
    assert_amended_once(hospital, relation)


@pytest.mark.parametrize("bytes_back", [0, 40])
def test_that_a_lost_answer_is_found_out_and_the_amendment_is_there_once(
    hospital: SmallHospital, store: Store, bytes_back: int
) -> None:
    begin(hospital, store)
    with faulty_line(hospital.port) as line:
        line.cut = lambda first, reply: reply[:bytes_back] if first.startswith("POST") else reply
        assert deliver(hospital, store, line.port) == ()
        assert len([first for first in line.lines if first.startswith("POST")]) == 1
    receipt = store.opinions.find_receipt(CASE)
    assert receipt is not None
    assert receipt.already_there
    assert_amended_once(hospital)
    assert [entry.state for entry in store.outbox.list_entries()] == [OutboxState.DELIVERED] * 2


def break_at(monkeypatch: pytest.MonkeyPatch, number: int, *, after: bool) -> None:
    """The *number*-th write goes wrong: before it reaches the hospital, or *after* it was carried out."""
    writes = 0

    def counted(write: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            nonlocal writes
            writes += 1
            if writes == number and not after:
                raise Offline("the line broke")
            answer = write(*arguments, **options)
            if writes == number:
                raise Offline("the answer was lost")
            return answer

        return wrapped

    monkeypatch.setattr(HttpFhirGateway, "create", counted(HttpFhirGateway.create))
    monkeypatch.setattr(HttpFhirGateway, "update", counted(HttpFhirGateway.update))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(1, 9))
def test_that_without_transactions_it_is_there_once_whichever_write_breaks(
    hospital: SmallHospital, store: Store, number: int, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(hospital, store)
    hospital.faults.add("no-transaction")
    with monkeypatch.context() as broken:
        break_at(broken, number, after=after)
        deliver(hospital, store)
    assert deliver(hospital, store) == ()
    assert_amended_once(hospital)


def test_that_of_two_amendments_from_two_computers_one_is_there_and_the_other_is_told(
    hospital: SmallHospital, store: Store
) -> None:
    begin(hospital, store)
    task = hospital.resource("Task/task-so-1")
    (first,) = hospital.state.list_resources("DiagnosticReport")
    other = {**first.json, "id": "elsewhere", "identifier": [{**first.json["identifier"][0], "value": SECOND}]}
    other["presentedForm"] = [{"hash": "b3RoZXI=", "contentType": "application/pdf"}]
    hospital.state.put_resource(other)
    output = {**task["output"][0], "valueReference": {"reference": "DiagnosticReport/elsewhere"}}
    hospital.change("Task/task-so-1", output=[*task["output"], output])
    (problem,) = deliver(hospital, store)
    assert "already holds an opinion of yours" in problem
    assert hospital.count("DiagnosticReport") == 2
    assert store.outbox.list_entries()[-1].state is OutboxState.NEEDS_ATTENTION


def test_that_nothing_is_amended_that_the_hospital_does_not_show(hospital: SmallHospital, store: Store) -> None:
    begin(hospital, store)
    (document,) = held_documents(hospital)
    hospital.change(document.reference, masterIdentifier=None, identifier=None)
    (problem,) = deliver(hospital, store)
    assert "does not show opinion SO-1/1/v1" in problem
    assert hospital.count("DiagnosticReport") == 1


def test_that_a_withdrawn_release_keeps_an_amendment_here(hospital: SmallHospital, store: Store) -> None:
    begin(hospital, store)
    hospital.change("Consent/consent-so-1", status="inactive")
    assert deliver(hospital, store) != ()
    assert hospital.count("DiagnosticReport") == 1


def test_that_only_a_delivered_opinion_can_be_amended_and_only_with_a_reason(
    hospital: SmallHospital, store: Store
) -> None:
    prepare(hospital, store)
    with pytest.raises(SigningRefused, match="holds no opinion"):
        store.amendments.begin(CASE, AmendmentKind.CORRECTION, "too soon")
    deliver(hospital, store)
    with pytest.raises(SigningRefused, match="reason"):
        store.amendments.begin(CASE, AmendmentKind.CORRECTION, "  ")
    with pytest.raises(SigningRefused, match="signed"):
        store.opinions.put_draft(OpinionDraft(CASE, {}, AT))


def test_that_the_form_is_open_while_an_amendment_is_written_and_closed_after_it(
    hospital: SmallHospital, store: Store
) -> None:
    prepare(hospital, store)
    deliver(hospital, store)
    store.amendments.begin(CASE, AmendmentKind.ADDENDUM, "More was seen")
    draft = store.opinions.find_draft(CASE)
    assert draft is not None
    assert draft.response["item"] == signed_opinion().frozen.response["item"], "it begins with what was signed"
    store.opinions.put_draft(draft)
    store.amendments.drop(CASE)
    with pytest.raises(SigningRefused):
        store.opinions.put_draft(draft)
    store.amendments.begin(CASE, AmendmentKind.ADDENDUM, "More was seen")
    store.opinions.put_signed(amendment("addendum"))
    assert store.amendments.find(CASE) is None
    with pytest.raises(SigningRefused):
        store.opinions.put_draft(draft)
    assert_held_once(hospital)


def test_that_a_void_amendment_is_written_again_over_the_same_delivered_version(
    hospital: SmallHospital, store: Store
) -> None:
    begin(hospital, store)
    hospital.change("ServiceRequest/sr-so-1", note=[{"text": "Is it malignant after all?"}])
    assert deliver(hospital, store) != ()
    sign_again(store, CASE)
    again = store.amendments.find(CASE)
    assert again is not None
    assert again.opinion_identifier == IDENTIFIER
    first = store.opinions.find_signed(CASE)
    assert first is not None
    assert first.frozen.opinion_identifier == IDENTIFIER, "what was delivered stands"


def test_that_a_task_for_a_change_is_told_and_never_stands_in_the_place_of_the_assignment(
    hospital: SmallHospital, store: Store
) -> None:
    prepare(hospital, store)
    assert deliver(hospital, store) == ()
    run_sync_round(store, hospital.profile())
    before = store.cases.get_case(CASE)
    task = hospital.resource("Task/task-so-1")
    report = next(found.reference for found in hospital.state.list_resources("DiagnosticReport"))
    code = {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "change"}]}
    asked = {**task, "id": "change-1", "status": "requested", "code": code, "focus": {"reference": report}}
    asked.pop("output")
    hospital.state.put_resource({**asked, "identifier": []})
    told = run_sync_round(store, hospital.profile()).problems
    assert [sentence for sentence in told if "change the opinion it holds" in sentence and "SO-1" in sentence]
    assert store.cases.get_case(CASE) == before
    store.amendments.begin(CASE, AmendmentKind.CORRECTION, "As asked")
    store.opinions.put_signed(amendment())
    assert deliver(hospital, store) == ()
    assert_amended_once(hospital)
