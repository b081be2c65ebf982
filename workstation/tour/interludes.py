"""What a later visit shows that the first did not: messages, locking in the middle of the work, what is on its way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QWidget

from workstation.tour.hands import Hands, TourStopped

DRAFT = "item:find.text"


class StopHere(Protocol):
    """Photographs the window: the step, what is shown, what is read back."""

    def __call__(self, step: str, image: str, value: Callable[[], str]) -> None: ...


class Interludes:
    """Keys pressed on *window*, each ending in a stop. *passphrase* opens the store."""

    def __init__(self, window: QWidget, hands: Hands, passphrase: str, stop_here: StopHere) -> None:
        self._window = window
        self._hands = hands
        self._passphrase = passphrase
        self._stop_here = stop_here

    def read_messages(self) -> None:
        """Ctrl+M: what was written about the case, and where to write."""
        self._hands.key(self._window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
        pane = self._hands.wait_for("messages-pane", QWidget)
        compose = self._hands.wait_for("messages-compose", QPlainTextEdit)
        self._hands.wait_until(lambda: compose.isVisible(), "the messages of the case")
        self._hands.rest(0.3)
        self._stop_here("messages with the hospital", "messages", lambda: _first_words(pane))

    def lock_and_come_back(self) -> None:
        """Ctrl+L in the middle of the form: nobody is named any more; afterwards every word is where it was."""
        draft = self._hands.wait_for(DRAFT, QPlainTextEdit).toPlainText()
        name = self._hands.find("patient-strip-name", QLabel).text()
        self._hands.key(self._window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        self._hands.wait_for("page-lock", QWidget)
        word = self._hands.wait_for("lock-word", QLineEdit)
        self._hands.wait_until(lambda: word.isEnabled(), "the lock page to ask")
        self._hands.rest(0.3)
        if any(name in text or draft in text for text in self._hands.texts()):
            raise TourStopped("the locked window still names the patient or shows the draft")
        self._stop_here("locked, nobody is named", "lock page", lambda: "nothing of the case on the screen")
        self._hands.write(word, self._passphrase)
        self._hands.key(word, Qt.Key.Key_Return)
        self._hands.wait_until(lambda: self._hands.look_for("page-lock", QWidget) is None, "the store to open")
        self._hands.wait_for("page-opinion", QWidget)
        found = self._hands.wait_for(DRAFT, QPlainTextEdit)
        self._hands.wait_until(lambda: found.toPlainText() == draft, "the draft to be back, word for word")
        self._hands.rest(0.5)
        self._stop_here("unlocked, every word is where it was", "opinion form", lambda: draft[:200])

    def see_transfers(self) -> None:
        """F7: everything is here, and what has left."""
        self._hands.key(self._window, Qt.Key.Key_F7)
        summary = self._hands.wait_for("transfers-summary", QLabel)
        self._hands.rest(0.5)
        self._stop_here("transfers, case by case", "transfers", summary.text)


def _first_words(pane: QWidget) -> str:
    words = " ".join(label.text() for label in pane.findChildren(QLabel) if label.isVisible())
    return words[:200] or "no messages"
