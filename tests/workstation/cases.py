"""Invented cases, small and whole, for the workstation's tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sync.records.case import (
    Case,
    CaseId,
    CaseStatus,
    ConsentState,
    Document,
    DocumentCategory,
    ImagingStudy,
    LabResult,
    Patient,
    Priority,
    PriorReport,
    SeriesEntry,
)
from sync.records.stored_object import Integrity, StoredObject

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CASE_ID = CaseId("SO-2026-00001")
STUDY = ImagingStudy(
    "ImagingStudy/ct", "1", "1.2.3", "CT chest", NOW - timedelta(days=9), (SeriesEntry("1.2.3.4", "CT", "Lung", 2),), ""
)
REPORT = Document(
    "DocumentReference/report",
    "1",
    DocumentCategory.IMAGING_REPORT,
    "CT report",
    NOW - timedelta(days=8),
    "application/pdf",
    "Binary/report",
    31_000,
    None,
)
SLIDE = replace(
    REPORT,
    reference="DocumentReference/slide",
    category=DocumentCategory.SLIDE,
    title="Biopsy",
    content_type="image/tiff",
)
PATIENT = Patient("Patient/1", "P-1", "Thornbury", "Ada", date(1961, 3, 4), "female")


def make_case(**changes: Any) -> Case:
    """A case with a CT of two images, a report, a slide and a high laboratory value."""
    case = Case(
        case_id=CASE_ID,
        task_reference="Task/1",
        task_version="1",
        service_request_reference="ServiceRequest/1",
        manifest_reference="List/1/_history/1",
        questionnaire="https://readingroom.example/fhir/Questionnaire/second-opinion|1.1.0",
        assignment="SO-2026-00001/1",
        status=CaseStatus.REQUESTED,
        business_status="",
        priority=Priority.ROUTINE,
        patient=PATIENT,
        questions=("Is the nodule malignant?",),
        working_diagnosis="Nodule of the right upper lobe",
        owner_reference="Practitioner/1",
        requester_name="Dr. Reed",
        authored=NOW - timedelta(days=7),
        due=NOW + timedelta(days=10),
        consent=ConsentState.ACTIVE,
        consent_reference="Consent/1",
        studies=(STUDY,),
        documents=(REPORT, SLIDE),
        lab_results=(LabResult("Observation/1", "1", "CEA", "9.1", "µg/L", "< 5", "H", NOW - timedelta(days=5)),),
        prior_reports=(PriorReport("DiagnosticReport/1", "1", "CT report", NOW, "Solid nodule.", None),),
    )
    return replace(case, **changes)


def make_image(number: int, *, mismatch: str = "") -> StoredObject:
    """One of the CT's images as it lies in the vault."""
    return StoredObject(
        CASE_ID,
        STUDY.reference,
        f"{number:064x}",
        1000,
        "application/dicom",
        f"Image {number}",
        Integrity.STRUCTURE,
        NOW,
        STUDY.study_uid,
        "1.2.3.4",
        f"1.2.3.4.{number}",
        mismatch,
    )


def make_file(document: Document) -> StoredObject:
    """A document as it lies in the vault."""
    digest = f"{abs(hash(document.reference)):064x}"
    return StoredObject(
        CASE_ID, document.reference, digest, 10, document.content_type, document.title, Integrity.SHA256, NOW
    )
