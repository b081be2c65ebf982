"""What is shown while somebody signs in in the browser: what to do, the address in case none opened, a way out."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.window.theme import set_role


def open_in_browser(address: str) -> bool:
    """Show *address* in the system's browser; False where there is none. On the UI thread."""
    return QDesktopServices.openUrl(QUrl(address))


class BrowserPane(QFrame):
    """Looking for the hospital, then waiting for the browser. It knows nothing of signing in."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("browser-pane")
        self.setProperty("role", "card")
        self.title = QLabel()
        self.title.setProperty("role", "heading")
        self.title.setIndent(0)
        self.text = QLabel()
        self.text.setObjectName("browser-text")
        self.text.setWordWrap(True)
        self.hint = QLabel("No browser opened? Copy the address into one on this computer.")
        self.hint.setProperty("role", "muted")
        self.hint.setWordWrap(True)
        self.address = QLineEdit()
        self.address.setObjectName("browser-address")
        self.address.setReadOnly(True)
        self.address.setAccessibleName("Address of the sign-in page")
        self.copy = QPushButton("Copy")
        self.copy.setObjectName("browser-copy")
        self.copy.clicked.connect(self._copy)
        self.cancel = QPushButton("Cancel")
        self.cancel.setObjectName("browser-cancel")
        self.cancel.clicked.connect(self.cancelled)
        for button in (self.copy, self.cancel):
            button.setAutoDefault(False)
        row = QHBoxLayout()
        row.addWidget(self.address, 1)
        row.addWidget(self.copy)
        end = QHBoxLayout()
        end.addStretch(1)
        end.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 18)
        column.setSpacing(10)
        column.addWidget(self.title)
        column.addWidget(self.text)
        column.addWidget(self.hint)
        column.addLayout(row)
        column.addLayout(end)

    def show_looking(self) -> None:
        """The hospital is being asked how one signs in there."""
        self._show("Looking for the hospital…", "It is asked how one signs in there.", "")

    def show_waiting(self, address: str) -> None:
        """The browser was asked to show *address*."""
        host = QUrl(address).host()
        self._show(
            "Sign in in your browser",
            f"Your browser shows the sign-in page of {host}. Sign in there, then come back to this window.",
            address,
        )

    def _show(self, title: str, text: str, address: str) -> None:
        self.title.setText(title)
        self.text.setText(text)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.address.setText(address)
        self.address.setCursorPosition(0)
        self.copy.setText("Copy")
        for widget in (self.hint, self.address, self.copy):
            widget.setVisible(bool(address))
        set_role(self.text, "")
        self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.address.text())
        self.copy.setText("Copied")
