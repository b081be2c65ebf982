"""What a form may ask, and which forms are refused."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from resources import resource
from sync.records.answer import Coding
from sync.records.questionnaire import ItemType, UnsupportedQuestionnaire, parse_questionnaire


@pytest.fixture
def source() -> dict[str, Any]:
    return json.loads(resource("questionnaires", "second-opinion.json").read_text("utf-8"))


def small_form(**item: Any) -> dict[str, Any]:
    first = {"linkId": "a", "type": "string", "text": "A"}
    return {
        "resourceType": "Questionnaire",
        "title": "Small",
        "item": [first, {"linkId": "b", "type": "string", **item}],
    }


def test_that_the_shipped_form_has_its_49_items_each_of_a_kind_that_is_rendered(source: dict[str, Any]) -> None:
    form = parse_questionnaire(source)
    items = list(form.walk())
    assert len(items) == 49
    assert form.canonical == "https://readingroom.example/fhir/Questionnaire/second-opinion|1.1.0"
    assert {item.type for item in items} <= set(ItemType)
    assert form.notes == ()


def test_that_extensions_of_an_item_are_read(source: dict[str, Any]) -> None:
    form = parse_questionnaire(source)
    long_axis, minutes, listed = form.find("meas.long"), form.find("time.min"), form.find("mat.list")
    assert long_axis and long_axis.units == (Coding("http://unitsofmeasure.org", "mm", "mm"),)
    assert minutes and minutes.min_value == 0
    records = ("ImagingStudy", "DocumentReference", "DiagnosticReport", "Observation")
    assert listed and listed.reference_types == records


def test_that_an_unknown_modifier_extension_refuses_the_whole_form(source: dict[str, Any]) -> None:
    changed = copy.deepcopy(source)
    changed["item"][4]["item"][0]["modifierExtension"] = [{"url": "https://elsewhere.example/negates"}]
    with pytest.raises(UnsupportedQuestionnaire, match=r"elsewhere\.example/negates"):
        parse_questionnaire(changed)


def test_that_an_unknown_extension_is_read_past_with_a_note() -> None:
    form = parse_questionnaire(
        small_form(extension=[{"url": "https://elsewhere.example/colour", "valueString": "red"}])
    )
    assert form.notes == ("b: https://elsewhere.example/colour",)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"type": "attachment"}, "type attachment"),
        ({"linkId": "a"}, "twice"),
        ({"enableWhen": [{"question": "z", "operator": "exists", "answerBoolean": True}]}, "depends on z"),
        ({"enableWhen": [{"question": "a", "operator": "~", "answerBoolean": True}]}, "condition of b"),
        ({"enableWhen": [{"question": "a", "operator": "exists", "answerBoolean": True}] * 2}, "how they combine"),
        ({"answerOption": [{"valueString": "x"}], "answerValueSet": "#v"}, "two ways"),
    ],
)
def test_that_a_form_that_could_mislead_is_refused_by_name(item: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnsupportedQuestionnaire, match=reason):
        parse_questionnaire(small_form(**item))


def test_that_contained_value_sets_give_their_codes() -> None:
    source = small_form(type="choice", answerValueSet="#v")
    include = {"system": "urn:s", "concept": [{"code": "1", "display": "One"}]}
    source["contained"] = [{"resourceType": "ValueSet", "id": "v", "compose": {"include": [include]}}]
    assert parse_questionnaire(source).find_value_set("#v") == (Coding("urn:s", "1", "One"),)
