"""What the opinion form shows at one moment: a record the presenter makes and the form draws. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.records.answer import Answer, Coding, Reference, same_answer
from sync.records.questionnaire import Item, ItemType, Questionnaire
from sync.records.questionnaire_response import ItemPath, Response


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something a reference question may be answered with, and the FHIR type that decides where it is offered."""

    reference: Reference
    kind: str = "record"
    """``record`` of the case, or ``mark`` of the reader."""


@dataclass(frozen=True, slots=True)
class LengthMark:
    """A length mark that a measurement can be taken from. ``value_mm`` is None where it is not calibrated."""

    reference: Reference
    label: str
    text: str
    """As the reader sees it, e.g. ``A1 Length 14.2 mm``."""
    value_mm: float | None


@dataclass(frozen=True, slots=True)
class SectionProgress:
    """How far one top-level item is: required questions shown and how many of them are answered."""

    link_id: str
    title: str
    required: int
    answered: int
    has_answers: bool


@dataclass(frozen=True, slots=True)
class FormState:
    """Everything the form needs to draw itself."""

    form: Questionnaire
    response: Response
    enabled: frozenset[ItemPath]
    missing: Mapping[ItemPath, str] = field(default_factory=dict)
    """Required and unanswered; named beside the question once ``show_missing``."""
    refused: Mapping[ItemPath, str] = field(default_factory=dict)
    notes: Mapping[ItemPath, str] = field(default_factory=dict)
    """A line under a question, e.g. that its value could not be calculated."""
    sections: tuple[SectionProgress, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    lengths: tuple[LengthMark, ...] = ()
    code_lists: Mapping[str, tuple[Coding, ...]] = field(default_factory=dict)
    read_only: bool = False
    show_missing: bool = False

    def is_enabled(self, path: ItemPath) -> bool:
        return (*path[:-1], (path[-1][0], 0)) in self.enabled

    def options_of(self, item: Item) -> tuple[Answer, ...]:
        """The answers a choice offers: its own list, a contained value set, or a short list that ships."""
        if item.options:
            return tuple(option.answer for option in item.options)
        codes = self.form.find_value_set(item.value_set) or self.code_lists.get(item.value_set, ())
        return tuple(Answer("valueCoding", coding) for coding in codes)

    def ticks_of(self, item: Item, given: tuple[Answer, ...]) -> tuple[Answer, ...]:
        """What a ticked list offers. A reference that was chosen stays, even when it is no longer on offer."""
        if item.type is not ItemType.REFERENCE:
            return self.options_of(item)
        offered = [Answer("valueReference", reference) for reference in self.references_for(item)]
        gone = [answer for answer in given if not any(same_answer(answer, other) for other in offered)]
        return (*offered, *gone)

    def references_for(self, item: Item) -> tuple[Reference, ...]:
        """What a reference question offers: key images are picked from the marks, everything else from the records."""
        wants_marks = item.link_id == KEY_IMAGES
        return tuple(
            candidate.reference
            for candidate in self.candidates
            if (candidate.kind == "mark") is wants_marks
            and (not item.reference_types or candidate.reference.type in item.reference_types)
        )


KEY_IMAGES = "find.keyimages"
"""The base form's question that marks, rather than records, answer."""

MEASUREMENTS = ("meas", "meas.label", "meas.long", "meas.short")
"""The base form's measurement group and its questions, which a length mark can fill."""


def is_ticked_list(item: Item, option_count: int) -> bool:
    """A repeating choice or reference answered by ticking boxes: one widget for all its answers."""
    if item.type is ItemType.REFERENCE:
        return item.repeats
    few = item.control == "" and option_count <= 12
    return item.repeats and item.type is ItemType.CHOICE and option_count > 0 and (item.control == "check-box" or few)


def is_drop_down(item: Item, option_count: int) -> bool:
    """A single choice that opens a list, because it asks to or because its options would fill the page."""
    return item.control == "drop-down" or (item.control in ("", "autocomplete") and option_count > 7)
