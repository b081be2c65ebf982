"""A hanging rule as JSON, both ways; the shipped ones lie in resources/hanging, and are tried in the order of names.

Whatever is wrong with a rule is said in one sentence that names the rule and the part: a rule is never half believed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from resources import resource
from workstation.reading.hanging.layouts import LAYOUTS
from workstation.reading.hanging.rule import HangingRule, Place

FORMAT = "readingroom.hanging/1"

_CHOICES: dict[str, tuple[str, ...]] = {
    "kind": ("series", "slide", "nothing"),
    "side": ("R", "L", "B"),
    "plane": ("axial", "coronal", "sagittal", "oblique"),
    "contrast": ("with", "without"),
    "phase": ("arterial", "portal venous", "delayed"),
    "study": ("current", "prior"),
    "posterior": ("left", "right"),
}
_LISTS = ("modality", "body_part", "view", "plane", "words")
_KNOWN = {"format", "name", "layout", "same_scale", "fill_at_least", "needs_prior", "only", "places"}
_PLACES_BEFORE = ("prior_of", "space_of")
_DEFAULTS = {field.name: field.default for field in fields(Place)}


class BadRule(Exception):
    """One sentence for the reader: what is wrong with which rule."""


@cache
def shipped_rules() -> tuple[HangingRule, ...]:
    """The program's own, in the order they are tried."""
    files = sorted((f for f in resource("hanging").iterdir() if f.name.endswith(".json")), key=lambda f: f.name)
    return tuple(rule_from_json(file.read_text("utf-8"), file.name) for file in files)


def rule_from_json(text: str, called: str = "This rule") -> HangingRule:
    """The rule that *text* is; *called* is what a sentence names it by until its own name is known. Raises BadRule."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BadRule(f"{called} is not JSON, so it cannot be read.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadRule(f"{called} does not say that it is a hanging rule: its format must be {FORMAT}.")
    name = document.get("name")
    if not isinstance(name, str) or not name.strip():
        raise BadRule(f"{called} has no name.")
    layout = document.get("layout")
    if layout not in LAYOUTS:
        raise BadRule(f"The rule “{name}” asks for the layout {layout}; there are {', '.join(LAYOUTS)}.")
    unknown = set(document) - _KNOWN
    if unknown:
        raise BadRule(f"The rule “{name}” says “{min(unknown)}”, which this program does not know.")
    places = document.get("places")
    if not isinstance(places, list) or not 1 <= len(places) <= LAYOUTS[layout].places:
        raise BadRule(f"The rule “{name}” must fill 1 to {LAYOUTS[layout].places} places in the layout {layout}.")
    for condition in ("same_scale", "needs_prior"):
        if not isinstance(document.get(condition, False), bool):
            raise BadRule(f"The rule “{name}” must say true or false for “{condition}”.")
    least, only = document.get("fill_at_least", 1), document.get("only", ())
    if "only" in document and (sentence := _fault("modality", only, 0)):
        raise BadRule(f"The rule “{name}” {sentence.replace('modality', 'only')}")
    if not _is_whole(least) or not 1 <= least <= len(places):
        raise BadRule(f"The rule “{name}” must say for “fill_at_least” how many of its {len(places)} places.")
    made = tuple(_place(value, index, name) for index, value in enumerate(places))
    return HangingRule(
        name.strip(),
        layout,
        made,
        document.get("same_scale", False),
        least,
        document.get("needs_prior", False),
        tuple(only),
    )


def rule_to_json(rule: HangingRule) -> str:
    """What `rule_from_json` reads, without what asks for nothing."""
    document: dict[str, Any] = {"format": FORMAT, "name": rule.name, "layout": rule.layout}
    if rule.same_scale:
        document["same_scale"] = True
    if rule.fill_at_least > 1:
        document["fill_at_least"] = rule.fill_at_least
    if rule.needs_prior:
        document["needs_prior"] = True
    if rule.only:
        document["only"] = rule.only
    document["places"] = [
        {name: getattr(place, name) for name, default in _DEFAULTS.items() if getattr(place, name) != default}
        for place in rule.places
    ]
    return json.dumps(document, ensure_ascii=False, indent=1)


def _place(value: object, index: int, name: str) -> Place:
    where = f"The rule “{name}”, place {index + 1},"
    if not isinstance(value, Mapping):
        raise BadRule(f"{where} is not written as conditions and what they ask for.")
    for condition, asked in value.items():
        if condition not in _DEFAULTS:
            raise BadRule(f"{where} asks for “{condition}”, which this program does not know.")
        if sentence := _fault(condition, asked, index):
            raise BadRule(f"{where} {sentence}")
    conditions: dict[str, Any] = {c: tuple(asked) if c in _LISTS else asked for c, asked in value.items()}
    return Place(**conditions)


def _fault(condition: str, asked: object, index: int) -> str:
    """What is wrong with one condition; empty for nothing."""
    if condition in _PLACES_BEFORE:
        good = _is_whole(asked) and 0 <= asked < index  # type: ignore[operator]
        return "" if good else f"must name in “{condition}” a place before it, counted from 0."
    if condition == "images_at_least":
        return "" if _is_whole(asked) and asked > 0 else "must say a number of images from 1 on."  # type: ignore[operator]
    if condition == "optional":
        return "" if isinstance(asked, bool) else "must say true or false for “optional”."
    given = asked if condition in _LISTS else [asked]
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        return f"must list what it asks for in “{condition}”."
    if not all(isinstance(one, str) and one for one in given):
        return f"must ask for words in “{condition}”."
    choices = _CHOICES.get(condition)
    bad = [one for one in given if choices is not None and one not in choices]
    return f"asks for {condition} {bad[0]}; there are {', '.join(choices or ())}." if bad else ""


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
