"""How long to wait for the next round: the interval, what a busy hospital asked for, or a growing pause while offline.

Decides only; the waiting is `sync_loop`'s. No Qt here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync.sync_round import SyncReport

FIRST_PAUSE_S = 10.0
LONGEST_PAUSE_S = 300.0


class SyncPace:
    """One for each loop; hears of every round. *interval_s* is the wait after a round that reached the hospital."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._failures = 0

    def wait_after(self, report: SyncReport | None) -> float:
        """Seconds until the next round. None: the round ended by a fault of ours."""
        if report is None or report.offline:
            self._failures += 1
            return min(FIRST_PAUSE_S * float(2 ** min(self._failures - 1, 10)), LONGEST_PAUSE_S)
        self._failures = 0
        return max(self._interval_s, report.retry_after_s or 0.0)
