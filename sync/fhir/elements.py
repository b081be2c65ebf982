"""Reading single FHIR R4 elements out of whatever a server sends: wrong types read as absent, nothing raises.

A case must not be lost for one odd element, so this never trusts a shape. What an absence means, the mappings decide.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

Json = dict[str, Any]


def text(parent: Any, name: str) -> str:
    """A string element, stripped; numbers and booleans of the JSON are not strings."""
    value = parent.get(name) if isinstance(parent, dict) else None
    return value.strip() if isinstance(value, str) else ""


def child(parent: Any, name: str) -> Json:
    """A complex element, or an empty one."""
    value = parent.get(name) if isinstance(parent, dict) else None
    return value if isinstance(value, dict) else {}


def children(parent: Any, name: str) -> tuple[Json, ...]:
    """A repeating complex element; a single one where a server forgot the list."""
    value = parent.get(name) if isinstance(parent, dict) else None
    if isinstance(value, dict):
        return (value,)
    return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def texts(parent: Any, name: str) -> tuple[str, ...]:
    """A repeating string element."""
    value = parent.get(name) if isinstance(parent, dict) else None
    if isinstance(value, str):
        value = [value]
    return tuple(v.strip() for v in value if isinstance(v, str) and v.strip()) if isinstance(value, list) else ()


def codes(concept: Json) -> frozenset[str]:
    """All codes of a CodeableConcept, whatever their systems."""
    return frozenset(text(coding, "code") for coding in children(concept, "coding")) - {""}


def label(concept: Json) -> str:
    """What a person calls a CodeableConcept: its text, else a display, else a code."""
    codings = children(concept, "coding")
    words = [text(concept, "text"), *(text(c, "display") for c in codings), *(text(c, "code") for c in codings)]
    return next((word for word in words if word), "")


def identifier_value(resource: Json, system: str) -> str:
    """The value under one identifier system, from a repeating or single ``identifier``."""
    return next((text(i, "value") for i in children(resource, "identifier") if text(i, "system") == system), "")


def reference_of(resource: Json) -> str:
    """``Type/id`` of a resource itself; empty where it has no id."""
    kind, own_id = text(resource, "resourceType"), text(resource, "id")
    return f"{kind}/{own_id}" if kind and own_id else ""


def relative_reference(element: Any, fhir_base: str = "") -> str:
    """A Reference's target as ``Type/id``: the base and any ``/_history/n`` are cut off (FHIR R4 2.3.0.1)."""
    value = text(element, "reference")
    if fhir_base and value.startswith(fhir_base + "/"):
        value = value[len(fhir_base) + 1 :]
    return value.split("/_history/")[0]


def version_id(resource: Json) -> str:
    return text(child(resource, "meta"), "versionId")


def instant(parent: Any, name: str) -> datetime | None:
    """A date, dateTime or instant as an aware datetime; a bare date is its midnight UTC, a year or month is absent."""
    return parse_instant(text(parent, name))


def parse_instant(value: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def day(parent: Any, name: str) -> date | None:
    """A complete date; ``1960`` or ``1960-05`` is absent, for it cannot be compared."""
    try:
        return date.fromisoformat(text(parent, name)[:10])
    except ValueError:
        return None


def whole_number(parent: Any, name: str) -> int | None:
    """An integer or an integral decimal (content-length is a valueDecimal)."""
    value = parent.get(name) if isinstance(parent, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value != int(value):
        return None
    return int(value)


def base64_bytes(parent: Any, name: str) -> bytes | None:
    try:
        return base64.b64decode(text(parent, name), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def extension(element: Json, url: str) -> Json:
    """The first extension of this address, or an empty one."""
    return next((e for e in children(element, "extension") if text(e, "url") == url), {})


def resources_in(bundle: Json) -> Iterator[Json]:
    """The resources of a Bundle's entries; OperationOutcomes, and what has no id to be known by, left out."""
    for entry in children(bundle, "entry"):
        resource = child(entry, "resource")
        if reference_of(resource) and text(resource, "resourceType") != "OperationOutcome":
            yield resource
