"""The conversation with the hospital about a case, and where to write the next message."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workstation.case.conversation import Conversation, Line
from workstation.window.theme import set_role

DRAFT_KEPT_AFTER_MS = 400
COMPOSE_HEIGHT_PX = 92
INDENT_PX = 56
NOTHING_YET = "No messages yet. What you write here goes to the hospital's coordination, not to the patient."


class MessagesPane(QFrame):
    """Oldest above, newest in view. It sends nothing itself."""

    send_requested = Signal(str)
    take_back_requested = Signal(int)
    """The outbox entry of a message that has not left."""
    draft_changed = Signal(str, str)
    """Case, and what is written so far."""
    left = Signal()
    """Escape: back to the records."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messages-pane")
        self.setProperty("role", "card")
        self._case_id = ""
        self._conversation: Conversation | None = None
        heading = QLabel("Messages")
        heading.setProperty("role", "heading")
        self._lines = QVBoxLayout()
        self._lines.setSpacing(10)
        self._lines.setContentsMargins(0, 0, 6, 0)
        column = QWidget()
        column.setLayout(self._lines)
        self._scroll = QScrollArea()
        self._scroll.setObjectName("messages-scroll")
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(column)
        self._scroll.verticalScrollBar().rangeChanged.connect(lambda _low, high: self._scroll_to(high))
        self._compose = ComposeBox()
        self._compose.setObjectName("messages-compose")
        self._compose.setPlaceholderText("Write to the hospital about this case")
        self._compose.setFixedHeight(COMPOSE_HEIGHT_PX)
        self._compose.send_requested.connect(self._send)
        self._compose.left.connect(self.left)
        self._compose.textChanged.connect(self._typed)
        self._button = QPushButton("Send (Ctrl+Enter)")
        self._button.setObjectName("messages-send")
        self._button.setAutoDefault(False)
        self._button.setEnabled(False)
        self._button.clicked.connect(self._send)
        self._hint = QLabel("Esc goes back to the records.")
        self._hint.setProperty("role", "muted")
        foot = QHBoxLayout()
        foot.addWidget(self._hint, 1)
        foot.addWidget(self._button)
        self._keeping = QTimer(self)
        self._keeping.setSingleShot(True)
        self._keeping.setInterval(DRAFT_KEPT_AFTER_MS)
        self._keeping.timeout.connect(self._tell_draft)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 12)
        layout.setSpacing(10)
        layout.addWidget(heading)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(self._compose)
        layout.addLayout(foot)
        self.setFocusProxy(self._compose)

    def show_conversation(self, case_id: str, conversation: Conversation, *, can_write: bool) -> None:
        """Show a case's messages; what is being written stays while it is the same case. Empty *case_id*: none."""
        if case_id != self._case_id:
            self.keep_draft()
            self._case_id = ""  # filling the box is no typing
            self._compose.setPlainText(conversation.draft)
            self._keeping.stop()
            self._case_id = case_id
            self._conversation = None
        self._compose.setVisible(can_write)
        self._button.setVisible(can_write)
        if self._conversation is None or self._conversation.lines != conversation.lines:
            self._show_lines(conversation.lines)
        self._conversation = conversation
        self._enable()

    def suggest(self, words: str) -> None:
        """Words to send or change, where the reader had begun nothing."""
        if not self._compose.toPlainText().strip():
            self._compose.setPlainText(words)

    def keep_draft(self) -> None:
        """What is written so far goes to the store now, if it was not kept yet."""
        if self._keeping.isActive():
            self._keeping.stop()
            self._tell_draft()

    def _tell_draft(self) -> None:
        if self._case_id:
            self.draft_changed.emit(self._case_id, self._compose.toPlainText())

    def _show_lines(self, lines: tuple[Line, ...]) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        if not lines:
            empty = _words("messages-empty", NOTHING_YET, "muted")
            self._lines.addWidget(empty)
        for line in lines:
            self._lines.addWidget(self._bubble(line))
        self._lines.addStretch(1)

    def _bubble(self, line: Line) -> QWidget:
        bubble = QFrame()
        bubble.setObjectName("message-mine" if line.is_mine else "message-theirs")
        set_role(bubble, "message", "mine" if line.is_mine else "theirs")
        inner = QVBoxLayout(bubble)
        inner.setContentsMargins(12, 8, 12, 9)
        inner.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(_words("message-author", f"{line.author} · {line.when}", "muted"), 1)
        if line.is_unread:
            new = QLabel("new")
            set_role(new, "pill", "accent")
            new.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
            head.addWidget(new)
        inner.addLayout(head)
        if line.text:
            inner.addWidget(_words("message-text", line.text, ""))
        if line.wanted:
            inner.addWidget(_words("message-wanted", "\n".join(f"•  {record}" for record in line.wanted), ""))
        if line.state:
            foot = QHBoxLayout()
            foot.addWidget(_words("message-state", line.state, line.tone or "muted"), 1)
            if line.taken_back is not None:
                foot.addWidget(self._take_back_button(line.taken_back))
            inner.addLayout(foot)
        row = QWidget()
        across = QHBoxLayout(row)
        across.setContentsMargins(INDENT_PX if line.is_mine else 0, 0, 0 if line.is_mine else INDENT_PX, 0)
        across.addWidget(bubble)
        return row

    def _take_back_button(self, entry_id: int) -> QPushButton:
        button = QPushButton("Take it back")
        button.setObjectName("message-take-back")
        button.setAutoDefault(False)
        set_role(button, "quiet")
        button.clicked.connect(lambda _checked=False: self.take_back_requested.emit(entry_id))
        return button

    def _typed(self) -> None:
        self._enable()
        if self._case_id:
            self._keeping.start()

    def _enable(self) -> None:
        self._button.setEnabled(bool(self._compose.toPlainText().strip()))

    def _send(self) -> None:
        text = self._compose.toPlainText().strip()
        if not text or self._compose.isHidden():
            return
        self._compose.clear()
        self._keeping.stop()  # sending forgets the draft
        self.send_requested.emit(text)

    def _scroll_to(self, value: int) -> None:
        self._scroll.verticalScrollBar().setValue(value)


class ComposeBox(QPlainTextEdit):
    """Several lines; Ctrl+Enter sends and Escape leaves, whatever these keys mean on the page around it."""

    send_requested = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_sending(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _is_sending(event):
            self.send_requested.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


def _is_sending(event: QKeyEvent) -> bool:
    is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    return is_enter and bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)


def _words(name: str, text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName(name)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return label
