"""Asking for the reason before a case is given back, and for the records that are missing. They decide nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from sync.records.case import CaseId
from sync.records.message import RecordsDraft
from workstation.case.case_moves import DECLINE_REASONS, FAIL_REASONS, USUAL_REQUEST
from workstation.case.case_summary import is_reason
from workstation.case.messages_pane import DRAFT_KEPT_AFTER_MS, ComposeBox
from workstation.case.moves_presenter import CaseMovesPresenter
from workstation.window.theme import COLOURS, set_role

WIDTH_PX = 560
LIST_HEIGHT_PX = 110
TOO_LATE = "The case has changed meanwhile, and nothing was done. Close this, and look at the case again."
GIVEN_BACK = (
    "The case goes back to the hospital with your reason. When it is there, the case is locked here, and its files, "
    "marks and answers are deleted from this computer after the time your site has set. Until it has left, you can "
    "take it back."
)


class MoveDialogs:
    """Opens them over the window for the case that is open."""

    def __init__(self, window: QWidget, presenter: CaseMovesPresenter) -> None:
        self._window = window
        self._presenter = presenter

    def ask_decline(self) -> None:
        """Why the case is declined; then it is."""
        ReasonDialog(
            self._window, "Decline this case", GIVEN_BACK, DECLINE_REASONS, "&Decline the case", self._presenter.decline
        ).open()

    def ask_close(self) -> None:
        """Why no opinion can be given; then the case is closed."""
        ReasonDialog(
            self._window, "No opinion can be given", GIVEN_BACK, FAIL_REASONS, "&Close it without an opinion",
            self._presenter.close_without_opinion,
        ).open()  # fmt: skip

    def ask_records(self) -> None:
        """Which records are missing; then the hospital is asked."""
        self._presenter.find_records_draft(self._open_records)

    def _open_records(self, case_id: CaseId, draft: RecordsDraft) -> None:
        keep = partial(self._presenter.keep_records_draft, case_id)
        RecordsDialog(self._window, self._presenter.ask_for_records, draft, keep).open()


class _Dialog(QDialog):
    """A title, what will happen, the entries, and two buttons; Ctrl+Enter confirms once it can, Escape leaves.

    Enter alone does nothing: what is asked here leaves this computer.
    """

    def __init__(self, parent: QWidget, name: str, title: str, consequence: str, verb: str) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setModal(True)
        self.setFixedWidth(WIDTH_PX)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        # A frame of its own, for screens whose window manager draws none.
        self.setStyleSheet(
            f"QDialog#{name} {{ background: {COLOURS['panel']}; border: 1px solid {COLOURS['line_hover']}; }}"
        )
        heading = QLabel(title)
        heading.setProperty("role", "title")
        what = QLabel(consequence)
        what.setProperty("role", "muted")
        what.setWordWrap(True)
        self.entries = QVBoxLayout()
        self.entries.setSpacing(6)
        self.confirm = QPushButton(f"{verb} (Ctrl+Enter)")
        self.confirm.setObjectName(f"{name}-confirm")
        self.confirm.setAutoDefault(False)
        self.confirm.setEnabled(False)
        set_role(self.confirm, "primary")
        cancel = QPushButton("Cancel")
        cancel.setObjectName(f"{name}-cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        self._problem = QLabel(TOO_LATE)
        self._problem.setObjectName(f"{name}-problem")
        self._problem.setProperty("role", "error")
        self._problem.setWordWrap(True)
        self._problem.hide()
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.confirm)
        down = QVBoxLayout(self)
        down.setContentsMargins(28, 24, 28, 20)
        down.setSpacing(14)
        down.addWidget(heading)
        down.addWidget(what)
        down.addLayout(self.entries)
        down.addWidget(self._problem)
        down.addLayout(buttons)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter is the button."""
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.confirm.click()
        elif not is_enter:
            super().keyPressEvent(event)

    def end(self, *, is_done: bool) -> None:
        """Close, or say that the case stands elsewhere by now."""
        if is_done:
            self.accept()
        else:
            self._problem.show()


class ReasonDialog(_Dialog):
    """A usual reason, one's own words, or both. *told* is given the reason and says whether it was one."""

    def __init__(
        self,
        parent: QWidget,
        title: str,
        consequence: str,
        reasons: Sequence[str],
        verb: str,
        told: Callable[[str], bool],
    ) -> None:
        super().__init__(parent, "reason-dialog", title, consequence, verb)
        self._told = told
        self._group = QButtonGroup(self)
        for number, reason in enumerate(reasons):
            choice = QRadioButton(reason)
            choice.setObjectName(f"reason-{number}")
            self._group.addButton(choice, number)
            self.entries.addWidget(choice)
        self._group.idToggled.connect(lambda _number, _on: self._enable())
        self._own = QLineEdit()
        self._own.setObjectName("reason-own")
        self._own.setPlaceholderText("In your own words, or in addition")
        self._own.textChanged.connect(lambda _text: self._enable())
        self.entries.addSpacing(4)
        self.entries.addWidget(self._own)
        self.confirm.clicked.connect(self._confirm)
        self._group.buttons()[0].setFocus()

    def _reason(self) -> str:
        chosen = self._group.checkedButton()
        return " ".join(part for part in (chosen.text() if chosen else "", self._own.text().strip()) if part)

    def _enable(self) -> None:
        self.confirm.setEnabled(is_reason(self._reason()))

    def _confirm(self) -> None:
        self.end(is_done=self._told(self._reason()))


class RecordsDialog(_Dialog):
    """One record a line, and a note. *told* is given both and says whether something is asked for.

    It opens with *draft*; what is typed is told to *keep* while it is written and when the dialog is left.
    """

    def __init__(
        self,
        parent: QWidget,
        told: Callable[[Sequence[str], str], bool],
        draft: RecordsDraft,
        keep: Callable[[RecordsDraft], None],
    ) -> None:
        super().__init__(
            parent,
            "records-dialog",
            "Ask for records",
            "The case is put on hold until the hospital has sent them; then the time to answer begins anew. You can "
            "go on without them at any time. A new case is accepted by it.",
            "&Ask the hospital",
        )
        self._told = told
        self._keep = keep
        self._kept = draft
        self._keeping = QTimer(self)
        self._keeping.setSingleShot(True)
        self._keeping.setInterval(DRAFT_KEPT_AFTER_MS)
        self._keeping.timeout.connect(self._keep_draft)
        self._wanted = ComposeBox()
        self._wanted.setPlainText(draft.wanted)
        self._wanted.moveCursor(QTextCursor.MoveOperation.End)
        self._wanted.setObjectName("records-wanted")
        self._wanted.setPlaceholderText("What is missing, one record a line: CT chest of May 2024")
        self._wanted.setFixedHeight(LIST_HEIGHT_PX)
        self._wanted.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self._wanted.textChanged.connect(self._enable)
        self._wanted.send_requested.connect(self._confirm)
        self._wanted.left.connect(self.reject)
        self._note = QLineEdit(draft.note)
        self._note.setObjectName("records-note")
        self._wanted.textChanged.connect(self._keeping.start)
        self._note.textChanged.connect(lambda _text: self._keeping.start())
        self._note.setPlaceholderText(USUAL_REQUEST)
        for label, entry in (("Records", self._wanted), ("Note to the hospital", self._note)):
            caption = QLabel(label)
            caption.setProperty("role", "caption")
            caption.setBuddy(entry)
            self.entries.addWidget(caption)
            self.entries.addWidget(entry)
        hint = QLabel("Esc leaves, and keeps what is typed for the next time.")
        hint.setProperty("role", "muted")
        self.entries.addWidget(hint)
        self.confirm.clicked.connect(self._confirm)
        self._enable()
        self._wanted.setFocus()

    def reject(self) -> None:
        """Leave; what is typed stays for the next time."""
        self._keep_draft()
        super().reject()

    def accept(self) -> None:
        """It was asked for: nothing is left to keep."""
        self._keeping.stop()
        super().accept()

    def _keep_draft(self) -> None:
        self._keeping.stop()
        draft = RecordsDraft(self._wanted.toPlainText(), self._note.text())
        if draft != self._kept:
            self._kept = draft
            self._keep(draft)

    def _lines(self) -> list[str]:
        return [line.strip() for line in self._wanted.toPlainText().splitlines() if line.strip()]

    def _enable(self) -> None:
        self.confirm.setEnabled(bool(self._lines()))

    def _confirm(self) -> None:
        if self._lines():
            self.end(is_done=self._told(self._lines(), self._note.text()))
