"""The searches Reading Room makes, as addresses relative to the FHIR base. FHIR R4 3.1.1."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

LISTED_STATUSES = "requested,received,accepted,in-progress,on-hold,ready,completed,cancelled,failed"
PAGE_SIZE = 50
RECONCILED_AT_ONCE = 100
"""Ids of 64 characters (FHIR R4 id) times this stay below the 8,000 characters that every server reads."""
CHANGES_AT_ONCE = 200
PATIENT_PARAMETER = {
    "Patient": "_id",
    "ServiceRequest": "patient",
    "Consent": "patient",
    "List": "patient",
    "DocumentReference": "patient",
    "ImagingStudy": "patient",
    "DiagnosticReport": "patient",
    "Observation": "patient",
    "Communication": "subject",
    "CommunicationRequest": "subject",
}
"""What a case consists of besides its Task, and how a search of it names the patient (FHIR R4)."""


def worklist(owner: str, changed_since: str | None, includes: Sequence[str]) -> str:
    """Tasks of one reader with what they ask and whom they concern, oldest change first."""
    parameters = [("owner", owner), ("status", LISTED_STATUSES)]
    if changed_since is not None:
        parameters.append(("_lastUpdated", f"ge{changed_since}"))
    parameters += [("_sort", "_lastUpdated"), ("_count", str(PAGE_SIZE))]
    parameters += [("_include", include) for include in includes]
    return _address("Task", parameters)


def records(manifest_id: str, includes: Sequence[str]) -> str:
    """The manifest List with everything on it. R4 cannot include ServiceRequest.supportingInfo, but this it can.

    An include that starts from something included itself (``ImagingStudy:endpoint``) is asked for as such.
    """
    parameters = [("_id", manifest_id)]
    parameters += [("_include" if i.startswith("List:") else "_include:iterate", i) for i in includes]
    return _address("List", parameters)


def changes(kind: str, since: str, patient_references: Sequence[str]) -> str:
    """Which resources of this kind changed, of these patients or (none named) of all; versions and patient only."""
    parameter = PATIENT_PARAMETER[kind]
    names = [p.partition("/")[2] if parameter == "_id" else p for p in patient_references]
    parameters = [(parameter, ",".join(names))] if names else []
    parameters += [("_lastUpdated", f"ge{since}"), ("_elements", "id,meta,subject,patient")]
    return _address(kind, [*parameters, ("_count", str(CHANGES_AT_ONCE))])


def consents(patient_reference: str) -> str:
    return _address("Consent", [("patient", patient_reference), ("status", "active")])


def messages(kind: str, request_reference: str) -> str:
    """Communication or CommunicationRequest about one ServiceRequest."""
    return _address(kind, [("based-on", request_reference), ("_count", str(CHANGES_AT_ONCE))])


def reconciliation(task_ids: Sequence[str]) -> str:
    """Who owns these Tasks now: an ``owner=`` search cannot tell that one was given to somebody else."""
    return _address(
        "Task", [("_id", ",".join(task_ids)), ("_elements", "id,meta,status,owner"), ("_count", str(len(task_ids)))]
    )


def questionnaire(canonical: str) -> str:
    """One Questionnaire by ``url|version`` (or by ``url`` alone)."""
    url, _, version = canonical.partition("|")
    return _address("Questionnaire", [("url", url), *([("version", version)] if version else [])])


def by_identifier(kind: str, system: str, value: str) -> str:
    """Resources of one type that carry that identifier."""
    return _address(kind, [("identifier", f"{system}|{value}")])


def by_patient(kind: str, patient_reference: str) -> str:
    """Everything of one type about a patient: for servers that cannot search it by identifier."""
    return _address(kind, [("subject", patient_reference)])


def by_target(reference: str) -> str:
    """Provenance records of one resource."""
    return _address("Provenance", [("target", reference)])


def _address(kind: str, parameters: Sequence[tuple[str, str]]) -> str:
    return f"{kind}?{urlencode(parameters, safe=':,/|')}"
