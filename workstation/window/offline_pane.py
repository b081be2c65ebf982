"""The quiet band above the pages while the hospital cannot be reached. Nothing is blocked by it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from workstation.window.icons import icon


class OfflinePane(QFrame):
    """Hidden while the hospital answers."""

    retry_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("offline")
        self.setProperty("role", "panel")
        sign = QLabel()
        sign.setPixmap(icon("offline", "warning").pixmap(QSize(18, 18)))
        self._text = QLabel()
        self._text.setObjectName("offline-text")
        self._text.setWordWrap(True)
        retry = QPushButton("Try now")
        retry.setObjectName("offline-retry")
        retry.setAutoDefault(False)
        retry.clicked.connect(self.retry_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 6, 12, 6)
        layout.setSpacing(10)
        layout.addWidget(sign)
        layout.addWidget(self._text, 1)
        layout.addWidget(retry)
        self.hide()

    def show_offline(self, text: str) -> None:
        """Show *text*; empty: the hospital answers again."""
        self._text.setText(text)
        self._text.setAccessibleName(text)
        self.setVisible(bool(text))
