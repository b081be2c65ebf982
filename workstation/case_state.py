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
    short: str = ""
    """For a pill with little room, where ``text`` is long."""

    @property
    def pill(self) -> str:
        return self.short or self.text


STARTED_RANK = 0
"""Accepted and in progress; everything else has a greater rank."""

ALREADY_THERE = StateWords("Already there", "good", 3)
"""Signed here and left unsent: the hospital holds another opinion of this reader's."""
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

ACCEPTED_UNSENT = StateWords("Accepted, unsent", "warning", STARTED_RANK)
"""An acceptance that waits; an opinion begun on it says more."""


def state_of(
    case: Case,
    *,
    draft: bool = False,
    queued_move: CaseStatus | None = None,
    signed: bool = False,
    delivered: bool = False,
    stuck: bool = False,
    left_unsent: bool = False,
    amending: bool = False,
    withdrawn: bool = False,
) -> StateWords:
    """The state a reader is shown. What was signed here counts before the hospital has said so.

    *stuck*: what was signed is not tried again before somebody has looked at it. *left_unsent*: it never is, for the
    hospital holds another of the reader's. *amending*: the form of what was delivered is open again.
    """
    if withdrawn and case.status not in (CaseStatus.REJECTED, CaseStatus.FAILED):
        return StateWords("Withdrawn", "danger", 4)
    if left_unsent:
        return ALREADY_THERE
    if signed and not delivered:
        return StateWords("Needs attention", "danger", 2) if stuck else StateWords("Waits to leave", "warning", 2)
    if amending:
        return StateWords("Delivered · amendment in progress", "good", 3, "Delivered · amending")
    if delivered or case.status is CaseStatus.COMPLETED:
        return StateWords("Delivered", "good", 3)
    if case.status in CLOSED_WORDS:
        gave_back = case.status in (CaseStatus.REJECTED, CaseStatus.FAILED)
        return StateWords(CLOSED_WORDS[case.status], "" if gave_back else "danger", 4)
    if queued_move in QUEUED_WORDS:
        return QUEUED_WORDS[queued_move]
    if case.status is CaseStatus.ON_HOLD:
        return StateWords("On hold", "warning", 2)
    if draft or case.status is CaseStatus.IN_PROGRESS:
        return StateWords("In progress", "accent", STARTED_RANK)
    if case.status is not CaseStatus.ACCEPTED and queued_move is CaseStatus.ACCEPTED:
        return ACCEPTED_UNSENT
    if case.status is CaseStatus.ACCEPTED:
        return StateWords("Accepted", "accent", STARTED_RANK)
    return StateWords("New", "", 1)


PRIORITY_WORDS = {
    Priority.ROUTINE: ("Routine", "", 3),
    Priority.URGENT: ("Urgent", "warning", 2),
    Priority.ASAP: ("As soon as possible", "warning", 1),
    Priority.STAT: ("Immediately", "danger", 0),
}
"""Priority → words, tone, rank (small first)."""
