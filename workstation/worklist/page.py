"""The worklist page: a search that filters as you type above a table that the keyboard alone can drive."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from sync.records.case import CaseId
from workstation.count_words import counted
from workstation.window.icons import icon
from workstation.window.row_table import show_whole_rows
from workstation.worklist.model import COLUMNS, WorklistModel
from workstation.worklist.presenter import WorklistRow
from workstation.worklist.row_delegate import ROW_HEIGHT_PX, RowDelegate

WIDTHS_PX = {"STATE": 150, "PRIORITY": 140, "PATIENT": 310, "DUE": 126, "HERE": 190}
NO_CASES = (
    "No cases yet.\nReading Room fetches the cases assigned to you as soon as the hospital answers (Ctrl+R asks now)."
)


class WorklistPage(QWidget):
    """Emits which case the reader wants; shows what the presenter says."""

    open_requested = Signal(str)
    """The case id of the chosen row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = WorklistModel(self)
        self._wanted: CaseId | None = None
        self._search = QLineEdit()
        self._search.setObjectName("worklist-search")
        self._search.setPlaceholderText("Search patients, questions, states")
        self._search.setClearButtonEnabled(True)
        self._search.addAction(icon("search", "text_muted"), QLineEdit.ActionPosition.LeadingPosition)
        self._search.setFixedWidth(340)
        self._search.textChanged.connect(self._filter)
        self._search.installEventFilter(self)
        self._summary = QLabel()
        self._summary.setObjectName("worklist-summary")
        self._summary.setProperty("role", "muted")
        self._table = self._make_table()
        self._empty = QLabel(NO_CASES)
        self._empty.setObjectName("worklist-empty")
        self._empty.setProperty("role", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._table)
        self._stack.addWidget(self._empty)
        self._notice = QLabel()
        self._notice.setObjectName("worklist-notice")
        self._notice.setProperty("role", "muted")
        self._notice.setWordWrap(True)
        self._notice.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._notice.hide()
        title = QLabel("Worklist")
        title.setProperty("role", "title")
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(title)
        head.addWidget(self._summary, 0, Qt.AlignmentFlag.AlignBottom)
        head.addStretch(1)
        head.addWidget(self._search)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 18, 24, 8)
        layout.setSpacing(14)
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._notice)
        self.setFocusProxy(self._table)
        self._show_right_face()

    def show_rows(self, rows: tuple[WorklistRow, ...]) -> None:
        """All cases; the one that was current stays current."""
        current = self._current_case() or self._wanted
        self._model.set_rows(rows)
        self._select(current)
        self._show_right_face()

    def show_progress(self, case_id: CaseId, text: str) -> None:
        """How far a case's download is; empty when it ended."""
        self._model.set_progress(case_id, text)

    def show_syncing(self, running: bool) -> None:
        """A round of sync began or ended."""
        self._model.set_syncing(running)

    def show_notice(self, text: str) -> None:
        """A quiet line under the title; empty: none."""
        self._notice.setText(text)
        self._notice.setVisible(bool(text))

    def select_case(self, case_id: CaseId | None) -> None:
        """Make a case current, now or when its row comes."""
        self._wanted = case_id
        self._select(case_id)

    def focus_search(self) -> None:
        """Put the cursor in the search."""
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows and Enter in the search drive the table; letters in the table go to the search."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if watched is self._search:
                if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                    self._table.setFocus(Qt.FocusReason.OtherFocusReason)
                    return True
                if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                    self._open(self._table.currentIndex())
                    return True
                if event.key() == Qt.Key.Key_Escape:
                    self._search.clear()
                    self._table.setFocus(Qt.FocusReason.OtherFocusReason)
                    return True
            elif watched is self._table:
                if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                    self._open(self._table.currentIndex())
                    return True
                if event.text().strip() and event.text().isprintable() and not event.modifiers():
                    self._search.setFocus(Qt.FocusReason.OtherFocusReason)
                    self._search.insert(event.text())
                    return True
        return super().eventFilter(watched, event)

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setObjectName("worklist-table")
        table.setModel(self._model)
        table.setItemDelegate(RowDelegate(table))
        table.setMouseTracking(True)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        show_whole_rows(table, ROW_HEIGHT_PX)
        header = table.horizontalHeader()
        for column, name in enumerate(COLUMNS):
            if name in WIDTHS_PX:
                header.resizeSection(column, WIDTHS_PX[name])
            else:
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        table.doubleClicked.connect(self._open)
        table.installEventFilter(self)
        return table

    def _filter(self, typed: str) -> None:
        current = self._current_case()
        self._model.set_typed(typed)
        self._select(current)
        self._show_right_face()

    def _current_case(self) -> CaseId | None:
        index = self._table.currentIndex()
        return self._model.row_at(index.row()).case_id if index.isValid() else None

    def _select(self, case_id: CaseId | None) -> None:
        row = self._model.row_of(case_id)
        if row is None and self._model.rowCount():
            row = 0
        if row is not None:
            self._table.setCurrentIndex(self._model.index(row, 0))

    def _summarise(self) -> None:
        """How many cases there are, and of a search how many it found: ``3 of 10 cases · 1 overdue``."""
        shown, words = self._model.shown_rows, counted(len(self._model.all_rows), "case")
        if self._search.text().strip():
            words = f"{len(shown)} of {words}"
        overdue = sum(row.due.tone == "danger" for row in shown)
        self._summary.setText(f"{words} · {overdue} overdue" if overdue else words)

    def _show_right_face(self) -> None:
        self._summarise()
        if self._model.rowCount():
            self._stack.setCurrentWidget(self._table)
            return
        typed = self._search.text().strip()
        self._empty.setText(f"No case matches “{typed}”." if typed and self._model.all_rows else NO_CASES)
        self._stack.setCurrentWidget(self._empty)

    def _open(self, index: QModelIndex) -> None:
        if index.isValid():
            self._wanted = None
            self.open_requested.emit(self._model.row_at(index.row()).case_id)
