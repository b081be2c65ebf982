"""Keeps every dialog off the screen while the lock page covers the window, and brings back what still wants an answer.

A dialog may refuse to be closed while its work goes on (a signature, a new passphrase), and what was on its way when
the window was locked may open one later: either would lie over the lock page and keep the keyboard from it.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QWidget


class Curtain(QObject):
    """One for a window; drawn and opened again any number of times."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._behind: list[QDialog] = []
        self._is_drawn = False

    def draw(self) -> None:
        """Close every other window; what cannot be closed now, or opens from now on, is hidden until `open`."""
        while (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
        for other in QApplication.topLevelWidgets():
            if other is not self._window and other.isVisible() and not other.close():
                self._hide(other)
        if not self._is_drawn:
            self._is_drawn = True
            QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]

    def open(self) -> None:
        """Show again what still waits for its person."""
        if not self._is_drawn:
            return
        self._is_drawn = False
        QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
        behind, self._behind = self._behind, []
        for dialog in behind:
            dialog.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen, False)
            dialog.open()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A dialog is told that it will be shown before the screen shows it: late enough to know, early enough."""
        if event.type() == QEvent.Type.Show and isinstance(watched, QDialog) and watched is not self._window:
            watched.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
            QTimer.singleShot(0, self, lambda: self._hide(watched))
        return False

    def _hide(self, other: QWidget) -> None:
        other.hide()
        if isinstance(other, QDialog) and other not in self._behind:
            self._behind.append(other)
            other.finished.connect(lambda _result: self._forget(other))
            other.destroyed.connect(lambda _object: self._forget(other))

    def _forget(self, dialog: QDialog) -> None:
        """It came to its end behind the curtain."""
        if dialog in self._behind:
            self._behind.remove(dialog)
