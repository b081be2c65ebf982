"""FHIR R4 resources of a case as this hospital writes them (protocol 1.1): the same for invented and for local cases.

Pure functions: facts in, resources out, with ids the caller can predict. Nothing is stored here.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sync.demo_hospital.dicom_index import InstanceEntry
from sync.demo_hospital.identity import PRACTITIONER_ID
from sync.demo_hospital.state import BASE_PLACEHOLDER, StoredFile

Json = dict[str, Any]

NS = "https://readingroom.example/fhir"
IDS = "https://readingroom.example/ids"
QUESTIONNAIRE = f"{NS}/Questionnaire/second-opinion|1.1.0"
OWNER = f"Practitioner/{PRACTITIONER_ID}"
DUE_AFTER = timedelta(days=14)

LARGEST_FHIR_INTEGER = 2_147_483_647


@dataclass(frozen=True, slots=True)
class CaseSheet:
    """What makes a case: everything besides the records themselves."""

    case_id: str
    patient_reference: str
    questions: tuple[str, ...]
    """One annotation of the ServiceRequest each."""
    asked_by: str
    working_diagnosis: str
    diagnosis_code: str | None
    """ICD-10-CM, where there is one."""
    order_details: tuple[str, ...]
    """``imaging-reread``, ``pathology-reread``."""
    priority: str
    authored: datetime
    due: datetime
    requester: str
    """Reference of who asks."""
    requester_name: str
    status: str = "requested"
    business_status: str = "records-complete"

    @property
    def slug(self) -> str:
        return self.case_id.lower()


def instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def concept(system: str, code: str, display: str = "", text: str = "") -> Json:
    coding = {"system": system, "code": code, **({"display": display} if display else {})}
    return {"coding": [coding], **({"text": text} if text else {})}


def service_request(sheet: CaseSheet, supporting: Iterable[str], conditions: Iterable[str] = ()) -> Json:
    """The question, one note for each clinical question."""
    reason: Json = {"text": sheet.working_diagnosis}
    if sheet.diagnosis_code:
        reason["coding"] = [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": sheet.diagnosis_code}]
    request: Json = {
        "resourceType": "ServiceRequest",
        "id": f"sr-{sheet.slug}",
        "identifier": [{"system": f"{IDS}/case", "value": sheet.case_id}],
        "status": "active",
        "intent": "order",
        "priority": sheet.priority,
        "category": [concept("http://snomed.info/sct", "103696004", "Patient referral to specialist")],
        "code": concept(f"{NS}/CodeSystem/case-kind", "second-opinion", "Remote medical second opinion"),
        "orderDetail": [concept(f"{NS}/CodeSystem/case-detail", detail) for detail in sheet.order_details],
        "subject": {"reference": sheet.patient_reference},
        "authoredOn": instant(sheet.authored),
        "requester": {"reference": sheet.requester, "display": sheet.requester_name},
        "performer": [{"reference": OWNER}],
        "reasonCode": [reason],
        "supportingInfo": [{"reference": reference} for reference in supporting],
        "note": [
            {"authorString": sheet.asked_by, "time": instant(sheet.authored), "text": question}
            for question in sheet.questions
        ],
    }
    if references := [{"reference": reference} for reference in conditions]:
        request["reasonReference"] = references
    return request


def task(sheet: CaseSheet, performer: str) -> Json:
    """The assignment of the case to the specialist."""
    return {
        "resourceType": "Task",
        "id": f"task-{sheet.slug}",
        "identifier": [{"system": f"{IDS}/assignment", "value": f"{sheet.case_id}/1"}],
        "groupIdentifier": {"system": f"{IDS}/case", "value": sheet.case_id},
        "basedOn": [{"reference": f"ServiceRequest/sr-{sheet.slug}"}],
        "status": sheet.status,
        "businessStatus": concept(f"{NS}/CodeSystem/case-status", sheet.business_status),
        "intent": "order",
        "priority": sheet.priority,
        "code": concept("http://hl7.org/fhir/CodeSystem/task-code", "fulfill"),
        "focus": {"reference": f"ServiceRequest/sr-{sheet.slug}"},
        "for": {"reference": sheet.patient_reference},
        "authoredOn": instant(sheet.authored),
        "lastModified": instant(sheet.authored),
        "requester": {"reference": sheet.requester, "display": sheet.requester_name},
        "performerType": [{"text": performer}],
        "owner": {"reference": OWNER},
        "restriction": {"repetitions": 1, "period": {"start": instant(sheet.authored), "end": instant(sheet.due)}},
        "input": [
            {
                "type": concept(f"{NS}/CodeSystem/task-io", "records-manifest"),
                "valueReference": {"reference": f"List/manifest-{sheet.slug}"},
            },
            {
                "type": concept("http://hl7.org/fhir/uv/sdc/CodeSystem/temp", "questionnaire"),
                "valueCanonical": QUESTIONNAIRE,
            },
        ],
    }


def manifest(sheet: CaseSheet, items: Sequence[str]) -> Json:
    """The records exactly as compiled."""
    return {
        "resourceType": "List",
        "id": f"manifest-{sheet.slug}",
        "identifier": [{"system": f"{IDS}/manifest", "value": sheet.case_id}],
        "status": "current",
        "mode": "snapshot",
        "code": concept(f"{NS}/CodeSystem/task-io", "records-manifest"),
        "subject": {"reference": sheet.patient_reference},
        "date": instant(sheet.authored),
        "entry": [{"date": instant(sheet.authored), "item": {"reference": reference}} for reference in items],
    }


def consent(sheet: CaseSheet, source: str | None, status: str = "active") -> Json:
    """The patient's release of the records to the specialist; *source* is the signed form."""
    released: Json = {
        "resourceType": "Consent",
        "id": f"consent-{sheet.slug}",
        "status": status,
        "scope": concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [concept("http://loinc.org", "59284-0")],
        "patient": {"reference": sheet.patient_reference},
        "dateTime": instant(sheet.authored),
        "policyRule": concept("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"),
        "provision": {
            "type": "permit",
            "period": {
                "start": sheet.authored.date().isoformat(),
                "end": (sheet.authored + timedelta(days=365)).date().isoformat(),
            },
            "actor": [
                {
                    "role": concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
                    "reference": {"reference": OWNER},
                }
            ],
            "purpose": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}],
        },
    }
    if source:
        released["sourceReference"] = {"reference": source}
    return released


def imaging_study(
    study_id: str, patient_reference: str, entries: Sequence[InstanceEntry], endpoint: str, description: str = ""
) -> Json:
    """A DICOM study with every series and instance in it, as the archive's index has them."""
    first = entries[0]
    series: dict[str, list[InstanceEntry]] = {}
    for entry in entries:
        series.setdefault(entry.series_uid, []).append(entry)
    modalities = sorted({str(entry.value("Modality") or "OT") for entry in entries})
    study: Json = {
        "resourceType": "ImagingStudy",
        "id": study_id,
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{first.study_uid}"}],
        "status": "available",
        "modality": [_modality(code) for code in modalities],
        "subject": {"reference": patient_reference},
        "endpoint": [{"reference": endpoint}],
        "numberOfSeries": len(series),
        "numberOfInstances": len(entries),
        "series": [_series(uid, group) for uid, group in series.items()],
    }
    if started := fhir_date(first.value("StudyDate")):
        study["started"] = started
    if text := description or str(first.value("StudyDescription") or "").strip():
        study["description"] = text
    return study


def _series(series_uid: str, entries: Sequence[InstanceEntry]) -> Json:
    first = entries[0]
    series: Json = {
        "uid": series_uid,
        "modality": _modality(str(first.value("Modality") or "OT")),
        "numberOfInstances": len(entries),
        "instance": [_instance(entry) for entry in entries],
    }
    number = first.value("SeriesNumber")
    if isinstance(number, int) and number >= 0:
        series["number"] = number
    if text := str(first.value("SeriesDescription") or "").strip():
        series["description"] = text
    return series


def _instance(entry: InstanceEntry) -> Json:
    instance: Json = {
        "uid": entry.sop_uid,
        "sopClass": {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{entry.sop_class}"},
    }
    number = entry.value("InstanceNumber")
    if isinstance(number, int) and number >= 0:
        instance["number"] = number
    return instance


def _modality(code: str) -> Json:
    return {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": code}


def document_reference(
    document_id: str, patient_reference: str, category: str, title: str, attachment: Json, created: datetime,
    loinc: tuple[str, str], extra: Json | None = None,
) -> Json:  # fmt: skip
    """A file of the case; *attachment* says where its bytes are."""
    return {
        "resourceType": "DocumentReference",
        "id": document_id,
        "identifier": [{"system": f"{IDS}/file", "value": document_id}],
        "status": "current",
        "type": concept("http://loinc.org", *loinc),
        "category": [concept(f"{NS}/CodeSystem/record-kind", category)],
        "subject": {"reference": patient_reference},
        "date": instant(created),
        "content": [{"attachment": {**attachment, "title": title, "creation": instant(created)}, **(extra or {})}],
    }


def file_attachment(stored: StoredFile) -> Json:
    """An Attachment for a file under ``/files``, with the length and digest R4 has no room for (protocol 1.1)."""
    attachment: Json = {
        "contentType": stored.content_type,
        "url": f"{BASE_PLACEHOLDER}/files/{stored.id}",
        "extension": content_extensions(stored.size_bytes, stored.sha256),
    }
    if stored.size_bytes <= LARGEST_FHIR_INTEGER:
        attachment["size"] = stored.size_bytes
    return attachment


def content_extensions(size_bytes: int, sha256: str) -> list[Json]:
    digest = base64.b64encode(bytes.fromhex(sha256)).decode()
    return [
        {"url": f"{NS}/StructureDefinition/content-sha256", "valueBase64Binary": digest},
        {"url": f"{NS}/StructureDefinition/content-length", "valueDecimal": size_bytes},
    ]


def patient_identifier(patient_id: str) -> Json:
    """The record number that the images bear as PatientID."""
    return {
        "use": "usual",
        "type": concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MR"),
        "system": f"{IDS}/patient",
        "value": patient_id,
    }


def fhir_date(dicom_date: object) -> str | None:
    """``YYYY-MM-DD`` of a DICOM DA, None where it is none (PS3.5 table 6.2-1)."""
    text = str(dicom_date or "").strip()
    try:
        return datetime.strptime(text, "%Y%m%d").date().isoformat()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None
