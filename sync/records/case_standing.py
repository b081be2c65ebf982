"""Where a case stands on this computer, in numbers: all that a line of the worklist is made of besides the case."""

from __future__ import annotations

from dataclasses import dataclass

from sync.records.case import Case


@dataclass(frozen=True, slots=True)
class CaseStanding:
    """One case, and what happened to it here."""

    case: Case
    files_here: dict[tuple[str, str], int]
    """By source and SeriesInstanceUID (empty for what is no DICOM instance)."""
    strangers: int
    """Objects here whose patient is not the case's."""
    rejected: int
    """Objects that did not pass the door."""
    withdrawn: bool
    drafted: bool
    signed: bool
    delivered: bool
    accept_queued: bool
    """The acceptance is on its way to the hospital or has arrived there."""
