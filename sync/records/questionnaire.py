"""What an opinion form asks: a FHIR R4 Questionnaire (SDC's render subset) as frozen records.

Answers live in `questionnaire_response`, the rules between them (enableWhen, required, limits) in `answer_rules`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sync.errors import SyncError
from sync.records.answer import Answer, Coding, answer_from_json, coding_from_json

Json = dict[str, Any]

_HL7 = "http://hl7.org/fhir/StructureDefinition/"
_SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"


class UnsupportedQuestionnaire(SyncError):
    """A form this program cannot show faithfully; it shows none of it rather than a part."""


class ItemType(Enum):
    """FHIR R4 Questionnaire.item.type, the kinds that this program renders."""

    GROUP = "group"
    DISPLAY = "display"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE = "date"
    DATE_TIME = "dateTime"
    TIME = "time"
    STRING = "string"
    TEXT = "text"
    URL = "url"
    CHOICE = "choice"
    OPEN_CHOICE = "open-choice"
    QUANTITY = "quantity"
    REFERENCE = "reference"


class Operator(Enum):
    """FHIR R4 Questionnaire.item.enableWhen.operator."""

    EXISTS = "exists"
    EQUAL = "="
    NOT_EQUAL = "!="
    GREATER = ">"
    LESS = "<"
    AT_LEAST = ">="
    AT_MOST = "<="


@dataclass(frozen=True, slots=True)
class Condition:
    """One enableWhen: the item is shown when the question's answer compares so."""

    question: str
    operator: Operator
    answer: Answer


@dataclass(frozen=True, slots=True)
class Option:
    """An allowed answer. ``exclusive`` (SDC optionExclusive): choosing it clears the others."""

    answer: Answer
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One question, group or line of text (FHIR R4 Questionnaire.item) with the extensions that are honoured."""

    link_id: str
    type: ItemType
    text: str = ""
    prefix: str = ""
    required: bool = False
    repeats: bool = False
    read_only: bool = False
    hidden: bool = False
    max_length: int | None = None
    enable_when: tuple[Condition, ...] = ()
    enable_all: bool = False
    options: tuple[Option, ...] = ()
    value_set: str = ""
    control: str = ""
    """itemControl code: radio-button, check-box, drop-down, autocomplete; empty where the form may choose."""
    initial: tuple[Answer, ...] = ()
    initial_expression: str = ""
    calculated_expression: str = ""
    units: tuple[Coding, ...] = ()
    min_value: float | None = None
    max_value: float | None = None
    max_decimal_places: int | None = None
    regex: str = ""
    entry_format: str = ""
    reference_types: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()

    @property
    def is_question(self) -> bool:
        return self.type not in (ItemType.GROUP, ItemType.DISPLAY)

    @property
    def answer_element(self) -> str:
        """The FHIR element a plain answer of this item goes into."""
        return _ELEMENTS[self.type]

    def walk(self) -> Iterator[Item]:
        """This item and everything below it, in form order."""
        yield self
        for child in self.items:
            yield from child.walk()


_ELEMENTS = {
    ItemType.GROUP: "",
    ItemType.DISPLAY: "",
    ItemType.BOOLEAN: "valueBoolean",
    ItemType.DECIMAL: "valueDecimal",
    ItemType.INTEGER: "valueInteger",
    ItemType.DATE: "valueDate",
    ItemType.DATE_TIME: "valueDateTime",
    ItemType.TIME: "valueTime",
    ItemType.STRING: "valueString",
    ItemType.TEXT: "valueString",
    ItemType.URL: "valueUri",
    ItemType.CHOICE: "valueCoding",
    ItemType.OPEN_CHOICE: "valueCoding",
    ItemType.QUANTITY: "valueQuantity",
    ItemType.REFERENCE: "valueReference",
}


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """A whole form. ``canonical`` is ``url|version``; ``notes`` names extensions that were read past."""

    canonical: str
    title: str
    items: tuple[Item, ...]
    value_sets: tuple[tuple[str, tuple[Coding, ...]], ...] = ()
    """Contained value sets as (``#id``, codes)."""
    notes: tuple[str, ...] = ()

    def walk(self) -> Iterator[Item]:
        for item in self.items:
            yield from item.walk()

    def find(self, link_id: str) -> Item | None:
        return next((item for item in self.walk() if item.link_id == link_id), None)

    def find_value_set(self, url: str) -> tuple[Coding, ...] | None:
        return next((codes for name, codes in self.value_sets if name == url), None)


def parse_questionnaire(source: Json) -> Questionnaire:
    """The form in a FHIR R4 Questionnaire resource.

    Raises UnsupportedQuestionnaire where showing it could mislead: an unknown modifierExtension, an unknown item type,
    a linkId used twice, an enableWhen that points nowhere, several enableWhen without enableBehavior, answerOption
    beside answerValueSet (FHIR R4 que-1, que-2, que-4, que-12).
    """
    title = source.get("title") or source.get("name") or "untitled"
    if source.get("resourceType") != "Questionnaire":
        raise UnsupportedQuestionnaire(f"The form “{title}” is not a FHIR Questionnaire.")
    reader = _Reader(title)
    reader.refuse_modifiers(source)
    items = tuple(reader.item(child) for child in source.get("item", ()))
    canonical = "|".join(part for part in (source.get("url", ""), source.get("version", "")) if part)
    form = Questionnaire(canonical, title, items, reader.value_sets(source), tuple(dict.fromkeys(reader.notes)))
    _check_targets(form)
    return form


def _check_targets(form: Questionnaire) -> None:
    link_ids = [item.link_id for item in form.walk()]
    twice = next((name for name in link_ids if link_ids.count(name) > 1), None)
    if twice:
        raise UnsupportedQuestionnaire(f"The form “{form.title}” uses the item name {twice} twice.")
    for item in form.walk():
        for condition in item.enable_when:
            if condition.question not in link_ids:
                raise UnsupportedQuestionnaire(
                    f"In the form “{form.title}”, {item.link_id} depends on {condition.question}, which is not there."
                )


class _Reader:
    """Reads items of one form, gathering notes on what was read past."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.notes: list[str] = []

    def refuse_modifiers(self, source: Json) -> None:
        for extension in source.get("modifierExtension", ()):
            raise UnsupportedQuestionnaire(
                f"The form “{self.title}” needs “{extension.get('url', 'an unnamed extension')}”, "
                "which changes its meaning in a way this program does not know."
            )

    def item(self, source: Json) -> Item:
        self.refuse_modifiers(source)
        link_id = source.get("linkId", "")
        try:
            kind = ItemType(source.get("type"))
        except ValueError:
            raise UnsupportedQuestionnaire(
                f"The form “{self.title}” has an item of type {source.get('type')} ({link_id}), which cannot be shown."
            ) from None
        conditions = tuple(self.condition(part, link_id) for part in source.get("enableWhen", ()))
        if len(conditions) > 1 and source.get("enableBehavior") not in ("any", "all"):
            raise UnsupportedQuestionnaire(
                f"In the form “{self.title}”, {link_id} has several conditions and does not say how they combine."
            )
        if source.get("answerOption") and source.get("answerValueSet"):
            raise UnsupportedQuestionnaire(f"In the form “{self.title}”, {link_id} lists its answers in two ways.")
        return Item(
            link_id=link_id,
            type=kind,
            text=source.get("text", ""),
            prefix=source.get("prefix", ""),
            required=source.get("required", False),
            repeats=source.get("repeats", False),
            read_only=source.get("readOnly", False),
            max_length=source.get("maxLength"),
            enable_when=conditions,
            enable_all=source.get("enableBehavior") == "all",
            options=tuple(_option(part) for part in source.get("answerOption", ())),
            value_set=source.get("answerValueSet", ""),
            initial=_initial(source),
            items=tuple(self.item(child) for child in source.get("item", ())),
            **self.extensions(source),
        )

    def condition(self, source: Json, link_id: str) -> Condition:
        answer = answer_from_json({k: v for k, v in source.items() if k.startswith("answer")})
        try:
            operator = Operator(source.get("operator"))
        except ValueError:
            operator = None
        if answer is None or operator is None:
            raise UnsupportedQuestionnaire(f"In the form “{self.title}”, the condition of {link_id} cannot be read.")
        return Condition(source.get("question", ""), operator, answer)

    def extensions(self, source: Json) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for extension in source.get("extension", ()):
            url, answer = extension.get("url", ""), answer_from_json(extension)
            value = answer.value if answer else None
            expression = extension.get("valueExpression", {})
            if url == f"{_HL7}questionnaire-itemControl":
                coding = extension.get("valueCodeableConcept", {}).get("coding", [{}])[0]
                found["control"] = coding.get("code", "")
            elif url == f"{_HL7}questionnaire-hidden":
                found["hidden"] = bool(value)
            elif url in (f"{_HL7}questionnaire-unit", f"{_HL7}questionnaire-unitOption"):
                unit = coding_from_json(extension.get("valueCoding", {}))
                found["units"] = (*found.get("units", ()), unit)
            elif url == f"{_HL7}questionnaire-referenceResource":
                found["reference_types"] = (*found.get("reference_types", ()), str(value))
            elif url == f"{_HL7}minValue" and isinstance(value, int | float):
                found["min_value"] = value
            elif url == f"{_HL7}maxValue" and isinstance(value, int | float):
                found["max_value"] = value
            elif url == f"{_HL7}maxDecimalPlaces" and isinstance(value, int):
                found["max_decimal_places"] = value
            elif url == f"{_HL7}regex":
                found["regex"] = str(value)
            elif url == f"{_HL7}entryFormat":
                found["entry_format"] = str(value)
            elif url in (f"{_SDC}initialExpression", f"{_SDC}calculatedExpression"):
                if expression.get("language") == "text/fhirpath":
                    name = "initial_expression" if url.endswith("initialExpression") else "calculated_expression"
                    found[name] = expression.get("expression", "")
                else:
                    self.notes.append(f"{source.get('linkId')}: expression language {expression.get('language')}")
            else:
                self.notes.append(f"{source.get('linkId')}: {url}")
        return found

    def value_sets(self, source: Json) -> tuple[tuple[str, tuple[Coding, ...]], ...]:
        return tuple(
            (f"#{resource.get('id', '')}", codes_of_value_set(resource))
            for resource in source.get("contained", ())
            if resource.get("resourceType") == "ValueSet"
        )


def codes_of_value_set(resource: Json) -> tuple[Coding, ...]:
    """The codes of a FHIR R4 ValueSet: its expansion where it has one, else the codes its compose lists."""
    expansion = resource.get("expansion", {}).get("contains")
    if expansion is not None:
        return tuple(coding_from_json(entry) for entry in expansion)
    return tuple(
        Coding(include.get("system", ""), concept.get("code", ""), concept.get("display", ""))
        for include in resource.get("compose", {}).get("include", ())
        for concept in include.get("concept", ())
    )


def _option(source: Json) -> Option:
    answer = answer_from_json(source)
    if answer is None:
        raise UnsupportedQuestionnaire("An answer option of the form has no value.")
    exclusive = any(
        extension.get("url") == f"{_HL7}questionnaire-optionExclusive" and extension.get("valueBoolean")
        for extension in source.get("extension", ())
    )
    return Option(answer, exclusive)


def _initial(source: Json) -> tuple[Answer, ...]:
    given = [answer_from_json(part) for part in source.get("initial", ())]
    selected = [answer_from_json(part) for part in source.get("answerOption", ()) if part.get("initialSelected")]
    return tuple(answer for answer in (*given, *selected) if answer is not None)
