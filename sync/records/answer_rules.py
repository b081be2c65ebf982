"""The rules between the answers of a form: what is shown (enableWhen), what is missing, what is not allowed.

Pure functions over a form and its answers (FHIR R4 Questionnaire). Checks special to an opinion: `opinion_checks`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from sync.records.answer import Answer, Coding, Quantity, compare_answers, same_answer
from sync.records.questionnaire import Condition, Item, ItemType, Json, Operator, Questionnaire
from sync.records.questionnaire_response import ItemPath, Node, Response, Row, response_items

_UNITS_OF_SIZE = frozenset(
    f"{prefix}m{power}" for prefix in ("n", "u", "µ", "m", "c", "d", "", "k") for power in ("", "2", "3")
) | {"mL", "ml", "cL", "dL", "L", "l"}
"""UCUM units of lengths, areas and volumes: what is measured in them has a size."""


@dataclass(frozen=True, slots=True)
class AnswerProblem:
    """An answer that is missing or not allowed, named so that a person finds it."""

    path: ItemPath
    label: str
    sentence: str


class Enablement:
    """Which rows of one response are shown. Answers of hidden questions count as not given (FHIR R4 enableWhen)."""

    def __init__(self, response: Response) -> None:
        self._response = response
        self._rows = [(path, item, row) for path, item, row in response.walk()]
        self._items = {path: item for path, item, _row in self._rows}
        self._known: dict[ItemPath, bool] = {}
        self._asking: set[ItemPath] = set()

    def is_enabled(self, path: ItemPath) -> bool:
        """Whether the item at *path* and everything above it is shown. The last index may be past the end."""
        key = (*path[:-1], (path[-1][0], 0))
        if key in self._known:
            return self._known[key]
        if key in self._asking:
            return True  # a ring of conditions hides nothing
        self._asking.add(key)
        above = len(path) == 1 or self.is_enabled(path[:-1])
        enabled = above and self._conditions_hold(self._item(path), path)
        self._asking.discard(key)
        self._known[key] = enabled
        return enabled

    def enabled_paths(self) -> frozenset[ItemPath]:
        """The shown rows, and index 0 of each shown item that has no row yet."""
        paths: set[ItemPath] = set()

        def visit(nodes: tuple[Node, ...], above: ItemPath) -> None:
            for node in nodes:
                if self.is_enabled((*above, (node.link_id, 0))):
                    paths.add((*above, (node.link_id, 0)))
                    for index, row in enumerate(node.rows):
                        paths.add((*above, (node.link_id, index)))
                        visit(row.nodes, (*above, (node.link_id, index)))

        visit(self._response.nodes, ())
        return frozenset(paths)

    def _item(self, path: ItemPath) -> Item:
        found = self._items.get(path)
        if found is not None:
            return found
        nodes = self._response.get_row(path[:-1]).nodes if len(path) > 1 else self._response.nodes
        return next(node.item for node in nodes if node.link_id == path[-1][0])

    def _conditions_hold(self, item: Item, path: ItemPath) -> bool:
        if not item.enable_when:
            return True
        results = (_holds(condition, self._answers_near(condition.question, path)) for condition in item.enable_when)
        return all(results) if item.enable_all else any(results)

    def _answers_near(self, link_id: str, path: ItemPath) -> list[Answer]:
        """The answers to *link_id* in the same repetition, else in the nearest group around it that asks it."""
        for depth in range(len(path) - 1, -1, -1):
            scope = path[:depth]
            asked = [
                (p, row)
                for p, item, row in self._rows
                if item.link_id == link_id and p[:depth] == scope and len(p) > depth
            ]
            if asked:
                return [
                    row.answer
                    for p, row in asked
                    if row.answer is not None and not row.answer.is_empty and self.is_enabled(p)
                ]
        return []


def _holds(condition: Condition, given: list[Answer]) -> bool:
    wanted, operator = condition.answer, condition.operator
    if operator is Operator.EXISTS:
        return bool(given) is (wanted.value is True)
    if operator is Operator.EQUAL:
        return any(same_answer(answer, wanted) for answer in given)
    if operator is Operator.NOT_EQUAL:
        return not any(same_answer(answer, wanted) for answer in given)
    orders = [order for order in (compare_answers(answer, wanted) for answer in given) if order is not None]
    allowed = {
        Operator.GREATER: (1,),
        Operator.LESS: (-1,),
        Operator.AT_LEAST: (0, 1),
        Operator.AT_MOST: (-1, 0),
    }[operator]
    return any(order in allowed for order in orders)


def missing_answers(form: Questionnaire, response: Response) -> tuple[AnswerProblem, ...]:
    """Each required question that is shown and has no answer, in form order.

    Repetitions of a group that are wholly empty ask nothing, unless the group is required and has no other.
    """
    enablement = Enablement(response)
    found: list[AnswerProblem] = []

    def visit(nodes: tuple[Node, ...], above: ItemPath) -> None:
        for node in nodes:
            item, first = node.item, (*above, (node.link_id, 0))
            if not enablement.is_enabled(first):
                continue
            if item.is_question:
                if item.required and all(row.answer is None or row.answer.is_empty for row in node.rows):
                    label = describe_path(form, first)
                    found.append(AnswerProblem(first, label, f"{label} is not answered."))
                for index, row in enumerate(node.rows):
                    visit(row.nodes, (*above, (node.link_id, index)))
            elif item.type is ItemType.GROUP:
                filled = [index for index, row in enumerate(node.rows) if not row.is_empty]
                asked = filled if item.repeats else list(range(len(node.rows)))
                if item.repeats and item.required and not filled:
                    asked = [0]
                for index in asked:
                    if index < len(node.rows):
                        visit(node.rows[index].nodes, (*above, (node.link_id, index)))

    visit(response.nodes, ())
    return tuple(found)


def refused_answers(form: Questionnaire, response: Response) -> tuple[AnswerProblem, ...]:
    """Each shown answer that breaks a limit of its item: length, range, decimals, pattern, or not on the list; or that
    no measurement gives: a size of zero or less, whatever the form says of it."""
    enablement = Enablement(response)
    found = []
    for path, item, row in response.walk():
        if row.answer is None or row.answer.is_empty or not enablement.is_enabled(path):
            continue
        reason = _reason_against(item, row.answer)
        if reason:
            label = describe_path(form, path)
            found.append(AnswerProblem(path, label, f"{label}: {reason}"))
    return tuple(found)


def _reason_against(item: Item, answer: Answer) -> str:
    value = answer.value
    number = value.value if isinstance(value, Quantity) else value
    if isinstance(number, int | float) and not isinstance(number, bool):
        if not math.isfinite(number):
            return "must be a finite number."
        if isinstance(value, Quantity) and number <= 0 and (value.code or value.unit) in _UNITS_OF_SIZE:
            return "must be above zero."
        if item.min_value is not None and number < item.min_value:
            return f"must be at least {item.min_value:g}."
        if item.max_value is not None and number > item.max_value:
            return f"must be at most {item.max_value:g}."
        places = len(f"{number}".partition(".")[2]) if isinstance(number, float) and not number.is_integer() else 0
        if item.max_decimal_places is not None and places > item.max_decimal_places:
            return f"has more than {item.max_decimal_places} decimal places."
    if isinstance(value, str):
        if item.max_length is not None and len(value) > item.max_length:
            return f"is longer than {item.max_length} characters."
        if item.regex and not re.fullmatch(item.regex, value):
            return f"is not in the form {item.entry_format or 'asked for'}."
    if item.type is ItemType.CHOICE and item.options and not any(same_answer(o.answer, answer) for o in item.options):
        return "is not one of the listed answers."
    if item.type is ItemType.CHOICE and not item.options and not isinstance(value, Coding):
        return "must be chosen from the list."
    return ""


def final_items(response: Response) -> list[Json]:
    """What leaves: the shown, answered items only, each with its question's words (QuestionnaireResponse.item)."""
    enablement = Enablement(response)

    def keep(nodes: tuple[Node, ...], above: ItemPath) -> tuple[Node, ...]:
        kept = []
        for node in nodes:
            if not enablement.is_enabled((*above, (node.link_id, 0))):
                continue
            rows = [
                Row(row.answer, keep(row.nodes, (*above, (node.link_id, index)))) for index, row in enumerate(node.rows)
            ]
            rows = [row for row in rows if not row.is_empty]
            if rows:
                kept.append(replace(node, rows=tuple(rows)))
        return tuple(kept)

    return response_items(Response(keep(response.nodes, ())), with_text=True)


def describe_path(form: Questionnaire, path: ItemPath) -> str:
    """A path in the form's own words, e.g. ``1 Clinical question › Answers 2 › Answered?``."""
    words: list[str] = []
    items = form.items
    for link_id, index in path:
        item = next(child for child in items if child.link_id == link_id)
        text = " ".join(part for part in (item.prefix, item.text or link_id) if part)
        numbered = item.repeats and (item.type is ItemType.GROUP or index > 0)
        words.append(f"{text} {index + 1}" if numbered else text)
        items = item.items
    return " › ".join(words)
