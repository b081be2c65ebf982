"""Decides what the opinion page shows and does: opens a case's opinion, takes answers, checks what is to be signed.

No Qt. Everything here runs on the UI thread; the lanes carry what takes time and bring its results back. Keeping drafts
is `drafting`'s, the signature `signing`'s, amendments are `amending`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sync.changes import Changes
from sync.records.amendment import AmendmentKind
from sync.records.answer import Answer
from sync.records.case import CaseId
from sync.records.opinion_checks import Check, blocking_checks, check_opinion
from sync.records.questionnaire_response import ItemPath, Response, load_response
from viewers.pathology.plain_file import Lend, lend_nothing
from workstation.failure_words import sentence_for
from workstation.lanes import Lanes
from workstation.opinion.amending import Amending
from workstation.opinion.amendment_check import amendment_check
from workstation.opinion.drafting import Drafting
from workstation.opinion.form_standing import form_state
from workstation.opinion.form_state import LengthMark
from workstation.opinion.length_answers import with_length
from workstation.opinion.loading import Loading
from workstation.opinion.opinion_desk import Desk, draft_of, load_desk, recalculate, renew_questions, state_anew
from workstation.opinion.opinion_status import opinion_status
from workstation.opinion.opinion_view import OpinionState, OpinionView
from workstation.opinion.question_check import QUESTION_CHANGED, question_check
from workstation.opinion.signing import Signing, SigningTools

if TYPE_CHECKING:
    from sync.store.database import Store
    from workstation.opinion.signing_flow import DrawKeyImages, ExportMarks


class OpinionPresenter:
    """One case's opinion at a time. *changed* hears of every mutation made here, *sync_requested* after signing."""

    def __init__(
        self,
        store: Store,
        lanes: Lanes,
        *,
        now: Callable[[], datetime],
        changed: Callable[[Changes], None],
        sync_requested: Callable[[], None],
        export_marks: ExportMarks,
        draw_key_images: DrawKeyImages | None,
        app_version: str = "",
        later: Callable[[float, Callable[[], None]], None] | None = None,
        lender: Callable[[CaseId], Lend] = lambda _case_id: lend_nothing,
    ) -> None:
        """*later(seconds, call)* calls on the UI thread; without it a failed draft waits for the next keystroke.
        *lender* lends a case's slides unencrypted, where marks lie on some that are read by path only."""
        self._store = store
        self._lanes = lanes
        self._now = now
        self._changed = changed
        self._sync_requested = sync_requested
        self._view: OpinionView | None = None
        self._desk: Desk | None = None
        self._response: Response | None = None
        self._calculation_notes: dict[ItemPath, str] = {}
        self._checks: tuple[Check, ...] = ()
        self._show_missing = False
        self._draft_announced = False
        self._loading = Loading(
            lanes,
            lambda case_id: load_desk(store, case_id, lender(case_id)),
            taken=self._take,
            failed=self._not_read,
        )
        self._drafting = Drafting(store, lanes, later, written=self._drafts_written, failed=self._show_saved)
        tools = SigningTools(now, export_marks, draw_key_images, app_version)
        self._signing = Signing(
            store, lanes, tools, on_screen=self._answers_on_screen, changed=self._show, signed=self._signed
        )
        self._amending = Amending(store, lanes, done=self._changed_here, failed=self._signing.fail)

    # --- opening -------------------------------------------------------------------------------------------------

    def attach(self, view: OpinionView) -> None:
        """Show opinions in *view* from now on."""
        self._view = self._signing.view = self._amending.view = view

    @property
    def case_id(self) -> CaseId | None:
        """The case whose opinion is on screen."""
        return self._desk.case.case_id if self._desk is not None else None

    def open_case(self, case_id: CaseId | None, opened: Callable[[], None] | None = None) -> None:
        """Load a case's opinion and show it; *opened* is called when it is on screen. None clears the page at once."""
        if self._desk is None or self._desk.case.case_id != case_id:
            self._clear()
        self._loading.open(case_id, opened or _nothing)

    def refresh(self) -> None:
        """Read the open case again: marks made, records that came, a receipt. Unsaved answers stay."""
        self._loading.refresh()

    def changes_happened(self, changes: Changes) -> None:
        """Refresh when something of the open case changed that this page shows."""
        if self.concerns(changes):
            self.refresh()

    def concerns(self, changes: Changes) -> bool:
        """Whether that touches what is shown here. Drafts are not among it: they come from here."""
        case_id = self.case_id
        return case_id is not None and any(
            case_id in touched for touched in (changes.cases, changes.objects, changes.annotations, changes.outbox)
        )

    @property
    def can_sign(self) -> bool:
        """An opinion is open that is not signed yet and not being signed."""
        return self._desk is not None and not self._desk.is_read_only and not self._signing.is_busy

    @property
    def can_amend(self) -> bool:
        """A delivered opinion is open, and may be amended."""
        return self._desk is not None and self._desk.can_amend and not self._signing.is_busy

    @property
    def is_amending(self) -> bool:
        """The form of a delivered opinion is open again."""
        return self._desk is not None and self._desk.amendment is not None and not self._signing.is_busy

    def _clear(self) -> None:
        self._desk, self._response = None, None
        self._checks, self._calculation_notes = (), {}
        self._show_missing, self._draft_announced = False, False
        self._drafting.problem = ""
        self._signing.cancel()
        if self._view is not None:
            self._view.show_opinion(None)

    def _not_read(self, error: Exception) -> None:
        if self._view is not None:
            self._view.show_problem(sentence_for(error))

    def _take(self, desk: Desk) -> None:
        same = self._desk is not None and self._desk.case.case_id == desk.case.case_id
        reopened = same and self._desk is not None and self._desk.is_signed  # to be signed again
        if same and not reopened and self._response is not None and not desk.is_signed and self._desk is not None:
            # What is on screen is newer than any draft; the form object stays, and with it the cursor.
            asked_before = self._desk.case.questions
            desk = replace(desk, form=self._desk.form)
            if desk.case.questions != asked_before:
                self._response, notes = renew_questions(desk.form, self._response, desk.case)
                self._response = state_anew(self._response, desk.context)
                desk = replace(desk, notes={**desk.notes, **notes})
        else:
            unsaved = None if desk.is_signed else self._drafting.find_unsaved(desk.case.case_id)
            self._response = desk.response if unsaved is None else load_response(desk.form, unsaved.response)
        self._desk = desk
        if not desk.is_signed and self._response is not None:
            self._response, self._calculation_notes = recalculate(desk.form, self._response, desk.context)
        self._show()

    # --- answering -----------------------------------------------------------------------------------------------

    def set_answer(self, path: ItemPath, answer: Answer | None) -> None:
        """The reader answered, or emptied, one question."""
        self._edit(lambda response: response.with_answer(path, answer))

    def set_answers(self, path: ItemPath, answers: tuple[Answer, ...]) -> None:
        """The reader ticked answers of a list."""
        self._edit(lambda response: response.with_answers(path, answers))

    def add_row(self, path: ItemPath) -> None:
        """One more repetition; the reader is taken there."""
        if self._edit(lambda response: response.with_row(path)) and self._response is not None:
            new = (*path[:-1], (path[-1][0], self._response.count_rows(path) - 1))
            if self._view is not None:
                self._view.jump_to(new)

    def remove_row(self, path: ItemPath) -> None:
        """The reader took a repetition away."""
        self._edit(lambda response: response.without_row(path))

    def take_mark(self, path: ItemPath, mark: LengthMark) -> None:
        """Fill a measurement from a length mark."""
        desk = self._desk
        if desk is not None and mark.value_mm is not None:
            self._edit(lambda response: with_length(desk.form, response, path, mark))

    def _edit(self, change: Callable[[Response], Response]) -> bool:
        """Change the answers, keep them, show what follows. False when nothing may change any more."""
        desk, response = self._desk, self._response
        if desk is None or response is None or desk.is_read_only or self._signing.is_previewed:
            return False
        try:
            changed = change(response)
        except KeyError:  # the row went away between the key and its arrival
            return False
        self._response, self._calculation_notes = recalculate(desk.form, changed, desk.context)
        self._drafting.keep(draft_of(desk, self._response, self._now().astimezone(UTC)))
        self._show()
        return True

    def _drafts_written(self, changes: Changes) -> None:
        self._show_saved()
        if self.case_id in changes.opinions and not self._draft_announced:
            self._draft_announced = True
            self._changed(changes)  # the worklist now says “In progress”

    def _show_saved(self) -> None:
        if self._drafting.problem or self._drafting.find_unsaved(self.case_id) is None:
            self._show()

    @property
    def can_confirm_question(self) -> bool:
        """The question changed under the answer, and the reader has not said yet that it still fits."""
        return any(check.name == QUESTION_CHANGED for check in self._checks)

    def confirm_question(self) -> None:
        """The reader says that the answer fits the question as it is asked now."""
        case_id = self.case_id
        if case_id is not None and self.can_confirm_question:
            self._lanes.store_lane(
                lambda: self._store.questions.confirm(case_id), self._changed_here, self._signing.fail
            )

    # --- signing and amending ------------------------------------------------------------------------------------

    def ask_to_sign(self) -> None:
        """Check; then freeze and show exactly what will be signed. A failed check takes the reader to its place."""
        desk, response = self._desk, self._response
        if desk is None or response is None or desk.is_read_only or self._signing.is_busy:
            return
        blocking = blocking_checks(self._checks)
        if not blocking:
            self._signing.prepare(desk, response)
            return
        self._show_missing = True
        self._show()
        path = next((check.path for check in blocking if check.path is not None), None)
        if path is not None and self._view is not None:
            self._view.jump_to(path)

    def cancel_signing(self) -> None:
        """The dialog was closed; what was frozen is dropped."""
        self._signing.cancel()

    def sign(self, passphrase: str, pin: str) -> None:
        """Sign what was previewed."""
        self._signing.sign(passphrase, pin)

    def _answers_on_screen(self, case_id: CaseId) -> Response | None:
        return self._response if self.case_id == case_id else None

    def _signed(self, changes: Changes) -> None:
        self.refresh()
        self._changed(changes)
        self._sync_requested()

    def ask_to_amend(self) -> None:
        """Ask for the kind and the reason first."""
        if self.can_amend and self._desk is not None and self._view is not None:
            self._view.show_amendment_question(self._desk.signed_identifier)

    def amend(self, kind: AmendmentKind, reason: str) -> None:
        """Open the form of the delivered opinion again."""
        if self.case_id is not None and self.can_amend:
            self._amending.begin(self.case_id, kind, reason)

    def ask_to_drop_amendment(self) -> None:
        """Say first what is lost."""
        if self.is_amending and self._desk is not None and self._desk.amendment is not None and self._view is not None:
            self._view.show_drop_question(self._desk.amendment)

    def drop_amendment(self) -> None:
        """The delivered opinion stands as it was; what was typed since is gone."""
        if self.case_id is not None and self.is_amending:
            self._amending.drop(self.case_id)

    def _changed_here(self, changes: Changes) -> None:
        self._changed(changes)
        self.refresh()

    # --- showing -------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        desk, response = self._desk, self._response
        if desk is None or response is None or self._view is None:
            return
        self._checks = () if desk.is_read_only else self._make_checks(desk, response)
        notes = {**desk.notes, **self._calculation_notes}
        form = form_state(desk, response, notes, show_missing=self._show_missing)
        self._view.show_opinion(
            OpinionState(
                case_id=desk.case.case_id,
                form=form,
                checks=self._checks,
                status=opinion_status(desk),
                saved=self._saved_words(desk),
                can_sign=self.can_sign,
                receipt=desk.receipt,
                can_amend=self.can_amend,
                is_amending=desk.amendment is not None,
                is_closed=bool(desk.closed),
                signed_by=f"{desk.signer_name}, {desk.signed_at_text}" if desk.is_signed else "",
            )
        )

    def _make_checks(self, desk: Desk, response: Response) -> tuple[Check, ...]:
        changed = question_check(desk.question_change, desk.case, desk.form)
        opinion = check_opinion(desk.form, response, desk.case, desk.incomplete)
        checks = [*desk.hindrances, *((changed,) if changed is not None else ())]
        if desk.amendment is not None and desk.delivered is not None:
            checks.append(amendment_check(desk.amendment, desk.delivered, response))
        return (*checks, *opinion)

    def _saved_words(self, desk: Desk) -> str:
        if desk.is_read_only:
            return ""
        if self._drafting.problem:
            return f"Not saved: {self._drafting.problem}"
        is_saving = self._drafting.find_unsaved(self.case_id) is not None
        return "Saving …" if is_saving else "Saved on this computer"


def _nothing() -> None:
    """Nobody waits for this."""
