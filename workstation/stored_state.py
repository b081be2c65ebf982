"""Where a case stands according to the store: what was drafted, queued, signed, received here. No Qt here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sync.records.case import Case, CaseStatus
from sync.records.outbox_entry import OutboxEntry, OutboxKind, OutboxState
from workstation.case_state import StateWords, state_of
from workstation.left_unsent import find_left_unsent

if TYPE_CHECKING:
    from sync.store.database import Store


def load_state(store: Store, case: Case, entries: Sequence[OutboxEntry]) -> StateWords:
    """The state of *case*, with what happened on this computer counted in; *entries*: its part of the outbox."""
    case_id = case.case_id
    signed = store.opinions.find_signed(case_id) is not None
    return state_of(
        case,
        draft=not signed and store.opinions.find_draft(case_id) is not None,
        queued_move=queued_move_of(entries),
        signed=signed,
        delivered=signed and store.opinions.find_receipt(case_id) is not None,
        left_unsent=find_left_unsent(store, case_id) is not None,
        amending=signed and store.amendments.find(case_id) is not None,
        stuck=any(e.kind is OutboxKind.OPINION and e.state is OutboxState.NEEDS_ATTENTION for e in entries),
        withdrawn=store.cases.find_withdrawal(case_id) is not None,
    )


def queued_move_of(entries: Iterable[OutboxEntry]) -> CaseStatus | None:
    """Where the reader moves the case; None where nothing of that kind waits to leave."""
    moves = [e for e in entries if e.kind is OutboxKind.TASK_MOVE and e.state is OutboxState.WAITING]
    return CaseStatus(moves[-1].subject) if moves else None
