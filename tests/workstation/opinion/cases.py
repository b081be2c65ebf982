"""An invented case for tests of the opinion."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sync.records.case import (
    Case,
    CaseId,
    CaseStatus,
    ConsentState,
    Document,
    DocumentCategory,
    ImagingStudy,
    Patient,
    Priority,
    SeriesEntry,
)


def some_case() -> Case:
    moment = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    study = ImagingStudy(
        "ImagingStudy/ct-1", "1", "1.2.3", "Chest CT", moment, (SeriesEntry("1.2.3.4", "CT", "Lung", 220),), "http://x"
    )
    slide = Document(
        "DocumentReference/slide-1", "1", DocumentCategory.SLIDE, "Biopsy H&E", moment, "image/tiff", "u", 10, "ab" * 32
    )
    report = Document(
        "DocumentReference/report-1",
        "2",
        DocumentCategory.IMAGING_REPORT,
        "First report",
        moment,
        "application/pdf",
        "Binary/1",
        10,
        "cd" * 32,
    )
    return Case(
        case_id=CaseId("SO-2026-00101"),
        task_reference="Task/t1",
        task_version="1",
        service_request_reference="ServiceRequest/sr1",
        manifest_reference="List/l1/_history/1",
        questionnaire="https://readingroom.example/fhir/Questionnaire/second-opinion|1.1.0",
        assignment="SO-2026-00101/1",
        status=CaseStatus.IN_PROGRESS,
        business_status="records-complete",
        priority=Priority.URGENT,
        patient=Patient("Patient/p1", "RR-1001", "Özdemir-Šimić", "Zoë", date(1961, 3, 4), "female"),
        questions=("Is the nodule malignant?",),
        working_diagnosis="Adenocarcinoma of the right upper lobe",
        owner_reference="Practitioner/demo-specialist",
        requester_name="Dr. A. Referrer",
        authored=moment,
        due=None,
        consent=ConsentState.ACTIVE,
        consent_reference="Consent/c1",
        studies=(study,),
        documents=(slide, report),
    )


def some_resources() -> list[dict[str, object]]:
    """The raw resources behind `some_case`, as the hospital sent them."""
    note = [{"text": "Is the nodule malignant?"}]
    reason = [{"text": "Adenocarcinoma of the right upper lobe"}]
    return [
        {"resourceType": "Task", "id": "t1", "meta": {"versionId": "7"}, "status": "in-progress"},
        {"resourceType": "ServiceRequest", "id": "sr1", "note": note, "reasonCode": reason},
        {"resourceType": "Patient", "id": "p1"},
    ]
