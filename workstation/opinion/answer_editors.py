"""The widgets that take one answer each: text, numbers, dates, yes or no, quantities. Choices are in `choice_editors`.

Each says `answered` with an `Answer` or None on every keystroke, and never changes because of the mouse wheel.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QWidget,
)

from sync.records.answer import Answer, Quantity
from sync.records.questionnaire import Item, ItemType
from workstation.opinion.growing_text import GrowingText
from workstation.opinion.number_text import number_text, parse_number


class AnswerEditor(QWidget):
    """One answer. `target` is the widget that takes the keys and bears the object name ``item:<linkId>``."""

    answered = Signal(object)
    """Answer or None: the reader changed it. Never sent for `show_answer`."""

    def __init__(self, item: Item, name: str) -> None:
        super().__init__()
        self.item = item
        self.name = name
        self.layout_ = QHBoxLayout(self)
        self.layout_.setContentsMargins(0, 0, 0, 0)
        self.layout_.setSpacing(8)

    @property
    def target(self) -> QWidget:
        raise NotImplementedError

    def show_answer(self, answer: Answer | None) -> None:
        raise NotImplementedError

    def set_read_only(self, read_only: bool) -> None:
        raise NotImplementedError

    def focus_widgets(self) -> tuple[QWidget, ...]:
        """What the tab key stops at, in order."""
        return (self.target,)

    def half_typed(self) -> str:
        """Empty, or why what stands there is no answer yet (“2026-11-”): it would be lost without a word."""
        return ""

    def set_invalid(self, invalid: bool) -> None:
        """Draw the border of an answer that is missing or not allowed."""
        if self.target.property("invalid") != invalid:
            self.target.setProperty("invalid", invalid)
            self.target.style().unpolish(self.target)
            self.target.style().polish(self.target)


class LineEditor(AnswerEditor):
    """One line of text: string, url, time, and the parsed kinds below."""

    width_px = 0

    def __init__(self, item: Item, name: str) -> None:
        super().__init__(item, name)
        self.line = QLineEdit()
        self.line.setObjectName(f"item:{name}")
        self.line.setAccessibleName(item.text)
        self.line.setPlaceholderText(item.entry_format or self.placeholder())
        if item.max_length is not None:
            self.line.setMaxLength(item.max_length)
        if self.width_px:
            self.line.setFixedWidth(self.width_px)
        self.line.textEdited.connect(self._on_edited)
        self.layout_.addWidget(self.line)
        if self.width_px:
            self.layout_.addStretch(1)

    @property
    def target(self) -> QLineEdit:
        return self.line

    def placeholder(self) -> str:
        return ""

    def show_answer(self, answer: Answer | None) -> None:
        # What stands there may be half-typed (“2026-11-”): it is replaced only when it means something else.
        if answer != self.parse(self.line.text()):
            self.line.setText("" if answer is None else self.text_of(answer))
            self.line.setCursorPosition(0)  # a long text is read from its beginning

    def set_read_only(self, read_only: bool) -> None:
        self.line.setReadOnly(read_only)

    def parse(self, text: str) -> Answer | None:
        return Answer(self.item.answer_element, text) if text else None

    def text_of(self, answer: Answer) -> str:
        return str(answer.value)

    def half_typed(self) -> str:
        text = self.line.text()
        return self.expectation() if text.strip() and self.parse(text) is None else ""

    def expectation(self) -> str:
        """What is asked for, said when something else stands there."""
        return ""

    def _on_edited(self, text: str) -> None:
        self.answered.emit(self.parse(text))


class NumberEditor(LineEditor):
    """An integer or a decimal. A decimal comma is read as a point; anything else that is no number is no answer."""

    width_px = 140

    def parse(self, text: str) -> Answer | None:
        number = parse_number(text, whole=self.item.type is ItemType.INTEGER)
        return None if number is None else Answer(self.item.answer_element, number)

    def expectation(self) -> str:
        return "A whole number is asked for." if self.item.type is ItemType.INTEGER else "A number is asked for."

    def text_of(self, answer: Answer) -> str:
        return number_text(answer.value) if isinstance(answer.value, int | float) else ""


class MomentEditor(LineEditor):
    """A date or a date with time, typed in ISO order, with a button for now. Times are this computer's zone."""

    width_px = 190

    def __init__(self, item: Item, name: str) -> None:
        super().__init__(item, name)
        self.now_button = QPushButton("Today" if item.type is ItemType.DATE else "Now")
        self.now_button.setObjectName(f"now:{name}")
        self.now_button.clicked.connect(self._fill_now)
        self.layout_.insertWidget(1, self.now_button)

    def placeholder(self) -> str:
        return "YYYY-MM-DD" if self.item.type is ItemType.DATE else "YYYY-MM-DD HH:MM"

    def expectation(self) -> str:
        return f"A {'date' if self.item.type is ItemType.DATE else 'date and time'} is asked for: {self.placeholder()}."

    def focus_widgets(self) -> tuple[QWidget, ...]:
        return (self.line, self.now_button)

    def set_read_only(self, read_only: bool) -> None:
        super().set_read_only(read_only)
        self.now_button.setVisible(not read_only)

    def parse(self, text: str) -> Answer | None:
        try:
            if self.item.type is ItemType.DATE:
                return Answer("valueDate", date.fromisoformat(text.strip()).isoformat())
            match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:\d\d)?", text.strip())
            if match is None:
                return None
            moment = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or ':00'}").astimezone()
        except ValueError:
            return None
        return Answer("valueDateTime", moment.isoformat())

    def text_of(self, answer: Answer) -> str:
        text = str(answer.value)
        if self.item.type is ItemType.DATE:
            return text
        try:
            return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"
        except ValueError:
            return text

    def _fill_now(self) -> None:
        now = datetime.now().astimezone()
        self.line.setText(f"{now:%Y-%m-%d}" if self.item.type is ItemType.DATE else f"{now:%Y-%m-%d %H:%M}")
        self._on_edited(self.line.text())


class QuantityEditor(LineEditor):
    """A number with its unit: the item's only one, or chosen where it allows several."""

    width_px = 140

    def __init__(self, item: Item, name: str) -> None:
        self._unit = item.units[0] if item.units else None
        super().__init__(item, name)
        self.unit_choice: QuietComboBox | None = None
        if len(item.units) > 1:
            self.unit_choice = QuietComboBox()
            self.unit_choice.setObjectName(f"unit:{name}")
            self.unit_choice.addItems([unit.display or unit.code for unit in item.units])
            self.unit_choice.activated.connect(self._on_unit)
            self.layout_.insertWidget(1, self.unit_choice)
        elif self._unit is not None:
            self.layout_.insertWidget(1, QLabel(self._unit.display or self._unit.code))

    def expectation(self) -> str:
        return "A number is asked for."

    def focus_widgets(self) -> tuple[QWidget, ...]:
        return (self.line,) if self.unit_choice is None else (self.line, self.unit_choice)

    def set_read_only(self, read_only: bool) -> None:
        super().set_read_only(read_only)
        if self.unit_choice is not None:
            self.unit_choice.setEnabled(not read_only)

    def parse(self, text: str) -> Answer | None:
        number = parse_number(text)
        if number is None:
            return None
        if self._unit is None:
            return Answer("valueQuantity", Quantity(number))
        unit = self._unit
        return Answer("valueQuantity", Quantity(number, unit.display or unit.code, unit.system, unit.code))

    def text_of(self, answer: Answer) -> str:
        quantity = answer.value
        if not isinstance(quantity, Quantity):
            return ""
        for index, unit in enumerate(self.item.units):
            if self.unit_choice is not None and unit.code == quantity.code:
                self._unit = unit
                self.unit_choice.setCurrentIndex(index)
        return number_text(quantity.value)

    def _on_unit(self, index: int) -> None:
        self._unit = self.item.units[index]
        self._on_edited(self.line.text())


class TextEditor(AnswerEditor):
    """Several lines. It grows with what is written and leaves Tab to the keyboard order.

    For a long string it begins as one line, wraps, and takes no line breaks.
    """

    def __init__(self, item: Item, name: str) -> None:
        super().__init__(item, name)
        self._least_lines = 3 if item.type is ItemType.TEXT else 1
        self.text = GrowingText(item.max_length, self._least_lines, breaks=item.type is ItemType.TEXT)
        self.text.setObjectName(f"item:{name}")
        self.text.setAccessibleName(item.text)
        self.text.textChanged.connect(self._on_changed)
        self.layout_.addWidget(self.text)
        self._showing = False

    @property
    def target(self) -> QPlainTextEdit:
        return self.text

    def show_answer(self, answer: Answer | None) -> None:
        wanted = "" if answer is None else str(answer.value)
        if wanted != self.text.toPlainText():
            self._showing = True
            self.text.setPlainText(wanted)
            self._showing = False

    def set_read_only(self, read_only: bool) -> None:
        self.text.setReadOnly(read_only)
        self.text.set_least_lines(1 if read_only else self._least_lines)

    def _on_changed(self) -> None:
        if not self._showing:
            text = self.text.toPlainText()
            self.answered.emit(Answer("valueString", text) if text else None)


class YesNoEditor(AnswerEditor):
    """A boolean as two buttons, because “no” and “not answered” differ."""

    def __init__(self, item: Item, name: str) -> None:
        super().__init__(item, name)
        self.setObjectName(f"item:{name}")
        self._group = QButtonGroup(self)
        self.buttons: dict[bool, QRadioButton] = {}
        for value, words in ((True, "Yes"), (False, "No")):
            button = QRadioButton(words)
            button.setObjectName(f"choice:{name}={str(value).lower()}")
            button.setAccessibleName(f"{item.text}: {words}")
            button.clicked.connect(lambda _checked, value=value: self.answered.emit(Answer("valueBoolean", value)))
            self._group.addButton(button)
            self.buttons[value] = button
            self.layout_.addWidget(button)
        self.layout_.addStretch(1)

    @property
    def target(self) -> QRadioButton:
        return next((b for b in self.buttons.values() if b.isChecked()), self.buttons[True])

    def focus_widgets(self) -> tuple[QWidget, ...]:
        return tuple(self.buttons.values())

    def show_answer(self, answer: Answer | None) -> None:
        self._group.setExclusive(False)
        for value, button in self.buttons.items():
            button.setChecked(answer is not None and answer.value is value)
        self._group.setExclusive(True)

    def set_read_only(self, read_only: bool) -> None:
        for button in self.buttons.values():
            button.setEnabled(not read_only)


class QuietComboBox(QComboBox):
    """A drop-down that the mouse wheel does not change: it scrolls the page instead."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Enter and Space open the list, as elsewhere; plain letters must not change an answer unseen.
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.isEditable():
            self.showPopup()
        else:
            super().keyPressEvent(event)
