"""A conflict between this computer and the hospital, as it waits for a person: what happened, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sync.records.case import CaseId


class ConflictKind(Enum):
    """What the hospital did meanwhile. Each has its own choices for the reader."""

    REASSIGNED = "given to somebody else"
    CANCELLED = "cancelled"
    CONSENT_WITHDRAWN = "release withdrawn"
    RELEASE_ENDED = "release ended"
    """It ran out by its own date: the records are withheld, and the case stays this reader's."""
    GIVEN_BACK = "declined, or closed without an opinion"
    """The reader's own doing: it locks, and asks nothing of anybody."""
    TERMS_CHANGED = "question or records changed after signing"
    ALREADY_THERE = "opinion already there from another computer"

    @property
    def locks(self) -> bool:
        """The case is not this reader's any more; nothing of it may be looked at."""
        return self in _LOCKING


_LOCKING = (
    ConflictKind.REASSIGNED,
    ConflictKind.CANCELLED,
    ConflictKind.CONSENT_WITHDRAWN,
    ConflictKind.GIVEN_BACK,
)


@dataclass(frozen=True, slots=True)
class OpenConflict:
    """One conflict that nobody has settled yet. ``sentence`` carries the case number and no other name."""

    conflict_id: int
    case_id: CaseId
    kind: ConflictKind
    sentence: str
    detail: dict[str, Any]
    """ALREADY_THERE: ``report``, ``received_at``, ``task_version`` of what the hospital holds; else empty."""
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class CaseLock:
    """A case that was taken away: what of it is unsent stays encrypted until ``shred_after`` (the hospital's clock)."""

    case_id: CaseId
    kind: ConflictKind
    sentence: str
    locked_at: datetime
    shred_after: datetime
