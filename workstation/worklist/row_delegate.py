"""How a worklist cell is drawn: states as pills, patients on two lines, due and counts in their tone."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workstation.window.theme import colour
from workstation.worklist.model import COLUMNS, ROW_ROLE
from workstation.worklist.presenter import WorklistRow, unread_words

ROW_HEIGHT_PX = 58
INSET_PX = 10
TONES = {"accent": "accent", "warning": "warning", "danger": "danger", "good": "good", "muted": "text_muted"}


class RowDelegate(QStyledItemDelegate):
    """Paints on the theme's colours; the words are the model's."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), ROW_HEIGHT_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: WorklistRow = index.data(ROW_ROLE)
        area: QRect = option.rect
        font: QFont = option.font
        state: QStyle.StateFlag = option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, colour("accent_wash"))
            if index.column() == 0:
                painter.fillRect(QRect(area.left(), area.top(), 3, area.height()), colour("accent"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, colour("panel"))
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), colour("line"))
        inner = area.adjusted(INSET_PX, 0, -INSET_PX, 0)
        column = COLUMNS[index.column()]
        words = str(index.data(Qt.ItemDataRole.DisplayRole))
        if column == "STATE":
            self._pill(painter, inner, font, words, row.state.tone)
            self._case_number(painter, inner, font, row.case_id)
        elif column == "PATIENT":
            self._two_lines(painter, inner, font, row)
        elif column == "QUESTION":
            if row.unread:
                inner.setRight(self._unread(painter, inner, font, unread_words(row.unread)) - INSET_PX)
            self._wrapped(painter, inner, font, words)
        else:
            tone = {"PRIORITY": row.priority_tone, "DUE": row.due.tone, "HERE": row.here_tone}[column]
            self._wrapped(painter, inner, font, words, _tone(tone))
        painter.restore()

    def _pill(self, painter: QPainter, area: QRect, font: QFont, words: str, tone: str) -> None:
        small = QFont(font)
        small.setPixelSize(11)
        metrics = QFontMetrics(small)
        width = min(metrics.horizontalAdvance(words) + 20, area.width())
        pill = QRectF(area.left(), area.top() + 8, width, 20)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(f"{tone}_wash") if tone else colour("pressed"))
        painter.drawRoundedRect(pill, 10, 10)
        painter.setPen(_tone(tone))
        painter.setFont(small)
        painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), words)

    def _unread(self, painter: QPainter, area: QRect, font: QFont, words: str) -> int:
        """A pill at the right of *area*; where it begins."""
        small = QFont(font)
        small.setPixelSize(11)
        left = area.right() - QFontMetrics(small).horizontalAdvance(words) - 20
        self._pill(painter, QRect(left, area.top() + 11, area.right() - left + 1, 20), font, words, "accent")
        painter.setFont(font)
        return left

    def _case_number(self, painter: QPainter, area: QRect, font: QFont, number: str) -> None:
        small = QFont(font)
        small.setPixelSize(11)
        painter.setFont(small)
        painter.setPen(colour("text_muted"))
        painter.drawText(QRect(area.left() + 2, area.top() + 31, area.width(), 18), _LEFT, number)

    def _two_lines(self, painter: QPainter, area: QRect, font: QFont, row: WorklistRow) -> None:
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        small = QFont(font)
        small.setPixelSize(11)
        # A locked case has one line, in the middle as those beside it.
        upper = QRect(area.left(), area.top() + 9, area.width(), 20) if row.patient_details else area
        lower = QRect(area.left(), area.top() + 30, area.width(), 18)
        for rect, face, words, tint in (
            (upper, bold, row.patient, "text_bright"),
            (lower, small, row.patient_details, "text_muted"),
        ):
            painter.setFont(face)
            painter.setPen(colour(tint))
            painter.drawText(
                rect, _LEFT, QFontMetrics(face).elidedText(words, Qt.TextElideMode.ElideRight, rect.width())
            )

    def _wrapped(self, painter: QPainter, area: QRect, font: QFont, words: str, ink: QColor | None = None) -> None:
        """At most two lines, the second elided."""
        metrics = QFontMetrics(font)
        painter.setPen(ink or colour("text"))
        first, rest = _first_line(words, metrics, area.width())
        if not rest:
            painter.drawText(area, _LEFT, metrics.elidedText(first, Qt.TextElideMode.ElideRight, area.width()))
            return
        rest = metrics.elidedText(rest, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(QRect(area.left(), area.top() + 9, area.width(), 20), _LEFT, first)
        painter.drawText(QRect(area.left(), area.top() + 29, area.width(), 20), _LEFT, rest)


_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


def _tone(tone: str) -> QColor:
    return colour(TONES.get(tone, "text"))


def _first_line(words: str, metrics: QFontMetrics, width_px: int) -> tuple[str, str]:
    """As many words as fit in *width_px*, and the rest."""
    if metrics.horizontalAdvance(words) <= width_px:
        return words, ""
    parts = words.split(" ")
    taken = 1
    while taken < len(parts) and metrics.horizontalAdvance(" ".join(parts[: taken + 1])) <= width_px:
        taken += 1
    return " ".join(parts[:taken]), " ".join(parts[taken:])
