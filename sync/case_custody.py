"""Cases that the hospital took away: locked at once, kept for the site's grace, then shredded.

Decided by the hospital's clock alone; how long is the site's to say (`sync.site_rules`). Protocol 1.5.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sync.records.case import CaseId
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


def shred_due_cases(store: Store, hospital_now: datetime) -> tuple[CaseId, ...]:
    """Shred every locked case whose grace is over; also one whose shredding was interrupted."""
    due = [lock for lock in store.conflicts.list_locks() if lock.shred_after <= hospital_now]
    for lock in due:
        shred_case(store, lock.case_id, lock.sentence)
    return tuple(lock.case_id for lock in due)


def shred_case(store: Store, case_id: CaseId, reason: str) -> None:
    """Destroy the case's key, its rows and its files; the audit rows and receipts stay, the hospital gets a receipt.

    Killed in between it is taken up again: the lock goes last, with the rows.
    """
    store.vault.remove_case(case_id)
    case = store.cases.find_case(case_id)
    store.cases.remove_case(case_id, case.task_reference if case is not None else f"Task/{case_id}", reason)
