"""The part of the transfers page about what waits to leave: a table, its keys as buttons, and why in full."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workstation.transfers.leaving_words import LeavingRow, heading_words
from workstation.window.row_table import RowTable
from workstation.window.theme import colour

COLUMNS = ("WHAT", "CASE", "STATE", "TRIES", "NEXT TRY", "WHY")
WIDTHS_PX = (150, 260, 130, 60, 150)
ROW_HEIGHT_PX = 32
MOST_ROWS_SHOWN = 5
"""More are scrolled to: the downloads keep their place."""


class LeavingPane(QWidget):
    """Emits wishes; shows what the presenter says. Not there while nothing waits."""

    current_changed = Signal()
    """Another entry is current, or its row says something else."""
    retry_requested = Signal()
    export_requested = Signal()
    open_requested = Signal(str)
    """The case id of the row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("leaving")
        self._rows: tuple[LeavingRow, ...] = ()
        self._heading = QLabel()
        self._heading.setObjectName("leaving-heading")
        self._heading.setProperty("role", "heading")
        self._table = self._make_table()
        self._why = QLabel()
        self._why.setObjectName("leaving-why")
        self._why.setWordWrap(True)
        self._why.setTextFormat(Qt.TextFormat.PlainText)
        self._why.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._retry = QPushButton("Retry  (Shift+R)")
        self._retry.setObjectName("leaving-retry")
        self._retry.clicked.connect(self.retry_requested)
        self._export = QPushButton("Export…  (Shift+E)")
        self._export.setObjectName("leaving-export")
        self._export.clicked.connect(self.export_requested)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addWidget(self._retry)
        buttons.addWidget(self._export)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self._heading)
        layout.addWidget(self._table)
        layout.addWidget(self._why)
        layout.addLayout(buttons)
        self.hide()

    def show_entries(self, rows: tuple[LeavingRow, ...]) -> None:
        """All of them; the current one stays current, and the first that needs attention is it at the beginning."""
        current = self.current_entry()
        self._rows = rows
        self._table.blockSignals(True)
        self._table.setRowCount(len(rows))
        for number, row in enumerate(rows):
            for column, words in enumerate((row.what, row.case, row.state, row.tries, row.next_try, row.why)):
                self._table.setItem(number, column, _item(row, words))
        self._table.blockSignals(False)
        if rows:
            numbers = {row.entry_id: number for number, row in enumerate(rows)}
            stuck = next((row.entry_id for row in rows if row.needs_attention), rows[0].entry_id)
            self._table.setCurrentCell(numbers.get(current if current is not None else stuck, numbers[stuck]), 0)
        shown = min(len(rows), MOST_ROWS_SHOWN)
        self._table.setFixedHeight(self._table.horizontalHeader().sizeHint().height() + shown * ROW_HEIGHT_PX + 2)
        self._heading.setText(heading_words(rows))
        self.setVisible(bool(rows))
        self._show_current()

    def current_entry(self) -> int | None:
        """The entry of the current row."""
        row = self._current_row()
        return row.entry_id if row is not None else None

    def _current_row(self) -> LeavingRow | None:
        number = self._table.currentRow()
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def _show_current(self) -> None:
        row = self._current_row()
        self._why.setText(row.why if row is not None else "")
        self._why.setVisible(row is not None and bool(row.why))
        self._retry.setEnabled(row is not None and row.can_retry)
        self._export.setEnabled(row is not None and row.can_export)
        self.current_changed.emit()

    def _make_table(self) -> RowTable:
        table = RowTable("leaving-table", COLUMNS, ROW_HEIGHT_PX)
        table.setAccessibleName("What waits to leave")
        header = table.horizontalHeader()
        header.setStretchLastSection(True)
        for column, width in enumerate(WIDTHS_PX):
            header.resizeSection(column, width)
        table.currentCellChanged.connect(lambda *_cells: self._show_current())
        table.row_opened.connect(lambda number: self.open_requested.emit(self._rows[number].case_id))
        return table


def _item(row: LeavingRow, words: str) -> QTableWidgetItem:
    item = QTableWidgetItem(words)
    item.setToolTip(words)
    if row.needs_attention and words in (row.state, row.why):
        item.setForeground(colour("danger"))
    return item
