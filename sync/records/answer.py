"""One answer of an opinion form: a plain value, a code, a quantity or a reference, and its FHIR JSON.

What a form asks lives in `questionnaire`, where answers stand in a form in `questionnaire_response`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Coding:
    """FHIR R4 Coding. Two codings mean the same when system and code agree; the display is for people."""

    system: str
    code: str
    display: str = ""

    def means(self, other: Coding) -> bool:
        return self.code == other.code and (self.system == other.system or not self.system or not other.system)

    def to_json(self) -> Json:
        parts = {"system": self.system, "code": self.code, "display": self.display}
        return {key: text for key, text in parts.items() if text}


@dataclass(frozen=True, slots=True)
class Quantity:
    """FHIR R4 Quantity: a number with its UCUM code. ``value`` is a plain JSON number, never a Decimal (RFC 8785)."""

    value: float
    unit: str = ""
    system: str = ""
    code: str = ""

    def to_json(self) -> Json:
        parts = {"unit": self.unit, "system": self.system, "code": self.code}
        return {"value": self.value, **{key: text for key, text in parts.items() if text}}


@dataclass(frozen=True, slots=True)
class Reference:
    """FHIR R4 Reference: literal (``reference``) or logical (``identifier_system`` and ``identifier_value``)."""

    reference: str = ""
    type: str = ""
    display: str = ""
    identifier_system: str = ""
    identifier_value: str = ""

    def means(self, other: Reference) -> bool:
        if self.reference or other.reference:
            return self.reference == other.reference
        return (self.identifier_system, self.identifier_value) == (other.identifier_system, other.identifier_value)

    def to_json(self) -> Json:
        parts: Json = {"reference": self.reference, "type": self.type, "display": self.display}
        if self.identifier_value:
            parts["identifier"] = {"system": self.identifier_system, "value": self.identifier_value}
        return {key: part for key, part in parts.items() if part}


Value = bool | int | float | str | Coding | Quantity | Reference


@dataclass(frozen=True, slots=True)
class Answer:
    """A value with the FHIR element that carries it, e.g. ``valueCoding`` (FHIR R4 QuestionnaireResponse.answer)."""

    element: str
    value: Value

    @property
    def is_empty(self) -> bool:
        """True for text of nothing but white space: it answers nothing."""
        return isinstance(self.value, str) and not self.value.strip()

    def to_json(self) -> Json:
        value = self.value
        return {self.element: value.to_json() if isinstance(value, Coding | Quantity | Reference) else value}


def answer_from_json(source: Json) -> Answer | None:
    """The answer in a FHIR element that holds one ``value[x]`` (or ``answer[x]``); None where there is none."""
    for key, value in source.items():
        kind = key.removeprefix("value") if key.startswith("value") else key.removeprefix("answer")
        if kind == key or value is None:
            continue
        if kind == "Coding":
            return Answer("valueCoding", coding_from_json(value))
        if kind == "Quantity":
            number = value.get("value")
            if number is None:
                return None
            parts = (value.get(name, "") for name in ("unit", "system", "code"))
            return Answer("valueQuantity", Quantity(number, *parts))
        if kind == "Reference":
            identifier = value.get("identifier", {})
            named = [value.get(name, "") for name in ("reference", "type", "display")]
            named += [identifier.get(name, "") for name in ("system", "value")]
            return Answer("valueReference", Reference(*named))
        if isinstance(value, bool | int | float | str):
            return Answer(f"value{kind}", value)
    return None


def coding_from_json(source: Json) -> Coding:
    return Coding(source.get("system", ""), source.get("code", ""), source.get("display", ""))


def same_answer(one: Answer, other: Answer) -> bool:
    """Equality as enableWhen means it: codes by system and code, references by target, numbers by value."""
    a, b = one.value, other.value
    if isinstance(a, Coding) and isinstance(b, Coding):
        return a.means(b)
    if isinstance(a, Reference) and isinstance(b, Reference):
        return a.means(b)
    if isinstance(a, Quantity) and isinstance(b, Quantity):
        return a.value == b.value and _unit(a) == _unit(b)
    if isinstance(a, bool) is not isinstance(b, bool):
        return False
    order = compare_answers(one, other)
    return order == 0 if order is not None else a == b


def compare_answers(one: Answer, other: Answer) -> int | None:
    """-1, 0 or 1; None where the two cannot be ordered (other kinds, other units, codes)."""
    a, b = _ordinal(one), _ordinal(other)
    if a is None or b is None or type(a) is not type(b):
        return None
    if isinstance(one.value, Quantity) and isinstance(other.value, Quantity) and _unit(one.value) != _unit(other.value):
        return None
    return (a > b) - (a < b)  # type: ignore[operator]


def _unit(quantity: Quantity) -> str:
    return quantity.code or quantity.unit


def _ordinal(answer: Answer) -> float | str | datetime | None:
    value = answer.value
    if isinstance(value, bool):
        return None
    if isinstance(value, Quantity):
        return float(value.value)
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        if answer.element in ("valueDate", "valueDateTime"):
            return _instant(value)
        return value
    return None


def _instant(text: str) -> datetime | None:
    """A FHIR date or dateTime as an aware moment; partial dates count from their first day, no zone means local."""
    padded = text + "-01-01"[3 * (text.count("-")) :] if len(text) <= 7 else text
    try:
        moment = datetime.fromisoformat(padded) if "T" in padded else _midnight(date.fromisoformat(padded))
    except ValueError:
        return None
    return moment.astimezone()


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day).astimezone()
