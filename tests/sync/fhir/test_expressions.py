"""FHIRPath in forms: right values, and never a 0 where nothing could be calculated."""

from __future__ import annotations

import json
import time
from typing import Any

import fhirpathpy
import pytest
import rfc8785

from resources import resource
from sync.fhir.expressions import NotCalculated, _Deadline, _TimeIsUp, calculate
from sync.records.questionnaire import parse_questionnaire

FORM = parse_questionnaire(json.loads(resource("questionnaires", "second-opinion.json").read_text("utf-8")))


def expression(link_id: str) -> str:
    item = FORM.find(link_id)
    assert item is not None
    return item.calculated_expression or item.initial_expression


def measured(*lengths: float, unit: str = "mm") -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse",
        "item": [
            {
                "linkId": "meas",
                "item": [
                    {"linkId": "meas.long", "answer": [{"valueQuantity": {"value": n, "unit": unit, "code": unit}}]}
                ],
            }
            for n in lengths
        ],
    }


def test_that_the_sum_of_long_axes_is_a_plain_number() -> None:
    found = calculate(expression("sum"), measured(14.2, 5.9), {})
    assert found == (20.1,)
    assert type(found[0]) is float
    assert rfc8785.dumps({"valueDecimal": found[0]}) == b'{"valueDecimal":20.1}'


def test_that_the_sum_of_nothing_is_nothing() -> None:
    assert calculate(expression("sum"), {"resourceType": "QuestionnaireResponse"}, {}) == ()


def test_that_pixels_are_not_added_to_millimetres() -> None:
    assert calculate(expression("sum"), measured(140, unit="px"), {}) == ()


def test_that_the_question_as_asked_is_every_note_of_the_request() -> None:
    request = {"resourceType": "ServiceRequest", "note": [{"text": "Is it malignant?"}, {"text": "Which therapy?"}]}
    found = calculate(expression("q.asked"), {"resourceType": "QuestionnaireResponse"}, {"serviceRequest": request})
    assert found == ("Is it malignant?\nWhich therapy?",)


@pytest.mark.parametrize("text", ["%nothing.here", "1 +", "x" * 3000, "'a'.matches('(a+)+$')"])
def test_that_what_cannot_be_calculated_says_so(text: str) -> None:
    with pytest.raises(NotCalculated, match=r"^could not be calculated"):
        calculate(text, {"resourceType": "QuestionnaireResponse"}, {})


def test_that_an_expression_that_does_not_end_is_stopped() -> None:
    started = time.monotonic()
    with pytest.raises(NotCalculated, match="within"):
        calculate("(1|2|3).repeat($this + 1)", {"resourceType": "QuestionnaireResponse"}, {}, timeout_s=0.2)
    assert time.monotonic() - started < 5


def test_that_only_calls_of_the_library_are_interrupted() -> None:
    """What the garbage collector ends meanwhile (a weak reference's callback, a window) must not meet the exception."""
    with _Deadline(timeout_s=-1):
        expression("sum")
        json.loads('{"ours": "goes on"}')
        with pytest.raises(_TimeIsUp):
            fhirpathpy.compile("1 + 1")
