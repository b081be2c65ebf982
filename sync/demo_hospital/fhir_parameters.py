"""Which FHIR R4 search parameters this hospital has, and whether a resource matches one. No storage, no paging."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from sync.demo_hospital.refusals import Refusal, invalid

Json = dict[str, Any]


class ParameterKind(Enum):
    """FHIR R4 search parameter types, the ones in use here."""

    TOKEN = "token"
    REFERENCE = "reference"
    URI = "uri"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter: where its values are (dotted path) and, for a reference, the one type it may point to."""

    kind: ParameterKind
    path: str
    target: str | None = None


def _token(path: str) -> Parameter:
    return Parameter(ParameterKind.TOKEN, path)


def _to(path: str, target: str | None = None) -> Parameter:
    return Parameter(ParameterKind.REFERENCE, path, target)


def _uri(path: str) -> Parameter:
    return Parameter(ParameterKind.URI, path)


_IDENTIFIER = {"identifier": _token("identifier")}
_STATUS = {"status": _token("status")}
_SUBJECT = {"subject": _to("subject"), "patient": _to("subject", "Patient")}
_BASED_ON = {"based-on": _to("basedOn")}

PARAMETERS: dict[str, dict[str, Parameter]] = {
    "Appointment": {**_IDENTIFIER, **_STATUS, "based-on": _to("basedOn"), "actor": _to("participant.actor")},
    "AuditEvent": {"entity": _to("entity.what"), "agent": _to("agent.who")},
    "Binary": {},
    "ChargeItem": {**_IDENTIFIER, **_SUBJECT},
    "Communication": {**_IDENTIFIER, **_STATUS, **_SUBJECT, **_BASED_ON, "part-of": _to("partOf")},
    "CommunicationRequest": {**_IDENTIFIER, **_STATUS, **_SUBJECT, **_BASED_ON},
    "Condition": {**_IDENTIFIER, **_SUBJECT},
    "Consent": {
        **_IDENTIFIER, **_STATUS, "patient": _to("patient", "Patient"), "actor": _to("provision.actor.reference"),
    },
    "DiagnosticReport": {**_IDENTIFIER, **_STATUS, **_SUBJECT, **_BASED_ON, "result": _to("result")},
    "DocumentReference": {
        "identifier": _token("masterIdentifier|identifier"), **_STATUS, **_SUBJECT, "category": _token("category"),
        "relatesto": _to("relatesTo.target"), "related": _to("context.related"),
    },
    "Endpoint": {**_IDENTIFIER, **_STATUS},
    "ImagingStudy": {**_IDENTIFIER, **_STATUS, **_SUBJECT, "endpoint": _to("endpoint|series.endpoint", "Endpoint")},
    "List": {**_IDENTIFIER, **_STATUS, **_SUBJECT, "item": _to("entry.item")},
    "Observation": {**_IDENTIFIER, **_STATUS, **_SUBJECT, "code": _token("code")},
    "Organization": {**_IDENTIFIER},
    "Patient": {**_IDENTIFIER},
    "Practitioner": {**_IDENTIFIER},
    "PractitionerRole": {**_IDENTIFIER, "practitioner": _to("practitioner", "Practitioner")},
    "Provenance": {"target": _to("target"), "agent": _to("agent.who")},
    "Questionnaire": {**_IDENTIFIER, **_STATUS, "url": _uri("url"), "version": _token("version")},
    "QuestionnaireResponse": {
        **_IDENTIFIER, **_STATUS, **_SUBJECT, **_BASED_ON, "questionnaire": _uri("questionnaire"),
    },
    "ServiceRequest": {**_IDENTIFIER, **_STATUS, **_SUBJECT},
    "Task": {
        **_IDENTIFIER, **_STATUS, **_BASED_ON, "owner": _to("owner"), "subject": _to("for"),
        "patient": _to("for", "Patient"), "focus": _to("focus"), "group-identifier": _token("groupIdentifier"),
        "business-status": _token("businessStatus"), "code": _token("code"),
    },
}  # fmt: skip
"""By resource type. A type that is not here is not held by this hospital."""


def find_values(resource: Any, path: str) -> Iterator[Any]:
    """Every value at a dotted path, lists flattened; ``a|b`` means both."""
    if "|" in path:
        for one in path.split("|"):
            yield from find_values(resource, one)
        return
    head, _, rest = path.partition(".")
    value = resource.get(head) if isinstance(resource, dict) else None
    for item in value if isinstance(value, list) else [value]:
        if item is None:
            continue
        if rest:
            yield from find_values(item, rest)
        else:
            yield item


def find_references(resource: Json, parameter: Parameter) -> Iterator[str]:
    """``Type/id`` of everything a reference parameter points to in *resource*."""
    for value in find_values(resource, parameter.path):
        reference = str(value.get("reference", "")) if isinstance(value, dict) else ""
        reference = reference.split("/_history/")[0]
        if reference and (parameter.target is None or reference.startswith(parameter.target + "/")):
            yield reference


def matches(resource: Json, parameter: Parameter, value: str, own_base: str) -> bool:
    """Whether *resource* has one of the comma-separated values (FHIR R4 search 3.1.1.4)."""
    return any(_matches_one(resource, parameter, one, own_base) for one in _split(value, ","))


def _matches_one(resource: Json, parameter: Parameter, wanted: str, own_base: str) -> bool:
    if parameter.kind is ParameterKind.URI:
        return any(str(value) == _unescape(wanted) for value in find_values(resource, parameter.path))
    if parameter.kind is ParameterKind.REFERENCE:
        bare = wanted.removeprefix(own_base + "/")
        for reference in find_references(resource, parameter):
            if reference == bare or ("/" not in bare and reference.endswith("/" + bare)):
                return True
        return False
    system, bar, code = _split_token(wanted)
    for held_system, held_code in _tokens(resource, parameter.path):
        if code and held_code != code:
            continue
        if bar and (system or code) and held_system != system:
            continue
        return True
    return False


def _tokens(resource: Json, path: str) -> Iterator[tuple[str, str]]:
    for value in find_values(resource, path):
        if isinstance(value, dict):
            for coding in value.get("coding", [value]):
                yield str(coding.get("system", "")), str(coding.get("code", coding.get("value", "")))
        else:
            yield "", str(value)


def _split_token(text: str) -> tuple[str, bool, str]:
    parts = _split(text, "|")
    if len(parts) == 1:
        return "", False, _unescape(parts[0])
    return _unescape(parts[0]), True, _unescape("|".join(parts[1:]))


def _split(text: str, mark: str) -> list[str]:
    """Split at *mark* except where a backslash stands before it (FHIR R4 search 3.1.1.4.0.1); escapes stay."""
    parts: list[str] = []
    current, escaped = "", False
    for character in text:
        if character == mark and not escaped:
            parts.append(current)
            current = ""
        else:
            current += character
        escaped = character == "\\" and not escaped
    return [*parts, current]


def _unescape(text: str) -> str:
    for mark in ",|$\\":
        text = text.replace("\\" + mark, mark)
    return text


def instant_matches(instant: str, wanted: str) -> bool:
    """Whether a FHIR instant satisfies a date parameter with its prefix, e.g. ``ge2026-11-01T00:00:00Z``."""
    prefix, text = (wanted[:2], wanted[2:]) if wanted[:2].isalpha() else ("eq", wanted)
    start, end = _period(text)
    moment = datetime.fromisoformat(instant)
    answers = {
        "eq": start <= moment < end,
        "ne": not start <= moment < end,
        "gt": moment >= end,
        "ge": moment >= start,
        "lt": moment < start,
        "le": moment < end,
    }
    if prefix not in answers:
        raise invalid(f"the date prefix {prefix} is not supported", "_lastUpdated")
    return answers[prefix]


def _period(text: str) -> tuple[datetime, datetime]:
    """First and first-after instant of what a FHIR date or dateTime of any precision covers; UTC where unsaid."""
    try:
        if len(text) == 4:
            return datetime(int(text), 1, 1, tzinfo=UTC), datetime(int(text) + 1, 1, 1, tzinfo=UTC)
        if len(text) == 7:
            start = datetime.fromisoformat(text + "-01").replace(tzinfo=UTC)
            return start, (start + timedelta(days=32)).replace(day=1)
        # A plus sign in a query that was not percent-encoded arrives as a space
        start = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise Refusal(400, "value", f"{text} is not a FHIR date", "_lastUpdated") from error
    if start.tzinfo is None:
        start = start.replace(tzinfo=UTC)
    if len(text) == 10:
        return start, start + timedelta(days=1)
    return start, start + (timedelta(milliseconds=1) if "." in text else timedelta(seconds=1))
