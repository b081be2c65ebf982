"""The reader sees everything that is not as it was when the opinion was signed, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from sync.records.asked_for import AskedFor, NamedRecord, asked_for, differences_sentence, find_differences
from tests.sync.sample_records import AT, CASE, sample_case

CT, SLIDE = NamedRecord("ImagingStudy/ct", "1", "CT thorax"), NamedRecord("DocumentReference/s", "1", "Slide A")


def signed_for() -> AskedFor:
    return replace(asked_for(sample_case()), records=(CT, SLIDE))


def test_that_nothing_is_told_where_nothing_changed() -> None:
    assert find_differences(signed_for(), signed_for()) == ()


def test_that_the_old_question_stands_beside_the_new() -> None:
    (difference,) = find_differences(signed_for(), replace(signed_for(), questions=("Is it malignant?",)))
    assert difference.what == "The clinical question"
    assert difference.before == signed_for().questions
    assert difference.now == ("Is it malignant?",)


def test_that_a_due_date_tells_both_days() -> None:
    before = replace(signed_for(), due=AT)
    (difference,) = find_differences(before, replace(before, due=AT + timedelta(days=3)))
    assert difference.what == "The due date"
    assert difference.before != difference.now
    (gone,) = find_differences(before, replace(before, due=None))
    assert gone.now == ("No date",)


def test_that_records_are_told_as_added_removed_and_replaced_and_never_when_they_stayed() -> None:
    newer = replace(SLIDE, version_id="2")
    added = NamedRecord("DocumentReference/n", "1", "Letter")
    (difference,) = find_differences(signed_for(), replace(signed_for(), records=(newer, added)))
    assert difference.now == ("Removed: CT thorax", "Replaced: Slide A (version 2)", "Added: Letter")
    assert len(difference.before) == len(difference.now)


def test_that_one_sentence_names_all_that_changed() -> None:
    now = replace(signed_for(), questions=("Other?",), due=AT, records=(CT,))
    sentence = differences_sentence(CASE, find_differences(signed_for(), now))
    assert "changed the clinical question, the due date and the records of case SO-2026-00042 after" in sentence


def test_that_what_was_kept_at_signing_comes_back_the_same() -> None:
    assert AskedFor.from_json(json.loads(json.dumps(signed_for().to_json()))) == signed_for()
