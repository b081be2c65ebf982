"""A row of the audit trail as a FHIR R4 AuditEvent in the shape of IHE BALP: who, what, when, how it ended.

Identifiers only: reasons and other words stay in the encrypted trail.
"""

from __future__ import annotations

from sync.fhir.elements import Json
from sync.fhir.names import AUDIT_SYSTEM, CASE_SYSTEM
from sync.records.audit_entry import AuditEntry

_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_REST = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_INTERACTION = "http://hl7.org/fhir/restful-interaction"
_BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit"
_ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ENTITY_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"

_LOGIN = {"system": _DICOM, "code": "110114", "display": "User Authentication"}
_EXPORT = {"system": _DICOM, "code": "110106", "display": "Export"}
_SECURITY = {"system": _DICOM, "code": "110113", "display": "Security Alert"}
_APPLICATION = {"system": _DICOM, "code": "110100", "display": "Application Activity"}
_RECORD = {"system": _REST, "code": "rest", "display": "Restful Operation"}
_TYPES = {
    "store made": (_APPLICATION, "E"),
    "passphrase changed": (_SECURITY, "E"),
    "certificate taken in": (_SECURITY, "E"),
    "setting changed": (_APPLICATION, "E"),
    "wrong passphrase": (_LOGIN, "E"),
    "sign in": (_LOGIN, "E"),
    "sign in failed": (_LOGIN, "E"),
    "sign out": (_LOGIN, "E"),
    "locked": (_LOGIN, "E"),
    "unlocked": (_LOGIN, "E"),
    "signing failed": (_SECURITY, "E"),
    "signing locked": (_SECURITY, "E"),
    "exported": (_EXPORT, "R"),
    "slide unencrypted on disk": (_EXPORT, "R"),
    "unencrypted slide removed": (_SECURITY, "E"),
    "printed": (_EXPORT, "R"),
    "case opened": (_RECORD, "R"),
    "case closed": (_RECORD, "R"),
    "record opened": (_RECORD, "R"),
    "record viewed": (_RECORD, "R"),
    "mark made": (_RECORD, "C"),
    "mark revised": (_RECORD, "U"),
    "mark deleted": (_RECORD, "D"),
    "opinion signed": (_RECORD, "C"),
    "uploaded": (_RECORD, "C"),
    "receipt": (_RECORD, "R"),
    "case deleted": (_RECORD, "D"),
    "files deleted": (_RECORD, "D"),
    "records withheld": (_RECORD, "U"),
    "case withdrawn": (_RECORD, "U"),
}
NOTED_AT = "noted_at"
"""In the detail of a row that was entered later: when it happened."""
_PROFILES = {"C": "PatientCreate", "R": "PatientRead", "U": "PatientUpdate", "D": "PatientDelete"}
_INTERACTIONS = {"C": "create", "R": "read", "U": "update", "D": "delete"}
_FAILED = ("refused", "not sent")
"""Every other outcome says how a deed ended that was done: “done”, “raised”, what the reader chose."""


def audit_event(entry: AuditEntry, patient_reference: str) -> Json:
    """FHIR R4 AuditEvent. *patient_reference* is empty where the row is about no patient."""
    kind, action = _TYPES.get(entry.action, (_RECORD, "U"))
    is_patients = bool(patient_reference) and kind is _RECORD
    event: Json = {
        "resourceType": "AuditEvent",
        "type": kind,
        "action": action,
        "recorded": entry.detail.get(NOTED_AT) or entry.at.isoformat(),
        "outcome": "4" if entry.outcome in _FAILED else "0",
        "outcomeDesc": entry.action,
        "agent": [_person(entry.actor), _program()],
        "source": {"observer": {"display": "Reading Room"}},
        "entity": [_row(entry), *([_patient(patient_reference)] if is_patients else []), *_case(entry)],
    }
    if kind is _RECORD:
        event["subtype"] = [{"system": _INTERACTION, "code": _INTERACTIONS[action]}]
    if is_patients:
        event["meta"] = {"profile": [f"{_BALP}.{_PROFILES[action]}"]}
    return event


def _person(actor: str) -> Json:
    who: Json = {"reference": actor} if "/" in actor else {"display": actor}
    part = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
    return {"type": {"coding": [{"system": part, "code": "IRCP"}]}, "who": who, "requestor": True}


def _program() -> Json:
    source = {"system": _DICOM, "code": "110153", "display": "Source Role ID"}
    return {"type": {"coding": [source]}, "who": {"display": "Reading Room"}, "requestor": False}


def _row(entry: AuditEntry) -> Json:
    """The row itself, under an identifier that only it can have: what arrives twice is recognised by it."""
    return {
        "what": {"identifier": {"system": AUDIT_SYSTEM, "value": entry.hash}},
        "type": {"system": _ENTITY_TYPE, "code": "2", "display": "System Object"},
        "role": {"system": _ENTITY_ROLE, "code": "13", "display": "Security Resource"},
        "detail": [
            {"type": "sequence", "valueString": str(entry.seq)},
            {"type": "object", "valueString": entry.object},
        ],
    }


def _patient(reference: str) -> Json:
    return {
        "what": {"reference": reference},
        "type": {"system": _ENTITY_TYPE, "code": "1", "display": "Person"},
        "role": {"system": _ENTITY_ROLE, "code": "1", "display": "Patient"},
    }


def _case(entry: AuditEntry) -> list[Json]:
    if entry.case_id is None:
        return []
    return [
        {
            "what": {"identifier": {"system": CASE_SYSTEM, "value": str(entry.case_id)}},
            "type": {"system": _ENTITY_TYPE, "code": "2", "display": "System Object"},
            "role": {"system": _ENTITY_ROLE, "code": "4", "display": "Domain Resource"},
        }
    ]
