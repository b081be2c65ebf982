"""The line below every page: how the last sync went, what waits to leave, and the last sentence for the user."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from workstation.window.icons import icon
from workstation.window.theme import set_role

SENTENCE_TIME_MS = 15_000


class StatusLine(QFrame):
    """Three quiet texts. A failure is red; every sentence goes after fifteen seconds, or when it is clicked away."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status-line")
        self.setProperty("role", "status")
        self._sync_icon = QLabel()
        self._sync = self._label("status-sync")
        self._sentence = self._label("status-sentence")
        self._sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._dismiss = QToolButton()
        self._dismiss.setObjectName("status-dismiss")
        self._dismiss.setIcon(icon("close", "text_muted"))
        self._dismiss.setIconSize(QSize(12, 12))
        self._dismiss.setStyleSheet("QToolButton { padding: 0px; }")
        self._dismiss.setToolTip("Dismiss")
        self._dismiss.setAccessibleName("Dismiss the message")
        self._dismiss.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._dismiss.clicked.connect(self._clear_sentence)
        self._dismiss.hide()
        self._outbox_icon = QLabel()
        self._outbox_icon.setPixmap(icon("outbox", "accent").pixmap(QSize(16, 16)))
        self._outbox = self._label("status-outbox")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 4)
        layout.setSpacing(8)
        layout.addWidget(self._sync_icon)
        layout.addWidget(self._sync)
        layout.addSpacing(16)
        layout.addWidget(self._dismiss)
        layout.addWidget(self._sentence, 1)
        layout.addWidget(self._outbox_icon)
        layout.addWidget(self._outbox)
        self._forget = QTimer(self)
        self._forget.setSingleShot(True)
        self._forget.timeout.connect(self._clear_sentence)
        self.show_sync("Not synced yet")
        self.show_outbox("")

    def show_sync(self, text: str, *, offline: bool = False) -> None:
        """How the last or running round of sync stands."""
        name, tint = ("offline", "warning") if offline else ("sync", "text_muted")
        self._sync_icon.setPixmap(icon(name, tint).pixmap(QSize(16, 16)))
        self._sync.setText(text)

    def show_outbox(self, text: str) -> None:
        """What waits to leave; empty when nothing does."""
        self._outbox.setText(text)
        self._outbox.setVisible(bool(text))
        self._outbox_icon.setVisible(bool(text))

    def say(self, sentence: str, *, failure: bool = False) -> None:
        """One sentence for the user."""
        self._sentence.setText(sentence)
        self._sentence.setToolTip(sentence)
        set_role(self._sentence, "", "danger" if failure else "")
        self._dismiss.setVisible(bool(sentence))
        self._forget.start(SENTENCE_TIME_MS)

    def _clear_sentence(self) -> None:
        self._forget.stop()
        self._sentence.clear()
        self._sentence.setToolTip("")
        self._dismiss.hide()

    def _label(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(name)
        return label
