"""Which cases a round found new, and which changed: for telling the reader, who may be elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from sync.records.case import CaseId


@dataclass
class CaseNews:
    """Gathered over the stages of one round."""

    new: set[CaseId] = field(default_factory=set)
    changed: set[CaseId] = field(default_factory=set)
