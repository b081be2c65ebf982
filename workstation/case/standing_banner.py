"""One line above the case: what it waits for, what has not left yet, what the hospital refused; and what to do then."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from workstation.case.case_moves import Standing
from workstation.window.icons import icon
from workstation.window.theme import set_role

_ICON_PX = 18


class StandingBanner(QFrame):
    """Quiet while something waits, red where a person must look; hidden where there is nothing to say."""

    resume_requested = Signal()
    take_back_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("case-standing")
        self._sign = QLabel()
        self._text = QLabel()
        self._text.setObjectName("case-standing-text")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._resume = _button("case-resume", "Go on without them (Ctrl+G)")
        self._resume.clicked.connect(self.resume_requested)
        self._take_back = _button("case-take-back", "")
        self._take_back.clicked.connect(self.take_back_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 10, 8)
        row.setSpacing(10)
        row.addWidget(self._sign)
        row.addWidget(self._text, 1)
        row.addWidget(self._resume)
        row.addWidget(self._take_back)
        self.hide()

    def show_standing(self, standing: Standing) -> None:
        """Say this; without words there is no banner."""
        self._text.setText(standing.text)
        is_over = standing.is_refused or standing.is_closed
        name = "blocked" if is_over else "outbox" if standing.taken_back is not None else "waiting"
        tint = "danger" if standing.is_refused else "warning"
        self._sign.setPixmap(icon(name, tint).pixmap(QSize(_ICON_PX, _ICON_PX)))
        self._resume.setVisible(standing.can_resume)
        self._take_back.setText("Understood (Ctrl+Z)" if standing.is_refused else "Take it back (Ctrl+Z)")
        self._take_back.setVisible(standing.taken_back is not None)
        # Red blocks; what merely waits stays quieter than the question below it.
        set_role(self, "banner" if standing.is_refused else "card")
        self.setVisible(bool(standing.text))


def _button(name: str, text: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAutoDefault(False)
    return button
