"""The transaction that delivers an opinion: valid R4, complete, and the same on every attempt."""

from __future__ import annotations

import copy
import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.fhir.bundle_check import find_fault, validation_faults
from sync.fhir.opinion_mapping import opinion_bundle
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
