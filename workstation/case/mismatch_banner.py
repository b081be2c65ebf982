"""The banner that blocks the images of a case with another patient's object in it, until someone says why not."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.case.case_summary import MIN_REASON_CHARACTERS, is_reason
from workstation.window.icons import icon
from workstation.window.theme import set_role

SHOWN_SENTENCES = 3


class MismatchBanner(QFrame):
    """Red while it blocks; amber, with the reason given, after an override."""

    override_requested = Signal(str)
    """The reason, long enough to be one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("role", "banner")
        self._sign = QLabel()
        self._title = QLabel()
        self._title.setProperty("role", "heading")
        self._text = QLabel()
        self._text.setObjectName("banner-text")
        self._text.setWordWrap(True)
        self._reason = QLineEdit()
        self._reason.setObjectName("banner-reason")
        self._reason.setPlaceholderText(f"Why this is the same patient (at least {MIN_REASON_CHARACTERS} characters)")
        self._reason.returnPressed.connect(self._ask)
        self._override = QPushButton("Open the images anyway")
        self._override.setObjectName("banner-override")
        self._override.setProperty("role", "danger")
        self._override.setAutoDefault(False)
        self._override.setEnabled(False)
        self._override.clicked.connect(self._ask)
        self._reason.textChanged.connect(lambda text: self._override.setEnabled(is_reason(text)))
        self._entry = QWidget()
        entry = QHBoxLayout(self._entry)
        entry.setContentsMargins(0, 4, 0, 0)
        entry.addWidget(self._reason, 1)
        entry.addWidget(self._override)
        head = QHBoxLayout()
        head.addWidget(self._sign)
        head.addWidget(self._title, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 12)
        layout.addLayout(head)
        layout.addWidget(self._text)
        layout.addWidget(self._entry)
        self.hide()

    def show_mismatch(self, sentences: tuple[str, ...], override_reason: str | None) -> None:
        """Show what disagrees; nothing does: hide."""
        self.setVisible(bool(sentences))
        blocking = override_reason is None
        self._sign.setPixmap(icon("blocked", "danger" if blocking else "warning").pixmap(QSize(22, 22)))
        shown = list(dict.fromkeys(sentences))[:SHOWN_SENTENCES]
        rest = len(sentences) - len(shown)
        if rest > 0:
            shown.append(f"And {rest} more.")
        if blocking:
            self._title.setText("These records hold an image of another patient. The images stay closed.")
            shown.append("Tell the hospital. To open them all the same, give a reason; it is kept in the audit trail.")
        else:
            self._title.setText("An image of another patient was accepted for this case.")
            shown.append(f"Reason given: {override_reason}")
        self._text.setText("\n".join(shown))
        self._entry.setVisible(blocking)
        if not blocking:
            self._reason.clear()
        set_role(self, "banner", "" if blocking else "warning")

    def _ask(self) -> None:
        if is_reason(self._reason.text()):
            self.override_requested.emit(self._reason.text().strip())
