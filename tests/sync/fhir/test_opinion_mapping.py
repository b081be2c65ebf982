"""The transaction that delivers an opinion: valid R4, complete, and the same on every attempt."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.fhir.bundle_check import find_fault, validation_faults
from sync.fhir.opinion_mapping import HeldVersion, opinion_bundle
from sync.records.case import ImagingStudy
from sync.records.opinion import FrozenOpinion, MarksFile, SignedOpinion
from tests.sync.sample_records import sample_case

Json = dict[str, Any]
TASK: Json = {
    "resourceType": "Task", "id": "t1", "meta": {"versionId": "7"}, "status": "in-progress", "intent": "order",
    "owner": {"reference": "Practitioner/demo-specialist"}, "for": {"reference": "Patient/p1"},
}  # fmt: skip
ALL = frozenset({"QuestionnaireResponse", "DiagnosticReport", "DocumentReference", "ChargeItem"})
RESPONSE: Json = {
    "resourceType": "QuestionnaireResponse", "status": "completed",
    "item": [{
        "linkId": "opinion",
        "item": [
            {"linkId": "opinion.agreement", "answer": [{"valueCoding": {"code": "changed", "display": "Changed"}}]},
            {"linkId": "opinion.dx", "answer": [{"valueString": "Hamartoma"}]},
            {"linkId": "opinion.dxcode", "item": [{"linkId": "opinion.dxcode.icd10", "answer": [
                {"valueCoding": {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "D14.30"}}]}]},
            {"linkId": "opinion.dxcode.sct", "answer": [{"valueString": "in words"}]},
        ],
    }],
}  # fmt: skip


def signed(version: int = 1, marks: int = 2) -> SignedOpinion:
    files = tuple(
        MarksFile(
            f"series:1.{n}", f"marks {n}", "application/json", b"{}", hashlib.sha256(b"{}").hexdigest(), (f"a{n}",),
            "ImagingStudy/is1",
        )
        for n in range(marks)
    )  # fmt: skip
    at = datetime(2026, 11, 22, 10, 5, tzinfo=UTC)
    identifier = f"SO-2026-00042/1/v{version}"
    frozen = FrozenOpinion(sample_case().case_id, identifier, version, b'{"type":"e"}', at, RESPONSE, files)
    return SignedOpinion(frozen, "h..s", b"%PDF-1.7", "Dr Ada Reader", "00" * 32)


def bundle(identifier_search: frozenset[str] = ALL, **options: Any) -> Json:
    study = ImagingStudy("ImagingStudy/is1", "1", "1.2.3", "CT", None, (), "http://127.0.0.1/dw")
    return opinion_bundle(signed(**options), sample_case(studies=(study,)), TASK, identifier_search)


@pytest.mark.parametrize("version", [1, 2])
def test_that_every_entry_is_valid_r4(version: int) -> None:
    entries = bundle(version=version)["entry"]
    assert [fault for entry in entries for fault in validation_faults(entry["resource"])] == []
    assert validation_faults(bundle()) == []
    assert find_fault(bundle()) == ""


def test_that_the_validation_would_find_a_fault() -> None:
    report = bundle()["entry"][3]["resource"]
    assert validation_faults({**report, "conclusions": "x"})
    assert validation_faults({key: value for key, value in report.items() if key != "code"})


def test_that_two_attempts_send_the_same_bytes_and_only_the_task_may_differ() -> None:
    again = opinion_bundle(signed(), sample_case(), {**TASK, "meta": {"versionId": "9"}}, ALL)
    first = opinion_bundle(signed(), sample_case(), TASK, ALL)
    assert again["entry"][:-1] == first["entry"][:-1]
    assert again["entry"][-1]["request"]["ifMatch"] == 'W/"9"'


def test_that_if_none_exist_stands_only_where_the_server_can_search_by_identifier() -> None:
    conditional = {e["resource"]["resourceType"] for e in bundle()["entry"] if "ifNoneExist" in e["request"]}
    assert conditional == ALL
    assert not [e for e in bundle(frozenset())["entry"] if "ifNoneExist" in e["request"]]


def test_that_the_conclusion_and_its_codes_come_from_the_answers() -> None:
    report = next(e["resource"] for e in bundle()["entry"] if e["resource"]["resourceType"] == "DiagnosticReport")
    assert report["conclusion"] == "Changed: Hamartoma"
    assert [c["coding"][0]["code"] for c in report["conclusionCode"]] == ["D14.30"]


def test_that_the_task_goes_back_whole_with_only_our_elements_changed() -> None:
    task = {**TASK, "extension": [{"url": "urn:theirs"}], "note": [{"text": "theirs"}]}
    sent = opinion_bundle(signed(), sample_case(), task, ALL)["entry"][-1]["resource"]
    assert {k: v for k, v in sent.items() if k not in ("status", "output")} == {
        k: v for k, v in task.items() if k != "status"
    }
    assert task["status"] == "in-progress"


def without(kind: str) -> Json:
    whole = bundle()
    return {**whole, "entry": [e for e in whole["entry"] if e["resource"]["resourceType"] != kind]}


def changed(kind: str, **elements: Any) -> Json:
    whole = copy.deepcopy(bundle())
    for entry in whole["entry"]:
        if entry["resource"]["resourceType"] == kind:
            entry["resource"].update(elements)
    return whole


@pytest.mark.parametrize(
    ("faulty", "fault"),
    [
        (without("Provenance"), "it holds 0 times Provenance"),
        (without("Binary"), "refers to something that is not in it"),
        (changed("Provenance", signature=[]), "its Provenance lacks signature"),
        (changed("DiagnosticReport", resourceType="Observation"), "its Observation lacks a known type"),
    ],
)
def test_that_an_incomplete_transaction_is_noticed_before_it_leaves(faulty: Json, fault: str) -> None:
    assert fault in find_fault(faulty)


def amendment(kind: str = "correction", **document: Any) -> tuple[Json, Json]:
    """The transaction of a second version, and the document of the first as the hospital holds it."""
    first = {
        entry["resource"]["resourceType"]: entry["resource"] for entry in bundle(marks=0)["entry"]
    }["DocumentReference"]  # fmt: skip
    attachment = {"contentType": "application/pdf", "url": "Binary/b1"}
    first = {**first, "content": [{"attachment": attachment}]}
    held = {**first, "id": "d1", "meta": {"versionId": "4"}, "extension": [{"url": "urn:theirs"}], **document}
    content = {"type": "e", "amendment": {"opinion": "SO-2026-00042/1/v1", "kind": kind, "reason": "A typing error"}}
    later = signed(version=2)
    later = replace(later, frozen=replace(later.frozen, envelope=json.dumps(content).encode()))
    task = {
        **TASK,
        "status": "completed",
        "output": [{"type": {"text": "opinion"}, "valueReference": {"reference": "DiagnosticReport/r1"}}],
    }
    amended = HeldVersion(held, "DiagnosticReport/r1")
    return opinion_bundle(later, sample_case(), task, ALL, amended), held


@pytest.mark.parametrize(
    ("kind", "status", "relation"), [("correction", "corrected", "replaces"), ("addendum", "appended", "appends")]
)
def test_that_an_amendment_says_what_it_does_to_the_earlier_version(kind: str, status: str, relation: str) -> None:
    transaction, _held = amendment(kind)
    entries = transaction["entry"]
    assert [fault for entry in entries for fault in validation_faults(entry["resource"])] == []
    assert find_fault(transaction) == ""
    by_kind = {e["resource"]["resourceType"]: e["resource"] for e in entries if e["request"]["method"] == "POST"}
    assert by_kind["QuestionnaireResponse"]["status"] == "amended"
    assert by_kind["DiagnosticReport"]["status"] == status
    document = next(e["resource"] for e in entries if e["resource"].get("relatesTo"))
    assert document["relatesTo"] == [{"code": relation, "target": {"reference": "DocumentReference/d1"}}]
    revised = [e["what"]["reference"] for e in by_kind["Provenance"]["entity"] if e["role"] == "revision"]
    assert revised == ["DocumentReference/d1", "DiagnosticReport/r1"]
    assert "ChargeItem" not in by_kind, "an assignment is charged for once"


def test_that_the_earlier_document_is_superseded_under_its_version_and_keeps_all_else() -> None:
    transaction, held = amendment()
    put = next(e for e in transaction["entry"] if e["request"]["url"] == "DocumentReference/d1")
    assert put["request"]["ifMatch"] == 'W/"4"'
    assert put["resource"] == {**held, "status": "superseded"}
    assert transaction["entry"][-1]["resource"]["resourceType"] == "Task", "the Task stays the last, the commit point"
    assert transaction["entry"][-1]["resource"]["status"] == "completed"


def test_that_a_document_superseded_by_an_attempt_that_broke_off_is_not_changed_again() -> None:
    transaction, _held = amendment(status="superseded")
    assert [e for e in transaction["entry"] if e["request"]["url"] == "DocumentReference/d1"] == []


def test_that_an_amendment_cannot_be_made_without_what_it_amends() -> None:
    content = b'{"amendment":{"opinion":"SO-2026-00042/1/v1","kind":"addendum","reason":"More"}}'
    later = replace(signed(version=2), frozen=replace(signed(version=2).frozen, envelope=content))
    with pytest.raises(ValueError, match="what it amends"):
        opinion_bundle(later, sample_case(), TASK, ALL)


def test_that_a_superseded_document_goes_back_with_what_the_hospitals_server_left_in_it() -> None:
    unresolved = [{"attachment": {"contentType": "application/pdf", "url": "urn:uuid:of-the-first-transaction"}}]
    transaction, held = amendment(content=unresolved)
    assert held["content"] == unresolved
    assert find_fault(transaction) == ""
    task = next(e["resource"] for e in transaction["entry"] if e["resource"]["resourceType"] == "Task")
    task["output"].append({"valueReference": {"reference": "urn:uuid:of-nothing"}})
    assert "its Task refers to something" in find_fault(transaction), "what we add to the Task is ours to check"
