"""How a transfer's row is drawn: patient on two lines, state as a pill, a bar with the amount under it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workstation.transfers.transfer_words import TransferRow
from workstation.window.theme import colour

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
ROW_HEIGHT_PX = 58
INSET_PX = 10
COLUMNS = ("CASE", "STATE", "HERE", "SPEED", "WHY")
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_BARS = {"accent": "accent", "good": "good", "warning": "warning", "danger": "danger"}
_REASONS = {"warning": "warning", "muted": "text_muted", "": "text_muted"}


class ProgressDelegate(QStyledItemDelegate):
    """Paints a `TransferRow` (`ROW_ROLE`) column by column."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), ROW_HEIGHT_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: TransferRow = index.data(ROW_ROLE)
        area: QRect = option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, colour("accent_wash"))
            if index.column() == 0:
                painter.fillRect(QRect(area.left(), area.top(), 3, area.height()), colour("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, colour("panel"))
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), colour("line"))
        inner = area.adjusted(INSET_PX, 0, -INSET_PX, 0)
        column = COLUMNS[index.column()]
        if column == "CASE":
            name, _, number = row.patient.partition("\n")
            self._line(painter, inner, 9, option.font, name, "text_bright", bold=True)
            self._line(painter, inner, 30, option.font, number, "text_muted", size_px=11)
        elif column == "STATE":
            is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
            self._pill(painter, inner, option.font, row, on_wash=is_selected)
        elif column == "HERE":
            self._bar(painter, inner, row)
            self._line(painter, inner, 30, option.font, row.amount, "text_muted", size_px=11)
        elif column == "SPEED":
            self._line(painter, inner, 20, option.font, row.pace, "text")
        elif row.problems:
            more = f" (and {len(row.problems) - 1} more)" if len(row.problems) > 1 else ""
            self._line(painter, inner, 20, option.font, f"{row.problems[0]}{more}", _REASONS.get(row.tone, "danger"))
        painter.restore()

    def _line(
        self, painter: QPainter, area: QRect, top: int, font: QFont, words: str, ink: str,
        *, bold: bool = False, size_px: int | None = None,
    ) -> None:  # fmt: skip
        face = QFont(font)
        if bold:
            face.setWeight(QFont.Weight.DemiBold)
        if size_px is not None:
            face.setPixelSize(size_px)
        painter.setFont(face)
        painter.setPen(colour(ink))
        rect = QRect(area.left(), area.top() + top, area.width(), 19)
        painter.drawText(rect, _LEFT, QFontMetrics(face).elidedText(words, Qt.TextElideMode.ElideRight, rect.width()))

    def _pill(self, painter: QPainter, area: QRect, font: QFont, row: TransferRow, *, on_wash: bool) -> None:
        small = QFont(font)
        small.setPixelSize(11)
        width = min(QFontMetrics(small).horizontalAdvance(row.state) + 20, area.width())
        pill = QRectF(area.left(), area.top() + 19, width, 20)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        is_lost = on_wash and row.tone == "accent"  # the row's own colour
        painter.setBrush(colour(f"{row.tone}_wash") if row.tone in _BARS and not is_lost else colour("pressed"))
        painter.drawRoundedRect(pill, 10, 10)
        painter.setPen(colour(_BARS.get(row.tone, "text_muted")))
        painter.setFont(small)
        painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), row.state)

    def _bar(self, painter: QPainter, area: QRect, row: TransferRow) -> None:
        groove = QRectF(area.left(), area.top() + 17, area.width(), 6)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("pressed"))
        painter.drawRoundedRect(groove, 3, 3)
        if row.share > 0:
            filled = QRectF(groove.left(), groove.top(), max(6.0, groove.width() * row.share), groove.height())
            painter.setBrush(colour(_BARS.get(row.tone, "line_hover")))
            painter.drawRoundedRect(filled, 3, 3)
