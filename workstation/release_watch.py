"""Watches the patients' releases while the window is open: none of them ends unnoticed, with a line or without one.

No Qt: it is told how to wait. Whatever the clocks do, it looks again before long.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from sync.changes import Changes
from sync.lease import known_time
from sync.records.case import Case
from sync.release_end import withhold_ended_releases
from workstation.lanes import Lanes
from workstation.release_words import ends_words

if TYPE_CHECKING:
    from sync.store.database import Store

LOOK_AGAIN_S = 30.0
"""The open case's release is met at its very end; that of another case this late at the most."""
_AFTER_THE_END_S = 0.05


class ReleaseWatch:
    """*changed* hears what was withheld; *said* the words about the open case's release, empty where there are none."""

    def __init__(
        self,
        store: Store,
        lanes: Lanes,
        now: Callable[[], datetime],
        later: Callable[[float, Callable[[], None]], None],
        *,
        changed: Callable[[Changes], None],
        said: Callable[[str], None],
    ) -> None:
        self._store = store
        self._lanes = lanes
        self._now = now
        self._later = later
        self._changed = changed
        self._said = said
        self._until: datetime | None = None
        self._is_running = False
        self._turn = 0

    def start(self) -> None:
        """Look at once, and from now on."""
        self._is_running = True
        self._look()

    def stop(self) -> None:
        """Look no more, and say nothing of the last case."""
        self._is_running = False
        self.watch(None)

    def watch(self, case: Case | None) -> None:
        """This case is open now."""
        until = None if case is None else case.release_until
        if until == self._until:
            return
        self._until = until
        if until is None:
            self._said("")
        if self._is_running:
            self._look()

    def _look(self) -> None:
        self._turn += 1
        turn = self._turn

        def work() -> tuple[Changes, datetime]:
            known = known_time(self._store)
            return withhold_ended_releases(self._store, known), known

        self._lanes.store_lane(work, lambda found: self._looked(turn, *found), lambda _error: self._wait(turn, None))

    def _looked(self, turn: int, changes: Changes, known: datetime) -> None:
        if changes:
            self._changed(changes)
        if turn == self._turn and self._is_running:
            self._said(ends_words(self._until, known, self._now()))
            self._wait(turn, known)

    def _wait(self, turn: int, known: datetime | None) -> None:
        """A look that was overtaken by another, or by `stop`, leads to no further one."""

        def look() -> None:
            if turn == self._turn and self._is_running:
                self._look()

        left_s = LOOK_AGAIN_S
        if known is not None and self._until is not None and self._until >= known:
            left_s = min(left_s, (self._until - known).total_seconds() + _AFTER_THE_END_S)
        self._later(left_s, look)
