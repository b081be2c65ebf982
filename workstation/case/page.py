"""The case page: question, first report and what is missing at the left, the chosen record at the right."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workstation.background import Background
from workstation.case.case_moves import Standing
from workstation.case.case_summary import CaseSummary, MissingLine, RecordLine
from workstation.case.conversation import Conversation
from workstation.case.document_pane import DocumentPane
from workstation.case.messages_pane import MessagesPane
from workstation.case.mismatch_banner import MismatchBanner
from workstation.case.records_list import ROW_HEIGHT_PX, LabTable, RecordsList
from workstation.case.standing_banner import StandingBanner
from workstation.window.icons import icon
from workstation.window.release_banner import ReleaseBanner
from workstation.window.theme import set_role

LEFT_WIDTH_PX = 500
DOCUMENT_FACE, LABS_FACE, MESSAGES_FACE = range(3)


class CasePage(QWidget):
    """Shows a `CaseSummary`; emits what the reader wants."""

    images_requested = Signal()
    opinion_requested = Signal()
    accept_requested = Signal()
    resume_requested = Signal()
    take_back_requested = Signal(int)
    """The outbox entry of a message; 0: the case's last move."""
    message_sent = Signal(str)
    message_draft_changed = Signal(str, str)
    """Case, and what is written so far."""
    messages_requested = Signal()
    messages_shown = Signal()
    """The conversation is in front of the reader."""
    override_requested = Signal(str)
    record_shown = Signal(str, str)
    """Case and record of the document that is asked for; both empty: none is shown."""

    def __init__(
        self,
        background: Background,
        load_document: Callable[[str, str], bytes],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._load_document = load_document
        self._summary: CaseSummary | None = None
        self.banner = MismatchBanner()
        self.banner.override_requested.connect(self.override_requested)
        self.document = DocumentPane(background)
        self._labs = LabTable()
        self.release = ReleaseBanner("card")
        self.standing = StandingBanner()
        self.standing.resume_requested.connect(self.resume_requested)
        self.standing.take_back_requested.connect(lambda: self.take_back_requested.emit(0))
        self.messages = MessagesPane()
        self.messages.send_requested.connect(self.message_sent)
        self.messages.take_back_requested.connect(self.take_back_requested)
        self.messages.draft_changed.connect(self.message_draft_changed)
        self.messages.left.connect(self._leave_messages)
        self._right = QStackedWidget()
        self._right.addWidget(self.document)
        self._right.addWidget(_card("Laboratory results", self._labs))
        self._right.addWidget(self.messages)
        self._beside_messages = DOCUMENT_FACE
        self._moves_menu: QMenu | None = None
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(14)
        splitter.addWidget(self._make_left())
        splitter.addWidget(self._right)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([LEFT_WIDTH_PX, 900])
        splitter.setStyleSheet("QSplitter::handle { background: transparent; }")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 12)
        layout.setSpacing(12)
        layout.addLayout(self._make_head())
        layout.addWidget(self.banner)
        layout.addWidget(self.release)
        layout.addWidget(self.standing)
        layout.addWidget(splitter, 1)
        self.setFocusProxy(self._records)
        self.show_case(None)

    def show_case(self, summary: CaseSummary | None) -> None:
        """Show a case, or that none is open. The same case again keeps the chosen record."""
        last, self._summary = self._summary, summary
        same = last is not None and summary is not None and last.case.case_id == summary.case.case_id
        if not same:
            self.record_shown.emit("", "")
        self._show_head(summary)
        self.banner.show_mismatch(summary.foreign if summary else (), summary.override_reason if summary else None)
        self._show_words(summary)
        self.standing.show_standing(summary.standing if summary else Standing())
        self._show_conversation(summary)
        if summary is None:
            self._records.show_records((), None)
            self._labs.show_results(())
            self.document.clear("No case open.")
            self._right.setCurrentIndex(DOCUMENT_FACE)
            return
        self._labs.show_results(summary.labs)
        if same and last is not None and last.records == summary.records:
            return
        if not same:
            self._left.verticalScrollBar().setValue(0)  # the question first
            self.document.clear("")
            self._right.setCurrentIndex(DOCUMENT_FACE)
        current = self._records.current_key() if same else None
        if current is None:
            current = next((line.key for line in summary.records if line.showable and line.kind == "document"), None)
        face = self._right.currentIndex()
        self._records.show_records(summary.records, current)
        if same and face == MESSAGES_FACE:
            self._right.setCurrentIndex(MESSAGES_FACE)  # records that arrive take no message out of sight
            self._messages.setChecked(True)

    def show_messages(self) -> None:
        """Bring the conversation to the front, ready to write; again: back to the records."""
        if self._summary is not None and self._right.currentIndex() == MESSAGES_FACE:
            self._leave_messages()
        else:
            self.bring_messages()

    def bring_messages(self, words: str = "") -> None:
        """The conversation to the front, ready to write, wherever the reader is on the page; *words* to begin with."""
        if self._summary is None:
            return
        self._beside_messages = self._right.currentIndex()
        self._right.setCurrentIndex(MESSAGES_FACE)
        self.messages.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._show_conversation(self._summary)
        self.messages.suggest(words)

    def _leave_messages(self) -> None:
        self._right.setCurrentIndex(self._beside_messages)
        self._records.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_conversation(self._summary)

    def _show_conversation(self, summary: CaseSummary | None) -> None:
        conversation = summary.conversation if summary else Conversation()
        case_id = summary.case.case_id if summary else ""
        self.messages.show_conversation(case_id, conversation, can_write=bool(summary and summary.can_write))
        unread = len(conversation.unread)
        is_shown = self._right.currentIndex() == MESSAGES_FACE
        self._messages.setText(f"Messages · {unread} new (Ctrl+M)" if unread else "Messages (Ctrl+M)")
        self._messages.setChecked(is_shown)
        self._messages.setEnabled(summary is not None)
        self._messages.setIcon(icon("message", "accent" if unread else "text_bright"))
        if unread and is_shown and self.isVisible():
            self.messages_shown.emit()

    def use_moves(self, menu: QMenu) -> None:
        """The less usual moves, behind one button."""
        self._moves_menu = menu

    def _show_more(self) -> None:
        if self._moves_menu is not None:
            self._moves_menu.popup(self._more.mapToGlobal(self._more.rect().bottomLeft()))

    def _make_head(self) -> QHBoxLayout:
        self._title = QLabel()
        self._title.setProperty("role", "title")
        self._state = QLabel()
        self._priority = QLabel()
        self._due = QLabel()
        self._accept = self._button("case-accept", "Accept (Ctrl+Shift+A)", "accept", self.accept_requested)
        self._images = self._button("case-open-images", "Images (F4)", "images", self.images_requested)
        self._opinion = self._button("case-open-opinion", "Opinion (F6)", "opinion", self.opinion_requested)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._title)
        for pill in (self._state, self._priority, self._due):
            pill.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
            head.addWidget(pill)
        head.addStretch(1)
        self._messages = self._button("case-messages", "Messages (Ctrl+M)", "message", self.messages_requested)
        self._messages.setCheckable(True)
        self._more = QPushButton(icon("more", "text_bright"), "More")
        self._more.setObjectName("case-more")
        self._more.setToolTip("Ask for records, decline, close without an opinion")
        self._more.setAutoDefault(False)
        self._more.clicked.connect(self._show_more)
        head.addWidget(self._more)
        for button in (self._messages, self._accept, self._opinion, self._images):
            head.addWidget(button)
        return head

    def _make_left(self) -> QWidget:
        self._question = _words("case-question", "quote")
        self._diagnosis = _words("case-diagnosis", "")
        self._report = _words("case-first-report", "")
        self._missing = QVBoxLayout()
        self._missing_lines: tuple[MissingLine, ...] = ()
        self._missing.setSpacing(6)
        missing = QWidget()
        missing.setObjectName("case-missing")
        missing.setLayout(self._missing)
        self._missing.setContentsMargins(0, 0, 0, 0)
        self._missing_card = _card("WHAT IS MISSING", missing, caption=True)
        self._receipt = _words("case-receipt", "good")
        self._receipt_card = _card("RECEIPT", self._receipt, caption=True)
        self._records = RecordsList()
        self._records.record_chosen.connect(self._show_record)
        self._records.open_requested.connect(self._open_record)
        self._report_card = _card("FIRST REPORT", self._report, caption=True)
        column = QWidget()
        left = QVBoxLayout(column)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(12)
        left.addWidget(_card("THE QUESTION", self._question, caption=True))
        left.addWidget(_card("WORKING DIAGNOSIS", self._diagnosis, caption=True))
        left.addWidget(self._report_card)
        left.addWidget(self._receipt_card)
        left.addWidget(self._missing_card)
        left.addWidget(_card("RECORDS", self._records, caption=True), 1)
        self._left = QScrollArea()
        self._left.setWidgetResizable(True)
        self._left.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._left.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._left.setMinimumWidth(360)
        self._left.setWidget(column)
        return self._left

    def _show_head(self, summary: CaseSummary | None) -> None:
        self._title.setText(summary.case.case_id if summary else "No case open")
        for pill, text, tone in (
            (self._state, summary.state.text if summary else "", summary.state.tone if summary else ""),
            (self._priority, summary.priority if summary else "", summary.priority_tone if summary else ""),
            (self._due, f"due {summary.due.text}" if summary else "", summary.due.tone if summary else ""),
        ):
            pill.setText(text)
            pill.setVisible(bool(text))
            set_role(pill, "pill", tone)
        can_accept = bool(summary and summary.moves.can_accept)
        self._accept.setVisible(can_accept)
        self._more.setEnabled(summary is not None)
        self._images.setEnabled(bool(summary and summary.has_images and not summary.is_blocked))
        self._opinion.setEnabled(summary is not None)
        # One next step stands out: take the case, then look at it.
        set_role(self._accept, "primary")
        set_role(self._images, "" if can_accept else "primary")

    def _show_words(self, summary: CaseSummary | None) -> None:
        questions = summary.case.questions if summary else ()
        numbered = [f"{n}. {text}" for n, text in enumerate(questions, 1)] if len(questions) > 1 else list(questions)
        self._question.setText("\n\n".join(numbered) or "No question given.")
        self._diagnosis.setText((summary.case.working_diagnosis if summary else "") or "None given.")
        reports = summary.reports if summary else ()
        self._report.setText("\n\n".join(f"{report.title}: {report.conclusion}" for report in reports))
        self._report_card.setVisible(bool(reports))
        self._receipt.setText(summary.receipt if summary else "")
        self._receipt_card.setVisible(bool(summary and summary.receipt))
        self._show_missing(summary.missing if summary else ())
        self._records.setMinimumHeight(min(max(len(summary.records) if summary else 1, 2), 5) * ROW_HEIGHT_PX + 4)

    def _show_missing(self, lines: tuple[MissingLine, ...]) -> None:
        if lines != self._missing_lines:
            self._missing_lines = lines
            while (item := self._missing.takeAt(0)) is not None:
                widget = item.widget()
                if widget is not None:
                    widget.hide()  # its end comes later, and until then it would be drawn below its successor
                    widget.deleteLater()
            for line in lines:
                label = QLabel(line.text)
                label.setWordWrap(True)
                label.setProperty("role", "error" if line.tone == "danger" else "warning")
                self._missing.addWidget(label)
        self._missing_card.setVisible(bool(lines))

    def _show_record(self, line: RecordLine) -> None:
        if self._summary is None:
            return
        self._messages.setChecked(False)
        if line.kind == "labs":
            self.record_shown.emit(self._summary.case.case_id, line.key)
            self._right.setCurrentIndex(LABS_FACE)
            return
        self._right.setCurrentIndex(DOCUMENT_FACE)
        if not line.showable:
            self.record_shown.emit("", "")
            self.document.clear(line.sentence)
            return
        case_id = self._summary.case.case_id
        self.record_shown.emit(case_id, line.key)
        self.document.show_document(line.title, lambda: self._load_document(case_id, line.key))

    def _open_record(self, line: RecordLine) -> None:
        if line.kind in ("study", "slide"):
            self.images_requested.emit()
        else:
            self.document.setFocus(Qt.FocusReason.OtherFocusReason)

    def _button(self, name: str, text: str, glyph: str, wish: object) -> QPushButton:
        button = QPushButton(icon(glyph, "text_bright"), text)
        button.setObjectName(name)
        button.setIconSize(QSize(18, 18))
        button.setAutoDefault(False)
        button.clicked.connect(lambda _checked=False: wish.emit())  # type: ignore[attr-defined]
        return button


def _card(title: str, content: QWidget, *, caption: bool = False) -> QFrame:
    card = QFrame()
    card.setProperty("role", "card")
    heading = QLabel(title)
    heading.setProperty("role", "caption" if caption else "heading")
    layout = QVBoxLayout(card)
    layout.setContentsMargins(14, 10, 14, 12)
    layout.setSpacing(8)
    layout.addWidget(heading)
    layout.addWidget(content, 1)
    return card


def _words(name: str, role: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    # As high as the words at the present width: a fixed guess leaves a gap, or cuts them.
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label
