"""Where a case stands according to the store: what was drafted, queued, signed, received here. No Qt here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.records.case import Case, CaseId, CaseStatus
from sync.records.outbox_entry import OutboxKind, OutboxState
from workstation.case_state import StateWords, state_of

if TYPE_CHECKING:
    from sync.store.database import Store


def load_state(store: Store, case: Case, *, accept_queued: bool) -> StateWords:
    """The state of *case*, with what happened on this computer counted in."""
    case_id = case.case_id
    signed = store.opinions.find_signed(case_id) is not None
    return state_of(
        case,
        draft=not signed and store.opinions.find_draft(case_id) is not None,
        accept_queued=accept_queued,
        signed=signed,
        delivered=signed and store.opinions.find_receipt(case_id) is not None,
        withdrawn=store.cases.find_withdrawal(case_id) is not None,
    )


def accept_queued_cases(store: Store) -> frozenset[CaseId]:
    """Cases whose acceptance is on its way to the hospital or has arrived there."""
    return frozenset(
        entry.case_id
        for entry in store.outbox.list_entries()
        if entry.kind is OutboxKind.TASK_MOVE
        and entry.subject == CaseStatus.ACCEPTED.value
        and entry.state is not OutboxState.NEEDS_ATTENTION
    )
