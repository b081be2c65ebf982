"""How a dialog that asks for something is laid out: its parts below one another, its two answers at the lower right."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QHBoxLayout, QLayout, QPushButton, QVBoxLayout, QWidget


def stack(dialog: QDialog, *parts: QWidget | QLayout) -> None:
    """*parts* from the top down; the dialog is always as large as they need."""
    column = QVBoxLayout(dialog)
    column.setSizeConstraint(QLayout.SizeConstraint.SetFixedSize)
    column.setContentsMargins(24, 22, 24, 22)
    column.setSpacing(14)
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
        else:
            column.addLayout(part)


def accept_button(name: str, words: str, asked: Callable[[], None]) -> QPushButton:
    """What Enter does."""
    button = QPushButton(words)
    button.setObjectName(name)
    button.setProperty("role", "primary")
    button.setDefault(True)
    button.clicked.connect(asked)
    return button


def leave_button(name: str, words: str, left: Callable[[], None]) -> QPushButton:
    """What Escape does."""
    button = QPushButton(words)
    button.setObjectName(name)
    button.setAutoDefault(False)
    button.clicked.connect(left)
    return button


def answers(leave: QPushButton, accept: QPushButton) -> QHBoxLayout:
    """Both at the right, the one that does something last."""
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.addStretch(1)
    row.addWidget(leave)
    row.addWidget(accept)
    return row
