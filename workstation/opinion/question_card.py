"""The card that says that the question changed under the answer: the old, the new, and the reader's word on it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout

from sync.records.opinion_checks import Check

LONGEST_LINE = 280
"""Characters of one question shown; the whole of it is in the tooltip."""


class QuestionCard(QFrame):
    """Not there while nothing waits for the reader's word."""

    confirm_requested = Signal()
    """The answer fits the question as it is asked now."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("question-changed")
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(8)
        title = QLabel("Does your answer still fit?")
        title.setProperty("role", "warning")
        title.setIndent(0)
        column.addWidget(title)
        self._words = QLabel()
        self._words.setObjectName("question-changed-words")
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setIndent(0)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self._words)
        confirm = QPushButton("It still fits  (Ctrl+Shift+Q)")
        confirm.setObjectName("opinion-confirm-question")
        confirm.setMinimumHeight(30)
        confirm.setToolTip("The audit trail keeps that you confirmed it; nothing of this is signed")
        confirm.clicked.connect(self.confirm_requested)
        column.addWidget(confirm)
        self.hide()

    def show_check(self, check: Check | None) -> None:
        """The check that waits; None: none does."""
        self.setVisible(check is not None)
        if check is not None:
            lines = [_shortened(line) for line in check.sentence.split("\n")]
            self._words.setText("\n".join(lines))
            self._words.setToolTip(check.sentence if "\n".join(lines) != check.sentence else "")


def _shortened(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…"
