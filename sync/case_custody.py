"""Cases taken away, and cases given back: locked at once, kept for the site's grace, then shredded.

Decided by the hospital's clock alone; how long is the site's to say (`sync.site_rules`). Protocol 1.5.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sync.records.case import Case, CaseId, CaseStatus
from sync.records.conflict import CaseLock, ConflictKind
from sync.site_rules import site_rules

if TYPE_CHECKING:
    from sync.store.database import Store


def take_case_away(store: Store, case_id: CaseId, kind: ConflictKind, sentence: str, hospital_now: datetime) -> None:
    """Lock the case and tell the reader; with a withdrawn release nothing is kept, not even for a moment."""
    grace = timedelta(0) if kind is ConflictKind.CONSENT_WITHDRAWN else site_rules(store.directory).grace
    store.conflicts.lock_case(CaseLock(case_id, kind, sentence, hospital_now, hospital_now + grace))
    store.conflicts.raise_conflict(case_id, kind, sentence)
    if kind is ConflictKind.CONSENT_WITHDRAWN:
        shred_case(store, case_id, sentence)
        # The assignment is still this reader's: the whole worklist is asked for anew, and shows it without records.
        store.cases.put_sync_token(None)


def put_away_given_back(store: Store, hospital_now: datetime) -> tuple[CaseId, ...]:
    """Lock every case that the hospital holds as declined or closed without an opinion, for the site's grace.

    Not one with an opinion signed here that may still have to leave: that is never deleted unasked.
    """
    shred_after = hospital_now + site_rules(store.directory).grace
    day = f"{shred_after.astimezone():%d %B %Y}".lstrip("0")
    case_ids = store.rounds.list_given_back()
    for case_id in case_ids:
        is_declined = store.cases.get_case(case_id).status is CaseStatus.REJECTED
        closed = "is declined" if is_declined else "is closed without an opinion"
        sentence = f"Case {case_id} {closed} and back with the hospital; this computer deletes its files on {day}."
        store.conflicts.lock_case(CaseLock(case_id, ConflictKind.GIVEN_BACK, sentence, hospital_now, shred_after))
    return case_ids


def shred_due_cases(store: Store, hospital_now: datetime) -> tuple[CaseId, ...]:
    """Shred every locked case whose grace is over; also one whose shredding was interrupted."""
    due = [lock for lock in store.conflicts.list_locks() if lock.shred_after <= hospital_now]
    for lock in due:
        shred_case(store, lock.case_id, lock.sentence)
    return tuple(lock.case_id for lock in due)


def shred_files(store: Store, case: Case, reason: str) -> None:
    """Destroy the case's key and its files, and keep what the reader wrote; the hospital gets a receipt.

    Killed in between it is taken up again: the rows of the files go last.
    """
    store.vault.remove_case(case.case_id)
    store.cases.remove_files(case.case_id, case.task_reference, reason)


def shred_case(store: Store, case_id: CaseId, reason: str) -> None:
    """Destroy the case's key, its rows and its files; the audit rows and receipts stay, the hospital gets a receipt.

    Killed in between it is taken up again: the lock goes last, with the rows.
    """
    store.vault.remove_case(case_id)
    case = store.cases.find_case(case_id)
    store.cases.remove_case(case_id, case.task_reference if case is not None else f"Task/{case_id}", reason)
