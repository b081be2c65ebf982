"""The worklist's rows as a Qt table, filtered as the reader types. Words come ready from the presenter."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from sync.records.case import CaseId
from workstation.worklist.presenter import WorklistRow, matching, unread_words

COLUMNS = ("STATE", "PRIORITY", "PATIENT", "QUESTION", "DUE", "HERE")
ROW_ROLE = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex


class WorklistModel(QAbstractTableModel):
    """All rows, those that match, and how far a running download is."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[WorklistRow, ...] = ()
        self._shown: list[WorklistRow] = []
        self._typed = ""
        self._progress: dict[CaseId, str] = {}
        self._syncing = False

    def set_rows(self, rows: tuple[WorklistRow, ...]) -> None:
        """Show *rows*, as far as they match what was typed."""
        self.beginResetModel()
        self._all = rows
        self._shown = matching(rows, self._typed)
        self.endResetModel()

    def set_typed(self, typed: str) -> None:
        """Show the rows in which every word of *typed* occurs."""
        self.beginResetModel()
        self._typed = typed
        self._shown = matching(self._all, typed)
        self.endResetModel()

    def set_progress(self, case_id: CaseId, text: str) -> None:
        """Show *text* in place of the counts while the case is fetched; empty: show the counts again."""
        if text:
            self._progress[case_id] = text
        else:
            self._progress.pop(case_id, None)
        row = self.row_of(case_id)
        if row is not None:
            column = COLUMNS.index("HERE")
            self.dataChanged.emit(self.index(row, column), self.index(row, column))

    def set_syncing(self, running: bool) -> None:
        """While a round runs, incomplete rows say that they wait for it; when it ends no progress is left."""
        self._syncing = running
        if not running:
            self._progress.clear()
        if self._shown:
            column = COLUMNS.index("HERE")
            self.dataChanged.emit(self.index(0, column), self.index(len(self._shown) - 1, column))

    @property
    def all_rows(self) -> tuple[WorklistRow, ...]:
        return self._all

    @property
    def shown_rows(self) -> tuple[WorklistRow, ...]:
        """Those that match what was typed."""
        return tuple(self._shown)

    def row_at(self, row: int) -> WorklistRow:
        """The shown row number *row*."""
        return self._shown[row]

    def row_of(self, case_id: CaseId | None) -> int | None:
        """Where a case is shown, or None where it is not."""
        return next((n for n, row in enumerate(self._shown) if row.case_id == case_id), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._shown[index.row()]
        if role == ROW_ROLE:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            words = self._words(row, COLUMNS[index.column()])
            if role != Qt.ItemDataRole.DisplayRole and COLUMNS[index.column()] == "STATE":
                return row.state.text  # in full
            is_told = role != Qt.ItemDataRole.DisplayRole and COLUMNS[index.column()] == "QUESTION"
            return f"{words}\n{unread_words(row.unread)}" if is_told and row.unread else words
        return None

    def _words(self, row: WorklistRow, column: str) -> str:
        return {
            "STATE": row.state.pill,
            "PRIORITY": row.priority,
            "PATIENT": f"{row.patient}\n{row.patient_details}",
            "QUESTION": row.question,
            "DUE": row.due.text,
            "HERE": self._here(row),
        }[column]

    def _here(self, row: WorklistRow) -> str:
        progress = self._progress.get(row.case_id)
        if progress and row.here_tone != "danger":  # another patient's image is said whatever else comes
            return progress
        return f"{row.here} · waiting" if self._syncing and row.is_incomplete else row.here
