"""The transfers page: a table of what arrives, its keys as buttons below, and what did not come, in sentences."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QStackedWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from sync.records.case import CaseId
from workstation.transfers.progress_delegate import COLUMNS, ROW_HEIGHT_PX, ROW_ROLE, ProgressDelegate
from workstation.transfers.transfer_words import TransferRow
from workstation.window.row_table import RowTable

WIDTHS_PX = {"CASE": 220, "STATE": 176, "HERE": 300, "SPEED": 200}
LIMITS = (
    ("No limit", None), ("20 MB/s", 20e6), ("10 MB/s", 10e6), ("5 MB/s", 5e6), ("2 MB/s", 2e6), ("1 MB/s", 1e6),
    ("500 kB/s", 500e3),
)  # fmt: skip
EMPTY = (
    "Nothing is arriving.\nWhat the hospital assigns to you comes by itself; Ctrl+R asks now. "
    "While files arrive, this page shows how far each case is."
)
METERED = "This network is paid by volume, so only reports are fetched. Images wait for another network."
PROBLEMS_SHOWN = 4


class TransfersPage(QWidget):
    """Emits wishes; shows what the presenter says."""

    current_changed = Signal()
    """Another case is current, or its row says something else: what can be done with it may have changed."""
    pause_requested = Signal()
    give_up_requested = Signal()
    try_again_requested = Signal()
    pause_all_requested = Signal()
    open_requested = Signal(str)
    """The case id of the row."""
    limit_chosen = Signal(object)
    """Bytes a second, or None."""
    images_allowed = Signal()
    """Fetch images over this network too."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[TransferRow, ...] = ()
        self._summary = QLabel()
        self._summary.setObjectName("transfers-summary")
        self._summary.setProperty("role", "muted")
        self._awake = QLabel()
        self._awake.setObjectName("transfers-awake")
        self._awake.setProperty("role", "muted")
        self._awake.hide()
        self._limit = QComboBox()
        self._limit.setObjectName("transfers-limit")
        self._limit.setAccessibleName("Speed limit for all downloads")
        for words, limit in LIMITS:
            self._limit.addItem(words, limit)
        self._limit.activated.connect(lambda _index: self.limit_chosen.emit(self._limit.currentData()))
        self._pause_all = self._button("transfers-pause-all", "Pause all", "Shift+P", self.pause_all_requested)
        self._metered = self._make_metered()
        self._table = self._make_table()
        self._empty = QLabel(EMPTY)
        self._empty.setObjectName("transfers-empty")
        self._empty.setProperty("role", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._table)
        self._stack.addWidget(self._empty)
        self._pause = self._button("transfers-pause", "Pause", "P", self.pause_requested)
        self._give_up = self._button("transfers-give-up", "Give up", "Del", self.give_up_requested)
        self._try_again = self._button("transfers-try-again", "Try again", "R", self.try_again_requested)
        self._problems = QLabel()
        self._problems.setObjectName("transfers-problems")
        self._problems.setWordWrap(True)
        self._problems.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._whose = QLabel()
        self._whose.setObjectName("transfers-whose")
        self._whose.setProperty("role", "heading")
        self._foot = self._make_foot()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 18, 24, 12)
        layout.setSpacing(14)
        layout.addLayout(self._make_head())
        layout.addWidget(self._metered)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._foot)
        self.setFocusProxy(self._table)
        self.show_transfers((), "")

    def add_section(self, section: QWidget) -> None:
        """A part of its own below the downloads, with its own keys."""
        layout = self.layout()
        assert layout is not None
        layout.addWidget(section)

    def show_transfers(self, rows: tuple[TransferRow, ...], summary: str) -> None:
        """All of them; the current one stays current, wherever its row goes."""
        current = self.current_case()
        same_cases = [row.case_id for row in rows] == [row.case_id for row in self._rows]
        self._rows = rows
        self._summary.setText(summary)
        self._table.blockSignals(True)
        self._table.setRowCount(len(rows))
        for number, row in enumerate(rows):
            for column in range(len(COLUMNS)):
                item = self._table.item(number, column)
                if item is None:
                    item = QTableWidgetItem()
                    self._table.setItem(number, column, item)
                if item.data(ROW_ROLE) != row:
                    item.setData(ROW_ROLE, row)
                    item.setData(Qt.ItemDataRole.AccessibleTextRole, _spoken(row))
                    item.setToolTip("\n".join(row.problems))
        self._table.blockSignals(False)
        if rows and (not same_cases or self._table.currentRow() < 0):
            numbers = {row.case_id: number for number, row in enumerate(rows)}
            self._table.setCurrentCell(numbers.get(current, 0) if current else 0, 0)
        self._stack.setCurrentWidget(self._table if rows else self._empty)
        self._foot.setVisible(bool(rows))
        self._table.viewport().update()
        self._show_current()

    def show_settings(self, *, all_paused: bool, limit_bytes_s: float | None, waits_for_network: bool) -> None:
        """What holds for all cases."""
        self._pause_all.setText(f"{'Continue all' if all_paused else 'Pause all'}  (Shift+P)")
        position = self._limit.findData(limit_bytes_s)
        self._limit.setCurrentIndex(max(0, position))
        self._metered.setVisible(waits_for_network)

    def show_awake(self, words: str) -> None:
        """Whether the computer is kept awake for it; empty: nothing moves."""
        self._awake.setText(words)
        self._awake.setVisible(bool(words))

    def current_case(self) -> CaseId | None:
        """The case of the current row."""
        row = self._current_row()
        return row.case_id if row is not None else None

    def _current_row(self) -> TransferRow | None:
        number = self._table.currentRow()
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def _show_current(self) -> None:
        row = self._current_row()
        self._pause.setText(f"{'Continue' if row is not None and row.can_continue else 'Pause'}  (P)")
        self._pause.setEnabled(row is not None and (row.can_pause or row.can_continue))
        self._give_up.setEnabled(row is not None and row.can_give_up)
        self._try_again.setEnabled(row is not None and row.can_try_again)
        self._whose.setText(row.patient.replace("\n", " · ") if row is not None else "")
        problems = row.problems if row is not None else ()
        shown = [f"• {problem}" for problem in problems[:PROBLEMS_SHOWN]]
        if len(problems) > PROBLEMS_SHOWN:
            shown.append(f"… and {len(problems) - PROBLEMS_SHOWN} more")
        self._problems.setText("\n".join(shown))
        self._problems.setVisible(bool(shown))
        self.current_changed.emit()

    def _make_head(self) -> QHBoxLayout:
        title = QLabel("Transfers")
        title.setProperty("role", "title")
        words = QLabel("Speed limit")
        words.setProperty("role", "muted")
        words.setBuddy(self._limit)
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(title)
        said = QVBoxLayout()
        said.setSpacing(0)
        said.addStretch(1)
        said.addWidget(self._summary)
        said.addWidget(self._awake)
        head.addLayout(said)
        head.addStretch(1)
        head.addWidget(words)
        head.addWidget(self._limit)
        head.addWidget(self._pause_all)
        return head

    def _make_metered(self) -> QFrame:
        banner = QFrame()
        banner.setObjectName("transfers-metered")
        banner.setProperty("role", "banner")
        banner.setProperty("tone", "warning")
        allow = QPushButton("Fetch images anyway")
        allow.setObjectName("transfers-allow-images")
        allow.clicked.connect(self.images_allowed)
        layout = QHBoxLayout(banner)
        layout.addWidget(QLabel(METERED), 1)
        layout.addWidget(allow)
        banner.hide()
        return banner

    def _make_foot(self) -> QWidget:
        foot = QWidget()
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        for button in (self._pause, self._give_up, self._try_again):
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QVBoxLayout(foot)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self._whose)
        layout.addWidget(self._problems)
        layout.addLayout(buttons)
        return foot

    def _button(self, name: str, words: str, key: str, wish: object) -> QPushButton:
        button = QPushButton(f"{words}  ({key})")
        button.setObjectName(name)
        button.clicked.connect(lambda: wish.emit())  # type: ignore[attr-defined]
        return button

    def _make_table(self) -> RowTable:
        table = RowTable("transfers-table", COLUMNS, ROW_HEIGHT_PX)
        table.setItemDelegate(ProgressDelegate(table))
        table.setMouseTracking(True)
        header = table.horizontalHeader()
        for column, name in enumerate(COLUMNS):
            if name in WIDTHS_PX:
                header.resizeSection(column, WIDTHS_PX[name])
            else:
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        table.currentCellChanged.connect(lambda *_cells: self._show_current())
        table.row_opened.connect(lambda number: self.open_requested.emit(self._rows[number].case_id))
        return table


def _spoken(row: TransferRow) -> str:
    parts = [row.patient.replace("\n", ", "), row.state, row.amount, row.pace, *row.problems]
    return ", ".join(part for part in parts if part)
