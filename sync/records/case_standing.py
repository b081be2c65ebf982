"""Where a case stands on this computer, in numbers: all that a line of the worklist is made of besides the case."""

from __future__ import annotations

from dataclasses import dataclass

from sync.records.case import Case, CaseStatus


@dataclass(frozen=True, slots=True)
class CaseStanding:
    """One case, and what happened to it here."""

    case: Case
    files_here: dict[tuple[str, str], int]
    """By source and SeriesInstanceUID (empty for what is no DICOM instance)."""
    strangers: int
    """Objects here whose patient is not the case's."""
    accepted: bool
    """The reader took responsibility for them."""
    rejected: int
    """Objects that did not pass the door."""
    drafted: bool
    signed: bool
    delivered: bool
    stuck: bool
    """A signed opinion needs attention before it is tried again."""
    left_unsent: bool
    """What was signed stays here by the reader's choice: the hospital holds another opinion of theirs."""
    amending: bool
    """The form of the delivered opinion is open again."""
    queued_move: CaseStatus | None
    """Where the reader moves the case: queued, and not at the hospital yet."""
    unread: int
    """Messages of the hospital that the reader has not seen."""
    withdrawal: str = ""
    """Why the case is locked; empty where it is not."""

    @property
    def withdrawn(self) -> bool:
        return bool(self.withdrawal)
