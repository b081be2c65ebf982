"""Something that waits to leave, and how the attempts went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sync.records.case import CaseId


class OutboxKind(Enum):
    """What leaves: a move of the Task's state, or a signed opinion."""

    TASK_MOVE = "task move"
    OPINION = "opinion"


class OutboxState(Enum):
    """Waiting entries are tried again; needs-attention ones wait for a person; delivered ones are history."""

    WAITING = "waiting"
    NEEDS_ATTENTION = "needs attention"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One row of the outbox. ``subject`` is the new status for a move, the opinion identifier for an opinion."""

    entry_id: int
    case_id: CaseId
    kind: OutboxKind
    subject: str
    state: OutboxState
    attempts: int
    last_error: str
    queued_at: datetime
    last_attempt_at: datetime | None
