"""Answers as an immutable tree: whatever is done to it, it round-trips, and hidden answers never leave."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from resources import resource
from sync.records.answer import Answer, Coding, Quantity, Reference, Value
from sync.records.answer_rules import Enablement, final_items
from sync.records.questionnaire import Item, ItemType, parse_questionnaire
from sync.records.questionnaire_response import (
    ItemPath,
    Response,
    least_rows,
    load_response,
    response_items,
    start_response,
)

FORM = parse_questionnaire(json.loads(resource("questionnaires", "second-opinion.json").read_text("utf-8")))
MEASUREMENT: ItemPath = (("meas", 0),)


def some_value(item: Item, text: str, number: int) -> Value:
    if item.options:
        return item.options[number % len(item.options)].answer.value
    match item.type:
        case ItemType.BOOLEAN:
            return number % 2 == 0
        case ItemType.INTEGER:
            return number
        case ItemType.DECIMAL:
            return number / 4
        case ItemType.QUANTITY:
            return Quantity(number / 10, "mm", "http://unitsofmeasure.org", "mm")
        case ItemType.REFERENCE:
            return Reference(f"DocumentReference/{number}")
        case ItemType.OPEN_CHOICE:
            return Coding("urn:s", str(number)) if number % 2 else text
        case _:
            return text


def do(response: Response, step: tuple[int, int, str, int]) -> Response:
    what, where, text, number = step
    rows = list(response.walk())
    path, item, _row = rows[where % len(rows)]
    if what == 0 and item.is_question:
        value = some_value(item, text, number)
        element = "valueString" if isinstance(value, str) and item.type is ItemType.OPEN_CHOICE else item.answer_element
        return response.with_answer(path, Answer(element, value))
    if what == 1:
        groups = [(p, i) for p, i in places(response) if i.repeats]
        return response.with_row(groups[where % len(groups)][0])
    if what == 2:
        return response.without_row(path)
    return response.with_answer(path, None) if item.is_question else response


def places(response: Response) -> list[tuple[ItemPath, Item]]:
    """Every item of the response, also repeating groups that have no row yet."""
    found = []

    def visit(nodes: Any, above: ItemPath) -> None:
        for node in nodes:
            found.append(((*above, (node.link_id, 0)), node.item))
            for index, row in enumerate(node.rows):
                visit(row.nodes, (*above, (node.link_id, index)))

    visit(response.nodes, ())
    return found


STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 200), st.text(max_size=8), st.integers(0, 50)), max_size=30
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_that_any_sequence_of_edits_round_trips(steps: list[tuple[int, int, str, int]]) -> None:
    response = start_response(FORM)
    for step in steps:
        response = do(response, step)
    written = response_items(response)
    loaded = load_response(FORM, json.loads(json.dumps({"item": written})))
    assert response_items(loaded) == written
    for _path, item, _row in loaded.walk():
        assert least_rows(item) <= 1


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_that_answers_of_hidden_items_never_leave(steps: list[tuple[int, int, str, int]]) -> None:
    response = start_response(FORM)
    for step in steps:
        response = do(response, step)
    enablement = Enablement(response)
    shown = {path[-1][0] for path, _item, _row in response.walk() if enablement.is_enabled(path)}

    def link_ids(items: list[dict[str, Any]]) -> set[str]:
        below = [link_ids(part.get("item", [])) for part in items]
        return {part["linkId"] for part in items}.union(*below)

    assert link_ids(final_items(response)) <= shown


def test_that_an_edit_leaves_the_former_tree_as_it_was() -> None:
    before = start_response(FORM)
    after = before.with_answer((("lim", 0),), Answer("valueString", "Slides only"))
    assert before.find_answer((("lim", 0),)) is None
    assert after.find_answer((("lim", 0),)) == Answer("valueString", "Slides only")


def test_that_a_repeated_group_is_written_as_several_items_and_a_repeated_question_as_several_answers() -> None:
    response = start_response(FORM).with_row(MEASUREMENT).with_row(MEASUREMENT)
    for index, name in enumerate(("A1", "A2")):
        response = response.with_answer((("meas", index), ("meas.label", 0)), Answer("valueString", name))
    response = response.with_answer((("refs", 0),), Answer("valueString", "one")).with_row((("refs", 0),))
    response = response.with_answer((("refs", 1),), Answer("valueString", "two"))
    items = response_items(response)
    assert [part for part in items if part["linkId"] == "meas"] == [
        {"linkId": "meas", "item": [{"linkId": "meas.label", "answer": [{"valueString": name}]}]}
        for name in ("A1", "A2")
    ]
    assert {"linkId": "refs", "answer": [{"valueString": "one"}, {"valueString": "two"}]} in items


def test_that_removing_the_middle_of_three_keeps_the_others_in_order() -> None:
    response = start_response(FORM)
    for index in range(3):
        response = response.with_row(MEASUREMENT)
        response = response.with_answer((("meas", index), ("meas.label", 0)), Answer("valueString", f"L{index}"))
    response = response.without_row((("meas", 1),))
    left = [response.find_answer((("meas", index), ("meas.label", 0))) for index in range(2)]
    assert left == [Answer("valueString", "L0"), Answer("valueString", "L2")]
    assert response.count_rows(MEASUREMENT) == 2


def test_that_the_last_row_of_a_repeating_question_is_emptied_rather_than_removed() -> None:
    response = (
        start_response(FORM).with_answer((("refs", 0),), Answer("valueString", "one")).without_row((("refs", 0),))
    )
    assert response.count_rows((("refs", 0),)) == 1
    assert response.find_answer((("refs", 0),)) is None


def test_that_questions_below_an_answer_are_nested_in_it() -> None:
    child = {"linkId": "a.why", "type": "string"}
    source = {"resourceType": "Questionnaire", "item": [{"linkId": "a", "type": "boolean", "item": [child]}]}
    form = parse_questionnaire(source)
    response = start_response(form).with_answer((("a", 0),), Answer("valueBoolean", True))
    response = response.with_answer((("a", 0), ("a.why", 0)), Answer("valueString", "so"))
    written = response_items(response)
    below = {"linkId": "a.why", "answer": [{"valueString": "so"}]}
    assert written == [{"linkId": "a", "answer": [{"valueBoolean": True, "item": [below]}]}]
    assert load_response(form, {"item": written}) == response
