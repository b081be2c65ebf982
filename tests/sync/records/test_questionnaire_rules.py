"""enableWhen with every operator, required items by name, limits, and the gate before signing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from resources import resource
from sync.records.answer import Answer, Coding, Quantity, Reference, Value
from sync.records.answer_rules import Enablement, describe_path, final_items, missing_answers, refused_answers
from sync.records.case import LabResult
from sync.records.opinion_checks import blocking_checks, check_opinion
from sync.records.questionnaire import parse_questionnaire
from sync.records.questionnaire_response import ItemPath, Response, start_response
from sync.records.reviewable_records import reviewable_records
from tests.workstation.opinion.cases import some_case

FORM = parse_questionnaire(json.loads(resource("questionnaires", "second-opinion.json").read_text("utf-8")))


def coded(link_id: str, code: str) -> Answer:
    item = FORM.find(link_id)
    assert item is not None
    return next(o.answer for o in item.options if isinstance(o.answer.value, Coding) and o.answer.value.code == code)


def put(response: Response, path: ItemPath, value: Value | str, element: str = "valueString") -> Response:
    answer = coded(path[-1][0], str(value)) if element == "valueCoding" else Answer(element, value)
    return response.with_answer(path, answer)


AGREEMENT: ItemPath = (("opinion", 0), ("opinion.agreement", 0))


def two_items(operator: str, wanted: dict[str, Any], kind: str = "integer") -> Any:
    condition = {"question": "a", "operator": operator, **wanted}
    items = [{"linkId": "a", "type": kind}, {"linkId": "b", "type": "string", "enableWhen": [condition]}]
    return parse_questionnaire({"resourceType": "Questionnaire", "item": items})


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "shown"),
    [
        ("exists", {"answerBoolean": True}, None, False),
        ("exists", {"answerBoolean": True}, 1, True),
        ("exists", {"answerBoolean": False}, None, True),
        ("=", {"answerInteger": 3}, 3, True),
        ("=", {"answerInteger": 3}, 4, False),
        ("=", {"answerInteger": 3}, None, False),
        ("!=", {"answerInteger": 3}, 4, True),
        ("!=", {"answerInteger": 3}, 3, False),
        ("!=", {"answerInteger": 3}, None, True),
        (">", {"answerInteger": 3}, 3, False),
        (">", {"answerInteger": 3}, 4, True),
        ("<", {"answerInteger": 3}, 2, True),
        (">=", {"answerInteger": 3}, 3, True),
        ("<=", {"answerInteger": 3}, 4, False),
        ("<=", {"answerInteger": 3}, None, False),
    ],
)
def test_that_each_operator_shows_and_hides(operator: str, wanted: Any, given: int | None, shown: bool) -> None:
    response = start_response(two_items(operator, wanted))
    if given is not None:
        response = response.with_answer((("a", 0),), Answer("valueInteger", given))
    assert Enablement(response).is_enabled((("b", 0),)) is shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [("2026-11-22", True), ("2026-11-21", False), ("2026-12", True), ("2027", True), ("soon", False)],
)
def test_that_dates_are_ordered_as_dates(given: str, shown: bool) -> None:
    response = start_response(two_items(">", {"answerDate": "2026-11-21"}, "date"))
    response = response.with_answer((("a", 0),), Answer("valueDate", given))
    assert Enablement(response).is_enabled((("b", 0),)) is shown


def test_that_all_demands_every_condition_and_any_only_one() -> None:
    conditions = [{"question": name, "operator": "exists", "answerBoolean": True} for name in ("a", "b")]
    for behaviour, shown in (("any", True), ("all", False)):
        third = {"linkId": "c", "type": "string", "enableWhen": conditions, "enableBehavior": behaviour}
        items = [{"linkId": "a", "type": "integer"}, {"linkId": "b", "type": "integer"}, third]
        response = start_response(parse_questionnaire({"resourceType": "Questionnaire", "item": items}))
        response = response.with_answer((("a", 0),), Answer("valueInteger", 1))
        assert Enablement(response).is_enabled((("c", 0),)) is shown


def test_that_a_condition_inside_a_repetition_looks_at_its_own_repetition() -> None:
    condition = {"question": "g.a", "operator": "=", "answerBoolean": True}
    inner = [
        {"linkId": "g.a", "type": "boolean"},
        {"linkId": "g.b", "type": "string", "enableWhen": [condition]},
    ]
    group = {"linkId": "g", "type": "group", "repeats": True, "required": True, "item": inner}
    response = start_response(parse_questionnaire({"resourceType": "Questionnaire", "item": [group]}))
    response = response.with_row((("g", 0),)).with_answer((("g", 1), ("g.a", 0)), Answer("valueBoolean", True))
    enablement = Enablement(response)
    assert not enablement.is_enabled((("g", 0), ("g.b", 0)))
    assert enablement.is_enabled((("g", 1), ("g.b", 0)))


def test_that_the_answer_of_a_hidden_question_shows_nothing() -> None:
    conditions = [{"question": q, "operator": "exists", "answerBoolean": True} for q in ("a", "b")]
    items = [{"linkId": "a", "type": "string"}] + [
        {"linkId": name, "type": "string", "enableWhen": [condition]}
        for name, condition in zip(("b", "c"), conditions, strict=True)
    ]
    response = start_response(parse_questionnaire({"resourceType": "Questionnaire", "item": items}))
    response = response.with_answer((("b", 0),), Answer("valueString", "left over"))
    response = response.with_answer((("c", 0),), Answer("valueString", "left over too"))
    assert not Enablement(response).is_enabled((("c", 0),))
    assert final_items(response) == []


def test_that_refined_asks_for_the_diagnosis_and_confirmed_does_not_send_it() -> None:
    response = put(start_response(FORM), AGREEMENT, "refined", "valueCoding")
    diagnosis: ItemPath = (("opinion", 0), ("opinion.dx", 0))
    labels = {problem.label for problem in missing_answers(FORM, response)}
    assert "5 Opinion › Revised or refined diagnosis" in labels
    response = put(response, diagnosis, "Adenocarcinoma, grade 2")
    response = put(response, AGREEMENT, "confirmed", "valueCoding")
    assert "opinion.dx" not in json.dumps(final_items(response))
    assert "Adenocarcinoma" not in json.dumps(final_items(response))


def test_that_every_required_item_of_an_empty_form_is_named_in_form_order() -> None:
    labels = [problem.label for problem in missing_answers(FORM, start_response(FORM))]
    assert labels == [
        "1 Clinical question › Answers 1 › Question",
        "1 Clinical question › Answers 1 › Answer",
        "1 Clinical question › Answers 1 › Answered?",
        "2 Materials reviewed › Records reviewed",
        "2 Materials reviewed › Adequacy of materials",
        "3 Findings › Findings",
        "4 Original diagnosis › Original diagnosis as stated",
        "5 Opinion › Agreement with the original diagnosis",
        "5 Opinion › Diagnostic confidence",
        "6 Recommendations › Treatment plan",
        "7 Urgent or critical finding › A critical or urgent unexpected finding is present",
        "8 Limitations of this opinion",
    ]


def test_that_an_added_but_empty_repetition_asks_nothing() -> None:
    before = missing_answers(FORM, start_response(FORM))
    assert missing_answers(FORM, start_response(FORM).with_row((("meas", 0),))) == before


def test_that_white_space_is_no_answer() -> None:
    response = put(start_response(FORM), (("lim", 0),), "  \n")
    assert "8 Limitations of this opinion" in {p.label for p in missing_answers(FORM, response)}


def test_that_limits_are_kept() -> None:
    response = put(start_response(FORM), (("time.min", 0),), -1, "valueInteger")
    response = put(response, (("refs", 0),), "x" * 501)
    assert [problem.sentence for problem in refused_answers(FORM, response)] == [
        "9 References: is longer than 500 characters.",
        "11 Time spent (minutes): must be at least 0.",
    ]


@pytest.mark.parametrize(
    ("length", "reason"),
    [
        (-5, "must be above zero."),
        (0, "must be above zero."),
        (0.0, "must be above zero."),
        (float("inf"), "must be a finite number."),
        (0.1, ""),
        (48, ""),
    ],
)
@pytest.mark.parametrize("axis", ["meas.long", "meas.short"])
def test_that_a_measured_length_is_above_zero_and_blocks_a_signature_where_it_is_not(
    axis: str, length: float, reason: str
) -> None:
    path: ItemPath = (("meas", 0), (axis, 0))
    millimetres = Quantity(length, "mm", "http://unitsofmeasure.org", "mm")
    response = start_response(FORM).with_row((("meas", 0),)).with_answer(path, Answer("valueQuantity", millimetres))
    said = [(problem.path, problem.sentence) for problem in refused_answers(FORM, response)]
    assert said == ([(path, f"{describe_path(FORM, path)}: {reason}")] if reason else [])
    checks = blocking_checks(check_opinion(FORM, response, some_case()))
    assert [check.path for check in checks if check.name == "allowed"] == ([path] if reason else [])


def test_that_minutes_are_never_negative() -> None:
    response = start_response(FORM).with_answer((("time.min", 0),), Answer("valueInteger", -1))
    assert [problem.path for problem in refused_answers(FORM, response)] == [(("time.min", 0),)]


def test_that_a_code_that_is_not_on_the_list_is_refused() -> None:
    response = start_response(FORM).with_answer(AGREEMENT, Answer("valueCoding", Coding("urn:other", "maybe")))
    assert [p.label for p in refused_answers(FORM, response)] == [describe_path(FORM, AGREEMENT)]


def test_that_an_indeterminate_opinion_names_a_further_test() -> None:
    response = put(start_response(FORM), AGREEMENT, "indeterminate", "valueCoding")
    case = some_case()
    assert "indeterminate" in {check.name for check in blocking_checks(check_opinion(FORM, response, case))}
    response = put(
        response.with_row((("rec", 0), ("rec.tests", 0))), (("rec", 0), ("rec.tests", 0), ("rec.tests.what", 0)), "PET"
    )
    assert "indeterminate" not in {check.name for check in blocking_checks(check_opinion(FORM, response, case))}


def test_that_each_question_of_the_case_is_settled() -> None:
    case = replace(some_case(), questions=("Is it cancer?", "Which treatment?"))
    response = put(start_response(FORM), (("q", 0), ("q.answer", 0), ("q.answer.status", 0)), "no", "valueCoding")
    failed = {check.name: check for check in blocking_checks(check_opinion(FORM, response, case))}
    assert failed["questions"].sentence == "The case asks 2 questions; answered or marked as unanswerable: 1."


def test_that_a_critical_finding_names_who_was_told_and_when() -> None:
    response = put(start_response(FORM), (("crit", 0), ("crit.flag", 0)), True, "valueBoolean")
    response = put(response, (("crit", 0), ("crit.to", 0)), "Dr Who")
    case = some_case()
    assert "critical" in {check.name for check in blocking_checks(check_opinion(FORM, response, case))}
    response = put(response, (("crit", 0), ("crit.when", 0)), "2026-11-22T10:00:00+01:00", "valueDateTime")
    assert "critical" not in {check.name for check in blocking_checks(check_opinion(FORM, response, case))}


def test_that_inadequate_materials_need_words() -> None:
    response = put(start_response(FORM), (("mat", 0), ("mat.adequacy", 0)), "inadequate", "valueCoding")
    assert "adequacy" in {check.name for check in blocking_checks(check_opinion(FORM, response, some_case()))}


def test_that_records_not_listed_are_named_without_blocking() -> None:
    checks = {check.name: check for check in check_opinion(FORM, start_response(FORM), some_case())}
    assert not checks["materials"].passed
    assert not checks["materials"].blocking
    assert "Chest CT" in checks["materials"].sentence


LAB = LabResult("Observation/cea", "1", "CEA", "9.1", "µg/L", "< 5", "H", datetime(2026, 10, 2, 8, tzinfo=UTC))


def list_reviewed(*references: str) -> Response:
    given = [
        Answer("valueReference", Reference(reference, reference.partition("/")[0], "")) for reference in references
    ]
    return start_response(FORM).with_answers((("mat", 0), ("mat.list", 0)), given)


def test_that_laboratory_results_count_among_the_records_to_be_listed() -> None:
    case = replace(some_case(), lab_results=(LAB,))
    records = [record.reference for record in reviewable_records(case)]
    assert records[-1] == LAB.reference
    (missing,) = (c for c in check_opinion(FORM, list_reviewed(*records[:-1]), case) if c.name == "materials")
    assert (missing.passed, missing.title) == (False, "Every record is listed as reviewed")
    assert missing.sentence == "Not listed as reviewed: Laboratory: CEA 9.1 µg/L (high), 2 October 2026."
    (whole,) = (c for c in check_opinion(FORM, list_reviewed(*records), case) if c.name == "materials")
    assert (whole.passed, whole.sentence) == (True, "")
    three = replace(
        case, lab_results=(LAB, replace(LAB, reference="Observation/b"), replace(LAB, reference="Observation/c"))
    )
    (several,) = (c for c in check_opinion(FORM, list_reviewed(*records[:-1]), three) if c.name == "materials")
    assert several.sentence == "Not listed as reviewed: 3 laboratory results."


def test_that_a_form_that_takes_no_laboratory_results_does_not_ask_for_them() -> None:
    item = {"linkId": "mat.list", "type": "reference", "repeats": True, "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-referenceResource", "valueCode": "ImagingStudy"},
    ]}  # fmt: skip
    form = parse_questionnaire(
        {"resourceType": "Questionnaire", "item": [{"linkId": "mat", "type": "group", "item": [item]}]}
    )
    case = replace(some_case(), lab_results=(LAB,))
    studies = [Answer("valueReference", Reference(s.reference, "ImagingStudy", "")) for s in case.studies]
    response = start_response(form).with_answers((("mat", 0), ("mat.list", 0)), studies)
    (check,) = (c for c in check_opinion(form, response, case) if c.name == "materials")
    assert (check.passed, check.title) == (True, "Every record that this form takes is listed as reviewed")


def test_that_a_report_is_offered_once_and_the_release_never() -> None:
    case = some_case()
    records = [record.reference for record in reviewable_records(case)]
    assert len(records) == len(set(records))
    assert not {d.reference for d in case.documents if d.category.value == "consent"} & set(records)
