"""Before a delivered opinion is opened again: what is to be done to it, and why. It decides nothing."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from sync.records.amendment import AmendmentKind
from workstation.window.fitting import fit_height
from workstation.window.theme import COLOURS, set_role

WIDTH_PX = 560
_CHOICES = (
    (AmendmentKind.CORRECTION, "&Correction", "Something in it was wrong. The corrected opinion replaces it."),
    (AmendmentKind.ADDENDUM, "&Addendum", "What it says stands. Something is added to it."),
)


class AmendmentDialog(QDialog):
    """Asks for the kind and the reason. Escape leaves the opinion as it is."""

    amend_requested = Signal(AmendmentKind, str)
    """The kind, and the reason, never empty."""

    def __init__(self, parent: QWidget, opinion_identifier: str) -> None:
        super().__init__(parent)
        self.setObjectName("amendment-dialog")
        self.setWindowTitle("Amend this opinion")
        self.setModal(True)
        self.setFixedWidth(WIDTH_PX)
        self.setStyleSheet(
            f"QDialog#amendment-dialog {{ background: {COLOURS['panel']}; border: 1px solid {COLOURS['line_hover']}; }}"
        )
        down = QVBoxLayout(self)
        down.setContentsMargins(28, 24, 28, 20)
        down.setSpacing(10)
        down.addWidget(_words(f"Opinion {opinion_identifier}", "caption"))
        down.addWidget(_words("What do you want to do to the opinion that the hospital has?", "heading"))
        self._buttons: dict[AmendmentKind, QRadioButton] = {}
        for kind, name, meaning in _CHOICES:
            button = QRadioButton(name)
            button.setObjectName(f"amendment-{kind.value}")
            self._buttons[kind] = button
            down.addWidget(button)
            explained = _words(meaning, "muted")
            explained.setContentsMargins(26, 0, 0, 4)
            down.addWidget(explained)
        self._buttons[AmendmentKind.CORRECTION].setChecked(True)
        self.reason = QPlainTextEdit()
        self.reason.setObjectName("amendment-reason")
        self.reason.setTabChangesFocus(True)
        self.reason.setFixedHeight(84)
        caption = QLabel("&Reason (signed and sent with it)")
        caption.setIndent(0)
        caption.setBuddy(self.reason)
        down.addWidget(caption)
        down.addWidget(self.reason)
        self.message = _words("", "error")
        self.message.setObjectName("amendment-message")
        self.message.hide()
        self.reason.textChanged.connect(self._hide_message)
        down.addWidget(self.message)
        down.addWidget(
            _words(
                "The form opens with what you signed. The hospital keeps the earlier version, marked as superseded.",
                "muted",
            )
        )
        across = QHBoxLayout()
        across.addStretch(1)
        cancel = QPushButton("Not now")
        cancel.setObjectName("amendment-cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        self.confirm = QPushButton("&Open the form")
        self.confirm.setObjectName("amendment-confirm")
        set_role(self.confirm, "primary")
        self.confirm.setDefault(True)
        self.confirm.clicked.connect(self._ask)
        for answer in (cancel, self.confirm):
            answer.setMinimumHeight(34)
            across.addWidget(answer)
        down.addSpacing(4)
        down.addLayout(across)
        self.reason.setFocus()

    def show_refusal(self, sentence: str) -> None:
        """Nothing was opened, and why."""
        self.message.setText(sentence)
        self.message.show()
        fit_height(self)

    def open_over(self, window: QWidget) -> None:
        """In the middle of *window*, as high as its words need."""
        self.open()
        fit_height(self)
        self.move(window.frameGeometry().center() - self.rect().center())

    def _hide_message(self) -> None:
        if not self.message.isHidden():
            self.message.hide()
            fit_height(self)

    def _ask(self) -> None:
        reason = self.reason.toPlainText().strip()
        if not reason:
            self.show_refusal("Say why: the reason is signed and sent with the amendment.")
            self.reason.setFocus()
            return
        kind = next(kind for kind, button in self._buttons.items() if button.isChecked())
        self.amend_requested.emit(kind, reason)


def _words(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setIndent(0)
    return label
