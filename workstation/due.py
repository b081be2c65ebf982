"""When a case is due, in words relative to now. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workstation.count_words import counted

SOON_DAYS = 3


@dataclass(frozen=True, slots=True)
class DueWords:
    """What a reader is told and how loudly: tone ``danger`` overdue, ``warning`` soon, empty otherwise."""

    text: str
    tone: str = ""


def due_words(due: datetime | None, now: datetime, *, finished: bool = False) -> DueWords:
    """How far off *due* is, counted in calendar days of the reader. A finished case is never overdue."""
    if due is None:
        return DueWords("no date")
    local = due.astimezone(now.tzinfo)
    days = (local.date() - now.date()).days
    if finished:
        return DueWords(local.date().isoformat())
    if due < now:
        if days == 0:
            return DueWords("overdue since today", "danger")
        return DueWords(f"overdue by {counted(-days, 'day')}", "danger")
    if days == 0:
        return DueWords("today", "warning")
    if days == 1:
        return DueWords("tomorrow", "warning")
    return DueWords(f"in {counted(days, 'day')}", "warning" if days <= SOON_DAYS else "")
