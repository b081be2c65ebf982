"""A signed opinion that its reader left unsent, because the hospital holds one of theirs already. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sync.records.case import CaseId
from sync.records.conflict import ConflictKind
from sync.records.outbox_entry import OutboxKind, OutboxState

if TYPE_CHECKING:
    from sync.store.database import Store


@dataclass(frozen=True, slots=True)
class LeftUnsent:
    """The opinion that stands here, and what the hospital holds instead."""

    opinion_identifier: str
    report_reference: str
    """What the hospital calls the one it holds."""
    received_at: datetime
    """The hospital's clock."""

    @property
    def sentence(self) -> str:
        """What became of it, and of the one there."""
        received = self.received_at.astimezone()
        return (
            f"Not sent: the hospital already holds your opinion of {received:%Y-%m-%d}, signed on another computer. "
            "What you signed here stays here as it was."
        )


def find_left_unsent(store: Store, case_id: CaseId) -> LeftUnsent | None:
    """None where nothing signed stands, or where it was sent or still waits."""
    signed = store.opinions.find_signed(case_id)
    if signed is None:
        return None
    identifier = signed.frozen.opinion_identifier
    is_closed = any(
        entry.kind is OutboxKind.OPINION and entry.subject == identifier and entry.state is OutboxState.VOID
        for entry in store.outbox.list_case_entries(case_id)
    )
    there = store.conflicts.find_settled(case_id, ConflictKind.ALREADY_THERE) if is_closed else None
    if there is None:
        return None
    return LeftUnsent(identifier, str(there["report"]), datetime.fromisoformat(str(there["received_at"])))
