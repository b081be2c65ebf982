"""Hanging rules as JSON: the shipped ones hold, a bad one is refused whole and in one plain sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workstation.reading.hanging.rule_file import BadRule, rule_from_json, rule_to_json, shipped_rules

GOOD: dict[str, Any] = {
    "format": "readingroom.hanging/1",
    "name": "Mine",
    "layout": "1x2",
    "places": [{"modality": ["CT"]}, {"modality": ["CT"], "prior_of": 0}],
}


def test_that_every_shipped_rule_is_read_and_written_back_the_same() -> None:
    rules = shipped_rules()
    assert len(rules) > 8 and len({rule.name for rule in rules}) == len(rules)
    assert [rule_from_json(rule_to_json(rule)) for rule in rules] == list(rules)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": "other"}, "This rule does not say that it is a hanging rule"),
        ({"name": " "}, "This rule has no name."),
        ({"layout": "3x3"}, "The rule “Mine” asks for the layout 3x3; there are 1x1, "),
        ({"places": []}, "The rule “Mine” must fill 1 to 2 places in the layout 1x2."),
        ({"places": [{}, {}, {}]}, "The rule “Mine” must fill 1 to 2 places in the layout 1x2."),
        ({"places": ["CT"]}, "The rule “Mine”, place 1, is not written as conditions and what they ask for."),
        ({"places": [{"modalty": ["CT"]}]}, "place 1, asks for “modalty”, which this program does not know."),
        ({"places": [{"modality": "CT"}]}, "place 1, must list what it asks for in “modality”."),
        ({"places": [{"plane": ["axal"]}]}, "asks for plane axal; there are axial, coronal, sagittal, oblique."),
        ({"places": [{"study": "older"}]}, "asks for study older; there are current, prior."),
        ({"places": [{"prior_of": 0}]}, "place 1, must name in “prior_of” a place before it, counted from 0."),
        ({"places": [{"images_at_least": 0}]}, "must say a number of images from 1 on."),
        ({"places": [{"optional": "yes"}]}, "must say true or false for “optional”."),
        ({"same_scale": 1}, "must say true or false for “same_scale”."),
        ({"fill_at_least": 3}, "must say for “fill_at_least” how many of its 2 places."),
        ({"only": "US"}, "must list what it asks for in “only”."),
        ({"colour": "blue"}, "The rule “Mine” says “colour”, which this program does not know."),
    ],
)
def test_that_a_bad_rule_is_refused_whole_in_one_sentence(change: dict[str, Any], sentence: str) -> None:
    assert rule_from_json(json.dumps(GOOD)).name == "Mine"
    with pytest.raises(BadRule) as refused:
        rule_from_json(json.dumps(GOOD | change))
    assert sentence in str(refused.value) and str(refused.value).count(".") <= 2


def test_that_text_that_is_no_json_is_said_to_be_none() -> None:
    with pytest.raises(BadRule, match=r"mine\.json is not JSON"):
        rule_from_json("{", "mine.json")
