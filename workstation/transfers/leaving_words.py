"""What waits to leave, put in words: what it is, how it stands, when it is tried next and why it has not gone.

No Qt here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sync.records.case import CaseId, CaseStatus
from sync.records.outbox_entry import OutboxEntry, OutboxKind, OutboxState
from sync.store.outbox_store import is_due

MOVE_WORDS = {
    CaseStatus.ACCEPTED: "Acceptance",
    CaseStatus.IN_PROGRESS: "Start of work",
    CaseStatus.ON_HOLD: "Waiting for records",
    CaseStatus.REJECTED: "Declining",
    CaseStatus.FAILED: "Closing without opinion",
}
KIND_WORDS = {
    OutboxKind.OPINION: "Opinion",
    OutboxKind.MESSAGE: "Message",
    OutboxKind.DELETION: "Deletion receipt",
}
NOT_TRIED = "Not tried yet"
NEXT_SYNC = "With the next sync"
NOBODY_BEFORE_YOU = "When you retry"
KEPT_LOCKED = "Kept, locked"
IF_GIVEN_BACK = "If given back"
CLOSED = (OutboxState.DELIVERED, OutboxState.VOID)


@dataclass(frozen=True, slots=True)
class LeavingRow:
    """One entry as the table shows it."""

    entry_id: int
    case_id: CaseId
    what: str
    case: str
    state: str
    needs_attention: bool
    tries: str
    next_try: str
    why: str
    can_retry: bool
    can_export: bool


def leaving_row(
    entry: OutboxEntry,
    patient: str,
    now: datetime,
    *,
    may_export: bool,
    is_locked: bool = False,
    kept_until: datetime | None = None,
) -> LeavingRow:
    """*entry*, which is not delivered, in words. *is_locked*: nothing of its case leaves, whatever is asked.

    *kept_until*: the reader knows of it and decided to keep it for so long; nobody need attend to it.
    """
    is_receipt = entry.kind is OutboxKind.DELETION
    is_kept = kept_until is not None and not is_receipt
    stuck = entry.state is OutboxState.NEEDS_ATTENTION and not is_kept
    return LeavingRow(
        entry_id=entry.entry_id,
        case_id=entry.case_id,
        what=what_words(entry),
        case=f"{patient} · {entry.case_id}" if patient else str(entry.case_id),
        state=KEPT_LOCKED if is_kept else "Needs attention" if stuck else "Waits",
        needs_attention=stuck,
        tries=str(entry.attempts),
        next_try=IF_GIVEN_BACK if is_kept else _next_try(entry, now),
        why=_why(entry, kept_until if is_kept else None),
        can_retry=is_receipt or not is_locked,
        can_export=may_export and not is_locked and not is_receipt,
    )


def what_words(entry: OutboxEntry) -> str:
    """``Opinion``, ``Acceptance``: what the hospital will get."""
    if entry.kind is not OutboxKind.TASK_MOVE:
        return KIND_WORDS[entry.kind]
    known = {status.value: words for status, words in MOVE_WORDS.items()}
    return known.get(entry.subject, f"Status: {entry.subject}")


def heading_words(rows: tuple[LeavingRow, ...]) -> str:
    """``Waiting to leave · 2, of which 1 needs attention · 1 kept, locked``."""
    kept = sum(row.state == KEPT_LOCKED for row in rows)
    stuck, waiting = sum(row.needs_attention for row in rows), len(rows) - kept
    parts = []
    if stuck:
        parts.append(f"{waiting}, of which {stuck} {'needs' if stuck == 1 else 'need'} attention")
    elif waiting:
        parts.append(str(waiting))
    if kept:
        parts.append(f"{kept} kept, locked")
    return " · ".join(["Waiting to leave" if waiting else "Not leaving", *parts])


def _why(entry: OutboxEntry, kept_until: datetime | None) -> str:
    why = entry.last_error or ("" if entry.attempts else NOT_TRIED)
    if kept_until is None:
        return why
    until = f"{kept_until.astimezone():%d %B}".lstrip("0")
    return f"{why} It is kept, locked, until {until}, and then deleted unless the hospital gives the case back."


def _next_try(entry: OutboxEntry, now: datetime) -> str:
    if entry.state is OutboxState.NEEDS_ATTENTION:
        return NOBODY_BEFORE_YOU
    if is_due(entry, now, at_once=False):
        return NEXT_SYNC
    pauses = [pause for pause in (entry.held_until, entry.not_before) if pause is not None]
    return f"After {max(pauses).astimezone(now.tzinfo):%H:%M:%S}"
