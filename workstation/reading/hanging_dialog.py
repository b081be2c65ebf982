"""Keeps what hangs as a rule: says the rule, tries it on the cases of this computer, and lists the reader's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidgetItem,
    QWidget,
)

from workstation.count_words import counted
from workstation.reading.hanging.rule import HangingRule
from workstation.reading.hanging.rule_words import suggested_name, words_of
from workstation.reading.kept_hangings import Trial
from workstation.window.dialog_column import accept_button, answers, leave_button, stack
from workstation.window.row_table import RowTable
from workstation.window.theme import set_role

WIDTH_PX = 560
TABLE_HEIGHT_PX = 150
ROW_HEIGHT_PX = 28
TRYING = "Trying it on the cases of this computer…"


class HangingDialog(QDialog):
    """Emits wishes; what it shows it is told."""

    keep_requested = Signal(object)
    """The `HangingRule`, with the name it was given."""
    removal_requested = Signal(str)
    """The name of a kept rule."""

    def __init__(self, rule: HangingRule, difference: str, parent: QWidget | None) -> None:
        """*difference* is empty, or says that this very case would hang otherwise."""
        super().__init__(parent)
        self.setObjectName("hanging-dialog")
        self.setWindowTitle("Keep this hanging")
        self.setModal(True)
        self._rule = rule
        title = _text("Keep this hanging", "title")
        words = _text(words_of(rule), "")
        words.setObjectName("hanging-words")
        warning = _text(difference, "error")
        warning.setVisible(bool(difference))
        self.name = QLineEdit(suggested_name(rule))
        self.name.setObjectName("hanging-name")
        self.name.setMaxLength(80)
        self.name.selectAll()
        caption = QLabel("&Name")
        caption.setBuddy(self.name)
        named = QHBoxLayout()
        named.addWidget(caption)
        named.addWidget(self.name, 1)
        self.tried = _text(TRYING, "muted")
        self.trials = _table("hanging-trials", ("Case", "Would hang"), 150)
        self._kept_title = _text("Your rules, tried in this order before the program's own:", "muted")
        self.kept = _table("hanging-kept", ("Rule", "Layout"), 440)
        self.kept.setFixedHeight(ROW_HEIGHT_PX * 4)
        self.remove = QPushButton("&Remove the rule")
        self.remove.setObjectName("hanging-remove")
        self.remove.setAutoDefault(False)
        self.remove.clicked.connect(self._ask_removal)
        self._accept = accept_button("hanging-keep", "&Keep", self._ask)
        self.name.textChanged.connect(lambda text: self._accept.setEnabled(bool(text.strip())))
        end = answers(leave_button("hanging-cancel", "Cancel", self.reject), self._accept)
        end.insertWidget(0, self.remove)
        stack(self, title, words, warning, named, self.tried, self.trials, self._kept_title, self.kept, end)
        self.show_kept(())
        self.name.setFocus()

    def show_trials(self, trials: Sequence[Trial]) -> None:
        """How the cases would hang."""
        fitting = sum(bool(trial.titles) for trial in trials)
        if trials:
            self.tried.setText(f"It fits {fitting} of {counted(len(trials), 'case')} with images on this computer.")
        else:
            self.tried.setText("No case on this computer has images to try it on.")
        _fill(self.trials, [(trial.case_id, "  |  ".join(trial.titles) or "by another rule") for trial in trials])

    def show_kept(self, rules: Sequence[HangingRule]) -> None:
        """The reader's rules, in the order they are tried."""
        for widget in (self._kept_title, self.kept, self.remove):
            widget.setVisible(bool(rules))
        _fill(self.kept, [(rule.name, rule.layout.replace("x", " × ")) for rule in rules])
        self.kept.selectRow(0)

    def _ask(self) -> None:
        name = self.name.text().strip()
        if name:
            self.keep_requested.emit(replace(self._rule, name=name))
            self.accept()

    def _ask_removal(self) -> None:
        entry = self.kept.item(self.kept.currentRow(), 0)
        if entry is not None:
            self.removal_requested.emit(entry.text())


def _table(name: str, columns: Sequence[str], first_px: int) -> RowTable:
    table = RowTable(name, columns, ROW_HEIGHT_PX)
    table.setFixedSize(WIDTH_PX, TABLE_HEIGHT_PX)
    table.setColumnWidth(0, first_px)
    table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
    table.horizontalHeader().setStretchLastSection(True)
    return table


def _fill(table: RowTable, rows: Sequence[tuple[str, str]]) -> None:
    table.setRowCount(len(rows))
    for row, words in enumerate(rows):
        for column, text in enumerate(words):
            entry = QTableWidgetItem(text)
            entry.setToolTip(text)
            table.setItem(row, column, entry)


def _text(words: str, role: str) -> QLabel:
    label = QLabel(words)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setFixedWidth(WIDTH_PX)
    if role:
        set_role(label, role)
    return label
