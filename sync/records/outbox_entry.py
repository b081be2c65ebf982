"""Something that waits to leave, and how the attempts went."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from sync.records.case import CaseId


class OutboxKind(Enum):
    """What leaves."""

    TASK_MOVE = "task move"
    """``subject``: the new Task.status. Payload: ``reason`` (declined, failed; on hold: the words to the hospital),
    ``wanted`` (on hold: the records that are missing)."""
    OPINION = "opinion"
    """``subject``: the opinion identifier. Payload: ``terms``, what it answers, as signed."""
    MESSAGE = "message"
    """``subject``: the message identifier. Payload: ``text``."""
    DELETION = "deletion receipt"
    """``subject``: the Task's reference. Payload: what was deleted, when, why. No clinical content."""


class OutboxState(Enum):
    """Waiting entries are tried again; needs-attention ones wait for a person; delivered ones are history."""

    WAITING = "waiting"
    NEEDS_ATTENTION = "needs attention"
    DELIVERED = "delivered"
    VOID = "void"
    """Taken back or left unsent by the reader, or an opinion that was signed again instead; it never leaves."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One row of the outbox. ``payload`` is frozen when the entry is queued; see `OutboxKind`."""

    entry_id: int
    case_id: CaseId
    kind: OutboxKind
    subject: str
    state: OutboxState
    attempts: int
    last_error: str
    queued_at: datetime
    last_attempt_at: datetime | None
    payload: dict[str, Any] = field(default_factory=dict)
    not_before: datetime | None = None
    """Our own pause after a failure."""
    held_until: datetime | None = None
    """The pause that the hospital asked for (Retry-After); nobody's impatience shortens it."""
    left_at: datetime | None = None
    """When it was first handed to the network: from then on the hospital may have it, whatever the answer was."""

    @property
    def can_be_taken_back(self) -> bool:
        """The hospital surely does not have it: it never left, or was refused. A signed opinion is no such thing."""
        if self.kind not in (OutboxKind.TASK_MOVE, OutboxKind.MESSAGE):
            return False
        if self.state is OutboxState.NEEDS_ATTENTION:
            return True
        return self.state is OutboxState.WAITING and self.left_at is None
