"""What can happen to a case while a specialist works on it: the hospital's own changes of its records.

Each takes the state and a case number; an empty number means the first open assignment in the order of numbers. Each is
in one transaction, and leaves a case alone that is not there or already so.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sync.demo_hospital import case_resources as fhir
from sync.demo_hospital.case_resources import (
    DUE_AFTER,
    IDS,
    NS,
    CaseSheet,
    concept,
    instant,
    patient_identifier,
)
from sync.demo_hospital.interactions import new_id
from sync.demo_hospital.state import HospitalState, now_text

Json = dict[str, Any]

_CLOSED = frozenset({"completed", "cancelled", "failed", "rejected", "entered-in-error"})
_OTHER_SPECIALIST = "Practitioner/referrer-person"
_OTHER_QUESTION = "Changed by the referring doctor: is surgery still possible after the findings of last week?"
_EARLIER = timedelta(days=3)
_TO_THE_END, _RENEWED_FOR = timedelta(minutes=1), timedelta(days=30)
_NEW_CASE = "SO-2026-00199"


def _on_task(change: Callable[[HospitalState, Json], Json | None]) -> Callable[[HospitalState, str], None]:
    """An event that finds the Task of the case and stores what *change* makes of it; None leaves it alone."""

    def happen(state: HospitalState, case_id: str) -> None:
        with state.transaction():
            task = _find_task(state, case_id)
            changed = change(state, task) if task is not None else None
            if changed is not None:
                state.put_resource({**changed, "lastModified": now_text()})

    return happen


def _find_task(state: HospitalState, case_id: str) -> Json | None:
    tasks = sorted((one.json for one in state.list_resources("Task")), key=lambda task: _case_of(task))
    for task in tasks:
        if _case_of(task) == case_id or (not case_id and task["status"] not in _CLOSED):
            return task
    return None


def _case_of(task: Json) -> str:
    return str(task.get("groupIdentifier", {}).get("value", ""))


def _held(state: HospitalState, reference: str) -> Json | None:
    kind, _, resource_id = reference.partition("/")
    found = state.find_resource(kind, resource_id)
    return found.json if found else None


def _reassign(state: HospitalState, task: Json) -> Json | None:
    if task["owner"]["reference"] == _OTHER_SPECIALIST:
        return None
    if _held(state, _OTHER_SPECIALIST) is None:
        kind, _, person_id = _OTHER_SPECIALIST.partition("/")
        state.put_resource({"resourceType": kind, "id": person_id})
    return {**task, "owner": {"reference": _OTHER_SPECIALIST}}


def _cancel(_: HospitalState, task: Json) -> Json | None:
    if task["status"] in _CLOSED:
        return None
    return {
        **task,
        "status": "cancelled",
        "statusReason": {"text": "The referring doctor no longer needs the opinion."},
    }


def _withdraw_consent(state: HospitalState, task: Json) -> Json | None:
    patient = task["for"]["reference"]
    active = [one.json for one in state.list_resources("Consent") if one.json["patient"]["reference"] == patient]
    active = [one for one in active if one["status"] == "active"]
    for consent in active:
        state.put_resource({**consent, "status": "inactive"})
    return {**task, "businessStatus": concept(f"{NS}/CodeSystem/case-status", "consent-withdrawn")} if active else None


def _end_release(state: HospitalState, task: Json) -> Json | None:
    """It runs out by its own date, in a minute: whoever has the case open meets the end. Nobody withdraws it."""
    return _set_release_end(state, task, datetime.now(UTC) + _TO_THE_END)


def _renew_release(state: HospitalState, task: Json) -> Json | None:
    return _set_release_end(state, task, datetime.now(UTC) + _RENEWED_FOR)


def _set_release_end(state: HospitalState, task: Json, end: datetime) -> Json | None:
    patient = task["for"]["reference"]
    for one in state.list_resources("Consent"):
        if one.json["patient"]["reference"] == patient and one.json["status"] == "active":
            provision = one.json["provision"]
            period = {**provision.get("period", {}), "end": instant(end)}
            state.put_resource({**one.json, "provision": {**provision, "period": period}})
    return None


def _change_question(state: HospitalState, task: Json) -> Json | None:
    request = _held(state, task["focus"]["reference"])
    if request is None or request["note"][0]["text"] == _OTHER_QUESTION:
        return None
    note = {**request["note"][0], "text": _OTHER_QUESTION, "time": now_text()}
    state.put_resource({**request, "note": [note, *request["note"][1:]]})
    return task


def _change_records(state: HospitalState, task: Json) -> Json | None:
    references = [one.get("valueReference", {}).get("reference", "") for one in task.get("input", [])]
    manifest = next((_held(state, one) for one in references if one.startswith("List/")), None)
    if manifest is None or len(manifest.get("entry", [])) < 2:
        return None
    state.put_resource({**manifest, "date": now_text(), "entry": manifest["entry"][:-1]})
    return task


def _bring_forward(_: HospitalState, task: Json) -> Json | None:
    period = task["restriction"]["period"]
    due = instant(datetime.fromisoformat(period["end"]) - _EARLIER)
    return {**task, "restriction": {**task["restriction"], "period": {**period, "end": due}}}


def _go_on(_: HospitalState, task: Json) -> Json | None:
    """Protocol 1.3: the hospital ends the waiting, and the time to answer begins anew."""
    if task["status"] != "on-hold":
        return None
    due = instant(datetime.now(UTC) + DUE_AFTER)
    restriction = {**task["restriction"], "period": {**task["restriction"]["period"], "end": due}}
    status = concept(f"{NS}/CodeSystem/case-status", "records-complete")
    return {**task, "status": "in-progress", "businessStatus": status, "restriction": restriction}


def _write_to_the_reader(state: HospitalState, task: Json) -> Json | None:
    """A message of the coordinator; it answers a request for records where one is open."""
    text = "Thank you. The earlier examinations are being scanned and will be added to the records tomorrow."
    state.put_resource({
        "resourceType": "Communication", "id": new_id(), "status": "completed", "subject": task["for"],
        "basedOn": [task["focus"]], "about": [{"reference": f"Task/{task['id']}"}], "sent": now_text(),
        "sender": {"display": "Coordination of second opinions"}, "payload": [{"contentString": text}],
    })  # fmt: skip
    return None


def _answer_elsewhere(state: HospitalState, task: Json) -> Json | None:
    """The same specialist's first opinion, signed on another computer, with its PDF and envelope."""
    if task["status"] in _CLOSED:
        return None
    case_id, subject = _case_of(task), task["for"]
    number = {"system": f"{IDS}/opinion", "value": f"{case_id}/1/v1"}
    pdf, envelope = b"%PDF-1.7 an opinion from another computer\n%%EOF\n", b'{"opinion":"from another computer"}'
    pdf_form = _store_bytes(state, pdf, "application/pdf")
    envelope_form = _store_bytes(state, envelope, "application/json")
    response = state.put_resource({
        "resourceType": "QuestionnaireResponse", "id": new_id(), "identifier": number, "status": "completed",
        "subject": subject, "authored": now_text(),
    })  # fmt: skip
    report = state.put_resource({
        "resourceType": "DiagnosticReport", "id": new_id(), "identifier": [number], "status": "final",
        "basedOn": [task["focus"]], "code": concept("http://loinc.org", "11488-4", "Consult note"), "subject": subject,
        "issued": now_text(), "resultsInterpreter": [task["owner"]], "presentedForm": [pdf_form],
        "conclusion": "Signed on another computer.",
    })  # fmt: skip
    document = state.put_resource({
        "resourceType": "DocumentReference", "id": new_id(), "masterIdentifier": number, "identifier": [number],
        "status": "current", "docStatus": "final", "subject": subject, "date": now_text(),
        "content": [{"attachment": pdf_form}, {"attachment": envelope_form}],
    })  # fmt: skip
    targets = [{"reference": one.reference} for one in (response, report, document)]
    state.put_resource({
        "resourceType": "Provenance", "id": new_id(), "target": targets, "recorded": now_text(),
        "agent": [{"who": task["owner"]}],
    })  # fmt: skip
    output = {"type": concept(f"{NS}/CodeSystem/task-io", "opinion"), "valueReference": {"reference": report.reference}}
    return {**task, "status": "completed", "output": [output]}


def _store_bytes(state: HospitalState, content: bytes, media_type: str) -> Json:
    """A Binary with these bytes; the Attachment that points to it."""
    data = base64.b64encode(content).decode()
    binary = state.put_resource({"resourceType": "Binary", "id": new_id(), "contentType": media_type, "data": data})
    sha1 = base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()
    return {"contentType": media_type, "url": binary.reference, "size": len(content), "hash": sha1}


def _assign_new_case(state: HospitalState, case_id: str) -> None:
    """A case of a question and a release, without records; nothing where it is there already."""
    now = datetime.now(UTC).replace(microsecond=0)
    sheet = CaseSheet(
        case_id=case_id or _NEW_CASE, patient_reference=f"Patient/{(case_id or _NEW_CASE).lower()}-patient",
        questions=("Would you add a biopsy before the next tumour board?",), asked_by="Dr. Agathe Quillfeather",
        working_diagnosis="Enlarged lymph nodes of the neck", diagnosis_code="R59.0", order_details=("imaging-reread",),
        priority="routine", authored=now, due=now + DUE_AFTER, requester="PractitionerRole/referrer",
        requester_name="Dr. Agathe Quillfeather",
    )  # fmt: skip
    with state.transaction():
        if state.find_resource("Task", f"task-{sheet.slug}") is not None:
            return
        state.put_resource({
            "resourceType": "Patient", "id": f"{sheet.slug}-patient", "active": True, "gender": "female",
            "birthDate": "1988-12-01", "identifier": [patient_identifier("LD-881201")],
            "name": [{"use": "official", "family": "Sandringholt", "given": ["Ottilie"]}],
        })  # fmt: skip
        for resource in (
            fhir.consent(sheet, None), fhir.service_request(sheet, ()), fhir.manifest(sheet, ()),
            fhir.task(sheet, "radiologist"),
        ):  # fmt: skip
            state.put_resource(resource)


EVENTS: dict[str, Callable[[HospitalState, str], None]] = {
    "reassigned": _on_task(_reassign),
    "cancelled": _on_task(_cancel),
    "consent-withdrawn": _on_task(_withdraw_consent),
    "release-ends": _on_task(_end_release),
    "release-renewed": _on_task(_renew_release),
    "question-changed": _on_task(_change_question),
    "records-changed": _on_task(_change_records),
    "new-case": _assign_new_case,
    "due-changed": _on_task(_bring_forward),
    "records-arrived": _on_task(_go_on),
    "message": _on_task(_write_to_the_reader),
    "already-answered": _on_task(_answer_elsewhere),
}
