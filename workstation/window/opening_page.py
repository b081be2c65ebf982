"""What the window shows before there is a page: what is being prepared, and how far it is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget

STEPS = 1000
BAR_WIDTH_PX = 420


class OpeningPage(QWidget):
    """A title, one line on what happens now, and a bar while the end is known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page-opening")
        title = QLabel("Reading Room")
        title.setProperty("role", "title")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text = QLabel("Opening…")
        self._text.setObjectName("opening-text")
        self._text.setProperty("role", "muted")
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, STEPS)
        self._bar.setFixedWidth(BAR_WIDTH_PX)
        self._bar.hide()
        layout = QVBoxLayout(self)
        layout.setSpacing(14)
        layout.addStretch(1)
        layout.addWidget(title)
        layout.addWidget(self._text)
        layout.addWidget(self._bar, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)

    def show_progress(self, text: str, fraction: float | None) -> None:
        """*fraction* 0..1; None hides the bar."""
        self._text.setText(text)
        self._bar.setVisible(fraction is not None)
        if fraction is not None:
            self._bar.setValue(round(min(max(fraction, 0.0), 1.0) * STEPS))
