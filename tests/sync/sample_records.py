"""Records as small as they can be and still be whole, for tests of what keeps and signs them."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from typing import Any

from sync.records.annotation_record import AnnotationRevision
from sync.records.case import Case, CaseId, CaseStatus, ConsentState, Patient, Priority
from sync.records.opinion import FrozenOpinion, MarksFile, OpinionDraft, Receipt, SignedOpinion

CASE = CaseId("SO-2026-00042")
AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def sample_case(case_id: CaseId = CASE, **changes: Any) -> Case:
    content: dict[str, Any] = {
        "case_id": case_id,
        "task_reference": "Task/t1",
        "task_version": "3",
        "service_request_reference": "ServiceRequest/sr1",
        "manifest_reference": "List/l1/_history/1",
        "questionnaire": "https://readingroom.example/fhir/Questionnaire/second-opinion|1.1.0",
        "assignment": f"{case_id}/1",
        "status": CaseStatus.REQUESTED,
        "business_status": "",
        "priority": Priority.URGENT,
        "patient": Patient("Patient/p1", "MRN-7", "Zürcher", "Øyvind", date(1961, 4, 9), "male"),
        "questions": ("Is the nodule malignant?",),
        "working_diagnosis": "Solitary pulmonary nodule",
        "owner_reference": "Practitioner/demo-specialist",
        "requester_name": "Dr Kim",
        "authored": AT,
        "due": None,
        "consent": ConsentState.ACTIVE,
        "consent_reference": "Consent/c1",
    }
    return Case(**{**content, **changes})


def sample_revision(
    annotation_id: str = "a1",
    revision: int = 1,
    *,
    case_id: CaseId = CASE,
    deleted: bool = False,
    payload: str = '{"mm":7}',
) -> AnnotationRevision:
    return AnnotationRevision(
        case_id, annotation_id, revision, "series:1.2.3", "Practitioner/x", AT, deleted, "" if deleted else payload
    )


def sample_marks(content: bytes = b'{"type":"marks"}') -> MarksFile:
    return MarksFile(
        "series:1.2.3",
        "marks-1.json",
        "application/json",
        content,
        hashlib.sha256(content).hexdigest(),
        ("a1", "a2"),
        "ImagingStudy/is1",
    )


def sample_draft(text: str = "so far", case_id: CaseId = CASE) -> OpinionDraft:
    response = {"resourceType": "QuestionnaireResponse", "status": "in-progress", "item": [{"linkId": text}]}
    return OpinionDraft(case_id, response, AT)


def sample_signed(version: int = 1, case_id: CaseId = CASE) -> SignedOpinion:
    identifier = f"{case_id}/1/v{version}"
    envelope = b'{"opinion":"' + identifier.encode() + b'"}'
    frozen = FrozenOpinion(case_id, identifier, version, envelope, AT, {"item": []}, (sample_marks(),))
    return SignedOpinion(frozen, "header..signature", b"%PDF-1.7 signed", "Dr Ada Reader", "ab" * 32)


def sample_receipt(version: int = 1, case_id: CaseId = CASE, *, already_there: bool = False) -> Receipt:
    return Receipt(case_id, f"{case_id}/1/v{version}", "DiagnosticReport/d1", "4", AT, already_there)
