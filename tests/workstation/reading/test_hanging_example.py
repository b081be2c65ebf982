"""Hang by example: the rule that comes of what hangs hangs it again, holds nothing of the patient, and says itself."""

from __future__ import annotations

from collections.abc import Sequence

from tests.workstation.reading.readings import AXIAL, CORONAL, reading, series_item, slide_item
from workstation.reading.case_reading import CaseReading
from workstation.reading.hanging.choosing import choose_hanging, find_hanging
from workstation.reading.hanging.example import ShownPicture, rule_by_example
from workstation.reading.hanging.rule import HangingRule
from workstation.reading.hanging.rule_file import rule_from_json, rule_to_json
from workstation.reading.hanging.rule_words import suggested_name, words_of

CURRENT = series_item("1.1", date="20260110", plane=AXIAL, words="MUSTER Chest")
CORONAL_CURRENT = series_item("1.2", date="20260110", plane=CORONAL, number=1)
PRIOR = series_item("2.1", date="20250110", plane=AXIAL)
SLIDE = slide_item("aa")
CASE = reading(series=[CORONAL_CURRENT, PRIOR, CURRENT], slides=[SLIDE])


def learn(case: CaseReading, layout: str, keys: Sequence[str | None]) -> HangingRule:
    rule = rule_by_example(case, layout, [None if key is None else ShownPicture(key) for key in keys])
    assert rule is not None
    return rule


def test_that_a_rule_by_example_hangs_its_own_case_as_it_was() -> None:
    for layout, keys in (
        ("2x2", [SLIDE.key, CURRENT.key, PRIOR.key]),
        ("2x1", [CORONAL_CURRENT.key, CURRENT.key]),
        ("1x3", [CURRENT.key, None, SLIDE.key]),
    ):
        rule = learn(CASE, layout, keys)
        hanging = find_hanging(rule, CASE)
        assert hanging is not None and hanging.layout == layout
        assert [place and place.key for place in hanging.places] == keys
        assert rule_from_json(rule_to_json(HangingRule("Mine", rule.layout, rule.places))).places == rule.places


def test_that_it_hangs_another_case_by_what_the_images_are_and_not_by_which_they_were() -> None:
    rule = learn(CASE, "1x2", [PRIOR.key, CURRENT.key])
    other = reading(
        series=[
            series_item("7.1", date="20200601", plane=AXIAL, space="1.7"),
            series_item("8.1", date="20180601", plane=AXIAL, space="1.8"),
        ]
    )
    hanging = find_hanging(rule, other)
    assert hanging is not None and hanging.keys == ("series:8.1", "series:7.1")
    assert find_hanging(rule, reading(series=[series_item("7.1", plane=AXIAL)])) is None


def test_that_contrast_is_asked_for_only_where_it_tells_images_apart() -> None:
    native = series_item("1.1", plane=AXIAL, words="native", number=1)
    enhanced = series_item("1.2", plane=AXIAL, words="C+", number=2)
    assert learn(reading(series=[native, enhanced]), "1x1", [enhanced.key]).places[0].contrast == "with"
    assert learn(reading(series=[enhanced]), "1x1", [enhanced.key]).places[0].contrast == ""


def test_that_the_readers_own_rule_goes_before_the_programs() -> None:
    rule = HangingRule("Mine", "1x1", learn(CASE, "1x1", [SLIDE.key]).places)
    assert choose_hanging(CASE, (rule,)).rule == "Mine"
    assert choose_hanging(CASE).rule == "Current beside prior, and the slide"


def test_that_a_rule_holds_nothing_of_the_patient() -> None:
    text = rule_to_json(learn(CASE, "1x2", [CURRENT.key, PRIOR.key]))
    assert not any(word in text for word in ("MUSTER", "2026", "2025", "1.1", "1.9", "Chest"))


def test_that_nothing_can_be_learnt_from_what_may_not_hang_unasked() -> None:
    blocked = series_item("9.1", blocked=True)
    case = reading(series=[CURRENT, blocked])
    assert rule_by_example(case, "1x2", [ShownPicture(CURRENT.key), ShownPicture(blocked.key)]) is None
    assert rule_by_example(case, "1x2", [None, None]) is None


def test_that_a_rule_is_said_in_words() -> None:
    rule = learn(CASE, "1x3", [CURRENT.key, PRIOR.key, SLIDE.key])
    assert words_of(rule).splitlines() == [
        "Three side by side:",
        "1. CT, axial, of the latest study, 5 images or more",
        "2. CT, axial, from an earlier study, of the same kind as image 1, 5 images or more",
        "3. a slide",
        "At the same scale, where the images are calibrated.",
    ]
    assert suggested_name(rule) == "CT axial beside prior beside slide"
