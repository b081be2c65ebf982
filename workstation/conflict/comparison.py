"""The old beside the new: what a signature answers, and what the hospital asks now. Words can be selected."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QSizePolicy

from sync.records.asked_for import Difference
from workstation.window.theme import COLOURS

HIGHEST_PX = 340
"""What is longer scrolls; the choices below stay in sight."""


class Comparison(QScrollArea):
    """One row a difference, two columns: when it was signed, and now."""

    def __init__(self, differences: Sequence[Difference]) -> None:
        super().__init__()
        self.setObjectName("conflict-comparison")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # arrow keys scroll it
        self.setAccessibleName("What you signed for, beside what the hospital asks now")
        card = QFrame()
        card.setObjectName("comparison-card")
        card.setProperty("role", "card")
        grid = QGridLayout(card)
        grid.setContentsMargins(16, 12, 16, 14)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        grid.addWidget(_caption("When you signed"), 0, 0)
        grid.addWidget(_caption("Now"), 0, 1)
        row = 1
        for difference in differences:
            title = QLabel(difference.what)
            title.setIndent(0)
            title.setStyleSheet(f"color: {COLOURS['text']}; font-weight: 600; padding-top: 6px;")
            grid.addWidget(title, row, 0, 1, 2)
            for number, (before, now) in enumerate(_pairs(difference), row + 1):
                grid.addWidget(_words(f"comparison-before-{number}", before, COLOURS["text_muted"]), number, 0)
                grid.addWidget(_words(f"comparison-now-{number}", now, COLOURS["text_bright"]), number, 1)
            row += len(_pairs(difference)) + 1
        grid.setRowStretch(row, 1)
        self._card = card
        self.setWidget(card)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def fit(self, width_px: int) -> None:
        """As high as its words need at that width, up to `HIGHEST_PX`."""
        needed = self._card.layout()
        height = needed.heightForWidth(width_px) if needed is not None else HIGHEST_PX
        self.setFixedHeight(min(height + 4, HIGHEST_PX))


def _pairs(difference: Difference) -> list[tuple[str, str]]:
    """Line beside line; what one side has more of stands beside nothing."""
    longest = max(len(difference.before), len(difference.now))
    before = [*difference.before, *[""] * (longest - len(difference.before))]
    now = [*difference.now, *[""] * (longest - len(difference.now))]
    return list(zip(before, now, strict=True))


def _caption(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "caption")
    return label


def _words(name: str, text: str, ink: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setStyleSheet(f"color: {ink};")
    return label
