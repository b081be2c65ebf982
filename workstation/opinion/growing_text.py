"""A text field that is as high as its text at the width it is given. The layout asks; nothing here sets a height."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent, QTextCursor, QTextLayout, QTextOption, QWheelEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy

MOST_LINES = 16
SLACK_PX = 2
"""Rounding of line heights at fractional pixel ratios must not make the field scroll by a pixel."""


class GrowingText(QPlainTextEdit):
    """Between *least_lines* and sixteen lines; beyond, it scrolls. With *breaks* off, Enter goes to the next field."""

    def __init__(self, max_length: int | None, least_lines: int, *, breaks: bool) -> None:
        super().__init__()
        self._least_lines = least_lines
        self._breaks = breaks
        self._max_length = max_length
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Not fixed: a layout would cap the height at what fitted the former width.
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.textChanged.connect(self._on_text)
        self._asked_height = -1
        self._on_text()

    def set_least_lines(self, count: int) -> None:
        """How many lines are shown even when there is less text."""
        if count != self._least_lines:
            self._least_lines = count
            self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        """Height in logical px at which nothing is cut, frame and padding of the present style included."""
        across, down = self._around_px()
        lines, text_height = self._lay_out(max(1.0, width - across))
        line_height = self.fontMetrics().lineSpacing()
        if lines > MOST_LINES:
            text_height = MOST_LINES * line_height
        return math.ceil(max(self._least_lines * line_height, text_height) + down) + SLACK_PX

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.heightForWidth(self.width()))

    def minimumSizeHint(self) -> QSize:
        """One line: the height for the width says the rest."""
        return QSize(80, math.ceil(self.fontMetrics().lineSpacing() + self._around_px()[1]))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._offer_scrolling()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._breaks and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.focusNextChild()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.verticalScrollBar().maximum() > 0 and self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()  # the page scrolls

    def _around_px(self) -> tuple[float, float]:
        """Frame, padding and document margin as the present style has them: left and right, top and bottom."""
        self.ensurePolished()
        inside, margin = self.contentsRect(), 2 * self.document().documentMargin()
        return self.width() - inside.width() + margin, self.height() - inside.height() + margin

    def _lay_out(self, width: float) -> tuple[int, float]:
        """How many lines the text takes at *width*, and how high they are together (logical px)."""
        option = QTextOption(self.document().defaultTextOption())
        option.setWrapMode(self.wordWrapMode())
        count, height = 0, 0.0
        for text in self.toPlainText().split("\n"):
            layout = QTextLayout(text, self.font(), self.viewport())
            layout.setTextOption(option)
            layout.beginLayout()
            while (line := layout.createLine()).isValid():
                line.setLeadingIncluded(True)
                line.setLineWidth(width)
                count += 1
                height += line.height()
            layout.endLayout()
        return count, height

    def _on_text(self) -> None:
        self._keep_within_length()
        height = self.heightForWidth(self.width())
        if height != self._asked_height:
            self._asked_height = height
            self.updateGeometry()
        self._offer_scrolling()

    def _offer_scrolling(self) -> None:
        """A bar only beyond the most lines: one that came and went while the layout settles would rewrap the text."""
        many = self._lay_out(max(1.0, self.width() - self._around_px()[0]))[0] > MOST_LINES
        policy = Qt.ScrollBarPolicy.ScrollBarAsNeeded if many else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if policy != self.verticalScrollBarPolicy():
            self.setVerticalScrollBarPolicy(policy)

    def _keep_within_length(self) -> None:
        text = self.toPlainText()
        if self._max_length is not None and len(text) > self._max_length:
            position = self.textCursor().position()
            self.setPlainText(text[: self._max_length])
            cursor = self.textCursor()
            cursor.setPosition(min(position, self._max_length), QTextCursor.MoveMode.MoveAnchor)
            self.setTextCursor(cursor)
