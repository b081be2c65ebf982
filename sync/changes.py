"""What a mutation of the store touched, so that each screen refreshes only on what concerns it."""

from __future__ import annotations

from dataclasses import dataclass

from sync.records.case import CaseId


@dataclass(frozen=True, slots=True)
class Changes:
    """The cases whose worklist row, objects, marks, opinion, outbox or unread messages changed."""

    cases: frozenset[CaseId] = frozenset()
    objects: frozenset[CaseId] = frozenset()
    annotations: frozenset[CaseId] = frozenset()
    opinions: frozenset[CaseId] = frozenset()
    outbox: frozenset[CaseId] = frozenset()
    messages: frozenset[CaseId] = frozenset()

    def __or__(self, other: Changes) -> Changes:
        return Changes(
            self.cases | other.cases,
            self.objects | other.objects,
            self.annotations | other.annotations,
            self.opinions | other.opinions,
            self.outbox | other.outbox,
            self.messages | other.messages,
        )

    def __bool__(self) -> bool:
        return bool(self.cases or self.objects or self.annotations or self.opinions or self.outbox or self.messages)
