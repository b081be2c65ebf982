"""What stands between the form and a signature: the checks, the button, and after signing the hospital's receipt."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout

from sync.records.opinion_checks import Check, blocking_checks
from workstation.opinion.form_state import SectionProgress
from workstation.opinion.opinion_view import OpinionState
from workstation.opinion.question_card import QuestionCard
from workstation.opinion.question_check import QUESTION_CHANGED
from workstation.opinion.receipt_panel import ReceiptPanel
from workstation.window.icons import icon
from workstation.window.theme import COLOURS, colour, set_role

WIDTH_PX = 330


class ChecksPane(QFrame):
    """The right column of the opinion page."""

    check_chosen = Signal(object)
    """Check with a place in the form."""
    sign_requested = Signal()
    amend_requested = Signal()
    confirm_requested = Signal()
    """The answer fits the question that the hospital changed."""
    drop_requested = Signal()
    """The reader gives up an amendment that was begun."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setFixedWidth(WIDTH_PX)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 18, 18, 18)
        column.setSpacing(10)
        self.status = QLabel()
        self.status.setObjectName("opinion-status")
        self.status.setProperty("role", "pill")
        self.status.setMinimumHeight(22)
        column.addWidget(self.status, 0, Qt.AlignmentFlag.AlignLeft)
        self.detail = _words("muted")
        column.addWidget(self.detail)
        self.receipt = ReceiptPanel()
        column.addWidget(self.receipt)
        self.amend_button = QPushButton("Amend this opinion…  (Ctrl+Shift+A)")
        self.amend_button.setObjectName("opinion-amend")
        self.amend_button.setMinimumHeight(34)
        self.amend_button.clicked.connect(self.amend_requested)
        column.addWidget(self.amend_button)
        self.question = QuestionCard()
        self.question.confirm_requested.connect(self.confirm_requested)
        column.addWidget(self.question)
        self.heading = QLabel("Before you sign")
        self.heading.setProperty("role", "heading")
        self.heading.setIndent(0)
        column.addWidget(self.heading)
        self.list = QListWidget()
        self.list.setObjectName("checks-list")
        self.list.setWordWrap(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.list.setStyleSheet(
            "QListWidget { background: transparent; } QListWidget::item { padding: 6px 0px; }"
            f"QListWidget::item:hover {{ background: {COLOURS['hover']}; }}"
        )
        self.list.setIconSize(QSize(18, 18))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.itemActivated.connect(self._on_activated)
        self.list.itemClicked.connect(self._on_activated)
        column.addWidget(self.list, 1)
        self.saved = _words("muted")
        self.saved.setObjectName("opinion-saved")
        column.addWidget(self.saved)
        self.sign_button = QPushButton(icon("sign", "text_bright"), "Check and sign …")
        self.sign_button.setObjectName("opinion-sign")
        self.sign_button.setProperty("role", "primary")
        self.sign_button.setMinimumHeight(38)
        self.sign_button.clicked.connect(self.sign_requested)
        column.addWidget(self.sign_button)
        self.drop_button = QPushButton("Drop the amendment …")
        self.drop_button.setObjectName("opinion-drop-amendment")
        self.drop_button.setToolTip("The delivered opinion stands as it was")
        self.drop_button.clicked.connect(self.drop_requested)
        column.addWidget(self.drop_button)
        column.addStretch(0)
        self._checks: tuple[Check, ...] = ()

    def show_state(self, state: OpinionState) -> None:
        """Draw *state*'s checks, standing and receipt."""
        self.status.setText(state.status.text)
        set_role(self.status, "pill", state.status.tone)
        self.status.updateGeometry()
        signed = bool(state.signed_by)
        self.detail.setText(f"Signed by {state.signed_by}. {state.status.detail}" if signed else state.status.detail)
        for widget in (self.heading, self.list, self.saved, self.sign_button):
            widget.setVisible(not signed and not state.is_closed)
        self.amend_button.setVisible(state.can_amend)
        self.drop_button.setVisible(state.is_amending)
        changed = next((check for check in state.checks if check.name == QUESTION_CHANGED), None)
        self.question.show_check(changed)
        self.receipt.show_receipt(state.receipt)
        self.saved.setText(state.saved)
        set_role(self.saved, "error" if state.saved.startswith("Not saved") else "muted")
        self.sign_button.setEnabled(state.can_sign)
        if state.checks != self._checks:
            self._checks = state.checks
            self._fill([check for check in state.checks if check != changed], state.form.sections)

    def show_refusal(self, sentence: str) -> None:
        """Why nothing can be signed, beside the button, until the next change."""
        self.saved.setText(sentence)
        set_role(self.saved, "error")

    def _fill(self, checks: Sequence[Check], sections: Sequence[SectionProgress]) -> None:
        """What is open under the name of its section, in form order; what has passed below it."""
        blocking = len(blocking_checks(checks))
        self.heading.setText(f"Before you sign: {blocking} to settle" if blocking else "Ready to be signed")
        position, current = self.list.verticalScrollBar().value(), self._current_check()
        self.list.clear()
        failed = [check for check in checks if not check.passed]
        placed = {section.link_id for section in sections}
        elsewhere = [check for check in failed if _section_of(check) not in placed]
        for check in blocking_checks(elsewhere):
            self._add_check(check, check.sentence)
        for section in sections:
            of_it = sorted((c for c in failed if _section_of(c) == section.link_id), key=_order)
            if of_it:
                self._add_section(section.title)
            for check in of_it:
                self._add_check(check, words_within(section.title, check.sentence))
        for check in elsewhere:
            if not check.blocking:
                self._add_check(check, check.sentence)
        for check in checks:
            if check.passed:
                self._add_check(check, check.title)
        for row in range(self.list.count()):
            if current is not None and self.list.item(row).data(Qt.ItemDataRole.UserRole) == current:
                self.list.setCurrentRow(row)
        self.list.verticalScrollBar().setValue(position)

    def _add_section(self, title: str) -> None:
        line = QListWidgetItem(title)
        line.setFlags(Qt.ItemFlag.NoItemFlags)  # arrow keys pass over it
        font = QFont(self.list.font())
        font.setWeight(QFont.Weight.DemiBold)
        line.setFont(font)
        line.setForeground(colour("text"))
        self.list.addItem(line)

    def _add_check(self, check: Check, words: str) -> None:
        name, tint = ("accept", "good") if check.passed else ("blocked", "danger")
        if not check.passed and not check.blocking:
            name, tint = "warning", "warning"
        line = QListWidgetItem(icon(name, tint), words)
        line.setData(Qt.ItemDataRole.UserRole, check)
        line.setToolTip("Go there (Enter)" if check.path is not None else "")
        self.list.addItem(line)

    def _current_check(self) -> Check | None:
        line = self.list.currentItem()
        found = line.data(Qt.ItemDataRole.UserRole) if line is not None else None
        return found if isinstance(found, Check) else None

    def _on_activated(self, line: QListWidgetItem) -> None:
        check = line.data(Qt.ItemDataRole.UserRole)
        if isinstance(check, Check) and check.path is not None:
            self.check_chosen.emit(check)


def words_within(title: str, sentence: str) -> str:
    """*sentence* without the section *title* it stands under: “Not answered.” for “8 Limitations is not answered.”"""
    if not sentence.startswith(title):
        return sentence
    rest = sentence.removeprefix(title).lstrip(" ›:").removeprefix("is ")
    return rest[:1].upper() + rest[1:]


def _section_of(check: Check) -> str:
    return check.path[0][0] if check.path is not None else ""


def _order(check: Check) -> int:
    return 0 if check.blocking else 1


def _words(role: str) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    label.setWordWrap(True)
    return label
