"""The dialog that changes what opens the store: the present passphrase or PIN, the new one twice, and the way."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QWidget,
)

from workstation.window.dialog_column import accept_button, answers, leave_button, stack
from workstation.window.theme import set_role

TEXT_WIDTH_PX = 500
TEXT = (
    "What the hospital sends is kept encrypted on this computer; this changes what opens it. Nobody can tell you the "
    "new one later: without it, what was not sent yet is lost."
)
ALONE, WITH_KEYRING = "The passphrase alone", "This computer's keyring, with a PIN or passphrase"


class PassphraseDialog(QDialog):
    """Implements `passphrase_presenter.PassphraseView`."""

    change_requested = Signal(str, str, str)
    """The present one, the new one, the new one again."""
    way_chosen = Signal(bool)
    """True: half of the key goes into the keyring."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName("passphrase-dialog")
        self.setWindowTitle("Change passphrase or PIN")
        self.setModal(True)
        title = QLabel("Change passphrase or PIN")
        title.setProperty("role", "title")
        self.rule = _text("passphrase-rule")
        set_role(self.rule, "muted")
        self.message = _text("passphrase-message")
        self.message.hide()
        text = _text("passphrase-text")
        text.setText(TEXT)
        self.present = _secret("passphrase-present")
        self.new = _secret("passphrase-new")
        self.again = _secret("passphrase-again")
        self.way = QComboBox()
        self.way.setObjectName("passphrase-way")
        self.way.addItem(ALONE, False)
        self.way.addItem(WITH_KEYRING, True)
        self.way.activated.connect(lambda _index: self.way_chosen.emit(bool(self.way.currentData())))
        self._way_label = QLabel("&Opened by")
        self._way_label.setBuddy(self.way)
        self._progress = QProgressBar()
        self._progress.setRange(0, 0)
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(4)
        self._progress.hide()
        self.accept_button = accept_button("passphrase-change", "C&hange", self._ask)
        self.cancel = leave_button("passphrase-cancel", "Cancel", self.reject)
        end = answers(self.cancel, self.accept_button)
        stack(self, title, text, self._make_grid(), self.rule, self.message, self._progress, end)
        self.show_ways(with_keyring=False, can_choose=False)
        self.present.setFocus()

    def show_ways(self, *, with_keyring: bool, can_choose: bool) -> None:
        """How the store opens now; where there is no other way, none is offered."""
        self.way.setCurrentIndex(self.way.findData(with_keyring))
        self.way.setVisible(can_choose)
        self._way_label.setVisible(can_choose)

    def show_rule(self, rule: str) -> None:
        """What the new one must be like."""
        self.rule.setText(rule)

    def show_busy(self, sentence: str) -> None:
        """It is being changed. It cannot be called off, so the dialog stays until it is done.

        What was typed is forgotten at once: the window may be locked meanwhile.
        """
        for secret in (self.present, self.new, self.again):
            secret.clear()
        self._say(sentence, "muted")
        self._enable(False)

    def show_problem(self, sentence: str) -> None:
        """Why it was not changed."""
        self._enable(True)
        self._say(sentence, "error")
        self.present.setFocus()

    def reject(self) -> None:
        """Not while it is being changed: nobody would know which one opens the store."""
        if self.accept_button.isEnabled():
            super().reject()

    def _make_grid(self) -> QGridLayout:
        grid = QGridLayout()
        rows = (("&Present one", self.present), ("&New one", self.new), ("New one &again", self.again))
        for row, (caption, entry) in enumerate(rows):
            label = QLabel(caption)
            label.setBuddy(entry)
            grid.addWidget(label, row, 0)
            grid.addWidget(entry, row, 1)
        grid.addWidget(self._way_label, len(rows), 0)
        grid.addWidget(self.way, len(rows), 1)
        grid.setColumnStretch(1, 1)
        return grid

    def _enable(self, enabled: bool) -> None:
        for widget in (self.present, self.new, self.again, self.way, self.accept_button, self.cancel):
            widget.setEnabled(enabled)
        self._progress.setVisible(not enabled)

    def _ask(self) -> None:
        self.change_requested.emit(self.present.text(), self.new.text(), self.again.text())

    def _say(self, sentence: str, role: str) -> None:
        self.message.setText(sentence)
        self.message.show()
        set_role(self.message, role)


def _text(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setFixedWidth(TEXT_WIDTH_PX)
    return label


def _secret(name: str) -> QLineEdit:
    line = QLineEdit()
    line.setObjectName(name)
    line.setEchoMode(QLineEdit.EchoMode.Password)
    line.setInputMethodHints(
        Qt.InputMethodHint.ImhSensitiveData
        | Qt.InputMethodHint.ImhNoPredictiveText
        | Qt.InputMethodHint.ImhNoAutoUppercase
    )
    return line
