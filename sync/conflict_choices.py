"""What a reader's choice about a conflict does to what was signed here. Which choices there are, the window decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.records.case import CaseId
from sync.records.conflict import OpenConflict
from sync.records.outbox_entry import OutboxState

if TYPE_CHECKING:
    from sync.store.database import Store


def sign_again(store: Store, case_id: CaseId) -> None:
    """The reader chose to review the case and sign it anew: what was signed and cannot be sent is made void.

    Its draft is on the desk again as it was; a question that changed since is noted beside it. SigningRefused where
    the hospital has it already.
    """
    signed = store.opinions.find_signed(case_id)
    entries = [e for e in store.outbox.list_entries() if signed and e.subject == signed.frozen.opinion_identifier]
    if signed is not None and entries and entries[-1].state is not OutboxState.DELIVERED:
        reason = entries[-1].last_error or "The reader signs again."
        store.opinions.void_signed(signed.frozen.opinion_identifier, reason)
        answered = entries[-1].payload.get("terms", {}).get("questions")
        case = store.cases.find_case(case_id)
        if answered is not None and case is not None:
            store.questions.note_changed(case_id, tuple(answered), case.questions)


def leave_at_that(store: Store, conflict: OpenConflict) -> None:
    """The reader leaves it at the opinion that the hospital holds already: the one signed here is closed, unsent.

    Where the hospital's is an earlier version of this computer's, that one stands again and can be amended. A second
    time nothing happens.
    """
    case_id = conflict.case_id
    signed = store.opinions.find_signed(case_id)
    if signed is None or store.opinions.find_receipt(case_id) is not None:
        return
    identifier = signed.frozen.opinion_identifier
    if conflict.detail.get("report") in _acknowledged_reports(store, case_id):
        store.opinions.void_signed(identifier, conflict.sentence, opens_amendment=False)
    else:
        store.outbox.leave_unsent(identifier, conflict.sentence)


def _acknowledged_reports(store: Store, case_id: CaseId) -> set[str]:
    """What the hospital calls those versions signed here that it has."""
    versions = store.opinions.list_signed(case_id)
    receipts = [store.opinions.find_receipt_of(version.frozen.opinion_identifier) for version in versions]
    return {receipt.diagnostic_report_reference for receipt in receipts if receipt is not None}
