"""The widgets that take a choice: radio buttons, ticked boxes, drop-downs, coded text with suggestions, references."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QButtonGroup,
    QCheckBox,
    QCompleter,
    QLabel,
    QRadioButton,
    QWidget,
)

from sync.records.answer import Answer, Coding, Reference, same_answer
from sync.records.questionnaire import Item
from workstation.opinion.answer_editors import AnswerEditor, LineEditor, QuietComboBox

NOT_CHOSEN = "Choose …"


class RadioEditor(AnswerEditor):
    """One of a few answers, all in sight. A chosen one can be taken back by Delete or Backspace."""

    def __init__(self, item: Item, name: str, options: Sequence[Answer]) -> None:
        super().__init__(item, name)
        self.setObjectName(f"item:{name}")
        self._options = tuple(options)
        self._group = QButtonGroup(self)
        self.buttons: list[QAbstractButton] = []
        column = option_layout(self._options)
        for option in self._options:
            button = QRadioButton(without_mnemonic(display_of(option)))
            button.setObjectName(f"choice:{name}={code_of(option)}")
            button.clicked.connect(lambda _checked, option=option: self.answered.emit(option))
            self._group.addButton(button)
            self.buttons.append(button)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)  # no wider than its words: all of it takes a click
        self.layout_.addLayout(column)
        self.layout_.addStretch(1)

    @property
    def target(self) -> QWidget:
        return next((button for button in self.buttons if button.isChecked()), self.buttons[0])

    def focus_widgets(self) -> tuple[QWidget, ...]:
        return tuple(self.buttons)

    def show_answer(self, answer: Answer | None) -> None:
        self._group.setExclusive(False)
        for option, button in zip(self._options, self.buttons, strict=True):
            button.setChecked(answer is not None and same_answer(option, answer))
        self._group.setExclusive(True)

    def set_read_only(self, read_only: bool) -> None:
        for button in self.buttons:
            button.setEnabled(not read_only)


class TickedEditor(AnswerEditor):
    """Any of a few answers. One widget for the whole repeating question; exclusive options clear the others."""

    ticked = Signal(object)
    """tuple[Answer, ...]: the ticked ones in the form's order."""

    def __init__(self, item: Item, name: str, options: Sequence[Answer]) -> None:
        super().__init__(item, name)
        self.setObjectName(f"item:{name}")
        self._options: tuple[Answer, ...] = ()
        self._exclusive = tuple(option.answer for option in item.options if option.exclusive)
        self.boxes: list[QCheckBox] = []
        self._column = option_layout(options)
        self._nothing = QLabel("Nothing to choose from yet.")
        self._nothing.setProperty("role", "muted")
        self._column.addWidget(self._nothing)
        self.layout_.addLayout(self._column)
        self.layout_.addStretch(1)
        self.set_options(options)

    @property
    def target(self) -> QWidget:
        return next(iter(self.boxes), self)

    def set_options(self, options: Sequence[Answer]) -> bool:
        """Offer those answers. True when boxes came or went."""
        if tuple(options) == self._options:
            return False
        for box in self.boxes:
            self._column.removeWidget(box)
            box.hide()
            box.deleteLater()
        self._options, self.boxes = tuple(options), []
        for index, option in enumerate(self._options):
            box = QCheckBox(without_mnemonic(display_of(option)))
            box.setObjectName(f"choice:{self.name}={code_of(option)}")
            box.clicked.connect(lambda checked, index=index: self._on_clicked(index, checked))
            self.boxes.append(box)
            self._column.addWidget(box, 0, Qt.AlignmentFlag.AlignLeft)
        self._nothing.setVisible(not self.boxes)
        return True

    def focus_widgets(self) -> tuple[QWidget, ...]:
        return tuple(self.boxes)

    def show_answers(self, answers: Sequence[Answer]) -> None:
        for option, box in zip(self._options, self.boxes, strict=True):
            box.setChecked(any(same_answer(option, answer) for answer in answers))

    def set_read_only(self, read_only: bool) -> None:
        for box in self.boxes:
            box.setEnabled(not read_only)

    def _on_clicked(self, index: int, checked: bool) -> None:
        alone = self._options[index] in self._exclusive
        for option, box in zip(self._options, self.boxes, strict=True):
            if checked and box is not self.boxes[index] and (alone or option in self._exclusive):
                box.setChecked(False)
        pairs = zip(self._options, self.boxes, strict=True)
        self.ticked.emit(tuple(option for option, box in pairs if box.isChecked()))


class DropDownEditor(AnswerEditor):
    """One of many answers, in a list that opens. The first line is “not chosen”."""

    def __init__(self, item: Item, name: str, options: Sequence[Answer]) -> None:
        super().__init__(item, name)
        self._options = tuple(options)
        self.combo = QuietComboBox()
        self.combo.setObjectName(f"item:{name}")
        self.combo.setAccessibleName(item.text)
        self.combo.addItem(NOT_CHOSEN)
        self.combo.addItems([display_of(option) for option in self._options])
        self.combo.activated.connect(self._on_activated)
        self.layout_.addWidget(self.combo, 1)

    @property
    def target(self) -> QuietComboBox:
        return self.combo

    def show_answer(self, answer: Answer | None) -> None:
        found = [n for n, option in enumerate(self._options, 1) if answer is not None and same_answer(option, answer)]
        with QSignalBlocker(self.combo):
            self.combo.setCurrentIndex(found[0] if found else 0)

    def set_read_only(self, read_only: bool) -> None:
        self.combo.setEnabled(not read_only)

    def _on_activated(self, index: int) -> None:
        self.answered.emit(self._options[index - 1] if index > 0 else None)


class ReferenceEditor(AnswerEditor):
    """A record of the case or a mark of the reader. What was chosen stays, even when it is no longer on offer."""

    def __init__(self, item: Item, name: str) -> None:
        super().__init__(item, name)
        self._offered: tuple[Reference, ...] = ()
        self._current: Reference | None = None
        self.combo = QuietComboBox()
        self.combo.setObjectName(f"item:{name}")
        self.combo.setAccessibleName(item.text)
        self.combo.activated.connect(self._on_activated)
        self.layout_.addWidget(self.combo, 1)
        self._fill()

    @property
    def target(self) -> QuietComboBox:
        return self.combo

    def set_candidates(self, references: Sequence[Reference]) -> None:
        if tuple(references) != self._offered:
            self._offered = tuple(references)
            self._fill()

    def show_answer(self, answer: Answer | None) -> None:
        chosen = answer.value if answer is not None and isinstance(answer.value, Reference) else None
        if chosen != self._current:
            self._current = chosen
            self._fill()

    def set_read_only(self, read_only: bool) -> None:
        self.combo.setEnabled(not read_only)

    def _choices(self) -> tuple[Reference, ...]:
        if self._current is None or any(self._current.means(offered) for offered in self._offered):
            return self._offered
        return (*self._offered, self._current)

    def _fill(self) -> None:
        choices = self._choices()
        with QSignalBlocker(self.combo):
            self.combo.clear()
            self.combo.addItem(NOT_CHOSEN if choices else self._nothing_to_choose())
            self.combo.addItems([choice.display or choice.reference for choice in choices])
            chosen = [n for n, choice in enumerate(choices, 1) if self._current and choice.means(self._current)]
            self.combo.setCurrentIndex(chosen[0] if chosen else 0)

    def _nothing_to_choose(self) -> str:
        return "Nothing to choose from yet"

    def _on_activated(self, index: int) -> None:
        choices = self._choices()
        self._current = choices[index - 1] if index > 0 else None
        self.answered.emit(None if self._current is None else Answer("valueReference", self._current))


class OpenChoiceEditor(LineEditor):
    """Free text with suggestions from a list of codes: a suggestion that is taken becomes the code."""

    def __init__(self, item: Item, name: str, options: Sequence[Answer]) -> None:
        self._by_text = {display_of(option): option for option in options}
        super().__init__(item, name)
        model = QStandardItemModel(self)
        for text in self._by_text:
            model.appendRow(QStandardItem(text))
        completer = QCompleter(model, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setMaxVisibleItems(10)
        completer.activated[str].connect(self._on_edited)  # type: ignore[index]
        self.line.setCompleter(completer)

    def placeholder(self) -> str:
        return "Type a code or words; free text is allowed" if self._by_text else "Free text"

    def parse(self, text: str) -> Answer | None:
        if not text:
            return None
        return self._by_text.get(text) or Answer("valueString", text)

    def text_of(self, answer: Answer) -> str:
        return display_of(answer)


ROW_LETTERS = 66
"""So many, with six for each button, still stand beside each other in a window 1280 wide."""


def option_layout(options: Sequence[Answer]) -> QBoxLayout:
    """Short answers stand in a row, longer ones below each other."""
    in_a_row = bool(options) and sum(len(display_of(option)) + 6 for option in options) <= ROW_LETTERS
    layout = QBoxLayout(QBoxLayout.Direction.LeftToRight if in_a_row else QBoxLayout.Direction.TopToBottom)
    layout.setSpacing(18 if in_a_row else 4)
    return layout


def without_mnemonic(text: str) -> str:
    """Words for a button in which “H&E” stays “H&E”."""
    return text.replace("&", "&&")


def code_of(option: Answer) -> str:
    """What names an option in object names: its code, what it refers to, or the value itself."""
    value = option.value
    if isinstance(value, Coding):
        return value.code
    if isinstance(value, Reference):
        return value.reference or value.identifier_value
    return str(value)


def display_of(option: Answer) -> str:
    """An answer in words. Codes of classifications show the code too, our own code systems only the words."""
    value = option.value
    if isinstance(value, Coding):
        if not value.display or value.system.startswith("https://readingroom.example/"):
            return value.display or value.code
        return f"{value.code}  {value.display}"
    if isinstance(value, Reference):
        return value.display or value.reference
    return str(value)
