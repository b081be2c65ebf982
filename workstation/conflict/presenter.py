"""Which conflict is put to the reader, with which choices, and what a choice does. No Qt here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sync.case_custody import shred_case
from sync.changes import Changes
from sync.conflict_choices import leave_at_that, sign_again
from sync.outbox_export import export_entry
from sync.records.asked_for import AskedFor, Difference, asked_for, differences_sentence, find_differences
from sync.records.case import CaseId, CaseStatus
from sync.records.conflict import CaseLock, ConflictKind, OpenConflict
from sync.records.outbox_entry import OutboxEntry, OutboxKind, OutboxState
from workstation.case_state import NOT_STARTED
from workstation.lanes import Lanes
from workstation.stored_state import queued_move_of

if TYPE_CHECKING:
    from sync.store.database import Store

SIGN_AGAIN, KEEP, EXPORT, SHRED, UNDERSTOOD = "sign-again", "keep", "export", "shred", "understood"
ASK, GIVE_UP = "ask", "give-up"
TWICE = (SHRED, GIVE_UP)
"""Taken on the second press only."""

ASK_WORDS = (
    "The patient's release for this case has ended before I could finish my opinion. Could you ask the patient for "
    "another one?"
)
GIVE_UP_REASON = "The patient's release ended before an opinion was given."


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing the reader can do. ``&`` marks the letter of its key; the first choice is Enter's."""

    choice_id: str
    text: str
    consequence: str


@dataclass(frozen=True, slots=True)
class ConflictState:
    """What the dialog shows."""

    conflict: OpenConflict
    sentence: str
    facts: tuple[tuple[str, str], ...]
    """Why, and the receipt of what the hospital holds, as label and value."""
    choices: tuple[Choice, ...]
    export_name: str = ""
    differences: tuple[Difference, ...] = ()
    """What was signed for, and what stands now, where the hospital changed it."""


class ConflictView(Protocol):
    """What the presenter tells the dialog."""

    def show_conflict(self, state: ConflictState | None) -> None:
        """Put this to the reader; None: nothing is open."""

    def show_problem(self, sentence: str) -> None:
        """The choice could not be carried out, and why."""


@dataclass(frozen=True, slots=True)
class _Found:
    conflicts: tuple[OpenConflict, ...]
    locks: tuple[CaseLock, ...]
    opinions: tuple[OutboxEntry, ...]
    differences: dict[CaseId, tuple[Difference, ...]]
    reasons: dict[CaseId, str]
    """Why a case stands as it does, in the hospital's words."""


class ConflictPresenter:
    """One conflict at a time, oldest first. What the reader put off comes back when asked for, or at the next start."""

    def __init__(
        self,
        store: Store,
        lanes: Lanes,
        changed: Callable[[Changes], None],
        *,
        review: Callable[[CaseId], None],
        write: Callable[[CaseId, str], None],
        locked: Callable[[frozenset[CaseId]], None],
    ) -> None:
        """*review* opens a case so that it can be read again, *write* with these words ready to be sent; *locked* hears
        which cases are locked now."""
        self._store = store
        self._lanes = lanes
        self._changed = changed
        self._review = review
        self._write = write
        self._locked = locked
        self._view: ConflictView | None = None
        self._found = _Found((), (), (), {}, {})
        self._put_off: set[int] = set()
        self._shown: OpenConflict | None = None

    def attach(self, view: ConflictView) -> None:
        """Put conflicts to the reader in *view* from now on."""
        self._view = view

    @property
    def has_open(self) -> bool:
        """Something waits for the reader, put off or not."""
        return bool(self._found.conflicts)

    def refresh(self) -> None:
        """Look for conflicts; the oldest that was not put off is shown."""
        self._lanes.store_lane(self._load, self._came)

    def show_all_again(self) -> None:
        """Show also what was put off."""
        self._put_off.clear()
        self.refresh()

    def put_off(self) -> None:
        """The reader closed the dialog without a choice."""
        if self._shown is not None:
            self._put_off.add(self._shown.conflict_id)
        self._shown = None
        self._show_next()

    def choose(self, choice_id: str, target: Path | None = None) -> None:
        """Do what the reader chose. *target* is the file to save to."""
        conflict = self._shown
        if conflict is None:
            return
        if choice_id == KEEP and conflict.kind is ConflictKind.TERMS_CHANGED:
            self.put_off()  # nothing is decided by waiting: it can be asked for again
            return

        def work() -> Changes:
            return self._do(conflict, choice_id, target)

        def done(changes: Changes) -> None:
            if choice_id != EXPORT:
                self._shown = None
            self._changed(changes)
            self.refresh()
            if choice_id == SIGN_AGAIN:
                self._review(conflict.case_id)
            elif choice_id == ASK:
                self._write(conflict.case_id, ASK_WORDS)

        def failed(error: Exception) -> None:
            if self._view is not None:
                self._view.show_problem(str(error))

        self._lanes.store_lane(work, done, failed)

    def _do(self, conflict: OpenConflict, choice_id: str, target: Path | None) -> Changes:
        """On the store lane."""
        case_id = conflict.case_id
        if choice_id == EXPORT:
            entry = _latest_opinion(self._store.outbox.list_entries(), case_id)
            if entry is not None and target is not None:
                export_entry(self._store, entry, target)
            return Changes()
        if choice_id == SIGN_AGAIN:
            sign_again(self._store, case_id)
        elif choice_id == UNDERSTOOD and conflict.kind is ConflictKind.ALREADY_THERE:
            leave_at_that(self._store, conflict)
        elif choice_id == SHRED:
            shred_case(self._store, case_id, conflict.sentence)
        elif choice_id == GIVE_UP:
            self._give_up(case_id)
        self._store.conflicts.settle(conflict.conflict_id, choice_id)
        touched = frozenset({case_id})
        return Changes(touched, touched, touched, touched, touched)

    def _give_up(self, case_id: CaseId) -> None:
        """Declined where nobody accepted it, else closed without an opinion; nothing where it is closed by now."""
        case, entries = self._store.cases.get_case(case_id), self._store.outbox.list_case_entries(case_id)
        status = queued_move_of(entries) or case.status
        if not status.is_terminal:
            move = CaseStatus.REJECTED if status in NOT_STARTED else CaseStatus.FAILED
            self._store.outbox.enqueue_move(case_id, move.value, {"reason": GIVE_UP_REASON})

    def _load(self) -> _Found:
        conflicts = self._store.conflicts.list_open()
        concerned = {conflict.case_id for conflict in conflicts}
        entries = self._store.outbox.list_entries() if concerned else ()
        latest = [e for case_id in concerned if (e := _latest_opinion(entries, case_id)) is not None]
        answered = {c.case_id for c in conflicts if c.kind is ConflictKind.TERMS_CHANGED}
        differences = {entry.case_id: self._differences(entry) for entry in latest if entry.case_id in answered}
        cases = [case for case_id in concerned if (case := self._store.cases.find_case(case_id)) is not None]
        reasons = {case.case_id: case.status_reason for case in cases}
        return _Found(conflicts, self._store.conflicts.list_locks(), tuple(latest), differences, reasons)

    def _differences(self, signed: OutboxEntry) -> tuple[Difference, ...]:
        """Between what was kept at signing and the case as it was read last. Empty where either is not here."""
        kept, case = signed.payload.get("asked_for"), self._store.cases.find_case(signed.case_id)
        if kept is None or case is None:
            return ()
        return find_differences(AskedFor.from_json(kept), asked_for(case))

    def _came(self, found: _Found) -> None:
        known, self._found = self._found, found
        deleted = {c.case_id for c in found.conflicts if c.kind is ConflictKind.CONSENT_WITHDRAWN}
        self._locked(frozenset(lock.case_id for lock in found.locks) | deleted)
        shown = self._shown
        # What differs may be read only after the conflict was met: then the same dialog is shown anew.
        is_news = shown is not None and found.differences.get(shown.case_id) != known.differences.get(shown.case_id)
        if shown is None or shown not in found.conflicts or is_news:
            self._show_next()

    def _show_next(self) -> None:
        waiting = (c for c in self._found.conflicts if c.conflict_id not in self._put_off)
        self._shown = next(waiting, None)
        if self._view is not None:
            self._view.show_conflict(None if self._shown is None else self._state_of(self._shown))

    def _state_of(self, conflict: OpenConflict) -> ConflictState:
        opinion = next((e for e in self._found.opinions if e.case_id == conflict.case_id), None)
        lock = next((lock for lock in self._found.locks if lock.case_id == conflict.case_id), None)
        choices = (
            choices_after_release(opinion)
            if conflict.kind is ConflictKind.RELEASE_ENDED
            else choices_for(conflict.kind, has_opinion=opinion is not None, lock=lock)
        )
        name = f"{opinion.subject.replace('/', '-')}.pdf" if opinion is not None else ""
        differences = self._found.differences.get(conflict.case_id, ())
        reason = self._found.reasons.get(conflict.case_id, "")
        given = (("The hospital's reason", reason),) if reason and conflict.kind is ConflictKind.CANCELLED else ()
        facts = (*given, *receipt_facts(conflict))
        # The comparison may know more than the conflict did when it was met.
        sentence = differences_sentence(conflict.case_id, differences) if differences else conflict.sentence
        return ConflictState(conflict, sentence, facts, choices, name, differences)


def choices_for(kind: ConflictKind, *, has_opinion: bool, lock: CaseLock | None) -> tuple[Choice, ...]:
    """What can be done about a conflict of that kind; the first is the safe one."""
    if kind is ConflictKind.TERMS_CHANGED:
        export = Choice(EXPORT, "&Save the signed report…", "A copy of what you signed; nothing else changes.")
        return (
            Choice(SIGN_AGAIN, "&Review and sign again", "What you signed is made void; your answers are kept."),
            Choice(KEEP, "&Keep it here, unsent", "It stays signed on this computer until you decide."),
            *((export,) if has_opinion else ()),
        )
    if kind is ConflictKind.ALREADY_THERE:
        export = Choice(EXPORT, "Save &mine…", "A copy of what you signed here; nothing is sent.")
        keep = Choice(UNDERSTOOD, "&Leave it at that", "The hospital keeps its opinion; yours stays here, unsent.")
        return (keep, *((export,) if has_opinion else ()))
    if kind is ConflictKind.CONSENT_WITHDRAWN or lock is None:
        gone = (
            "Its records and your work on it are deleted; the audit trail stays. The hospital may still list the case."
        )
        return (Choice(UNDERSTOOD, "&Understood", gone),)
    until = _day(lock.shred_after)
    what = "your unsent opinion" if has_opinion else "its data"
    return (
        Choice(KEEP, f"&Keep it locked until {until}", f"Then {what} is deleted, unless the hospital gives it back."),
        Choice(SHRED, "&Delete it now", "Cannot be undone; the hospital is told that it is deleted."),
    )


def choices_after_release(opinion: OutboxEntry | None) -> tuple[Choice, ...]:
    """What can be done where the release ended; *opinion*: what was signed here last, as it stands in the outbox."""
    if opinion is not None and opinion.state in (OutboxState.WAITING, OutboxState.DELIVERED):
        return (Choice(UNDERSTOOD, "&Understood", "What you signed while it held reaches the hospital all the same."),)
    give_up = Choice(GIVE_UP, "&Close the case", "The hospital is told that no opinion comes; yours here is deleted.")
    return (
        Choice(ASK, "&Ask for an extension", "Opens the messages, with words to send or change."),
        Choice(UNDERSTOOD, "&Keep the case", "With a new release, the records come again by themselves."),
        *((give_up,) if opinion is None else ()),
    )


def receipt_facts(conflict: OpenConflict) -> tuple[tuple[str, str], ...]:
    """What the hospital holds instead, from its own words."""
    detail = conflict.detail
    if not detail:
        return ()
    received = datetime.fromisoformat(str(detail["received_at"])).astimezone()
    return (
        ("The hospital's receipt", str(detail["report"])),
        ("Received", f"{received:%Y-%m-%d %H:%M %Z}"),
        ("Assignment version", str(detail["task_version"])),
    )


def _latest_opinion(entries: tuple[OutboxEntry, ...], case_id: CaseId) -> OutboxEntry | None:
    mine = [entry for entry in entries if entry.case_id == case_id and entry.kind is OutboxKind.OPINION]
    return mine[-1] if mine else None


def _day(at: datetime) -> str:
    return f"{at.astimezone():%d %B}".lstrip("0")
