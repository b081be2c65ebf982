"""Decides what the opinion page shows and does: answers, drafts kept at each keystroke, checks, signing, receipt.

No Qt. Everything here runs on the UI thread; the lanes carry what takes time and bring its results back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from sync.changes import Changes
from sync.errors import SigningRefused, SyncError
from sync.records.amendment import AmendmentKind
from sync.records.answer import Answer, Quantity
from sync.records.answer_rules import Enablement, missing_answers, refused_answers
from sync.records.case import CaseId
from sync.records.opinion import OpinionDraft, Receipt
from sync.records.opinion_checks import Check, blocking_checks, check_opinion
from sync.records.outbox_entry import OutboxEntry, OutboxState
from sync.records.questionnaire import Item
from sync.records.questionnaire_response import ItemPath, Response, load_response
from viewers.errors import ViewerError
from workstation.case_state import ALREADY_THERE
from workstation.lanes import Lanes
from workstation.opinion.code_lists import load_code_lists
from workstation.opinion.form_state import MEASUREMENTS, FormState, LengthMark, SectionProgress
from workstation.opinion.opinion_desk import Desk, draft_of, load_desk, recalculate

if TYPE_CHECKING:
    from sync.store.database import Store
    from workstation.opinion.signing_flow import DrawKeyImages, ExportMarks, PreparedOpinion


RETRY_S = 2.0
WHAT_NEXT = "What you signed stays on this computer, unsent: call the hospital."
CHOICE_IS_OPEN = "It stays on this computer, unsent, until you decide (Ctrl+Shift+X)."


@dataclass(frozen=True, slots=True)
class StatusWords:
    """Where the opinion stands: a pill and a line."""

    text: str
    tone: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OpinionState:
    """Everything the opinion page shows."""

    case_id: CaseId
    form: FormState
    checks: tuple[Check, ...]
    status: StatusWords
    saved: str
    """Whether the last keystroke is on disk."""
    can_sign: bool
    receipt: Receipt | None = None
    signed_by: str = ""
    can_amend: bool = False
    is_amending: bool = False
    is_closed: bool = False
    """Nothing can be written any more, and nothing was signed."""


class OpinionView(Protocol):
    """What the presenter tells the page."""

    def show_opinion(self, state: OpinionState | None) -> None:
        """Show this; None: no case is open."""

    def show_problem(self, sentence: str) -> None:
        """The form of this case cannot be shown, and why."""

    def jump_to(self, path: ItemPath) -> None:
        """Take the reader to that item."""

    def show_amendment_question(self, opinion_identifier: str) -> None:
        """Ask what is to be done to that delivered opinion, and why."""

    def show_amendment_refused(self, sentence: str) -> None:
        """It was not opened again, and why."""

    def show_amendment_begun(self) -> None:
        """Its form is open; the question can go."""

    def show_preview(self, prepared: PreparedOpinion, hint: str) -> None:
        """Open the signing dialog with exactly what will be signed."""

    def show_signing_refused(self, sentence: str) -> None:
        """Nothing was signed, and why."""

    def show_signed(self) -> None:
        """It is signed; the dialog can go."""


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
    ) -> None:
        """*later(seconds, call)* calls on the UI thread; without it a failed draft waits for the next keystroke."""
        self._store = store
        self._lanes = lanes
        self._now = now
        self._changed = changed
        self._sync_requested = sync_requested
        self._export_marks = export_marks
        self._draw_key_images = draw_key_images
        self._app_version = app_version
        self._view: OpinionView | None = None
        self._wanted: CaseId | None = None
        self._desk: Desk | None = None
        self._response: Response | None = None
        self._calculation_notes: dict[ItemPath, str] = {}
        self._checks: tuple[Check, ...] = ()
        self._show_missing = False
        self._refreshing = False
        self._refresh_again = False
        self._later = later
        self._unsaved: dict[CaseId, OpinionDraft] = {}
        self._unsaved_lock = threading.Lock()  # the store lane takes drafts out that this thread puts in
        self._retry_is_due = False
        self._save_failed = ""
        self._draft_announced = False
        self._prepared: PreparedOpinion | None = None
        self._busy = False

    # --- opening -------------------------------------------------------------------------------------------------

    def attach(self, view: OpinionView) -> None:
        """Show opinions in *view* from now on."""
        self._view = view

    @property
    def case_id(self) -> CaseId | None:
        """The case whose opinion is on screen."""
        return self._desk.case.case_id if self._desk is not None else None

    def open_case(self, case_id: CaseId | None, opened: Callable[[], None] | None = None) -> None:
        """Load a case's opinion and show it; *opened* is called when it is on screen. None clears the page at once."""
        self._wanted = case_id
        if self._desk is None or self._desk.case.case_id != case_id:
            self._clear()
        if case_id is not None:
            self._load(case_id, opened or _nothing)

    def _load(self, case_id: CaseId, opened: Callable[[], None], settled: Callable[[], None] | None = None) -> None:
        def done(desk: Desk) -> None:
            if self._wanted == case_id:
                self._take(desk)
                opened()
            if settled is not None:
                settled()

        def failed(error: Exception) -> None:
            if self._wanted == case_id and self._view is not None:
                self._view.show_problem(_sentence(error))
            if settled is not None:
                settled()

        # Past the store lane first, so that drafts and marks handed over before are in what is read.
        self._lanes.store_lane(
            lambda: None,
            lambda _none: self._lanes.cpu_lane(lambda: load_desk(self._store, case_id), done, failed),
            failed,
        )

    def refresh(self) -> None:
        """Read the open case again: marks made, records that came, a receipt. Unsaved answers stay.

        While one reading is under way further wishes join into one that follows: a download changes a lot.
        """
        if self._wanted is None:
            return
        if self._refreshing:
            self._refresh_again = True
            return
        self._refreshing, self._refresh_again = True, False
        self._load(self._wanted, _nothing, self._refreshed)

    def _refreshed(self) -> None:
        self._refreshing = False
        if self._refresh_again:
            self.refresh()

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
        return self._desk is not None and not self._desk.is_read_only and not self._busy

    @property
    def can_amend(self) -> bool:
        """A delivered opinion is open, and may be amended."""
        return self._desk is not None and self._desk.can_amend and not self._busy

    @property
    def is_amending(self) -> bool:
        """The form of a delivered opinion is open again."""
        return self._desk is not None and self._desk.amendment is not None and not self._busy

    def _clear(self) -> None:
        self._desk, self._response, self._prepared = None, None, None
        self._checks, self._calculation_notes = (), {}
        self._show_missing, self._save_failed, self._draft_announced = False, "", False
        if self._view is not None:
            self._view.show_opinion(None)

    def _take(self, desk: Desk) -> None:
        same = self._desk is not None and self._desk.case.case_id == desk.case.case_id
        reopened = same and self._desk is not None and self._desk.is_signed  # to be signed again
        if same and not reopened and self._response is not None and not desk.is_signed and self._desk is not None:
            # What is on screen is newer than any draft; the form object stays, and with it the cursor.
            desk = replace(desk, form=self._desk.form)
        else:
            unsaved = None if desk.is_signed else self._unsaved.get(desk.case.case_id)
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
        """Fill a measurement from a length mark: its label, and the long axis, or the short one if that is taken."""
        _group, label, long_axis, short_axis = MEASUREMENTS
        if mark.value_mm is None or self._response is None or self._desk is None:
            return
        length = self._length_answer(mark.value_mm)

        def fill(response: Response) -> Response:
            label_path, long_path = (*path, (label, 0)), (*path, (long_axis, 0))
            if response.find_answer(long_path) is None:
                response = response.with_answer(long_path, length)
                if response.find_answer(label_path) is None:
                    response = response.with_answer(label_path, Answer("valueString", mark.label))
                return response
            return response.with_answer((*path, (short_axis, 0)), length)

        self._edit(fill)

    def _length_answer(self, value_mm: float) -> Answer:
        item = self._desk.form.find(MEASUREMENTS[2]) if self._desk is not None else None
        if item is None or not item.units:
            return Answer("valueQuantity", Quantity(value_mm, "mm"))
        unit = item.units[0]
        return Answer("valueQuantity", Quantity(value_mm, unit.display or unit.code, unit.system, unit.code))

    def _edit(self, change: Callable[[Response], Response]) -> bool:
        """Change the answers, keep them, show what follows. False when nothing may change any more."""
        desk, response = self._desk, self._response
        if desk is None or response is None or desk.is_read_only or self._prepared is not None:
            return False
        try:
            changed = change(response)
        except KeyError:  # the row went away between the key and its arrival
            return False
        self._response, self._calculation_notes = recalculate(desk.form, changed, desk.context)
        self._save()
        self._show()
        return True

    # --- keeping -------------------------------------------------------------------------------------------------

    def _save(self) -> None:
        """Hand the newest draft to the store lane at once: switching case or closing the window loses no keystroke.

        Every job there writes the newest drafts there are, so that many keystrokes become few writes.
        """
        desk, response = self._desk, self._response
        if desk is None or response is None:
            return
        draft = draft_of(desk, response, self._now().astimezone(UTC))
        with self._unsaved_lock:
            self._unsaved[draft.case_id] = draft
        self._write()

    def _write(self) -> None:
        self._lanes.store_lane(self._write_drafts, self._drafts_written, self._drafts_failed)

    def _write_drafts(self) -> Changes:
        changes = Changes()
        for case_id, draft in tuple(self._unsaved.items()):
            with suppress(SigningRefused):  # what was signed stands; this draft has nothing to add to it
                changes |= self._store.opinions.put_draft(draft)
            with self._unsaved_lock:
                if self._unsaved.get(case_id) is draft:
                    del self._unsaved[case_id]
        return changes

    def _drafts_written(self, changes: Changes) -> None:
        self._save_failed = ""
        self._show_saved()
        if self.case_id in changes.opinions and not self._draft_announced:
            self._draft_announced = True
            self._changed(changes)  # the worklist now says “In progress”

    def _drafts_failed(self, error: Exception) -> None:
        self._save_failed = _sentence(error)
        self._show_saved()
        if self._later is not None and not self._retry_is_due:
            self._retry_is_due = True
            self._later(RETRY_S, self._retry)

    def _retry(self) -> None:
        self._retry_is_due = False
        if self._unsaved:
            self._write()

    @property
    def _saving(self) -> bool:
        return self.case_id in self._unsaved

    def _show_saved(self) -> None:
        if self._save_failed or not self._saving:
            self._show()

    # --- signing -------------------------------------------------------------------------------------------------

    def ask_to_sign(self) -> None:
        """Check; then freeze and show exactly what will be signed. A failed check takes the reader to its place."""
        desk, response = self._desk, self._response
        if desk is None or response is None or desk.is_read_only or self._busy:
            return
        blocking = blocking_checks(self._checks)
        if blocking:
            self._show_missing = True
            self._show()
            path = next((check.path for check in blocking if check.path is not None), None)
            if path is not None and self._view is not None:
                self._view.jump_to(path)
            return
        self._busy = True
        self._show()

        def work() -> tuple[PreparedOpinion, str]:
            from workstation.opinion.signing_flow import prepare_opinion  # pyHanko, fpdf2: not before they are needed

            prepared = prepare_opinion(
                self._store,
                desk.case,
                desk.form,
                response,
                export_marks=self._export_marks,
                draw_key_images=self._draw_key_images,
                app_version=self._app_version,
                now=self._now().astimezone(),
            )
            return prepared, self._store.session.find("demo_signing_hint") or ""

        def done(found: tuple[PreparedOpinion, str]) -> None:
            self._busy = False
            if self.case_id != desk.case.case_id:
                return
            if self._response != response:
                # Typed while the preview was made: what is on screen is not what would be signed.
                self._signing_failed(SigningRefused("The answers changed meanwhile. Nothing was signed; sign again."))
                return
            self._prepared = found[0]
            self._show()
            if self._view is not None:
                self._view.show_preview(*found)

        self._lanes.store_lane(
            lambda: None, lambda _none: self._lanes.cpu_lane(work, done, self._signing_failed), self._signing_failed
        )

    def cancel_signing(self) -> None:
        """The dialog was closed; what was frozen is dropped."""
        self._prepared = None

    def sign(self, passphrase: str, pin: str) -> None:
        """Sign what was previewed."""
        prepared = self._prepared
        if prepared is None or self._busy:
            return
        self._busy = True

        def work() -> Changes:
            from workstation.opinion.signing_flow import sign_opinion

            return sign_opinion(self._store, prepared, passphrase, pin, now=self._now().astimezone())[1]

        def done(changes: Changes) -> None:
            self._busy, self._prepared = False, None
            if self._view is not None:
                self._view.show_signed()
            self.refresh()
            self._changed(changes)
            self._sync_requested()

        # The store lane, so that every mark and draft handed over before is in the store when the case is sealed.
        self._lanes.store_lane(work, done, self._signing_failed)

    def _signing_failed(self, error: Exception) -> None:
        self._busy = False
        self._show()
        if self._view is not None:
            self._view.show_signing_refused(_sentence(error))

    # --- amending ------------------------------------------------------------------------------------------------

    def ask_to_amend(self) -> None:
        """Ask for the kind and the reason first."""
        if self.can_amend and self._desk is not None and self._view is not None:
            self._view.show_amendment_question(self._desk.signed_identifier)

    def amend(self, kind: AmendmentKind, reason: str) -> None:
        """Open the form of the delivered opinion again."""
        case_id = self.case_id
        if case_id is None or not self.can_amend:
            return

        def done(changes: Changes) -> None:
            if self._view is not None:
                self._view.show_amendment_begun()
            self._changed(changes)
            self.refresh()

        def failed(error: Exception) -> None:
            if self._view is not None:
                self._view.show_amendment_refused(_sentence(error))

        self._lanes.store_lane(lambda: self._store.amendments.begin(case_id, kind, reason), done, failed)

    def drop_amendment(self) -> None:
        """The delivered opinion stands as it was; what was typed since is gone."""
        case_id = self.case_id
        if case_id is None or not self.is_amending:
            return

        def done(changes: Changes) -> None:
            self._changed(changes)
            self.refresh()

        self._lanes.store_lane(lambda: self._store.amendments.drop(case_id), done, self._signing_failed)

    # --- showing -------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        desk, response = self._desk, self._response
        if desk is None or response is None or self._view is None:
            return
        self._checks = () if desk.is_read_only else self._make_checks(desk, response)
        enabled = Enablement(response).enabled_paths()
        missing = {problem.path: problem.sentence for problem in missing_answers(desk.form, response)}
        form = FormState(
            form=desk.form,
            response=response,
            enabled=enabled,
            missing={} if desk.is_read_only else missing,
            refused={problem.path: problem.sentence for problem in refused_answers(desk.form, response)},
            notes={**desk.notes, **self._calculation_notes},
            sections=_sections(desk, response, enabled, missing),
            candidates=(*desk.records, *desk.marks),
            lengths=desk.lengths,
            code_lists=load_code_lists(),
            read_only=desk.is_read_only,
            show_missing=self._show_missing and not desk.is_read_only,
        )
        self._view.show_opinion(
            OpinionState(
                case_id=desk.case.case_id,
                form=form,
                checks=self._checks,
                status=_status(desk),
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
        return (*desk.hindrances, *check_opinion(desk.form, response, desk.case, desk.incomplete))

    def _saved_words(self, desk: Desk) -> str:
        if desk.is_read_only:
            return ""
        if self._save_failed:
            return f"Not saved: {self._save_failed}"
        return "Saving …" if self._saving else "Saved on this computer"


def _nothing() -> None:
    """Nobody waits for this."""


def _sentence(error: Exception) -> str:
    if isinstance(error, SyncError | ViewerError):
        return str(error)
    return f"Something went wrong inside the program ({type(error).__name__}); the log has the details."


def _status(desk: Desk) -> StatusWords:
    if desk.amendment is not None:
        detail = f"{desk.amendment.title}. Reason: {desk.amendment.reason}\nOnly on this computer until you sign it."
        return StatusWords(f"Draft {desk.amendment.kind.value}", "accent", detail)
    if desk.closed:
        return StatusWords("Closed", "", desk.closed)
    if not desk.is_signed:
        return StatusWords("Draft", "accent", "Only on this computer until you sign it.")
    if desk.receipt is not None:
        title = f"Delivered, {desk.amends}" if desk.amends else "Delivered"
        detail = f"The hospital has received your opinion. {desk.unsent_version}".rstrip()
        return StatusWords(title, "good", detail)
    if desk.left_unsent is not None:
        return StatusWords(ALREADY_THERE.text, ALREADY_THERE.tone, desk.left_unsent.sentence)
    entry: OutboxEntry | None = desk.outbox_entry
    if entry is not None and entry.state is OutboxState.NEEDS_ATTENTION:
        what_next = CHOICE_IS_OPEN if desk.has_conflict else WHAT_NEXT
        return StatusWords("Signed, not delivered", "danger", f"{entry.last_error} {what_next}")
    detail = entry.last_error if entry is not None and entry.last_error else "It leaves with the next sync."
    return StatusWords("Signed, waiting to leave", "warning", detail)


def _sections(
    desk: Desk, response: Response, enabled: frozenset[ItemPath], missing: dict[ItemPath, str]
) -> tuple[SectionProgress, ...]:
    sections = []
    for item in desk.form.items:
        if ((item.link_id, 0),) not in enabled or item.hidden:
            continue
        demanded, answered = 0, False
        for path, below, row in response.walk():
            if path[0][0] == item.link_id and path in enabled:
                demanded += _is_demanded(below, path)
                answered |= row.answer is not None and not row.answer.is_empty and not below.read_only
        lacking = sum(path[0][0] == item.link_id for path in missing)
        title = f"{item.prefix} {item.text}".strip()
        sections.append(SectionProgress(item.link_id, title, demanded, max(0, demanded - lacking), answered))
    if desk.closed:  # nothing is demanded any more
        return tuple(replace(section, required=0, answered=0, has_answers=False) for section in sections)
    return tuple(sections)


def _is_demanded(item: Item, path: ItemPath) -> bool:
    return item.required and item.is_question and path[-1][1] == 0
