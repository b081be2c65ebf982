"""Where a case stands, in one word or two: the hospital's status joined with what happened on this computer."""

from __future__ import annotations

from dataclasses import dataclass

from sync.records.case import Case, CaseStatus, Priority


@dataclass(frozen=True, slots=True)
class StateWords:
    """A state for a small pill, its tone (accent, warning, danger, good, empty) and where it sorts: small first."""

    text: str
    tone: str
    rank: int


STARTED_RANK = 0
"""Accepted and in progress; everything else has a greater rank."""

NOT_STARTED = (CaseStatus.REQUESTED, CaseStatus.RECEIVED, CaseStatus.READY)
CLOSED_WORDS = {
    CaseStatus.REJECTED: "Declined",
    CaseStatus.FAILED: "No opinion",
    CaseStatus.CANCELLED: "Cancelled",
    CaseStatus.ENTERED_IN_ERROR: "Withdrawn",
}


QUEUED_WORDS = {
    CaseStatus.REJECTED: StateWords("Declined, unsent", "warning", 2),
    CaseStatus.FAILED: StateWords("Closed, unsent", "warning", 2),
    CaseStatus.ON_HOLD: StateWords("On hold, unsent", "warning", 2),
    CaseStatus.IN_PROGRESS: StateWords("In progress", "accent", STARTED_RANK),
}
"""Where the reader moves a case, before the hospital has heard of it."""


def state_of(
    case: Case,
    *,
    draft: bool = False,
    queued_move: CaseStatus | None = None,
    signed: bool = False,
    delivered: bool = False,
    stuck: bool = False,
    withdrawn: bool = False,
) -> StateWords:
    """The state a reader is shown. What was signed here counts before the hospital has said so.

    *stuck*: what was signed is not tried again before somebody has looked at it.
    """
    if withdrawn and case.status not in (CaseStatus.REJECTED, CaseStatus.FAILED):
        return StateWords("Withdrawn", "danger", 4)
    if delivered or case.status is CaseStatus.COMPLETED:
        return StateWords("Delivered", "good", 3)
    if signed and stuck:
        return StateWords("Needs attention", "danger", 2)
    if signed:
        return StateWords("Waits to leave", "warning", 2)
    if case.status in CLOSED_WORDS:
        gave_back = case.status in (CaseStatus.REJECTED, CaseStatus.FAILED)
        return StateWords(CLOSED_WORDS[case.status], "" if gave_back else "danger", 4)
    if queued_move in QUEUED_WORDS:
        return QUEUED_WORDS[queued_move]
    if case.status is CaseStatus.ON_HOLD:
        return StateWords("On hold", "warning", 2)
    if draft or case.status is CaseStatus.IN_PROGRESS:
        return StateWords("In progress", "accent", STARTED_RANK)
    if queued_move is CaseStatus.ACCEPTED or case.status is CaseStatus.ACCEPTED:
        return StateWords("Accepted", "accent", STARTED_RANK)
    return StateWords("New", "", 1)


PRIORITY_WORDS = {
    Priority.ROUTINE: ("Routine", "", 3),
    Priority.URGENT: ("Urgent", "warning", 2),
    Priority.ASAP: ("As soon as possible", "warning", 1),
    Priority.STAT: ("Immediately", "danger", 0),
}
"""Priority → words, tone, rank (small first)."""
