"""How far a sync round is, as a record for whoever shows it. One place counts, so several threads may report."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from sync.records.case import CaseId


class SyncStage(Enum):
    """What a round is doing, in this order; records of many cases are read on behind the sending."""

    WORKLIST = "worklist"
    RECORDS = "records"
    SENDING = "sending"
    DOWNLOADING = "downloading"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """A moment of a round. Counts are files; ``case_*`` of the case in hand, the others of the whole round.

    ``*_bytes`` are here, of ``*_bytes_total`` as far as sizes are known (None: not yet; images are estimated from
    those that are here). ``bytes_fetched`` is what came in this round, ``rate_bytes_s`` how fast it comes now.
    """

    stage: SyncStage
    case_id: CaseId | None = None
    case_done: int = 0
    case_total: int = 0
    done: int = 0
    total: int = 0
    bytes_fetched: int = 0
    case_bytes: int = 0
    case_bytes_total: int | None = None
    rate_bytes_s: float = 0.0

    @property
    def case_seconds_left(self) -> float | None:
        """None while it cannot be told."""
        if not self.case_bytes_total or self.rate_bytes_s <= 0:
            return None
        return max(0, self.case_bytes_total - self.case_bytes) / self.rate_bytes_s


ProgressListener = Callable[[SyncProgress], None]


@dataclass
class _CaseCount:
    done: int = 0
    total: int = 0
    size_bytes: int = 0
    total_bytes: int | None = None


class _Rate:
    """Bytes a second over the last few seconds."""

    _WINDOW_S = 5.0

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def at(self, now_s: float, so_far: int) -> float:
        self._seen.append((now_s, so_far))
        while len(self._seen) > 2 and now_s - self._seen[1][0] >= self._WINDOW_S:
            self._seen.popleft()
        since_s, before = self._seen[0]
        return (so_far - before) / (now_s - since_s) if now_s > since_s else 0.0


class ProgressCounter:
    """Counts what is here and tells the listener, one call at a time, from whichever thread has the news."""

    _PAUSE_S = 0.2
    """Between two calls about bytes: a screen needs no more."""

    def __init__(self, listener: ProgressListener, clock: Callable[[], float] = time.monotonic) -> None:
        self._listener = listener
        self._clock = clock
        self._lock = threading.Lock()
        self._now = SyncProgress(SyncStage.WORKLIST)
        self._cases: dict[CaseId, _CaseCount] = {}
        self._done = self._total = self._fetched = 0
        self._rate = _Rate()
        self._told_at_s = clock()

    @property
    def bytes_fetched(self) -> int:
        return self._fetched

    def enter(self, stage: SyncStage, case_id: CaseId | None = None) -> None:
        with self._lock:
            if case_id is not None:
                self._tell(self._downloading(case_id))
                return
            blank = SyncProgress(stage, done=self._done, total=self._total, bytes_fetched=self._fetched)
            self._tell(blank)

    def set_case(
        self, case_id: CaseId, done: int, total: int, size_bytes: int = 0, total_bytes: int | None = None
    ) -> None:
        """Files and bytes of a case: how many are here of how many there are. Tells nothing yet."""
        with self._lock:
            before = self._cases.get(case_id, _CaseCount())
            self._cases[case_id] = _CaseCount(done, total, size_bytes, total_bytes)
            self._done += done - before.done
            self._total += total - before.total

    def file_done(self, case_id: CaseId) -> None:
        with self._lock:
            count = self._cases.setdefault(case_id, _CaseCount())
            count.done += 1
            self._done += 1
            if count.total < count.done:
                self._total += count.done - count.total
                count.total = count.done
            self._tell(self._downloading(case_id))

    def bytes_arrived(self, case_id: CaseId, count: int) -> None:
        """Tells only a few times a second."""
        with self._lock:
            self._fetched += count
            self._cases.setdefault(case_id, _CaseCount()).size_bytes += count
            if self._clock() - self._told_at_s >= self._PAUSE_S:
                self._tell(self._downloading(case_id))

    def _downloading(self, case_id: CaseId) -> SyncProgress:
        count = self._cases.get(case_id, _CaseCount())
        return SyncProgress(
            SyncStage.DOWNLOADING, case_id, count.done, count.total, self._done, self._total, self._fetched,
            count.size_bytes, count.total_bytes,
        )  # fmt: skip

    def _tell(self, progress: SyncProgress) -> None:
        self._told_at_s = self._clock()
        self._now = replace(progress, rate_bytes_s=self._rate.at(self._told_at_s, self._fetched))
        self._listener(self._now)
