"""What a specialist may write, and what the hospital refuses: kinds, Task moves, references to nothing. No storage.

The rights are the SMART scopes a reading workstation gets (protocol 1.6); the moves are those of protocol 1.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sync.demo_hospital.fhir_parameters import PARAMETERS
from sync.demo_hospital.refusals import Refusal, invalid

Json = dict[str, Any]

CREATED_BY_READERS = frozenset({
    "AuditEvent", "Binary", "ChargeItem", "Communication", "CommunicationRequest", "DiagnosticReport",
    "DocumentReference", "Provenance", "QuestionnaireResponse",
})  # fmt: skip
UPDATED_BY_READERS = frozenset({"DocumentReference", "Task"})
GUARDED_BY_VERSION = frozenset({"DocumentReference", "Task"})
"""An update of these needs If-Match: two people may be working on the same assignment, or amend the same document."""

_MOVES = {
    "requested": {"received", "accepted", "rejected", "in-progress"},
    "received": {"accepted", "rejected", "in-progress"},
    "ready": {"accepted", "rejected", "in-progress", "completed", "failed"},
    "accepted": {"in-progress", "on-hold", "rejected", "completed", "failed"},
    "in-progress": {"on-hold", "completed", "failed"},
    "on-hold": {"in-progress", "completed", "failed"},
}
_KEPT_BY_THE_HOSPITAL = ("identifier", "groupIdentifier", "focus", "for", "owner", "requester", "input", "restriction")


def check_kind(kind: str, resource: Json, allowed: frozenset[str], verb: str) -> None:
    if kind not in PARAMETERS:
        raise Refusal(404, "not-supported", f"This hospital holds no {kind}.")
    if resource.get("resourceType") != kind:
        raise invalid(f"the body is a {resource.get('resourceType')}, the address says {kind}", "resourceType")
    if kind not in allowed:
        raise Refusal(403, "forbidden", f"A reader may not {verb} {kind}.")


def check_task_move(before: Json, after: Json) -> None:
    """Refuse a Task update that is the hospital's alone to make, or that leaves a closed assignment."""
    for element in _KEPT_BY_THE_HOSPITAL:
        if before.get(element) != after.get(element):
            raise Refusal(422, "business-rule", f"Task.{element} is kept by the hospital.", f"Task.{element}")
    old, new = str(before.get("status")), str(after.get("status"))
    if old == new and old in _MOVES:
        return
    if old == new == "completed":
        _check_amendment(before, after)
        return
    if new not in _MOVES.get(old, set()):
        sentence = f"An assignment that is {old} cannot become {new} by its reader."
        raise Refusal(422, "business-rule", sentence, "Task.status")
    if new in ("rejected", "failed") and not after.get("statusReason"):
        raise Refusal(422, "required", f"An assignment that is {new} needs a reason.", "Task.statusReason")
    if new == "completed":
        outputs = [output.get("valueReference", {}).get("reference", "") for output in after.get("output", [])]
        if not any(output.startswith("DiagnosticReport/") for output in outputs):
            sentence = "An assignment is completed by its opinion: Task.output names no DiagnosticReport."
            raise Refusal(422, "business-rule", sentence, "Task.output")


def _check_amendment(before: Json, after: Json) -> None:
    """A completed assignment takes further reports and nothing else: what was put out stays (protocol 1.3)."""
    kept = ("output", "meta")
    if {k: v for k, v in before.items() if k not in kept} != {k: v for k, v in after.items() if k not in kept}:
        raise Refusal(422, "business-rule", "A completed assignment takes an amendment and no other change.", "Task")
    old, new = before.get("output", []), after.get("output", [])
    added = [output.get("valueReference", {}).get("reference", "") for output in new[len(old) :]]
    if new[: len(old)] != old or not any(reference.startswith("DiagnosticReport/") for reference in added):
        raise Refusal(422, "business-rule", "An amendment adds its report to what is there.", "Task.output")


def check_document_change(before: Json, after: Json) -> None:
    """A reader may mark a signed opinion's document superseded; nothing else of any document changes."""
    if {**before, "meta": None, "status": None} != {**after, "meta": None, "status": None}:
        raise Refusal(422, "business-rule", "Of a document only its status may change.", "DocumentReference")
    if after.get("status") != "superseded" or not before.get("authenticator"):
        sentence = "A reader may only mark an opinion's document superseded."
        raise Refusal(422, "business-rule", sentence, "DocumentReference.status")


def check_references(resource: Json, exists: Callable[[str, str, int | None], bool]) -> None:
    """Refuse a reference to something this hospital ought to hold and does not."""
    for reference in _references(resource):
        if reference.startswith("urn:uuid:"):
            raise invalid(f"{reference} is nowhere in this transaction")
        kind, _, rest = reference.partition("/")
        if kind not in PARAMETERS:
            continue
        resource_id, _, version = rest.partition("/_history/")
        if not exists(kind, resource_id, int(version) if version.isdigit() else None):
            raise Refusal(422, "not-found", f"{reference} is referred to and is not known here.")


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "reference" and isinstance(item, str):
                yield item
            else:
                yield from _references(item)
