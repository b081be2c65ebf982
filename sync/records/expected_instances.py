"""What the hospital lists of one series, so that "48 of 56 here" can be said."""

from __future__ import annotations

from dataclasses import dataclass

from sync.records.case import CaseId


@dataclass(frozen=True, slots=True)
class ExpectedInstances:
    """The SOP Instance UIDs of one series as the hospital's QIDO-RS listed them. ``source`` as in StoredObject."""

    case_id: CaseId
    source: str
    series_uid: str
    sop_instance_uids: tuple[str, ...]
