"""Where an opinion stands, in words: draft, signed, waiting, delivered, or why it stays here. No Qt."""

from __future__ import annotations

from sync.records.outbox_entry import OutboxState
from workstation.case_state import ALREADY_THERE
from workstation.opinion.opinion_desk import Desk
from workstation.opinion.opinion_view import StatusWords

WHAT_NEXT = "What you signed stays on this computer, unsent: send it again (F7), or call the hospital."
CHOICE_IS_OPEN = "It stays on this computer, unsent, until you decide (Ctrl+Shift+X)."


def opinion_status(desk: Desk) -> StatusWords:
    """The pill and the line beside the form."""
    if desk.amendment is not None:
        detail = f"{desk.amendment.title}. Reason: {desk.amendment.reason}\nOnly on this computer until you sign it."
        return StatusWords(f"Draft {desk.amendment.kind.value}", "accent", detail)
    if desk.closed:
        return StatusWords("Closed", "", desk.closed)
    if not desk.is_signed:
        return StatusWords("Draft", "accent", "Only on this computer until you sign it.")
    if desk.receipt is not None:
        title = f"Delivered, {desk.amends}" if desk.amends else "Delivered"
        detail = f"The hospital has received your opinion. {desk.unsent_version}".rstrip()
        return StatusWords(title, "good", detail)
    if desk.left_unsent is not None:
        return StatusWords(ALREADY_THERE.text, ALREADY_THERE.tone, desk.left_unsent.sentence)
    entry = desk.outbox_entry
    if entry is not None and entry.state is OutboxState.NEEDS_ATTENTION:
        what_next = CHOICE_IS_OPEN if desk.has_conflict else WHAT_NEXT
        return StatusWords("Signed, not delivered", "danger", f"{entry.last_error} {what_next}")
    detail = entry.last_error if entry is not None and entry.last_error else "It leaves with the next sync."
    return StatusWords("Signed, waiting to leave", "warning", detail)
