"""A conflict put to the reader: the sentence large, the receipt below it, one button a choice. It decides nothing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFormLayout,
    QFrame,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from sync.records.conflict import ConflictKind
from workstation.conflict.comparison import Comparison
from workstation.conflict.presenter import EXPORT, TWICE, Choice, ConflictPresenter, ConflictState
from workstation.window.fitting import fit_height
from workstation.window.theme import COLOURS, set_role

WIDTH_PX = 620
COMPARING_WIDTH_PX = 860
SIDE_PX = 28


class ConflictDialogs:
    """Opens and closes the one dialog over the window as the presenter says."""

    def __init__(self, window: QWidget, presenter: ConflictPresenter) -> None:
        self._window = window
        self._presenter = presenter
        self._dialog: ConflictDialog | None = None
        presenter.attach(self)

    def show_conflict(self, state: ConflictState | None) -> None:
        """Put this to the reader; None: nothing is open."""
        if self._dialog is not None:
            self._dialog.leave()
            self._dialog = None
        if state is not None:
            self._dialog = ConflictDialog(self._window, state, self._presenter)
            self._dialog.open()
            self._dialog.centre_over(self._window)

    def show_problem(self, sentence: str) -> None:
        """The choice could not be carried out, and why."""
        if self._dialog is not None:
            self._dialog.show_problem(sentence)


class ConflictDialog(QDialog):
    """One conflict. Enter takes the first choice, Alt and its letter any, Escape puts it off."""

    def __init__(self, parent: QWidget, state: ConflictState, presenter: ConflictPresenter) -> None:
        super().__init__(parent)
        self.setObjectName("conflict-dialog")
        is_ended = state.conflict.kind is ConflictKind.RELEASE_ENDED
        self.setWindowTitle("A release has ended" if is_ended else "The hospital changed something")
        self.setModal(True)
        width_px = COMPARING_WIDTH_PX if state.differences else WIDTH_PX
        self.setFixedWidth(width_px)
        # A frame of its own, for screens whose window manager draws none.
        self.setStyleSheet(
            f"QDialog#conflict-dialog {{ background: {COLOURS['panel']}; border: 1px solid {COLOURS['line_hover']}; }}"
        )
        self._state = state
        self._presenter = presenter
        self._is_left = False
        down = QVBoxLayout(self)
        down.setContentsMargins(SIDE_PX, 24, SIDE_PX, 20)
        down.setSpacing(12)
        title = QLabel(f"Case {state.conflict.case_id}")
        title.setObjectName("conflict-case")
        title.setProperty("role", "caption")
        down.addWidget(title)
        down.addWidget(_words("conflict-sentence", state.sentence, "heading"))
        if state.facts:
            down.addWidget(_facts(state))
        if state.differences:
            comparison = Comparison(state.differences)
            comparison.fit(width_px - 2 * SIDE_PX)
            down.addWidget(comparison)
            down.addSpacing(8)
        for number, choice in enumerate(state.choices):
            down.addLayout(self._offer(choice, is_first=number == 0))
        self._problem = _words("conflict-problem", "", "error")
        self._problem.hide()
        down.addWidget(self._problem)
        down.addSpacing(4)
        down.addWidget(_words("conflict-hint", "Esc decides later; Ctrl+Shift+X shows it again.", "muted"))

    def centre_over(self, window: QWidget) -> None:
        """Not every window manager places a dialog well; this one is wide."""
        fit_height(self)
        self.move(window.frameGeometry().center() - self.rect().center())

    def show_problem(self, sentence: str) -> None:
        """The choice could not be carried out, and why."""
        self._problem.setText(sentence)
        self._problem.show()
        fit_height(self)

    def leave(self) -> None:
        """Close without a word to the presenter: it knows."""
        self._is_left = True
        self.accept()
        self.deleteLater()

    def reject(self) -> None:
        """Escape, or the window's cross: decided later."""
        super().reject()
        if not self._is_left:
            self._is_left = True
            self._presenter.put_off()

    def _offer(self, choice: Choice, *, is_first: bool) -> QVBoxLayout:
        """The button, and close below it what it does."""
        offer = QVBoxLayout()
        offer.setContentsMargins(0, 6, 0, 0)
        offer.setSpacing(4)
        offer.addWidget(self._button(choice, is_first=is_first))
        offer.addWidget(_words(f"conflict-consequence-{choice.choice_id}", choice.consequence, "muted"))
        return offer

    def _button(self, choice: Choice, *, is_first: bool) -> QPushButton:
        button = QPushButton(choice.text)
        button.setObjectName(f"conflict-{choice.choice_id}")
        button.setDefault(is_first)
        button.setAutoDefault(is_first)
        button.setMinimumHeight(34)
        set_role(button, "primary" if is_first else "")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(lambda _checked=False: self._choose(choice.choice_id))
        if is_first:
            button.setFocus()
        return button

    def _choose(self, choice_id: str) -> None:
        if choice_id == EXPORT:
            name, _filter = QFileDialog.getSaveFileName(
                self, "Save the signed report", str(Path.home() / self._state.export_name), "PDF (*.pdf)"
            )
            if name:
                self._presenter.choose(choice_id, Path(name))
        elif choice_id in TWICE and not self._is_sure(choice_id):
            return
        else:
            self._presenter.choose(choice_id)

    def _is_sure(self, choice_id: str) -> bool:
        """What cannot be undone takes two presses: the first one changes the words on the button."""
        button = self.findChild(QPushButton, f"conflict-{choice_id}")
        if button is None or button.property("asked"):
            return True
        button.setProperty("asked", True)
        button.setText(f"{button.text()} – press again to confirm")
        return False


def _words(name: str, text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName(name)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setIndent(0)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _facts(state: ConflictState) -> QFrame:
    card = QFrame()
    card.setObjectName("conflict-receipt")
    card.setProperty("role", "card")
    rows = QFormLayout(card)
    rows.setContentsMargins(14, 10, 14, 10)
    for label, value in state.facts:
        shown = QLabel(value)
        shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        rows.addRow(QLabel(label), shown)
    return card
