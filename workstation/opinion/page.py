"""The opinion page: sections, form, checks, and the signing dialog over it. Draws what `OpinionPresenter` says."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QVBoxLayout, QWidget

from sync.records.amendment import Amendment
from sync.records.opinion_checks import Check
from sync.records.questionnaire_response import ItemPath
from workstation.lanes import Lanes
from workstation.opinion.amendment_dialog import AmendmentDialog
from workstation.opinion.checks_pane import ChecksPane
from workstation.opinion.drop_amendment_dialog import DropAmendmentDialog
from workstation.opinion.opinion_view import OpinionState
from workstation.opinion.presenter import OpinionPresenter
from workstation.opinion.question_check import QUESTION_CHANGED
from workstation.opinion.questionnaire_form import QuestionnaireForm
from workstation.opinion.report_content import moment_words
from workstation.opinion.section_list import SectionList
from workstation.opinion.signing_dialog import PagePixels, RenderPages, SigningDialog
from workstation.opinion.signing_flow import PreparedOpinion
from workstation.window.patient_identity import identity_of


class OpinionPage(QWidget):
    """Wishes go to the presenter; *render_pages* draws a PDF's pages (in a process of its own)."""

    standing_changed = Signal()
    """What can be done with the opinion may be something else now."""

    def __init__(self, presenter: OpinionPresenter, lanes: Lanes, render_pages: RenderPages) -> None:
        super().__init__()
        self.setObjectName("page-opinion")
        self._presenter = presenter
        self._lanes = lanes
        self._render_pages = render_pages
        self._state: OpinionState | None = None
        self._dialog: SigningDialog | None = None
        self._question: AmendmentDialog | None = None

        self.sections = SectionList()
        self.form = QuestionnaireForm()
        self.checks = ChecksPane()
        self._notice = QLabel()
        self._notice.setProperty("role", "muted")
        self._notice.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._notice.setTextFormat(Qt.TextFormat.PlainText)
        self._notice.setWordWrap(True)
        work = QWidget()
        across = QHBoxLayout(work)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(self.sections)
        across.addWidget(self.form, 1)
        across.addWidget(self.checks)
        down = QVBoxLayout(self)
        down.setContentsMargins(0, 0, 0, 0)
        self._stack = QStackedLayout()
        # In this order: a stack without a parent shows its first widget as a window of its own, which takes the keys.
        down.addLayout(self._stack)
        self._stack.addWidget(self._notice)
        self._stack.addWidget(work)

        self.form.answer_requested.connect(presenter.set_answer)
        self.form.answers_requested.connect(presenter.set_answers)
        self.form.add_requested.connect(presenter.add_row)
        self.form.remove_requested.connect(presenter.remove_row)
        self.form.take_mark_requested.connect(presenter.take_mark)
        self.form.section_entered.connect(self.sections.mark_current)
        self.sections.section_requested.connect(self.form.jump_to_section)
        self.checks.check_chosen.connect(self._on_check)
        self.checks.sign_requested.connect(self.ask_to_sign)
        self.checks.amend_requested.connect(presenter.ask_to_amend)
        self.checks.confirm_requested.connect(presenter.confirm_question)
        self.checks.drop_requested.connect(presenter.ask_to_drop_amendment)
        self.show_opinion(None)
        presenter.attach(self)

    # --- what the presenter says ---

    def show_opinion(self, state: OpinionState | None) -> None:
        """Show this; None: no case is open."""
        former, self._state = self._state, state
        if _standing(former) != _standing(state):
            self.standing_changed.emit()
        if state is None:
            self._close_dialog()
            self.show_amendment_begun()
            self.form.clear()
            self._notice.setText("Open a case from the worklist to write its opinion.")
            self._stack.setCurrentIndex(0)
            return
        if former is not None and former.case_id != state.case_id:
            self.form.clear()  # half-typed words are nobody else's
        self.form.show_state(state.form)
        self.sections.show_sections(state.form.sections)
        self.checks.show_state(state)
        self._stack.setCurrentIndex(1)
        if former is None or former.case_id != state.case_id:
            self.form.verticalScrollBar().setValue(0)

    def show_problem(self, sentence: str) -> None:
        """The form of this case cannot be shown, and why."""
        self._notice.setText(sentence)
        self._stack.setCurrentIndex(0)

    def jump_to(self, path: ItemPath) -> None:
        """Take the reader to that item."""
        self.form.jump_to(path)

    def show_amendment_question(self, opinion_identifier: str) -> None:
        """Ask what is to be done to that delivered opinion, and why."""
        dialog = AmendmentDialog(self, opinion_identifier)
        dialog.amend_requested.connect(self._presenter.amend)
        self._question = dialog
        dialog.open_over(self.window())

    def show_amendment_refused(self, sentence: str) -> None:
        """It was not opened again, and why."""
        if self._question is not None:
            self._question.show_refusal(sentence)

    def show_amendment_begun(self) -> None:
        """Its form is open; the question goes."""
        if self._question is not None:
            self._question.accept()
            self._question.deleteLater()
            self._question = None

    def show_drop_question(self, amendment: Amendment) -> None:
        """Ask whether that amendment is to be given up."""
        dialog = DropAmendmentDialog(self, amendment.kind.value, amendment.opinion_identifier)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.drop_requested.connect(self._presenter.drop_amendment)
        dialog.open()

    def show_preview(self, prepared: PreparedOpinion, hint: str) -> None:
        """Open the signing dialog with exactly what will be signed."""
        self._close_dialog()
        case = prepared.case
        dialog = SigningDialog(
            self,
            identity=identity_of(case, prepared.frozen.signed_at.date()),
            signer=prepared.signer.name,
            title=prepared.title,
            meaning=prepared.meaning,
            moment=moment_words(prepared.frozen.signed_at),
            hint=hint,
        )
        dialog.sign_requested.connect(self._presenter.sign)
        dialog.cancelled.connect(self._on_cancelled)
        self._dialog = dialog
        dialog.open()
        width = dialog.page_width_device_px

        def drawn(pages: Sequence[PagePixels]) -> None:
            if self._dialog is dialog:
                dialog.show_pages(pages)

        def failed(error: Exception) -> None:
            if self._dialog is dialog:
                dialog.show_no_pages(f"The pages cannot be drawn, so nothing can be signed. {error}")

        self._lanes.cpu_lane(lambda: self._render_pages(prepared.preview_pdf, width), drawn, failed)

    def show_signing_refused(self, sentence: str) -> None:
        """Nothing was signed, and why."""
        if self._dialog is not None:
            self._dialog.show_refusal(sentence)
        else:
            self.checks.show_refusal(sentence)

    def show_signed(self) -> None:
        """It is signed; the dialog goes."""
        if self._dialog is not None:
            self._dialog.finish()
        self._drop_dialog()

    # --- what the reader does ---

    def _on_check(self, check: Check) -> None:
        if check.path is not None:
            self.form.jump_to(check.path)

    def ask_to_sign(self) -> None:
        """Half a date or half a number would be lost without a word: the reader sees to it first."""
        half_typed = self.form.find_half_typed()
        if half_typed is not None:
            self.form.jump_to(half_typed)
        else:
            self._presenter.ask_to_sign()

    def _on_cancelled(self) -> None:
        self._presenter.cancel_signing()
        self._drop_dialog()

    def _close_dialog(self) -> None:
        if self._dialog is not None:
            self._presenter.cancel_signing()
            self._dialog.finish()
            self._drop_dialog()

    def _drop_dialog(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None


def _standing(state: OpinionState | None) -> tuple[object, ...]:
    if state is None:
        return ()
    asks = tuple(check.name for check in state.checks if check.name == QUESTION_CHANGED)
    return state.case_id, state.can_sign, state.can_amend, state.is_amending, asks
