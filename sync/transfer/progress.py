"""How far a sync round is, as a record for whoever shows it. One place counts, so several threads may report."""

from __future__ import annotations

import threading
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
    """A moment of a round. Counts are files; ``case_*`` of the case in hand, the others of the whole round."""

    stage: SyncStage
    case_id: CaseId | None = None
    case_done: int = 0
    case_total: int = 0
    done: int = 0
    total: int = 0
    bytes_fetched: int = 0


ProgressListener = Callable[[SyncProgress], None]


class ProgressCounter:
    """Counts what is here and tells the listener, one call at a time, from whichever thread has the news."""

    _BYTES_BETWEEN_CALLS = 4 * 1024 * 1024

    def __init__(self, listener: ProgressListener) -> None:
        self._listener = listener
        self._lock = threading.Lock()
        self._now = SyncProgress(SyncStage.WORKLIST)
        self._cases: dict[CaseId, tuple[int, int]] = {}
        self._bytes_told = 0

    @property
    def bytes_fetched(self) -> int:
        return self._now.bytes_fetched

    def enter(self, stage: SyncStage, case_id: CaseId | None = None) -> None:
        with self._lock:
            self._tell(replace(self._now, stage=stage, case_id=case_id, case_done=0, case_total=0))

    def set_case(self, case_id: CaseId, done: int, total: int) -> None:
        """Files of a case: how many are here of how many there are. Tells nothing yet."""
        with self._lock:
            self._cases[case_id] = (done, total)

    def file_done(self, case_id: CaseId) -> None:
        with self._lock:
            done, total = self._cases.get(case_id, (0, 0))
            self._cases[case_id] = (done + 1, max(total, done + 1))
            self._tell(self._downloading(case_id))

    def bytes_arrived(self, case_id: CaseId, count: int) -> None:
        """Tells only every few megabytes: a screen needs no more."""
        with self._lock:
            self._now = replace(self._now, bytes_fetched=self._now.bytes_fetched + count)
            if self._now.bytes_fetched - self._bytes_told >= self._BYTES_BETWEEN_CALLS:
                self._tell(self._downloading(case_id))

    def _downloading(self, case_id: CaseId) -> SyncProgress:
        case_done, case_total = self._cases.get(case_id, (0, 0))
        return replace(
            self._now,
            stage=SyncStage.DOWNLOADING,
            case_id=case_id,
            case_done=case_done,
            case_total=case_total,
            done=sum(done for done, _ in self._cases.values()),
            total=sum(total for _, total in self._cases.values()),
        )

    def _tell(self, progress: SyncProgress) -> None:
        self._now = progress
        self._bytes_told = progress.bytes_fetched
        self._listener(progress)
