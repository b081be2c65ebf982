"""One quiet line above a case's page: when the patient's release ends, and what happens then. Hidden otherwise."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from workstation.window.icons import icon

_ICON_PX = 18
_THEN = "The images close then; your marks and your draft are kept."


class ReleaseBanner(QFrame):
    """Shown above the case and above its images, in the same words."""

    def __init__(self, role: str, parent: QWidget | None = None) -> None:
        """*role*: of a frame, ``card`` or ``strip``, as the page around it is drawn."""
        super().__init__(parent)
        self.setProperty("role", role)
        self._text = QLabel()
        self._text.setObjectName("release-ends")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        sign = QLabel()
        sign.setPixmap(icon("consent", "warning").pixmap(QSize(_ICON_PX, _ICON_PX)))
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 10, 8)
        row.setSpacing(10)
        row.addWidget(sign)
        row.addWidget(self._text, 1)
        self.hide()

    def show_words(self, words: str) -> None:
        """``The patient's release ends in 2 hours (today 14:00)``; empty: nothing is to be said."""
        self._text.setText(f"{words}. {_THEN}" if words else "")
        self.setVisible(bool(words))
