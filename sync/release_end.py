"""A release that runs out: from that moment nothing of the case's records is shown or read, and soon none is kept.

That it ran out is known by its own date, also without a line to the hospital: the date withholds, and takes nothing
away. Only the hospital knows whether there is a newer one: its word deletes the files, or brings everything back. What
the reader wrote (draft, marks, a signed opinion, messages) is none of the records; it stays, and leaves. Decision 0019.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sync.case_custody import shred_files
from sync.changes import Changes
from sync.records.case import Case, CaseId, ConsentState
from sync.records.conflict import ConflictKind

if TYPE_CHECKING:
    from sync.store.database import Store


def as_released(case: Case, at: datetime) -> Case:
    """*case* as it may be shown at *at*: without what came under a release that is over by then."""
    if case.consent is not ConsentState.ACTIVE or case.release_until is None or at <= case.release_until:
        return case
    return replace(case, consent=ConsentState.EXPIRED, lab_results=(), prior_reports=())


def withhold_ended_releases(store: Store, at: datetime) -> Changes:
    """Withhold the records of every case whose release is over at *at*, and tell the reader of those still open.

    Deletes no file: *at* may come from a clock that is wrong. Each case is read again in the next round.
    """
    touched: set[CaseId] = set()
    for case in store.rounds.list_ended_releases(at):
        withheld = as_released(case, at)
        _tell(store, withheld)  # first: killed after it, the case is found here again
        store.cases.withhold(withheld)
        touched.add(case.case_id)
    if touched:
        store.vault.forget()
    return Changes(cases=frozenset(touched))


def end_release(store: Store, before: Case, now: Case) -> None:
    """The hospital says, as it was read *now*, that the case's release is over: its key and its files are destroyed."""
    if before.consent is ConsentState.ACTIVE:
        _tell(store, now)
    if store.rounds.has_files(before.case_id):
        shred_files(store, before, ended_words(now))


def ended_words(case: Case) -> str:
    """That the release is over, in one sentence without a name."""
    if case.release_until is None:
        return f"The patient's release for case {case.case_id} does not hold."
    return f"The patient's release for case {case.case_id} ended on {_moment(case.release_until)}."


def _tell(store: Store, case: Case) -> None:
    if not case.status.is_terminal:
        sentence = f"{ended_words(case)[:-1]}; its records are closed, and what you wrote is kept."
        store.conflicts.raise_conflict(case.case_id, ConflictKind.RELEASE_ENDED, sentence)


def _moment(at: datetime) -> str:
    local = at.astimezone()
    return f"{local.day} {local:%B %Y at %H:%M}"
