"""The lock page: covers the whole window and asks for a passphrase or PIN. What becomes of it is the presenter's."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.window.lock_presenter import LockQuestion
from workstation.window.theme import set_role

WIDTH_PX = 460
BUTTON_WIDTH_PX = 140


class LockPage(QWidget):
    """Implements `lock_presenter.LockView`."""

    answered = Signal(str, str)
    """What was typed, and what was typed again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page-lock")
        self._title = QLabel()
        self._title.setProperty("role", "title")
        self._text = QLabel()
        self._text.setObjectName("lock-text")
        self._text.setWordWrap(True)
        self._text.setProperty("role", "muted")
        self._word = self._field("lock-word")
        self._again = self._field("lock-again")
        self._word_label, self._again_label = QLabel(), QLabel("Once more")
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(self._word_label, self._word)
        form.addRow(self._again_label, self._again)
        self._button = QPushButton()
        self._button.setObjectName("lock-open")
        self._button.setProperty("role", "primary")
        self._button.setMinimumWidth(BUTTON_WIDTH_PX)
        self._button.clicked.connect(self._answer)
        self._said = QLabel()
        self._said.setObjectName("lock-said")
        self._said.setWordWrap(True)
        self._hint = QLabel()
        self._hint.setObjectName("lock-hint")
        self._hint.setWordWrap(True)
        self._hint.setProperty("role", "muted")
        column = QFrame()
        column.setFixedWidth(WIDTH_PX)
        inside = QVBoxLayout(column)
        inside.setSpacing(14)
        inside.addWidget(self._title)
        inside.addWidget(self._text)
        inside.addLayout(form)
        inside.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        inside.addWidget(self._said)
        inside.addWidget(self._hint)
        # Stretches and no alignment: an aligned widget is not asked how high its wrapped lines are.
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(column)
        middle.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        layout.addLayout(middle)
        layout.addStretch(2)

    def show_question(self, question: LockQuestion) -> None:
        """Ask, with empty fields."""
        self._title.setText(question.title)
        self._text.setText(question.text)
        self._word_label.setText(question.field)
        self._again_label.setVisible(question.twice)
        self._again.setVisible(question.twice)
        self._button.setText(question.button)
        self._hint.setText(question.hint)
        self._hint.setVisible(bool(question.hint))
        self._take_next("")

    def show_problem(self, sentence: str) -> None:
        """Say why not; the fields are empty again."""
        self._take_next(sentence)

    def show_busy(self, sentence: str) -> None:
        """An answer is being tried."""
        self._say(sentence, "muted")
        for widget in (self._word, self._again, self._button):
            widget.setEnabled(False)

    def focus_field(self) -> None:
        """Typing goes into the field."""
        self._word.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take_next(self, sentence: str) -> None:
        for widget in (self._word, self._again, self._button):
            widget.setEnabled(True)
        self._word.clear()
        self._again.clear()
        self._say(sentence, "error")
        self.focus_field()

    def _answer(self) -> None:
        if self._button.isEnabled() and self._word.text():
            word, again = self._word.text(), self._again.text()
            self._word.clear()
            self._again.clear()
            self.answered.emit(word, again)

    def _entered(self) -> None:
        if self._again.isVisible() and not self._again.text():
            self._again.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._answer()

    def _say(self, sentence: str, role: str) -> None:
        self._said.setText(sentence)
        set_role(self._said, role)

    def _field(self, name: str) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(name)
        field.setEchoMode(QLineEdit.EchoMode.Password)
        field.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhNoAutoUppercase
        )
        field.returnPressed.connect(self._entered)
        return field
