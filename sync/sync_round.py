"""One sync round: send what waits, refresh the worklist, fetch what is missing, say how it went.

When rounds happen is the window's business; everything a round needs comes in as an argument.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sync.errors import HospitalBusy, SyncError
from sync.hospital_profile import HospitalProfile
from sync.outbox import OutboxReport, deliver_outbox
from sync.transfer.door import HeaderInspector, ObjectInspector
from sync.transfer.download import CaseDownloads, DisplayFacts, DownloadTally
from sync.transfer.hospital import Hospital, connect_hospital
from sync.transfer.progress import ProgressCounter, ProgressListener, SyncProgress, SyncStage
from sync.transfer.retry import Cancelled, TransferCancelled
from sync.worklist import WorklistRefresh

if TYPE_CHECKING:
    from sync.store.database import Store

__all__ = ["SyncProgress", "SyncReport", "SyncStage", "connect_hospital", "run_sync_round"]


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a round did. ``problems`` are sentences for the reader, each once, in the order they came up."""

    cases_seen: int = 0
    objects_fetched: int = 0
    bytes_fetched: int = 0
    rejected: int = 0
    sent: int = 0
    waiting: int = 0
    problems: tuple[str, ...] = ()
    complete: bool = True
    """False where the round ended early: offline, signed out, disk full, or cancelled."""
    retry_after_s: float | None = None
    """What a busy hospital asked for."""

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``readingroom sync --once``."""
        return {
            "cases_seen": self.cases_seen,
            "objects_fetched": self.objects_fetched,
            "bytes_fetched": self.bytes_fetched,
            "rejected": self.rejected,
            "sent": self.sent,
            "waiting": self.waiting,
            "problems": list(self.problems),
            "complete": self.complete,
            "retry_after_s": self.retry_after_s,
        }


def run_sync_round(
    store: Store,
    hospital: Hospital | HospitalProfile,
    *,
    on_progress: ProgressListener = lambda _progress: None,
    cancelled: Cancelled = lambda: False,
    inspector: ObjectInspector | None = None,
    facts: DisplayFacts | None = None,
) -> SyncReport:
    """Blocks until done or cancelled. Expected failures stand in the report, never in an exception.

    Signed opinions leave first. ``on_progress`` is called from several threads, one call at a time. A profile is
    connected for this one round; a `Hospital` stays open. ``inspector`` looks into what arrives; without one only
    headers are read.
    """
    if isinstance(hospital, HospitalProfile):
        connected = connect_hospital(hospital)
        try:
            return run_sync_round(
                store, connected, on_progress=on_progress, cancelled=cancelled, inspector=inspector, facts=facts
            )
        finally:
            connected.close()
    return _Round(store, hospital, ProgressCounter(on_progress), cancelled).run(inspector or HeaderInspector(), facts)


class _Round:
    def __init__(self, store: Store, hospital: Hospital, progress: ProgressCounter, cancelled: Cancelled) -> None:
        self._store = store
        self._hospital = hospital
        self._progress = progress
        self._cancelled = cancelled

    def run(self, inspector: ObjectInspector, facts: DisplayFacts | None) -> SyncReport:
        outbox, tally = OutboxReport(), DownloadTally()
        refresh = WorklistRefresh(self._store, self._hospital, self._cancelled)
        ended_by: SyncError | None = None
        try:
            self._progress.enter(SyncStage.SENDING)
            outbox = deliver_outbox(self._store, self._hospital, self._cancelled)
            ended_by = outbox.ended_by
            if ended_by is None and not self._cancelled():
                self._progress.enter(SyncStage.WORKLIST)
                refresh.fetch_assignments()
                refresh.reconcile()
                self._progress.enter(SyncStage.RECORDS)
                cases = refresh.refresh_records()
                downloads = CaseDownloads(
                    self._store,
                    self._hospital,
                    self._progress,
                    cancelled=self._cancelled,
                    inspector=inspector,
                    facts=facts,
                )
                tally = downloads.run(cases)
                ended_by = tally.ended_by
        except TransferCancelled:
            pass
        except SyncError as error:
            ended_by = error
        report = self._report(outbox, refresh, tally, ended_by)
        self._progress.enter(SyncStage.FINISHED)
        return report

    def _report(
        self, outbox: OutboxReport, refresh: WorklistRefresh, tally: DownloadTally, ended_by: SyncError | None
    ) -> SyncReport:
        problems = [*outbox.problems, *refresh.report.problems, *tally.problems, *([str(ended_by)] if ended_by else [])]
        report = SyncReport(
            cases_seen=refresh.report.cases_seen,
            objects_fetched=tally.objects_fetched,
            bytes_fetched=self._progress.bytes_fetched,
            rejected=tally.rejected,
            sent=outbox.sent,
            waiting=outbox.waiting,
            problems=tuple(dict.fromkeys(problems)),
            complete=ended_by is None and not self._cancelled(),
        )
        if isinstance(ended_by, HospitalBusy):
            report = replace(report, retry_after_s=ended_by.retry_after_s)
        return report
