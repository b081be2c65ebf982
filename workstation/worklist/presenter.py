"""What the worklist shows and when it asks the store again. Rows are words already; no Qt here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sync.changes import Changes
from sync.lease import time_and_lease_sentence
from sync.records.case import Case, CaseId, ConsentState, Priority
from sync.records.case_standing import CaseStanding
from sync.release_end import as_released
from workstation.case_state import PRIORITY_WORDS, STARTED_RANK, StateWords, state_of
from workstation.completeness import completeness_in
from workstation.due import DueWords, due_words
from workstation.lanes import Lanes
from workstation.window.patient_identity import identity_of

if TYPE_CHECKING:
    from sync.store.database import Store

ROWS_AT_ONCE = 250
"""Cases read in one step of the store lane: some tens of milliseconds."""


LOCKED = "Locked"
"""Instead of a name, on a case that may not be looked at."""


@dataclass(frozen=True, slots=True)
class WorklistRow:
    """One case as the table shows it."""

    case_id: CaseId
    state: StateWords
    priority: str
    priority_tone: str
    patient: str
    patient_details: str
    question: str
    due: DueWords
    here: str
    here_tone: str
    is_incomplete: bool
    """More of it may come with a round of sync."""
    unread: int
    """Messages of the hospital that the reader has not seen."""
    order: tuple[int, int, float, str]
    haystack: str
    """Everything a search looks through, case-folded."""


class WorklistView(Protocol):
    """What the presenter tells the page."""

    def show_rows(self, rows: tuple[WorklistRow, ...]) -> None:
        """All cases, in order."""

    def show_progress(self, case_id: CaseId, text: str) -> None:
        """A case is being fetched, and this far."""

    def show_syncing(self, running: bool) -> None:
        """A round of sync began or ended: what is incomplete waits for it, or is incomplete."""


class WorklistPresenter:
    """Loads the rows on the store lane; later only those that a change touched."""

    def __init__(
        self, store: Store, lanes: Lanes, now: Callable[[], datetime], failed: Callable[[Exception], None]
    ) -> None:
        self._store = store
        self._lanes = lanes
        self._now = now
        self._failed = failed
        self._view: WorklistView | None = None
        self._rows: dict[CaseId, WorklistRow] = {}
        self._touched: set[CaseId] = set()
        self._loading = False

    def attach(self, view: WorklistView) -> None:
        """Show the rows in *view*, now and whenever they change."""
        self._view = view
        self._load(None)

    def put_away(self) -> None:
        """Show and know no case until `attach`: the window is being locked."""
        self._rows.clear()
        self._touched.clear()
        view, self._view = self._view, None
        if view is not None:
            view.show_rows(())

    def changes_happened(self, changes: Changes) -> None:
        """Marks do not touch the worklist, and a draft only when it is the first of its case."""
        started = {
            case_id
            for case_id in changes.opinions
            if case_id in self._rows and self._rows[case_id].state.rank > STARTED_RANK
        }
        self._touched |= changes.cases | changes.objects | changes.outbox | changes.messages | started
        self._load_touched()

    def progressed(self, case_id: CaseId, text: str) -> None:
        """Pass the progress of a case's download on to its row."""
        if self._view is not None:
            self._view.show_progress(case_id, text)

    def sync_ran(self, running: bool) -> None:
        """A round of sync began, or ended."""
        if self._view is not None:
            self._view.show_syncing(running)

    def _load_touched(self) -> None:
        """At most one reading at a time: a download that changes rows all the while must not fill the store lane."""
        if self._touched and not self._loading:
            touched, self._touched = frozenset(self._touched), set()
            self._load(touched)

    def _load(self, wanted: Collection[CaseId] | None) -> None:
        self._loading = True
        if wanted is None:
            self._lanes.store_lane(self._store.worklist.list_case_ids, self._load_parts, self._not_loaded)
        else:
            self._load_parts(tuple(wanted))

    def _load_parts(self, case_ids: Sequence[CaseId]) -> None:
        """Part by part: open cases are there at once, and opening one waits for a part at most."""
        part, rest = case_ids[:ROWS_AT_ONCE], case_ids[ROWS_AT_ONCE:]
        now = self._now()
        self._lanes.store_lane(
            lambda: load_rows(self._store, now, part), lambda rows: self._part_came(part, rows, rest), self._not_loaded
        )

    def _not_loaded(self, error: Exception) -> None:
        self._loading = False
        self._failed(error)

    def _part_came(self, asked: Sequence[CaseId], rows: tuple[WorklistRow, ...], rest: Sequence[CaseId]) -> None:
        if self._view is None:
            self._loading = False
            return
        is_first = not self._rows
        self._rows |= {row.case_id: row for row in rows}
        for case_id in set(asked) - {row.case_id for row in rows}:
            self._rows.pop(case_id, None)  # deleted from this computer
        if self._view is not None and (is_first or not rest):
            self._view.show_rows(tuple(sorted(self._rows.values(), key=lambda row: row.order)))
        if rest:
            self._load_parts(rest)
            return
        self._loading = False
        self._load_touched()


def load_rows(store: Store, now: datetime, wanted: Collection[CaseId] | None) -> tuple[WorklistRow, ...]:
    """The *wanted* cases as rows (None: every case of the store)."""
    case_ids = store.worklist.list_case_ids() if wanted is None else wanted
    known, lease_sentence = time_and_lease_sentence(store)
    return tuple(
        _load_row(replace(standing, case=as_released(standing.case, known)), now, bool(lease_sentence))
        for standing in store.worklist.list_standings(case_ids)
    )


def _load_row(standing: CaseStanding, now: datetime, is_lease_over: bool) -> WorklistRow:
    case = standing.case
    state = state_of(
        case,
        draft=standing.drafted,
        queued_move=standing.queued_move,
        signed=standing.signed,
        delivered=standing.delivered,
        stuck=standing.stuck,
        left_unsent=standing.left_unsent,
        amending=standing.amending,
        withdrawn=standing.withdrawn,
    )
    here = completeness_in(standing)
    tone = "" if here.is_whole and not standing.rejected else "warning"
    words = here.words()
    if standing.strangers and standing.accepted:
        tone, words = "warning", f"{standing.strangers} of another patient accepted · {words}"
    elif standing.strangers:  # first, where no narrow column cuts it off
        tone, words = "danger", f"needs a look: another patient's image · {words}"
    elif case.status.is_terminal and here.nothing_here:
        tone, words = "muted", ""  # nothing comes any more, whatever the release says
    elif case.consent is not ConsentState.ACTIVE:
        tone = "muted" if case.release_until is None else "warning"
    if standing.withdrawn or is_lease_over:
        said = standing.withdrawal if standing.withdrawn else "Locked until the next sync."
        return locked_row(make_row(case, state, "", "muted", now), said)
    incomplete = case.consent is ConsentState.ACTIVE and not here.is_whole
    return make_row(case, state, words, tone, now, is_incomplete=incomplete, unread=standing.unread)


def locked_row(row: WorklistRow, said: str) -> WorklistRow:
    """A case that may not be looked at: its number, and nothing about the patient, not even to search by."""
    return replace(row, patient=LOCKED, patient_details="", question=said, haystack=str(row.case_id).casefold())


def make_row(
    case: Case,
    state: StateWords,
    here: str,
    here_tone: str,
    now: datetime,
    *,
    is_incomplete: bool = False,
    unread: int = 0,
) -> WorklistRow:
    """Put a case in words."""
    priority, priority_tone, priority_rank = PRIORITY_WORDS[case.priority]
    identity = identity_of(case, now.date())
    question = case.questions[0] if case.questions else "No question given"
    due_at = case.due.timestamp() if case.due else float("inf")
    return WorklistRow(
        case_id=case.case_id,
        state=state,
        priority=priority,
        priority_tone="" if state.rank >= 3 else priority_tone,
        patient=identity.name,
        patient_details=identity.person,
        question=question,
        due=due_words(case.due, now, finished=state.rank >= 3),
        here=here,
        here_tone=here_tone,
        is_incomplete=is_incomplete,
        unread=unread,
        order=(_place(case.priority, state), priority_rank, due_at, case.case_id),
        haystack=" ".join(
            (
                identity.name,
                identity.details,
                *case.questions,
                case.working_diagnosis,
                state.text,
                priority,
                here,
                unread_words(unread),
            )
        ).casefold(),
    )


def _place(priority: Priority, state: StateWords) -> int:
    """In which part of the list a case stands, small first: by what needs doing, and what must not be lost from sight.

    Urgent work (above routine) comes first, and an opinion that cannot leave without the reader is such work whatever
    its priority. Then what is urgent and waits for somebody else, on hold or to leave: nothing can be done with it now,
    but nobody may forget it behind a screenful of routine. Then routine work, then routine that waits, then what is
    delivered, then what is closed. Inside each part by priority, then by when it is due.
    """
    if state.rank >= 3:
        return state.rank + 1
    is_urgent = priority is not Priority.ROUTINE
    if state.rank < 2 or state.tone == "danger":
        return 0 if is_urgent or state.rank == 2 else 2
    return 1 if is_urgent else 3


def unread_words(count: int) -> str:
    """``2 new messages``; empty for none."""
    return "" if not count else "1 new message" if count == 1 else f"{count} new messages"


def matching(rows: tuple[WorklistRow, ...], typed: str) -> list[WorklistRow]:
    """The rows in which every word of *typed* occurs, in their order."""
    words = typed.casefold().split()
    return [row for row in rows if all(word in row.haystack for word in words)]
