"""The records of a case in time order, two lines each, and the laboratory values as a table."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from sync.records.case import LabResult
from workstation.case.case_summary import RecordLine
from workstation.window.icons import icon
from workstation.window.theme import colour

LINE_ROLE = Qt.ItemDataRole.UserRole + 1
ROW_HEIGHT_PX = 50
FLAG_WORDS = {"H": "high", "L": "low", "HH": "very high", "LL": "very low", "A": "abnormal"}
TONES = {"warning": "warning", "danger": "danger", "muted": "text_faint"}


class RecordsList(QListWidget):
    """Emits the record that became current; Enter and double click ask to open it."""

    record_chosen = Signal(object)
    open_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("case-records")
        self.setItemDelegate(_RecordDelegate(self))
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.currentItemChanged.connect(self._chosen)
        self.itemActivated.connect(lambda item: self.open_requested.emit(item.data(LINE_ROLE)))

    def show_records(self, records: tuple[RecordLine, ...], current_key: str | None) -> None:
        """Show *records*; the one called *current_key* becomes current."""
        self.clear()
        for line in records:
            item = QListWidgetItem(f"{line.title}, {line.details}")
            item.setToolTip(f"{line.title}\n{line.details}")
            item.setData(LINE_ROLE, line)
            self.addItem(item)
            if line.key == current_key:
                self.setCurrentItem(item)

    def current_key(self) -> str | None:
        """Key of the current record."""
        item: QListWidgetItem | None = self.currentItem()  # Qt: null where there is none
        if item is None:
            return None
        line: RecordLine = item.data(LINE_ROLE)
        return line.key

    def _chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.record_chosen.emit(item.data(LINE_ROLE))


class _RecordDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), ROW_HEIGHT_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        line: RecordLine = index.data(LINE_ROLE)
        area: QRect = option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, colour("accent_wash"))
            painter.fillRect(QRect(area.left(), area.top(), 3, area.height()), colour("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, colour("raised"))
        tint = TONES.get(line.tone, "text_muted")
        place = QRect(area.left() + 14, area.center().y() - 10, 20, 20)
        icon(line.icon, "accent" if not line.tone else tint).paint(painter, place)
        small = QFont(option.font)
        small.setPixelSize(11)
        width = area.width() - 58
        for top, face, words, ink in (
            (6, option.font, line.title, "text_muted" if line.tone == "muted" else "text_bright"),
            (26, small, line.details, tint),
        ):
            painter.setFont(face)
            painter.setPen(colour(ink))
            rect = QRect(area.left() + 46, area.top() + top, width, 18)
            shown = QFontMetrics(face).elidedText(words, Qt.TextElideMode.ElideRight, width)
            painter.drawText(rect, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)
        painter.restore()


class LabTable(QTableWidget):
    """Laboratory values with their range; high and low ones in words and colour."""

    HEADINGS = ("TEST", "VALUE", "UNIT", "RANGE", "FLAG", "TAKEN")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(self.HEADINGS), parent)
        self.setObjectName("case-labs")
        self.setHorizontalHeaderLabels(list(self.HEADINGS))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(32)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def show_results(self, results: tuple[LabResult, ...]) -> None:
        """Show *results* in the order the hospital gave them."""
        self.setRowCount(len(results))
        for row, result in enumerate(results):
            flag = FLAG_WORDS.get(result.flag, result.flag)
            taken = result.taken.date().isoformat() if result.taken else ""
            words = (result.name, result.value, result.unit, result.reference_range, flag, taken)
            for column, text in enumerate(words):
                item = QTableWidgetItem(text)
                if flag and column in (1, 4):
                    item.setForeground(colour("warning"))
                elif column in (2, 3, 5):
                    item.setForeground(colour("text_muted"))
                self.setItem(row, column, item)
