"""The answers of an opinion form as an immutable tree, and its FHIR R4 QuestionnaireResponse JSON.

Every edit gives a new tree. Which items are shown, demanded or wrong is `answer_rules`' business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sync.records.answer import Answer, answer_from_json
from sync.records.questionnaire import Item, ItemType, Json, Questionnaire

ItemPath = tuple[tuple[str, int], ...]
"""From the top to one row: (linkId, n) a level; n counts a group's repetitions or a question's answers from 0."""


@dataclass(frozen=True, slots=True)
class Row:
    """One repetition of a group (``answer`` None), or one answer of a question, with what is asked below it."""

    answer: Answer | None = None
    nodes: tuple[Node, ...] = ()

    @property
    def is_empty(self) -> bool:
        answered = self.answer is not None and not self.answer.is_empty
        return not answered and all(row.is_empty for node in self.nodes for row in node.rows)


@dataclass(frozen=True, slots=True)
class Node:
    """One item of the form with its rows: exactly one unless the item repeats."""

    item: Item
    rows: tuple[Row, ...]

    @property
    def link_id(self) -> str:
        return self.item.link_id


@dataclass(frozen=True, slots=True)
class Response:
    """All answers of one form."""

    nodes: tuple[Node, ...]

    def get_row(self, path: ItemPath) -> Row:
        """The row at *path*. KeyError where the path leads nowhere."""
        nodes, row = self.nodes, None
        for link_id, index in path:
            node = next((n for n in nodes if n.link_id == link_id), None)
            if node is None or not 0 <= index < len(node.rows):
                raise KeyError(path)
            row = node.rows[index]
            nodes = row.nodes
        if row is None:
            raise KeyError(path)
        return row

    def find_answer(self, path: ItemPath) -> Answer | None:
        """The answer at *path*, None where it is empty or the row is not there."""
        try:
            return self.get_row(path).answer
        except KeyError:
            return None

    def count_rows(self, path: ItemPath) -> int:
        """How many rows the item of *path* has; the index of the last step does not matter."""
        nodes = self.get_row(path[:-1]).nodes if len(path) > 1 else self.nodes
        return next((len(node.rows) for node in nodes if node.link_id == path[-1][0]), 0)

    def with_answer(self, path: ItemPath, answer: Answer | None) -> Response:
        """The tree with that answer at *path*; None empties it. KeyError where the path leads nowhere."""
        self.get_row(path)

        def put(node: Node) -> Node:
            index = path[-1][1]
            return replace(node, rows=_put(node.rows, index, replace(node.rows[index], answer=answer)))

        return Response(_edit(self.nodes, path, put))

    def with_answers(self, path: ItemPath, answers: Sequence[Answer]) -> Response:
        """The tree with exactly those answers to the repeating question of *path* (ticked boxes)."""

        def replace_all(node: Node) -> Node:
            if not node.item.repeats:
                raise KeyError(path)
            rows = tuple(replace(empty_row(node.item), answer=answer) for answer in answers)
            return replace(node, rows=rows or (empty_row(node.item),))

        return Response(_edit(self.nodes, path, replace_all))

    def answers(self, path: ItemPath) -> tuple[Answer, ...]:
        """All answers given to the question of *path*; the index of the last step does not matter."""
        rows = (self.find_answer((*path[:-1], (path[-1][0], index))) for index in range(self.count_rows(path)))
        return tuple(answer for answer in rows if answer is not None)

    def with_row(self, path: ItemPath, answer: Answer | None = None) -> Response:
        """The tree with one more row at the end of the repeating item of *path*."""

        def grow(node: Node) -> Node:
            if not node.item.repeats:
                raise KeyError(path)
            return replace(node, rows=(*node.rows, replace(empty_row(node.item), answer=answer)))

        return Response(_edit(self.nodes, path, grow))

    def without_row(self, path: ItemPath) -> Response:
        """The tree without that row; the least number of rows stays, emptied."""
        self.get_row(path)

        def shrink(node: Node) -> Node:
            index = path[-1][1]
            rows = (*node.rows[:index], *node.rows[index + 1 :])
            return replace(node, rows=rows if len(rows) >= least_rows(node.item) else (empty_row(node.item),))

        return Response(_edit(self.nodes, path, shrink))

    def walk(self) -> Iterator[tuple[ItemPath, Item, Row]]:
        """Every row in form order with its path."""
        yield from _walk(self.nodes, ())


def start_response(form: Questionnaire) -> Response:
    """An unanswered form: one row each, none for groups that may but need not repeat, initial values filled in."""
    return Response(_nodes(form.items))


def least_rows(item: Item) -> int:
    """0 for optional repeating groups; else 1, so that there is always a place to answer."""
    return 0 if item.repeats and item.type is ItemType.GROUP and not item.required else 1


def empty_row(item: Item) -> Row:
    return Row(nodes=_nodes(item.items))


def _nodes(items: tuple[Item, ...]) -> tuple[Node, ...]:
    return tuple(Node(item, _first_rows(item)) for item in items)


def _first_rows(item: Item) -> tuple[Row, ...]:
    if item.initial:
        initial = item.initial if item.repeats else item.initial[:1]
        return tuple(replace(empty_row(item), answer=answer) for answer in initial)
    return (empty_row(item),) * least_rows(item)


def _edit(nodes: tuple[Node, ...], path: ItemPath, change: Callable[[Node], Node]) -> tuple[Node, ...]:
    link_id, index = path[0]
    position = next((n for n, node in enumerate(nodes) if node.link_id == link_id), None)
    if position is None:
        raise KeyError(path)
    node = nodes[position]
    if len(path) == 1:
        node = change(node)
    else:
        if not 0 <= index < len(node.rows):
            raise KeyError(path)
        row = node.rows[index]
        node = replace(node, rows=_put(node.rows, index, replace(row, nodes=_edit(row.nodes, path[1:], change))))
    return (*nodes[:position], node, *nodes[position + 1 :])


def _put(rows: tuple[Row, ...], index: int, row: Row) -> tuple[Row, ...]:
    return (*rows[:index], row, *rows[index + 1 :])


def _walk(nodes: tuple[Node, ...], above: ItemPath) -> Iterator[tuple[ItemPath, Item, Row]]:
    for node in nodes:
        for index, row in enumerate(node.rows):
            path = (*above, (node.link_id, index))
            yield path, node.item, row
            yield from _walk(row.nodes, path)


# --- JSON ----------------------------------------------------------------------------------------------------------


def response_items(response: Response, *, with_text: bool = False) -> list[Json]:
    """``QuestionnaireResponse.item``: a repeated group is several items, a repeated question one item with several
    answers. Empty answers and empty questions are left out; an empty repetition of a group stays, as a bare linkId, so
    that a draft keeps the place. With *with_text* each item carries the question's words, for a response that must be
    understood without its form.
    """
    return _items_json(response.nodes, with_text)


def _items_json(nodes: tuple[Node, ...], with_text: bool) -> list[Json]:
    written: list[Json] = []
    for node in nodes:
        head: Json = {"linkId": node.link_id}
        if with_text and node.item.text:
            head["text"] = node.item.text
        if node.item.type is ItemType.GROUP:
            for row in node.rows:
                below = _items_json(row.nodes, with_text)
                if below or node.item.repeats:
                    written.append({**head, "item": below} if below else head)
        elif node.item.is_question:
            answers = []
            for row in node.rows:
                below = _items_json(row.nodes, with_text)
                answer = row.answer.to_json() if row.answer is not None and not row.answer.is_empty else {}
                if below:
                    answer["item"] = below
                if answer:
                    answers.append(answer)
            if answers:
                written.append({**head, "answer": answers})
    return written


def load_response(form: Questionnaire, source: Json) -> Response:
    """The tree in a FHIR R4 QuestionnaireResponse of *form*. Items that the form does not know are left behind."""
    return Response(_load_nodes(form.items, source.get("item", [])))


def _load_nodes(items: tuple[Item, ...], source: list[Json]) -> tuple[Node, ...]:
    nodes = []
    for item in items:
        found = [part for part in source if part.get("linkId") == item.link_id]
        if item.type is ItemType.GROUP:
            rows = [Row(nodes=_load_nodes(item.items, part.get("item", []))) for part in found]
        else:
            answers = [answer for part in found for answer in part.get("answer", [])]
            rows = [Row(answer_from_json(a), _load_nodes(item.items, a.get("item", []))) for a in answers]
        if not item.repeats:
            rows = rows[:1]
        missing = least_rows(item) - len(rows)
        nodes.append(Node(item, (*rows, *(empty_row(item),) * max(0, missing))))
    return tuple(nodes)
