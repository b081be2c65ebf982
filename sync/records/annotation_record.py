"""Whose mark, on what, which revision, sent or not. What the mark *is* stays opaque here (`viewers.annotation`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sync.records.case import CaseId


@dataclass(frozen=True, slots=True)
class AnnotationRevision:
    """One append-only change of one mark. ``payload`` is the mark as JSON text; empty when ``deleted``."""

    case_id: CaseId
    annotation_id: str
    revision: int
    """1, 2, 3, … for each annotation."""
    target: str
    """Which image: ``series:<SeriesInstanceUID>`` or ``slide:<sha256>``."""
    author: str
    at: datetime
    deleted: bool
    payload: str
