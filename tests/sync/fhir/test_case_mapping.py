"""A case is read from what a server sends, and one odd element never loses it."""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import UnsafeCase
from sync.fhir.case_mapping import MappedCase, case_from_resources, patient_from
from sync.fhir.consent_mapping import consent_state
from sync.fhir.records_mapping import inline_content
from sync.records.case import CaseStatus, ConsentState, DocumentCategory, Priority

Json = dict[str, Any]
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
BASE = "https://hospital.example/fhir"
NS = "https://readingroom.example/fhir"
IDS = "https://readingroom.example/ids"

TASK: Json = {
    "resourceType": "Task", "id": "t1", "meta": {"versionId": "7"}, "status": "in-progress", "priority": "urgent",
    "identifier": [{"system": f"{IDS}/assignment", "value": "SO-42/1"}],
    "groupIdentifier": {"system": f"{IDS}/case", "value": "SO-42"},
    "focus": {"reference": "ServiceRequest/sr1"}, "for": {"reference": f"{BASE}/Patient/p1"},
    "owner": {"reference": "Practitioner/me"}, "restriction": {"period": {"end": "2026-12-01T00:00:00Z"}},
    "businessStatus": {"coding": [{"code": "records-complete"}]},
    "input": [
        {"type": {"coding": [{"code": "records-manifest"}]}, "valueReference": {"reference": "List/m1"}},
        {"type": {"coding": [{"code": "questionnaire"}]}, "valueCanonical": f"{NS}/Questionnaire/second-opinion|1.1.0"},
    ],
}  # fmt: skip
RESOURCES: list[Json] = [
    {
        "resourceType": "ServiceRequest", "id": "sr1", "subject": {"reference": "Patient/p1"},
        "identifier": [{"system": f"{IDS}/case", "value": "SO-42"}], "note": [{"text": "Q1?"}, {"text": "Q2?"}],
        "reasonCode": [{"text": "Nodule"}], "requester": {"display": "Dr. Asking"},
    },
    {
        "resourceType": "Patient", "id": "p1", "birthDate": "1961-04-05", "gender": "female",
        "identifier": [
            {"system": "urn:insurance", "value": "INS"},
            {"type": {"coding": [{"code": "MR"}]}, "value": "MRN-1"},
        ],
        "name": [
            {"use": "nickname", "text": "Annie"}, {"use": "official", "family": "Moreau", "given": ["Anne", "L."]},
        ],
    },
    {
        "resourceType": "List", "id": "m1", "meta": {"versionId": "3"},
        "entry": [
            {"item": {"reference": r}}
            for r in ("ImagingStudy/is1", "DocumentReference/wsi1", "Observation/o1", "DiagnosticReport/dr1")
        ] + [{"deleted": True, "item": {"reference": "DocumentReference/gone"}}],
    },
    {
        "resourceType": "ImagingStudy", "id": "is1", "meta": {"versionId": "2"}, "started": "2026-10-01",
        "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}],
        "endpoint": [{"reference": "Endpoint/e1"}],
        "series": [{"uid": "1.2.3.4", "modality": {"code": "CT"}, "numberOfInstances": 56, "description": "Thin"}],
    },
    {
        "resourceType": "Endpoint", "id": "e1", "connectionType": {"code": "dicom-wado-rs"},
        "address": "https://pacs.example/dicom-web/studies/1.2.3",
    },
    {
        "resourceType": "DocumentReference", "id": "wsi1", "category": [{"coding": [{"code": "wsi"}]}],
        "content": [{"attachment": {
            "contentType": "image/x-aperio-svs", "url": "https://api.example/files/1", "title": "S1",
            "size": 2147483647,
            "extension": [
                {"url": f"{NS}/StructureDefinition/content-sha256",
                 "valueBase64Binary": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
                {"url": f"{NS}/StructureDefinition/content-length", "valueDecimal": 3500000000},
            ]}}],
    },
    {
        "resourceType": "Observation", "id": "o1", "code": {"text": "CEA"}, "effectiveDateTime": "2026-10-02T08:00:00Z",
        "valueQuantity": {"value": 7.1, "unit": "µg/L"}, "referenceRange": [{"high": {"value": 5}}],
        "interpretation": [{"coding": [{"code": "H"}]}],
    },
    {
        "resourceType": "DiagnosticReport", "id": "dr1", "code": {"text": "CT chest"}, "conclusion": "Nodule, 9 mm.",
        "category": [{"text": "Radiology"}], "issued": "2026-10-02T08:00:00Z",
        "presentedForm": [{"contentType": "application/pdf", "url": "Binary/b1"}],
    },
    {
        "resourceType": "Consent", "id": "c1", "status": "active", "patient": {"reference": "Patient/p1"},
        "provision": {
            "type": "permit", "period": {"start": "2026-11-01", "end": "2027-11-01"},
            "actor": [{"reference": {"reference": "Practitioner/me"}}], "purpose": [{"code": "TREAT"}],
        },
    },
]  # fmt: skip


def mapped(task: Json = TASK, resources: list[Json] = RESOURCES) -> MappedCase:
    return case_from_resources(task, resources, fhir_base=BASE, dicomweb_base=f"{BASE}/dw", now=NOW)


def test_that_everything_a_reader_needs_is_read() -> None:
    case, problems = mapped().case, mapped().problems
    assert problems == ()
    assert (case.case_id, case.assignment, case.task_version) == ("SO-42", "SO-42/1", "7")
    assert (case.status, case.priority, case.business_status) == (
        CaseStatus.IN_PROGRESS, Priority.URGENT, "records-complete",
    )  # fmt: skip
    assert case.questions == ("Q1?", "Q2?")
    assert (case.requester_name, case.working_diagnosis) == ("Dr. Asking", "Nodule")
    assert case.due == datetime(2026, 12, 1, tzinfo=UTC)
    assert case.manifest_reference == "List/m1/_history/3"
    assert (case.consent, case.consent_reference) == (ConsentState.ACTIVE, "Consent/c1")
    patient = case.patient
    assert (patient.patient_id, patient.family, patient.given, patient.birth_date) == (
        "MRN-1", "Moreau", "Anne L.", date(1961, 4, 5),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [
        ({"unit": "10³/µL", "code": "10*3/uL"}, "10³/µL"),
        ({"code": "mmol/L"}, "mmol/L"),
        ({"unit": "{INR}", "code": "{INR}"}, ""),
        ({"code": "mg/dL{fasting}"}, "mg/dL"),
        ({}, ""),
    ],
)
def test_that_a_laboratory_value_has_the_unit_that_people_write(quantity: Json, unit: str) -> None:
    resources = copy.deepcopy(RESOURCES)
    (observation,) = (one for one in resources if one["resourceType"] == "Observation")
    observation["valueQuantity"] = {"value": 7.1, **quantity}
    (value,) = mapped(resources=resources).case.lab_results
    assert (value.value, value.unit) == ("7.1", unit)


def test_that_records_are_read_with_their_sizes_and_digests() -> None:
    case = mapped().case
    (study,) = case.studies
    assert (study.study_uid, study.dicomweb_base, study.instance_count) == (
        "1.2.3",
        "https://pacs.example/dicom-web",
        56,
    )
    slide, report = case.documents
    assert (slide.category, slide.size_bytes) == (DocumentCategory.SLIDE, 3_500_000_000)
    assert slide.sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert (report.reference, report.url) == ("DiagnosticReport/dr1", f"{BASE}/Binary/b1")
    (value,) = case.lab_results
    assert (value.name, value.value, value.unit, value.reference_range, value.flag) == (
        "CEA",
        "7.1",
        "µg/L",
        "≤ 5",
        "H",
    )
    (prior,) = case.prior_reports
    assert (prior.conclusion, prior.document_reference) == ("Nodule, 9 mm.", "DiagnosticReport/dr1")


@pytest.mark.parametrize("change", [{"status": "inactive"}, {"provision": {}}])
def test_that_without_a_release_nothing_clinical_of_the_records_is_taken_in(change: Json) -> None:
    resources = [{**r, **change} if r["resourceType"] == "Consent" else r for r in RESOURCES]
    case = mapped(resources=resources).case
    assert case.consent is not ConsentState.ACTIVE
    assert (case.lab_results, case.prior_reports) == ((), ())
    assert case.questions == ("Q1?", "Q2?")
    assert [document.reference for document in case.documents] == ["DocumentReference/wsi1", "DiagnosticReport/dr1"]


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("Patient", "Case SO-42: the hospital did not send the patient's details."),
        ("ServiceRequest", "Case SO-42: the hospital sent no clinical question."),
        ("Observation", "Case SO-42: the hospital lists a record (Observation/o1) that it does not give."),
    ],
)
def test_that_a_missing_part_is_a_sentence_and_the_case_is_listed_all_the_same(kind: str, problem: str) -> None:
    found = mapped(resources=[r for r in RESOURCES if r["resourceType"] != kind])
    assert found.case.case_id == "SO-42"
    assert problem in found.problems


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"status": "pondering"}, "“pondering” is not known"),
        ({"status": None}, "“” is not known"),
        ({"owner": None}, "to whom it is assigned"),
        ({"for": {"reference": "Patient/other"}}, "different patients"),
    ],
)
def test_that_nobody_guesses_whose_an_assignment_is_about_whom_and_how_it_stands(changed: Json, why: str) -> None:
    with pytest.raises(UnsafeCase, match=f"Case SO-42 was not taken in: .*{why}"):
        mapped({**TASK, **changed})


def test_that_an_assignment_about_nobody_is_not_taken_in() -> None:
    with pytest.raises(UnsafeCase, match="which patient"):
        mapped({**TASK, "for": None}, [r for r in RESOURCES if r["resourceType"] != "ServiceRequest"])


def test_that_a_patient_without_identifier_has_a_missing_identity() -> None:
    assert patient_from({"resourceType": "Patient", "id": "p"}, "Patient/p").identity_missing


def test_that_content_inside_a_resource_is_found() -> None:
    assert inline_content({"content": [{"attachment": {"data": "aGVsbG8="}}]}) == b"hello"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["Patient/p1", "2026", "active"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["reference", "code", "id"]), inner),
    max_leaves=4,
)


@given(st.data())
def test_that_any_other_element_of_any_wrong_type_still_gives_a_case(data: st.DataObject) -> None:
    everything = copy.deepcopy([TASK, *RESOURCES])
    for _ in range(3):
        resource = data.draw(st.sampled_from(everything))
        resource[data.draw(st.sampled_from(sorted(set(resource) - {"resourceType", "id"})))] = data.draw(VALUES)
    try:
        case = mapped(everything[0], everything[1:]).case
    except UnsafeCase:
        request = next((r for r in everything if r["resourceType"] == "ServiceRequest"), {})
        told = [everything[0][name] for name in ("status", "owner", "for", "focus")] + [request.get("subject")]
        assert told != [TASK[name] for name in ("status", "owner", "for", "focus")] + [RESOURCES[0]["subject"]]
        return
    assert case.task_reference == "Task/t1"
    json.dumps(case.questions)


CONSENT = RESOURCES[-1]


def consent(**elements: Any) -> ConsentState:
    return consent_state([{**CONSENT, **elements}], "Patient/p1", "Practitioner/me", NOW)[0]


def provision(**elements: Any) -> Json:
    return {**CONSENT["provision"], **elements}


@pytest.mark.parametrize(
    ("elements", "state"),
    [
        ({}, ConsentState.ACTIVE),
        ({"status": "inactive"}, ConsentState.MISSING),
        ({"patient": {"reference": "Patient/other"}}, ConsentState.MISSING),
        ({"provision": provision(actor=[{"reference": {"reference": "Practitioner/x"}}])}, ConsentState.MISSING),
        ({"provision": provision(type="deny")}, ConsentState.MISSING),
        ({"provision": provision(purpose=[{"code": "HMARKT"}])}, ConsentState.MISSING),
        ({"provision": provision(period={"end": "2026-11-22"})}, ConsentState.ACTIVE),
        ({"provision": provision(period={"end": "2026-11"})}, ConsentState.ACTIVE),
        ({"provision": provision(period={"end": "2026-11-21"})}, ConsentState.EXPIRED),
        ({"provision": provision(period={"end": "2026-11-22T09:59:59Z"})}, ConsentState.EXPIRED),
        ({"provision": provision(period={"start": "2026-11-23"})}, ConsentState.EXPIRED),
        ({"provision": provision(period={"end": "some day"})}, ConsentState.EXPIRED),
        ({"provision": None}, ConsentState.MISSING),
    ],
)
def test_that_only_a_valid_release_to_this_reader_counts(elements: Json, state: ConsentState) -> None:
    assert consent(**elements) is state
