"""Asked when a sign-in has run out: sign in again in the browser, or later. Neither loses anything."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QLabel, QWidget

from workstation.window.browser_pane import BrowserPane
from workstation.window.dialog_column import accept_button, answers, leave_button, stack
from workstation.window.theme import set_role

TEXT_WIDTH_PX = 520


class SignInDialog(QDialog):
    """Shows and asks; it decides nothing. Escape is “later”."""

    sign_in_requested = Signal()
    cancel_requested = Signal()
    """The sign-in under way is not wanted any more."""

    def __init__(self, parent: QWidget | None, hospital_name: str, reader: str, *, is_run_out: bool = True) -> None:
        super().__init__(parent)
        self.setObjectName("sign-in-dialog")
        self.setWindowTitle("Sign in")
        self.setModal(True)
        title = QLabel(f"Sign in at {hospital_name}")
        title.setTextFormat(Qt.TextFormat.PlainText)
        title.setProperty("role", "title")
        title.setWordWrap(True)
        text = QLabel(
            f"You are signed in as {reader}. Where the hospital refuses that all the same, sign in again; nothing on "
            "this computer changes by it."
            if not is_run_out
            else f"You are not signed in as {reader}. Everything on this computer can still be read and signed; what "
            "waits to leave stays here, encrypted, and leaves by itself after you have signed in."
        )
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        self.message = QLabel()
        self.message.setObjectName("sign-in-message")
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setWordWrap(True)
        self.message.hide()
        self.pane = BrowserPane()
        self.pane.hide()
        self.pane.cancelled.connect(self._cancel)
        self.sign_in = accept_button("sign-in-begin", "&Sign in in the browser", self.sign_in_requested.emit)
        self.later = leave_button("sign-in-later", "&Later", self.reject)
        self._buttons = QWidget()
        self._buttons.setLayout(answers(self.later, self.sign_in))
        for part in (title, text, self.message, self.pane):
            part.setFixedWidth(TEXT_WIDTH_PX)
        stack(self, title, text, self.pane, self.message, self._buttons)
        self.sign_in.setFocus()

    def show_looking(self) -> None:
        """The hospital is asked how one signs in."""
        self._set_busy(True)
        self.pane.show_looking()

    def show_waiting(self, address: str) -> None:
        """Somebody is signing in in the browser, at *address*."""
        self.pane.show_waiting(address)

    def show_refusal(self, sentence: str) -> None:
        """No sign-in came about, and why; it can be tried again at once."""
        self._set_busy(False)
        self.message.setText(sentence)
        self.message.setVisible(bool(sentence))
        set_role(self.message, "error")
        self.sign_in.setFocus()

    def reject(self) -> None:
        if not self.pane.isHidden():
            self.cancel_requested.emit()
        super().reject()

    def _cancel(self) -> None:
        self.cancel_requested.emit()
        self.show_refusal("")

    def _set_busy(self, busy: bool) -> None:
        self.pane.setVisible(busy)
        self._buttons.setVisible(not busy)
        self.message.hide()
