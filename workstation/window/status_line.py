"""The line below every page: how the last sync went, what waits to leave, and the last sentence for the user.

Where the first and the last do not fit beside each other, the sentence alone is shown until it goes; whatever is still
too long ends in an ellipsis and is whole in its tooltip.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from workstation.window.icons import icon
from workstation.window.theme import set_role

SENTENCE_TIME_MS = 15_000
GAP_PX = 16
SPARE_PX = 2
"""Advances are rounded; eliding is not."""


class StatusLine(QFrame):
    """Three quiet texts. A failure is red; every sentence goes after fifteen seconds, or when it is clicked away."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status-line")
        self.setProperty("role", "status")
        self._sync_words = self._sentence_words = ""
        self.saying = 0
        """Numbers what `say` said last, for `take_back`."""
        self._sync_icon = QLabel()
        self._sync = self._label("status-sync")
        self._sync.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
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
        self._layout = layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 4)
        layout.setSpacing(8)
        layout.addWidget(self._sync_icon)
        layout.addWidget(self._sync)
        layout.addSpacing(GAP_PX)
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
        """How the last or running round of sync stands; empty where there is none to speak of."""
        name, tint = ("offline", "warning") if offline else ("sync", "text_muted")
        self._sync_icon.setPixmap(icon(name, tint).pixmap(QSize(16, 16)))
        self._sync_icon.setToolTip(text)
        self._sync_icon.setVisible(bool(text))
        self._sync.setToolTip(text)
        self._sync.setAccessibleName(text)
        self._sync_words = text
        self._share_room()

    def show_outbox(self, text: str) -> None:
        """What waits to leave; empty when nothing does."""
        self._outbox.setText(text)
        self._outbox.setVisible(bool(text))
        self._outbox_icon.setVisible(bool(text))
        self._share_room()

    def say(self, sentence: str, *, failure: bool = False) -> None:
        """One sentence for the user."""
        self.saying += 1
        self._sentence_words = sentence
        self._sentence.setToolTip(sentence)
        self._sentence.setAccessibleName(sentence)
        set_role(self._sentence, "", "danger" if failure else "")
        self._dismiss.setVisible(bool(sentence))
        self._forget.start(SENTENCE_TIME_MS)
        self._share_room()

    def take_back(self, saying: int) -> None:
        """What was said then does not hold any more; whatever was said since stays, be it the same words."""
        if saying == self.saying:
            self._clear_sentence()

    @property
    def sentence(self) -> str:
        """The whole of what is said at the moment; empty: nothing."""
        return self._sentence_words

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    def event(self, event: QEvent) -> bool:
        """The layout has placed the parts anew: their words follow."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._share_room()
        return done

    def _share_room(self) -> None:
        """Both in full where they fit; else the sentence first, and the state of sync as its icon alone."""
        metrics = self._sync.fontMetrics()
        margins, spacing = self._layout.contentsMargins(), self._layout.spacing()
        room = self.width() - margins.left() - margins.right() - self._sync_icon.sizeHint().width() - GAP_PX
        for part in (self._dismiss, self._outbox_icon, self._outbox):
            if not part.isHidden():
                room -= part.sizeHint().width() + spacing
        room -= 3 * spacing
        sync_px = metrics.horizontalAdvance(self._sync_words) + SPARE_PX
        sentence_px = metrics.horizontalAdvance(self._sentence_words) + SPARE_PX
        is_alone = bool(self._sentence_words) and sync_px + sentence_px > room
        sync_room = 0 if is_alone else max(0, room - sentence_px)
        shown = min(sync_px, sync_room)
        self._sync.setFixedWidth(shown)
        self._sync.setText(metrics.elidedText(self._sync_words, Qt.TextElideMode.ElideRight, shown) if shown else "")
        left = max(0, room - shown)
        self._sentence.setText(metrics.elidedText(self._sentence_words, Qt.TextElideMode.ElideRight, left))

    def _clear_sentence(self) -> None:
        self._forget.stop()
        self._sentence_words = ""
        self._sentence.setToolTip("")
        self._sentence.setAccessibleName("")
        self._dismiss.hide()
        self._share_room()

    def _label(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(name)
        label.setTextFormat(Qt.TextFormat.PlainText)
        return label
