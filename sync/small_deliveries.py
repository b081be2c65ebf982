"""The lesser things that leave: moves of the Task's state, messages, and the receipt that data was deleted.

Each is one write after a fresh look (`sync.delivery`); protocol 1.3.
"""

from __future__ import annotations

import copy
from datetime import datetime

from sync.conflicts import MoveState
from sync.fhir.elements import Json, child, children, resources_in, text, version_id
from sync.fhir.fhir_gateway import FhirGateway
from sync.fhir.names import BUSINESS_STATUS_SYSTEM, DELETION_SYSTEM, MESSAGE_SYSTEM, REQUEST_CATEGORY_SYSTEM
from sync.fhir.searches import by_identifier, by_patient
from sync.records.case import Case, CaseStatus
from sync.records.outbox_entry import OutboxEntry
from sync.transfer.hospital import Hospital

_ACCEPTED, _REJECTED = CaseStatus.ACCEPTED.value, CaseStatus.REJECTED.value
_IN_PROGRESS, _ON_HOLD, _FAILED = CaseStatus.IN_PROGRESS.value, CaseStatus.ON_HOLD.value, CaseStatus.FAILED.value
_MOVES = {
    _ACCEPTED: frozenset({"requested", "received", "ready"}),
    _REJECTED: frozenset({"requested", "received", "ready", "accepted"}),
    _IN_PROGRESS: frozenset({"requested", "received", "ready", "accepted", "on-hold"}),
    _ON_HOLD: frozenset({"accepted", "in-progress"}),
    _FAILED: frozenset({"ready", "accepted", "in-progress", "on-hold"}),
}
"""The moves a reader can queue, and the states each may start from (protocol 1.3)."""
_BEYOND = {
    _ACCEPTED: frozenset({"in-progress", "on-hold", "completed"}),
    _IN_PROGRESS: frozenset({"completed"}),
    _ON_HOLD: frozenset({"completed"}),
}
"""States that a move has been overtaken by: it needs no sending any more."""


def move_state(target: str, status: str) -> MoveState:
    """Whether a Task in *status* can be moved to *target*, or need not be."""
    if status == target or status in _BEYOND.get(target, ()):
        return MoveState.MADE
    return MoveState.POSSIBLE if status in _MOVES.get(target, ()) else MoveState.IMPOSSIBLE


def moved_task(task: Json, target: str, payload: Json, begun_at: datetime | None) -> Json:
    """The whole Task as the hospital has it, with only our fields changed."""
    moved = copy.deepcopy(task)
    moved["status"] = target
    if target == _IN_PROGRESS and begun_at is not None:
        moved["executionPeriod"] = {"start": begun_at.isoformat(timespec="seconds"), **child(task, "executionPeriod")}
    if target in (_REJECTED, _FAILED):
        moved["statusReason"] = {"text": str(payload.get("reason", ""))}
    if target == _ON_HOLD:
        moved["businessStatus"] = {"coding": [{"system": BUSINESS_STATUS_SYSTEM, "code": "records-missing"}]}
    return moved


def send_move(fhir: FhirGateway, case: Case, entry: OutboxEntry, task: Json) -> Json:
    """Move the Task; the Task as it is then. On hold goes together with the request for what is missing."""
    moved = moved_task(task, entry.subject, entry.payload, entry.queued_at)
    version = version_id(task)
    if entry.subject != _ON_HOLD:
        return fhir.update(moved, version)
    request = _records_request(case, entry)
    identifier = request["identifier"][0]
    capability = fhir.capability()
    condition = ""
    if "CommunicationRequest" in capability.conditional_create:
        condition = f"identifier={identifier['system']}|{identifier['value']}"
    if not capability.transaction:
        if not _find(fhir, case, "CommunicationRequest", identifier):
            fhir.create(request, condition)
        return fhir.update(moved, version)
    asked = {"method": "POST", "url": "CommunicationRequest", **({"ifNoneExist": condition} if condition else {})}
    changed = {"method": "PUT", "url": case.task_reference, "ifMatch": f'W/"{version}"'}
    entries = [{"resource": request, "request": asked}, {"resource": moved, "request": changed}]
    fhir.transaction({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    return fhir.read(case.task_reference)


def send_message(hospital: Hospital, case: Case, entry: OutboxEntry) -> None:
    """One Communication, found again by its identifier where an answer was lost."""
    fhir, identifier = hospital.fhir, {"system": MESSAGE_SYSTEM, "value": entry.subject}
    if _find(fhir, case, "Communication", identifier):
        return
    message: Json = {
        "resourceType": "Communication",
        "identifier": [identifier],
        "basedOn": [{"reference": case.service_request_reference}],
        "status": "completed",
        "subject": {"reference": case.patient.reference},
        "about": [{"reference": case.task_reference}],
        "sent": entry.queued_at.isoformat(timespec="seconds"),
        "sender": {"reference": hospital.profile.practitioner_reference},
        "payload": [{"contentString": str(entry.payload.get("text", ""))}],
    }
    conditional = "Communication" in fhir.capability().conditional_create
    fhir.create(message, f"identifier={identifier['system']}|{identifier['value']}" if conditional else "")


def send_deletion_receipt(fhir: FhirGateway, entry: OutboxEntry, reader: str) -> None:
    """An AuditEvent: a reader may write one about a case that is no longer theirs, and it names no patient.

    It may arrive twice, after a lost answer, with the same identifier: readers of audit trails expect that.
    """
    dicom = "http://dicom.nema.org/resources/ontology/DCM"
    rest = "http://hl7.org/fhir/restful-interaction"
    fhir.create(
        {
            "resourceType": "AuditEvent",
            "type": {"system": dicom, "code": "110110", "display": "Patient Record"},
            "subtype": [{"system": rest, "code": "delete", "display": "delete"}],
            "action": "D",
            "recorded": str(entry.payload["deleted_at"]),
            "outcome": "0",
            "purposeOfEvent": [{"text": str(entry.payload["reason"])}],
            "agent": [{"who": {"reference": reader}, "requestor": True}],
            "source": {"observer": {"display": "Reading Room"}},
            "entity": [
                {
                    "what": {
                        "reference": entry.subject,
                        "identifier": {"system": DELETION_SYSTEM, "value": str(entry.payload["deletion"])},
                    },
                    "lifecycle": {
                        "system": "http://terminology.hl7.org/CodeSystem/dicom-audit-lifecycle",
                        "code": "15",
                        "display": "Destruction",
                    },
                    "description": str(entry.payload["summary"]),
                }
            ],
        }
    )


def records_request_number(case: Case, entry: OutboxEntry) -> str:
    """Under which identifier the hospital knows a request for records."""
    return f"{case.assignment}/records/{entry.entry_id}"


def _records_request(case: Case, entry: OutboxEntry) -> Json:
    wanted = [str(record) for record in entry.payload.get("wanted", ()) if record]
    words = str(entry.payload.get("reason", "")) or "Records are missing."  # the first payload is never a record
    return {
        "resourceType": "CommunicationRequest",
        "identifier": [{"system": MESSAGE_SYSTEM, "value": records_request_number(case, entry)}],
        "basedOn": [{"reference": case.service_request_reference}],
        "status": "active",
        "category": [{"coding": [{"system": REQUEST_CATEGORY_SYSTEM, "code": "records-missing"}]}],
        "subject": {"reference": case.patient.reference},
        "about": [{"reference": case.task_reference}],
        "authoredOn": entry.queued_at.isoformat(timespec="seconds"),
        "requester": {"reference": case.owner_reference},
        "payload": [{"contentString": text} for text in (words, *wanted)],
    }


def _find(fhir: FhirGateway, case: Case, kind: str, identifier: Json) -> bool:
    if kind in fhir.capability().identifier_search:
        address = by_identifier(kind, identifier["system"], identifier["value"])
    else:
        address = by_patient(kind, case.patient.reference)
    return any(
        text(found, "system") == identifier["system"] and text(found, "value") == identifier["value"]
        for page in fhir.search(address)
        for resource in resources_in(page.bundle)
        for found in children(resource, "identifier")
    )
