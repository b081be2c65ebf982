"""Which records a reader has looked at, and for how long: a row in the audit trail for each. No Qt here.

A look ends when something else takes its place, when the page is turned away, or when the case is put away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.audit import AuditAction
from sync.records.case import CaseId
from workstation.lanes import Lanes

if TYPE_CHECKING:
    from sync.store.database import Store


@dataclass
class _Look:
    case_id: CaseId
    record: str
    began_s: float | None
    """None while its page is not in front."""


class RecordViews:
    """*clock_s* only ever goes forward (``time.monotonic``)."""

    def __init__(self, store: Store, lanes: Lanes, clock_s: Callable[[], float]) -> None:
        self._store = store
        self._lanes = lanes
        self._clock_s = clock_s
        self._page = ""
        self._looks: dict[tuple[str, int], _Look] = {}

    def shown(self, page: str, place: int, case_id: str, record: str) -> None:
        """*record* (its identifier) is now in that place of that page; empty: nothing is."""
        self._end(self._looks.pop((page, place), None))
        if case_id and record:
            began_s = self._clock_s() if page == self._page else None
            self._looks[page, place] = _Look(CaseId(case_id), record, began_s)

    def page_turned(self, page: str) -> None:
        """*page* is in front now."""
        self._page = page
        for (on, _place), look in self._looks.items():
            if on != page:
                self._end(look)
                look.began_s = None
            elif look.began_s is None:
                look.began_s = self._clock_s()

    def put_away(self, page: str) -> None:
        """Nothing is left on that page."""
        for key in [key for key in self._looks if key[0] == page]:
            self._end(self._looks.pop(key))

    def _end(self, look: _Look | None) -> None:
        if look is None or look.began_s is None:
            return
        detail = {"duration_s": round(self._clock_s() - look.began_s, 1)}
        case_id, record, audit = look.case_id, look.record, self._store.audit
        self._lanes.store_lane(lambda: audit.append(AuditAction.RECORD_VIEWED, case_id, record, "done", detail))
