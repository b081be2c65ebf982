"""One item of the form with everything below it: its words, its editors or repetitions, and what adds or removes them.

Boxes draw a `FormState` and send wishes; they decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from sync.records.answer import Answer
from sync.records.questionnaire import Item, ItemType
from sync.records.questionnaire_response import ItemPath, Node, least_rows
from workstation.opinion.answer_editors import (
    AnswerEditor,
    LineEditor,
    MomentEditor,
    NumberEditor,
    QuantityEditor,
    TextEditor,
    YesNoEditor,
)
from workstation.opinion.choice_editors import (
    DropDownEditor,
    OpenChoiceEditor,
    RadioEditor,
    ReferenceEditor,
    TickedEditor,
    without_mnemonic,
)
from workstation.opinion.form_state import (
    MEASUREMENTS,
    FormState,
    LengthMark,
    is_drop_down,
    is_ticked_list,
)
from workstation.window.icons import icon


@dataclass(frozen=True, slots=True)
class Wishes:
    """Where a box sends what the reader wants; the form gives them on as signals."""

    answer: Callable[[ItemPath, Answer | None], None]
    answers: Callable[[ItemPath, tuple[Answer, ...]], None]
    add: Callable[[ItemPath], None]
    remove: Callable[[ItemPath], None]
    take_mark: Callable[[ItemPath, LengthMark], None]


def object_suffix(state: FormState, path: ItemPath, *, with_last: bool = True) -> str:
    """``linkId`` with ``[n]`` for every level that repeats, e.g. ``meas.label[1]``."""
    items, indexes = state.form.items, ""
    for depth, (link_id, index) in enumerate(path):
        item = next(child for child in items if child.link_id == link_id)
        if item.repeats and (with_last or depth < len(path) - 1):
            indexes += f"[{index}]"
        items = item.items
    return path[-1][0] + indexes


class ItemBox(QWidget):
    """An item at a place in the form. ``path`` ends in index 0; rows stand for the other indexes."""

    def __init__(self, item: Item, path: ItemPath, state: FormState, wishes: Wishes, *, heading: bool = False) -> None:
        super().__init__()
        self.item, self.path, self.wishes = item, path, wishes
        self.rows: list[RowBox] = []
        self.layout_ = QVBoxLayout(self)
        self.layout_.setContentsMargins(0, 0, 0, 0)
        self.layout_.setSpacing(6)
        self.label = QLabel(_label_html(item, heading))
        self.label.setTextFormat(Qt.TextFormat.RichText)
        self.label.setWordWrap(True)
        self.label.setIndent(0)
        if heading or (item.type is ItemType.GROUP and not item.repeats):
            self.label.setProperty("role", "heading")
        self.layout_.addWidget(self.label)
        if item.type is ItemType.DISPLAY:
            self.label.setProperty("role", "muted")
        self.problem = QLabel()
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setProperty("role", "error")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        self.note.hide()
        self.rows_layout = QVBoxLayout()
        self.rows_layout.setSpacing(10)
        self.layout_.addLayout(self.rows_layout)
        self.layout_.addWidget(self.problem)
        self.layout_.addWidget(self.note)
        self.ticked: TickedEditor | None = None
        self.add_button: QPushButton | None = None
        self.all_button: QPushButton | None = None
        self._offered: tuple[Answer, ...] = ()
        options = state.options_of(item)
        if is_ticked_list(item, len(options)):
            self.ticked = TickedEditor(item, object_suffix(state, path, with_last=False), options)
            self.ticked.ticked.connect(lambda answers: self.wishes.answers(self.path, answers))
            self.rows_layout.addWidget(self.ticked)
            if item.type is ItemType.REFERENCE:
                self.all_button = QPushButton("Tick all")
                self.all_button.setObjectName(f"all:{object_suffix(state, path, with_last=False)}")
                self.all_button.setProperty("role", "quiet")
                self.all_button.setStyleSheet("padding-left: 4px;")
                self.all_button.clicked.connect(self._tick_all)
                self.rows_layout.addWidget(self.all_button, 0, Qt.AlignmentFlag.AlignLeft)
        elif item.repeats:
            self.add_button = QPushButton(icon("add"), _ADD_WORDS.get(item.link_id, "Add"))
            self.add_button.setObjectName(f"add:{object_suffix(state, path, with_last=False)}")
            self.add_button.clicked.connect(lambda: self.wishes.add(self.path))
            line = QHBoxLayout()
            line.addWidget(self.add_button)
            line.addStretch(1)
            self.layout_.addLayout(line)

    def draw(self, node: Node, state: FormState) -> bool:
        """Show that node. True when widgets came or went, so that the keyboard order must be made anew."""
        shown = state.is_enabled(self.path) and not self.item.hidden
        if self.isHidden() is shown:
            self.setVisible(shown)
        read_only = state.read_only or self.item.read_only
        if self.add_button is not None:
            self.add_button.setVisible(not read_only)
        changed = False
        if self.ticked is not None:
            given = tuple(row.answer for row in node.rows if row.answer is not None)
            self._offered = state.ticks_of(self.item, given)
            changed = self.ticked.set_options(self._offered)
            self.ticked.show_answers(given)
            self.ticked.set_read_only(read_only)
            if self.all_button is not None:
                self.all_button.setVisible(not read_only and len(self._offered) > 2)
        elif self.item.type is not ItemType.DISPLAY:
            changed = self._match_rows(node, state)
            for index, (box, row) in enumerate(zip(self.rows, node.rows, strict=True)):
                changed |= box.draw(row.answer, row.nodes, state, removable=_removable(node, index) and not read_only)
        self._draw_words(state, len(node.rows))
        return changed

    def _match_rows(self, node: Node, state: FormState) -> bool:
        wanted, have = len(node.rows), len(self.rows)
        if wanted < have:
            # Answers move up when one before them goes: half-typed text must not stay behind in the wrong row.
            for box in self.rows:
                self.rows_layout.removeWidget(box)
                box.hide()
                box.deleteLater()
            self.rows = []
        for index in range(len(self.rows), wanted):
            box = RowBox(self.item, (*self.path[:-1], (self.item.link_id, index)), state, self.wishes)
            self.rows.append(box)
            self.rows_layout.addWidget(box)
        return wanted != have

    def _tick_all(self) -> None:
        self.wishes.answers(self.path, self._offered)

    def _draw_words(self, state: FormState, row_count: int) -> None:
        paths = [(*self.path[:-1], (self.item.link_id, index)) for index in range(max(1, row_count))]
        refused = next((state.refused[path] for path in paths if path in state.refused), "")
        missing = "Not answered yet." if state.show_missing and self.path in state.missing else ""
        half_typed = next((words for row in self.rows if row.editor and (words := row.editor.half_typed())), "")
        self.problem.setText(half_typed or refused or missing)
        self.problem.setVisible(bool(half_typed or refused or missing))
        note = next((state.notes[path] for path in paths if path in state.notes), "")
        self.note.setText(note)
        self.note.setVisible(bool(note))
        for path, box in zip(paths, self.rows, strict=False):
            if box.editor is not None:
                box.editor.set_invalid(path in state.refused or bool(missing) or bool(box.editor.half_typed()))

    def walk(self) -> Iterator[ItemBox]:
        yield self
        for row in self.rows:
            for box in row.boxes:
                yield from box.walk()

    def focus_widgets(self) -> Iterator[QWidget]:
        """What the tab key stops at, in reading order."""
        if self.ticked is not None:
            yield from self.ticked.focus_widgets()
        for row in self.rows:
            yield from row.focus_widgets()
        if self.add_button is not None:
            yield self.add_button
        if self.all_button is not None:
            yield self.all_button

    def target_of(self, index: int) -> QWidget | None:
        """The widget that takes the answer of row *index*; the add button where there is no such row."""
        if self.ticked is not None:
            return self.ticked.target
        if index < len(self.rows):
            row = self.rows[index]
            if row.editor is not None:
                return row.editor.target
            return next((box.target_of(0) for box in row.boxes if not box.isHidden()), None)
        return self.add_button


class RowBox(QFrame):
    """One repetition of a group or one answer of a question, with its remove button where it may go."""

    def __init__(self, item: Item, path: ItemPath, state: FormState, wishes: Wishes) -> None:
        super().__init__()
        self.item, self.path, self.wishes = item, path, wishes
        self.editor: AnswerEditor | None = None
        self.boxes: list[ItemBox] = []
        self.remove_button: QPushButton | None = None
        self.take_button: QPushButton | None = None
        name = object_suffix(state, path)
        column = QVBoxLayout(self)
        column.setSpacing(16 if item.type is ItemType.GROUP else 6)
        column.setContentsMargins(0, 0, 0, 0)
        repeated_group = item.type is ItemType.GROUP and item.repeats
        if item.repeats:
            self.remove_button = QPushButton(icon("close"), "")
            self.remove_button.setObjectName(f"remove:{name}")
            self.remove_button.setProperty("role", "quiet")
            self.remove_button.setToolTip("Remove")
            self.remove_button.setAccessibleName(f"Remove {item.text} {path[-1][1] + 1}")
            self.remove_button.clicked.connect(lambda: self.wishes.remove(self.path))
        if repeated_group:
            self.setProperty("role", "group")
            self.setObjectName(f"item:{name}")
            column.setContentsMargins(14, 10, 14, 14)
            head = QHBoxLayout()
            title = QLabel(f"{item.text} {path[-1][1] + 1}")
            title.setTextFormat(Qt.TextFormat.PlainText)
            title.setProperty("role", "caption")
            head.addWidget(title)
            head.addStretch(1)
            if item.link_id == MEASUREMENTS[0]:
                self.take_button = QPushButton(icon("length"), "Take from mark")
                self.take_button.setObjectName(f"take:{name}")
                self.take_button.setProperty("role", "quiet")
                self.take_button.setMenu(QMenu(self.take_button))
                head.addWidget(self.take_button)
            if self.remove_button is not None:
                head.addWidget(self.remove_button)
            column.addLayout(head)
        if item.is_question:
            self.editor = make_editor(item, name, state)
            self.editor.answered.connect(lambda answer: self.wishes.answer(self.path, answer))
            line = QHBoxLayout()
            line.setSpacing(8)
            line.addWidget(self.editor, 1)
            if self.remove_button is not None:
                line.addWidget(self.remove_button)
            column.addLayout(line)
        for child in item.items:
            box = ItemBox(child, (*path, (child.link_id, 0)), state, wishes)
            self.boxes.append(box)
            column.addWidget(box)

    def draw(self, answer: Answer | None, nodes: tuple[Node, ...], state: FormState, *, removable: bool) -> bool:
        read_only = state.read_only or self.item.read_only
        if self.remove_button is not None:
            self.remove_button.setVisible(removable)
        if self.editor is not None:
            if isinstance(self.editor, ReferenceEditor):
                self.editor.set_candidates(state.references_for(self.item))
            self.editor.show_answer(answer)
            self.editor.set_read_only(read_only)
        if self.take_button is not None:
            self._offer_lengths(state.lengths)
            self.take_button.setVisible(bool(state.lengths) and not read_only)
        changes = [box.draw(node, state) for box, node in zip(self.boxes, nodes, strict=True)]
        return any(changes)

    def focus_widgets(self) -> Iterator[QWidget]:
        if self.take_button is not None:
            yield self.take_button
        if self.editor is not None:
            yield from self.editor.focus_widgets()
        for box in self.boxes:
            yield from box.focus_widgets()
        if self.remove_button is not None:
            yield self.remove_button

    def _offer_lengths(self, lengths: tuple[LengthMark, ...]) -> None:
        menu = self.take_button.menu() if self.take_button is not None else None
        texts = [without_mnemonic(mark.text) for mark in lengths]
        if menu is None or [action.text() for action in menu.actions()] == texts:
            return
        menu.clear()
        for mark in lengths:
            action = menu.addAction(without_mnemonic(mark.text))
            # Pixels cannot stand in a field of millimetres.
            action.setEnabled(mark.value_mm is not None)
            action.triggered.connect(lambda _checked=False, mark=mark: self.wishes.take_mark(self.path, mark))


LONG_STRING = 1000
"""From this maxLength on a string wraps over several lines instead of running out of sight."""


def make_editor(item: Item, name: str, state: FormState) -> AnswerEditor:
    """The editor for one answer of that question."""
    options = state.options_of(item)
    match item.type:
        case ItemType.TEXT:
            return TextEditor(item, name)
        case ItemType.STRING if (item.max_length or 0) >= LONG_STRING:
            return TextEditor(item, name)
        case ItemType.BOOLEAN:
            return YesNoEditor(item, name)
        case ItemType.INTEGER | ItemType.DECIMAL:
            return NumberEditor(item, name)
        case ItemType.DATE | ItemType.DATE_TIME:
            return MomentEditor(item, name)
        case ItemType.QUANTITY:
            return QuantityEditor(item, name)
        case ItemType.REFERENCE:
            return ReferenceEditor(item, name)
        case ItemType.OPEN_CHOICE:
            return OpenChoiceEditor(item, name, options)
        case ItemType.CHOICE:
            if is_drop_down(item, len(options)) or item.repeats or not options:
                return DropDownEditor(item, name, options)
            return RadioEditor(item, name, options)
        case _:
            return LineEditor(item, name)


def _removable(node: Node, index: int) -> bool:
    if len(node.rows) > least_rows(node.item):
        return True
    return node.item.is_question and node.rows[index].answer is not None


_ADD_WORDS = {
    "q.answer": "Add an answer",
    "dx0.code": "Add a code",
    "opinion.dxcode": "Add a coded diagnosis",
    "rec.tests": "Add a test",
    "refs": "Add a reference",
    "meas": "Add a measurement",
}
"""The base form's own words; other forms get a plain “Add”."""


def _label_html(item: Item, heading: bool) -> str:
    text = item.text.replace("&", "&amp;").replace("<", "&lt;")
    if heading and item.prefix:
        text = f"{item.prefix}&ensp;{text}"
    star = " <span style='color:#63c3d1'>*</span>" if item.required and item.type is not ItemType.GROUP else ""
    return text + star
