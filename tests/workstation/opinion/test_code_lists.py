"""The short code lists: found by their address, every code in its system's form."""

from __future__ import annotations

import re

from sync.records.questionnaire import Questionnaire
from workstation.opinion.code_lists import load_code_lists

SHAPES = {
    "http://hl7.org/fhir/sid/icd-10-cm": r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?",
    "http://terminology.hl7.org/CodeSystem/icd-o-3": r"\d{4}/\d",
    "http://snomed.info/sct": r"\d{6,18}",
}


def test_that_every_value_set_of_the_shipped_form_has_its_list(form: Questionnaire) -> None:
    wanted = {item.value_set for item in form.walk() if item.value_set}
    assert wanted
    assert wanted <= set(load_code_lists())


def test_that_codes_have_the_shape_of_their_system_and_occur_once() -> None:
    for url, codes in load_code_lists().items():
        keys = [(coding.system, coding.code) for coding in codes]
        assert len(keys) == len(set(keys)) >= 20, url
        for coding in codes:
            assert re.fullmatch(SHAPES[coding.system], coding.code), coding
            assert coding.display
