"""From a Task and the resources around it to a `Case`. FHIR R4 Task, ServiceRequest, Patient.

Tolerant: an unknown or odd element never loses a case. What is missing becomes a sentence in `MappedCase.problems`,
and the case is listed all the same. Strict in three things, about which nobody may guess: about whom the assignment
is, whose it is, and how it stands. The records themselves: `records_mapping`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sync.errors import UnsafeCase
from sync.fhir.consent_mapping import consent_state, release_until
from sync.fhir.elements import (
    Json,
    child,
    children,
    codes,
    day,
    identifier_value,
    instant,
    label,
    reference_of,
    relative_reference,
    text,
    texts,
    version_id,
)
from sync.fhir.message_mapping import messages_of
from sync.fhir.names import ASSIGNMENT_SYSTEM, CASE_SYSTEM
from sync.fhir.records_mapping import map_records
from sync.records.case import Case, CaseId, CaseStatus, ConsentState, Patient, Priority

TASK_CODES = "http://hl7.org/fhir/CodeSystem/task-code"
_STATES = frozenset(status.value for status in CaseStatus)


@dataclass(frozen=True, slots=True)
class MappedCase:
    """A case, and one sentence for each thing that is missing or contradictory in what the hospital sent."""

    case: Case
    problems: tuple[str, ...]


def case_from_resources(
    task: Json,
    resources: Iterable[Json],
    *,
    fhir_base: str,
    dicomweb_base: str,
    now: datetime,
) -> MappedCase:
    """``resources`` is all that is known around the Task; ``now`` the hospital's clock (for the consent's period).

    `UnsafeCase` where patient, owner or state are missing, contradictory or not known.
    """
    by_reference = {reference_of(resource): resource for resource in resources}

    def found(element: Json) -> Json:
        return by_reference.get(relative_reference(element, fhir_base), {})

    request = found(child(task, "focus"))
    case_id = _case_id(task, request)
    title = f"Case {case_id}"
    problems: list[str] = []
    patient_reference = patient_reference_of(task, request, fhir_base)
    owner = relative_reference(child(task, "owner"), fhir_base)
    if _asks_for_change(task):
        # Taken in, it would stand in the place of the assignment that the case is known by.
        raise UnsafeCase(
            f"{title}: the hospital asks you to change the opinion it holds; open the case and amend its opinion there."
        )
    if unsafe := _find_doubt(task, request, patient_reference, owner, fhir_base):
        raise UnsafeCase(f"{title} was not taken in: {unsafe}")
    patient_resource = by_reference.get(patient_reference, {})
    if not patient_resource:
        problems.append(f"{title}: the hospital did not send the patient's details.")
    questions = questions_of(request)
    if not questions:
        problems.append(f"{title}: the hospital sent no clinical question.")
    manifest = manifest_of(task, fhir_base)
    manifest_resource = by_reference.get(manifest, {})
    if not manifest:
        problems.append(f"{title}: the hospital sent no list of records.")
    questionnaire = questionnaire_of(task)
    if not questionnaire:
        problems.append(f"{title}: the hospital does not say which opinion form to fill in.")
    releases = [r for r in by_reference.values() if text(r, "resourceType") == "Consent"]
    consent, consent_reference = consent_state(releases, patient_reference, owner, now, fhir_base)
    records = map_records(manifest_resource, by_reference, fhir_base, dicomweb_base)
    # What came inside the resources is held back like the files: without a release nothing clinical is shown.
    is_released = consent is ConsentState.ACTIVE
    manifest_version = version_id(manifest_resource)
    case = Case(
        case_id=case_id,
        task_reference=reference_of(task),
        task_version=version_id(task),
        service_request_reference=relative_reference(child(task, "focus"), fhir_base),
        manifest_reference=f"{manifest}/_history/{manifest_version}" if manifest_version else manifest,
        questionnaire=questionnaire,
        assignment=identifier_value(task, ASSIGNMENT_SYSTEM) or f"{case_id}/1",
        status=CaseStatus(text(task, "status")),
        business_status=label(child(task, "businessStatus")),
        priority=_priority(task, request),
        patient=patient_from(patient_resource, patient_reference),
        questions=questions,
        working_diagnosis="; ".join(label(reason) for reason in children(request, "reasonCode") if label(reason)),
        owner_reference=owner,
        requester_name=_requester(task, request, by_reference, fhir_base),
        authored=instant(task, "authoredOn") or instant(request, "authoredOn"),
        due=instant(child(child(task, "restriction"), "period"), "end"),
        consent=consent,
        consent_reference=consent_reference,
        studies=records.studies,
        documents=records.documents,
        lab_results=records.lab_results if is_released else (),
        prior_reports=records.prior_reports if is_released else (),
        messages=messages_of(
            by_reference.values(), relative_reference(child(task, "focus"), fhir_base), reference_of(task), owner,
            by_reference, fhir_base,
        ),
        status_reason=label(child(task, "statusReason")),
        release_until=release_until(releases, patient_reference, owner, now, fhir_base),
    )  # fmt: skip
    # Without a release the hospital may keep the records to itself, so their absence is not its fault.
    missing = records.problems if is_released else ()
    return MappedCase(case, (*problems, *(f"{title}: {problem}" for problem in missing)))


def _asks_for_change(task: Json) -> bool:
    """A Task of its own for an amendment (code ``change``, focus the DiagnosticReport; protocol 1.3)."""
    codings = children(child(task, "code"), "coding")
    return any(text(coding, "code") == "change" and text(coding, "system") in ("", TASK_CODES) for coding in codings)


def _find_doubt(task: Json, request: Json, patient_reference: str, owner: str, fhir_base: str) -> str:
    """Why this assignment must not be worked on, as the end of a sentence; empty where nothing speaks against it."""
    if not patient_reference:
        return "the hospital does not say which patient it is about."
    if relative_reference(child(request, "subject"), fhir_base) not in ("", patient_reference):
        return "the task and the request name different patients."
    if not owner:
        return "the hospital does not say to whom it is assigned."
    if text(task, "status") not in _STATES:
        return f"its state “{text(task, 'status')}” is not known."
    return ""


def manifest_of(task: Json, fhir_base: str) -> str:
    """``List/x`` named by the Task's ``records-manifest`` input, or empty."""
    return relative_reference(child(_inputs(task).get("records-manifest", {}), "valueReference"), fhir_base)


def questionnaire_of(task: Json) -> str:
    """The canonical of the form named by the Task's ``questionnaire`` input, or empty."""
    return text(_inputs(task).get("questionnaire", {}), "valueCanonical")


def questions_of(request: Json) -> tuple[str, ...]:
    """The clinical questions: one ServiceRequest.note each."""
    return tuple(text(note, "text") for note in children(request, "note") if text(note, "text"))


def patient_reference_of(task: Json, request: Json, fhir_base: str) -> str:
    """Whom the assignment is about: the Task says it, else its request."""
    return relative_reference(child(task, "for") or child(request, "subject"), fhir_base)


def patient_from(resource: Json, reference: str) -> Patient:
    """FHIR R4 Patient. The identifier of type MR (HL7 v2-0203) is DICOM's PatientID; else the first usual one."""
    names = children(resource, "name")
    name = next((n for n in names if text(n, "use") == "official"), names[0] if names else {})
    return Patient(
        reference=reference,
        patient_id=_patient_id(resource),
        family=text(name, "family") or (text(name, "text") if not texts(name, "given") else ""),
        given=" ".join(texts(name, "given")),
        birth_date=day(resource, "birthDate"),
        sex=text(resource, "gender") or "unknown",
    )


def _patient_id(resource: Json) -> str | None:
    identifiers = [i for i in children(resource, "identifier") if text(i, "value") and text(i, "use") != "old"]
    record_numbers = [i for i in identifiers if "MR" in codes(child(i, "type"))]
    usual = [i for i in identifiers if text(i, "use") in ("usual", "official")]
    return next((text(i, "value") for i in (*record_numbers, *usual, *identifiers)), None)


def _case_id(task: Json, request: Json) -> CaseId:
    group = child(task, "groupIdentifier")
    candidates = (
        text(group, "value") if text(group, "system") == CASE_SYSTEM else "",
        identifier_value(request, CASE_SYSTEM),
        text(group, "value"),
        reference_of(task),
    )
    return CaseId(next(value for value in (*candidates, "unnamed") if value))


def _inputs(task: Json) -> Mapping[str, Json]:
    return {code: entry for entry in children(task, "input") for code in codes(child(entry, "type"))}


def _priority(task: Json, request: Json) -> Priority:
    for resource in (task, request):
        try:
            return Priority(text(resource, "priority"))
        except ValueError:
            continue
    return Priority.ROUTINE


def _requester(task: Json, request: Json, by_reference: Mapping[str, Json], fhir_base: str) -> str:
    for element in (child(request, "requester"), child(task, "requester")):
        if display := text(element, "display"):
            return display
        resource = by_reference.get(relative_reference(element, fhir_base), {})
        if text(resource, "name"):
            return text(resource, "name")
        for name in children(resource, "name"):
            words = text(name, "text") or " ".join(
                (*texts(name, "prefix"), *texts(name, "given"), text(name, "family"))
            )
            if words.strip():
                return words.strip()
    return next((text(note, "authorString") for note in children(request, "note") if text(note, "authorString")), "")
