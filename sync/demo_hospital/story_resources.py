"""FHIR R4 resources of the invented cases: a story, its files and the day of its making in, resources out."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sync.demo_hospital import case_resources as fhir
from sync.demo_hospital.dicom_index import InstanceEntry
from sync.demo_hospital.documents import AboutPatient, write_letter, write_release
from sync.demo_hospital.hospital_resources import ARCHIVE_ENDPOINT
from sync.demo_hospital.identity import PRACTITIONER_NAME
from sync.demo_hospital.phantoms import PhantomPatient
from sync.demo_hospital.state import StoredFile
from sync.demo_hospital.story import LabValue, Letter, Story
from sync.demo_hospital.story_progress import consent_versions, messages, task_versions

Json = dict[str, Any]

_SEXES = {"M": "male", "F": "female", "O": "other"}
_RELEASE = ("59284-0", "Consent Document")
_SLIDE_TYPE = ("60567-5", "Comprehensive pathology report panel")
_LAB_DAYS_BEFORE = 7


def story_resources(
    story: Story, built: datetime, entries: Sequence[InstanceEntry], slide: StoredFile | None
) -> list[Json]:
    """Everything of one case, in an order in which every reference points backwards, earlier versions before later."""
    asked = (built - timedelta(days=story.asked_days_ago)).replace(hour=9, minute=20, second=0, microsecond=0)
    sheet = _sheet(story, built, asked)
    slug = sheet.slug
    patient = _patient(story, sheet.patient_reference)
    condition = _condition(story, sheet)
    records: list[Json] = []
    if entries:
        records.append(fhir.imaging_study(f"{slug}-study", sheet.patient_reference, entries, ARCHIVE_ENDPOINT))
    study_id = str(records[0]["id"]) if entries else None
    if slide is not None:
        records.append(_slide(story, sheet, slide, asked))
    support: list[Json] = []
    for number, letter in enumerate(story.letters, 1):
        binary, document, report = _letter(story, sheet, letter, number, asked, study_id)
        support.append(binary)
        records += [document, *report]
    records += [_observation(sheet, lab, asked - timedelta(days=_LAB_DAYS_BEFORE)) for lab in story.labs]
    source = None
    if story.released:
        binary, document = _release(story, sheet, asked)
        support.append(binary)
        records.append(document)
        source = f"DocumentReference/{document['id']}"
    release = consent_versions(story, sheet, source)
    references = [f"{one['resourceType']}/{one['id']}" for one in records]
    condition_reference = f"Condition/{condition['id']}"
    supporting = [*references[:2], f"Consent/{release[0]['id']}", condition_reference]
    return [
        patient,
        condition,
        *support,
        *records,
        *release,
        fhir.service_request(sheet, supporting, [condition_reference]),
        fhir.manifest(sheet, [*references, condition_reference]),
        *task_versions(story, sheet),
        *messages(story, sheet),
    ]


def _sheet(story: Story, built: datetime, asked: datetime) -> fhir.CaseSheet:
    due = due_at(story, built)
    return fhir.CaseSheet(
        case_id=story.case_id,
        patient_reference=f"Patient/{story.case_id.lower()}-patient",
        questions=story.questions,
        asked_by="Dr. Agathe Quillfeather",
        working_diagnosis=story.diagnosis,
        diagnosis_code=story.diagnosis_code,
        order_details=story.order_details,
        priority=story.priority,
        authored=asked,
        due=due,
        requester="PractitionerRole/referrer",
        requester_name="Dr. Agathe Quillfeather",
    )


def due_at(story: Story, today: datetime) -> datetime:
    """When a story's opinion is due, seen from *today*."""
    return (today + timedelta(days=story.due_in_days)).replace(hour=17, minute=0, second=0, microsecond=0)


def about(patient: PhantomPatient, name: str) -> AboutPatient:
    """The patient as documents print them."""
    born = datetime.strptime(patient.birth_date, "%Y%m%d").replace(tzinfo=UTC)
    return AboutPatient(name, f"{born:%d %B %Y}", _SEXES[patient.sex], patient.patient_id, patient.accession)


def _patient(story: Story, reference: str) -> Json:
    born = datetime.strptime(story.patient.birth_date, "%Y%m%d").replace(tzinfo=UTC).date()
    return {
        "resourceType": "Patient",
        "id": reference.partition("/")[2],
        "identifier": [fhir.patient_identifier(story.patient.patient_id)],
        "active": True,
        "name": [{"use": "official", "family": story.family, "given": [story.given]}],
        "gender": _SEXES[story.patient.sex],
        "birthDate": date.isoformat(born),
    }


def _condition(story: Story, sheet: fhir.CaseSheet) -> Json:
    base = "http://terminology.hl7.org/CodeSystem"
    return {
        "resourceType": "Condition",
        "id": f"{sheet.slug}-diagnosis",
        "clinicalStatus": fhir.concept(f"{base}/condition-clinical", "active"),
        "verificationStatus": fhir.concept(f"{base}/condition-ver-status", "provisional"),
        "code": fhir.concept("http://hl7.org/fhir/sid/icd-10-cm", story.diagnosis_code, text=story.diagnosis),
        "subject": {"reference": sheet.patient_reference},
        "recordedDate": fhir.instant(sheet.authored),
    }


def _slide(story: Story, sheet: fhir.CaseSheet, stored: StoredFile, asked: datetime) -> Json:
    return fhir.document_reference(
        f"{sheet.slug}-slide", sheet.patient_reference, "wsi", f"{story.patient.accession} A1 H&E",
        fhir.file_attachment(stored), asked - timedelta(days=9), _SLIDE_TYPE,
        {"format": {"system": f"{fhir.NS}/CodeSystem/wsi-format", "code": "aperio"}},
    )  # fmt: skip


def _letter(
    story: Story, sheet: fhir.CaseSheet, letter: Letter, number: int, asked: datetime, study_id: str | None
) -> tuple[Json, Json, list[Json]]:
    """The PDF, the document that lists it, and, for a report with a conclusion, the report in words."""
    dated = asked - timedelta(days=letter.days_before)
    who = about(story.patient, f"{story.family}, {story.given}")
    pdf = write_letter(who, letter.title, letter.department, letter.author, dated, letter.sections, letter.conclusion)
    document_id = f"{sheet.slug}-letter-{number}"
    binary, attachment = _pdf(f"{document_id}-pdf", pdf, sheet)
    document = fhir.document_reference(
        document_id, sheet.patient_reference, letter.category, letter.title, attachment, dated, letter.loinc
    )
    document["author"] = [{"display": f"{letter.author}, {letter.department}"}]
    if not letter.conclusion:
        return binary, document, []
    report: Json = {
        "resourceType": "DiagnosticReport",
        "id": f"{sheet.slug}-report-{number}",
        "identifier": [{"system": f"{fhir.IDS}/report", "value": f"{story.patient.accession}/{number}"}],
        "status": "final",
        "category": [_report_category(letter)],
        "code": fhir.concept("http://loinc.org", *letter.loinc, text=letter.title),
        "subject": {"reference": sheet.patient_reference},
        "effectiveDateTime": fhir.instant(dated),
        "issued": fhir.instant(dated),
        "resultsInterpreter": [{"display": letter.author}],
        "conclusion": letter.conclusion,
        "presentedForm": [{**attachment, "title": letter.title}],
    }
    if letter.category == "imaging-report" and study_id is not None:
        report["imagingStudy"] = [{"reference": f"ImagingStudy/{study_id}"}]
    return binary, document, [report]


def _report_category(letter: Letter) -> Json:
    code = ("RAD", "Radiology") if letter.category == "imaging-report" else ("PAT", "Pathology")
    return fhir.concept("http://terminology.hl7.org/CodeSystem/v2-0074", *code)


def _release(story: Story, sheet: fhir.CaseSheet, asked: datetime) -> tuple[Json, Json]:
    who = about(story.patient, f"{story.family}, {story.given}")
    pdf = write_release(who, PRACTITIONER_NAME, asked, asked + timedelta(days=365))
    document_id = f"{sheet.slug}-release"
    binary, attachment = _pdf(f"{document_id}-pdf", pdf, sheet)
    document = fhir.document_reference(
        document_id, sheet.patient_reference, "consent", "Release of medical records", attachment, asked, _RELEASE
    )
    return binary, document


def _pdf(binary_id: str, pdf: bytes, sheet: fhir.CaseSheet) -> tuple[Json, Json]:
    """A PDF as Binary, and the Attachment that points to it with length and digests."""
    binary: Json = {
        "resourceType": "Binary",
        "id": binary_id,
        "contentType": "application/pdf",
        "securityContext": {"reference": sheet.patient_reference},
        "data": base64.b64encode(pdf).decode(),
    }
    attachment: Json = {
        "contentType": "application/pdf",
        "language": "en",
        "url": f"Binary/{binary_id}",
        "size": len(pdf),
        "hash": base64.b64encode(hashlib.sha1(pdf, usedforsecurity=False).digest()).decode(),
        "extension": fhir.content_extensions(len(pdf), hashlib.sha256(pdf).hexdigest()),
    }
    return binary, attachment


_WRITTEN_UNITS = {"10*3/uL": "10³/µL", "{INR}": "INR"}
"""Where UCUM's code is not what a laboratory prints."""


def _observation(sheet: fhir.CaseSheet, lab: LabValue, taken: datetime) -> Json:
    low, high = lab.low, lab.high
    written = _WRITTEN_UNITS.get(lab.unit, lab.unit)
    limits = {
        name: {"value": value, "unit": written, "system": "http://unitsofmeasure.org", "code": lab.unit}
        for name, value in (("low", low), ("high", high))
        if value is not None
    }
    flag = "H" if high is not None and lab.value > high else "L" if low is not None and lab.value < low else "N"
    base = "http://terminology.hl7.org/CodeSystem"
    return {
        "resourceType": "Observation",
        "id": f"{sheet.slug}-lab-{lab.loinc}",
        "status": "final",
        "category": [fhir.concept(f"{base}/observation-category", "laboratory")],
        "code": fhir.concept("http://loinc.org", lab.loinc, text=lab.name),
        "subject": {"reference": sheet.patient_reference},
        "effectiveDateTime": fhir.instant(taken),
        "valueQuantity": {
            "value": lab.value, "unit": written, "system": "http://unitsofmeasure.org", "code": lab.unit,
        },
        "interpretation": [fhir.concept(f"{base}/v3-ObservationInterpretation", flag)],
        "referenceRange": [limits],
    }  # fmt: skip
