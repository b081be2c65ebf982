"""Which records a reader has looked at, and for how long: rows in the audit trail. No Qt here.

A look has two rows: one when the record comes before the reader's eyes, which no kill can lose, and one with the time
when something else takes its place, the page is turned away, or the case is put away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.audit import AuditAction
from sync.records.case import CaseId
from sync.records.opinion import Json
from workstation.lanes import Lanes

if TYPE_CHECKING:
    from sync.store.database import Store


@dataclass
class _Look:
    case_id: CaseId
    record: str
    began_s: float | None = None
    """None while its page is not in front."""
    is_noted: bool = False
    """Its opening is in the trail: turning the page away and back is the same look."""


class RecordViews:
    """*clock_s* only ever goes forward (``time.monotonic``)."""

    def __init__(self, store: Store, lanes: Lanes, clock_s: Callable[[], float]) -> None:
        self._store = store
        self._lanes = lanes
        self._clock_s = clock_s
        self._page = ""
        self._looks: dict[tuple[str, str, str], _Look] = {}

    def shown(self, page: str, case_id: str, records: Sequence[str]) -> None:
        """These *records* (identifiers) of that case are on that page now, and nothing else; empty ones are none."""
        wanted = [(page, case_id, record) for record in records if case_id and record]
        for key in [key for key in self._looks if key[0] == page and key not in wanted]:
            self._end(self._looks.pop(key))
        for key in wanted:
            if key not in self._looks:
                self._looks[key] = _Look(CaseId(case_id), key[2])
                if page == self._page:
                    self._begin(self._looks[key])

    def page_turned(self, page: str) -> None:
        """*page* is in front now."""
        self._page = page
        for (on, _case_id, _record), look in self._looks.items():
            if on != page:
                self._end(look)
            elif look.began_s is None:
                self._begin(look)

    def _begin(self, look: _Look) -> None:
        look.began_s = self._clock_s()
        if not look.is_noted:
            look.is_noted = True
            self._append(AuditAction.RECORD_OPENED, look, {})

    def _end(self, look: _Look) -> None:
        if look.began_s is not None:
            duration_s, look.began_s = self._clock_s() - look.began_s, None
            self._append(AuditAction.RECORD_VIEWED, look, {"duration_s": round(duration_s, 1)})

    def _append(self, action: AuditAction, look: _Look, detail: Json) -> None:
        case_id, record, audit = look.case_id, look.record, self._store.audit
        self._lanes.store_lane(lambda: audit.append(action, case_id, record, "done", detail))
