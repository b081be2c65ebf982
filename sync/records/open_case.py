"""An open assignment as a round of sync needs to know it, without its records."""

from __future__ import annotations

from dataclasses import dataclass

from sync.records.case import CaseId


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case that still waits for its opinion and that this reader may see."""

    case_id: CaseId
    task_reference: str
    task_version: str
    patient_reference: str
