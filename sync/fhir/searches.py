"""The searches Reading Room makes, as addresses relative to the FHIR base. FHIR R4 3.1.1."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

LISTED_STATUSES = "requested,received,accepted,in-progress,on-hold,ready,completed,cancelled,failed"
PAGE_SIZE = 50


def worklist(owner: str, changed_since: str | None) -> str:
    """Tasks of one reader with what they ask and whom they concern, oldest change first."""
    parameters = [("owner", owner), ("status", LISTED_STATUSES)]
    if changed_since is not None:
        parameters.append(("_lastUpdated", f"ge{changed_since}"))
    parameters += [("_sort", "_lastUpdated"), ("_count", str(PAGE_SIZE))]
    parameters += [("_include", "Task:focus"), ("_include", "Task:patient")]
    return _address("Task", parameters)


def records(manifest_id: str) -> str:
    """The manifest List with everything on it. R4 cannot include ServiceRequest.supportingInfo, but this it can."""
    return _address(
        "List", [("_id", manifest_id), ("_include", "List:item"), ("_include:iterate", "ImagingStudy:endpoint")]
    )


def consents(patient_reference: str) -> str:
    return _address("Consent", [("patient", patient_reference), ("status", "active")])


def reconciliation(task_ids: Sequence[str]) -> str:
    """Who owns these Tasks now: an ``owner=`` search cannot tell that one was given to somebody else."""
    return _address("Task", [("_id", ",".join(task_ids)), ("_elements", "id,meta,status,owner")])


def questionnaire(canonical: str) -> str:
    """One Questionnaire by ``url|version`` (or by ``url`` alone)."""
    url, _, version = canonical.partition("|")
    return _address("Questionnaire", [("url", url), *([("version", version)] if version else [])])


def _address(kind: str, parameters: Sequence[tuple[str, str]]) -> str:
    return f"{kind}?{urlencode(parameters, safe=':,/|')}"
