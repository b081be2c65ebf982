"""A last look at an outgoing transaction: everything it refers to is in it, and nothing that must hold is missing.

Cheap enough for every delivery. The full structure check against the R4 models is `validation_faults`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sync.fhir.elements import Json, child, children, text

_REQUIRED = {
    "Binary": ("contentType", "data"),
    "QuestionnaireResponse": ("identifier", "status", "questionnaire", "subject", "author"),
    "DiagnosticReport": ("identifier", "status", "code", "subject", "presentedForm"),
    "DocumentReference": ("masterIdentifier", "status", "subject", "content"),
    "Provenance": ("target", "recorded", "agent", "signature"),
    "ChargeItem": ("identifier", "status", "code", "subject"),
    "Task": ("id", "status", "intent", "output", "owner"),
}


def find_fault(bundle: Json) -> str:
    """What is wrong with the transaction, as the end of a sentence; empty where nothing is."""
    entries = children(bundle, "entry")
    full_urls = {text(entry, "fullUrl") for entry in entries}
    kinds: list[str] = []
    for entry in entries:
        resource, request = child(entry, "resource"), child(entry, "request")
        kind = text(resource, "resourceType")
        kinds.append(kind)
        missing = next((name for name in _REQUIRED.get(kind, ()) if not resource.get(name)), "")
        if kind not in _REQUIRED or missing:
            return f"its {kind or 'entry'} lacks {missing or 'a known type'}"
        if text(request, "method") not in ("POST", "PUT") or not text(request, "url"):
            return f"its {kind} does not say what to do with it"
        if kind == "Task" and text(request, "method") != "PUT":
            return "its Task does not say what to do with it"
        if text(request, "method") == "PUT" and text(request, "ifMatch") in ("", 'W/""'):
            return f"its {kind} does not name the version it changes"
        # A document given back is the hospital's own, with whatever its server left in it; the Task gets our outputs.
        is_given_back = text(request, "method") == "PUT" and kind != "Task"
        if not is_given_back and any(urn not in full_urls for urn in _urns(resource)):
            return f"its {kind} refers to something that is not in it"
    for kind in ("QuestionnaireResponse", "DiagnosticReport", "Provenance", "Task"):
        if kinds.count(kind) != 1:
            return f"it holds {kinds.count(kind)} times {kind}"
    return ""


def validation_faults(resource: Json) -> list[str]:
    """Faults against the R4 structure (fhir.resources R4B), one line each. Loads the models: half a second, once."""
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    try:
        get_fhir_model_class(text(resource, "resourceType")).model_validate(resource)
    except ValidationError as error:
        return [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()]
    return []


def _urns(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("reference", "url") and isinstance(item, str) and item.startswith("urn:uuid:"):
                yield item
            else:
                yield from _urns(item)
    elif isinstance(value, list):
        for item in value:
            yield from _urns(item)
