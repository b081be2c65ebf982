"""One round of sync in its stages: changes, reconcile, records, outbox, files, report.

Nothing that takes long stands before the outbox: of many cases only the most wanted are read before it, the rest after
it, and files come last. When rounds happen is the window's business; everything a round needs comes in as an argument.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sync.audit_upload import upload_audit
from sync.case_custody import put_away_given_back, shred_due_cases
from sync.case_news import CaseNews
from sync.case_refresh import CaseRefresh
from sync.errors import HospitalBusy, Offline, SignInNeeded, StoreUnavailable, SyncError
from sync.hospital_profile import HospitalProfile
from sync.lease import note_contact, note_time
from sync.outbox import OutboxReport, deliver_outbox
from sync.record_changes import mark_changed_cases
from sync.records.case import CaseId
from sync.release_end import withhold_ended_releases
from sync.transfer.completeness import is_complete
from sync.transfer.control import TransferControl
from sync.transfer.door import HeaderInspector, ObjectInspector
from sync.transfer.download import OPEN_CASE_KEY, CaseDownloads, DisplayFacts, DownloadTally
from sync.transfer.hospital import Hospital, connect_hospital
from sync.transfer.progress import ProgressCounter, ProgressListener, SyncProgress, SyncStage
from sync.transfer.retry import Cancelled, TransferCancelled
from sync.worklist import WorklistRefresh

if TYPE_CHECKING:
    from sync.store.database import Store

log = logging.getLogger("sync.round")

__all__ = ["SyncProgress", "SyncReport", "SyncStage", "connect_hospital", "run_sync_round"]

READ_BEFORE_SENDING = 20
"""Cases whose records are read before the outbox; about a second's work."""


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
    offline: bool = False
    """The hospital could not be reached."""
    new_cases: int = 0
    changed_cases: int = 0
    """Cases that were here already and of which something changed at the hospital."""

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``readingroom sync --once``."""
        return {
            "cases_seen": self.cases_seen,
            "objects_fetched": self.objects_fetched,
            "bytes_fetched": self.bytes_fetched,
            "rejected": self.rejected,
            "new_cases": self.new_cases,
            "changed_cases": self.changed_cases,
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
    control: TransferControl | None = None,
) -> SyncReport:
    """Blocks until done or cancelled. Expected failures stand in the report, never in an exception.

    ``on_progress`` is called from several threads, one call at a time. A profile is connected for this one round; a
    `Hospital` stays open. ``inspector`` looks into what arrives; without one only headers are read.
    ``control`` pauses and limits the downloads.
    """
    if isinstance(hospital, HospitalProfile):
        connected = connect_hospital(hospital)
        try:
            return run_sync_round(
                store, connected, on_progress=on_progress, cancelled=cancelled, inspector=inspector, facts=facts,
                control=control,
            )  # fmt: skip
        finally:
            connected.close()
    return _Round(store, hospital, ProgressCounter(on_progress), cancelled).run(
        inspector or HeaderInspector(), facts, control
    )


class _Round:
    def __init__(self, store: Store, hospital: Hospital, progress: ProgressCounter, cancelled: Cancelled) -> None:
        self._store = store
        self._hospital = hospital
        self._progress = progress
        self._cancelled = cancelled
        store.audit.actor = hospital.profile.practitioner_reference
        self._problems: list[str] = []
        self._news = CaseNews()
        self._ended_by: SyncError | None = None
        self._outbox = OutboxReport()
        self._tally = DownloadTally()

    def run(
        self, inspector: ObjectInspector, facts: DisplayFacts | None, control: TransferControl | None
    ) -> SyncReport:
        worklist = WorklistRefresh(self._store, self._hospital, self._cancelled, self._problems, self._news)
        cases = CaseRefresh(self._store, self._hospital, self._cancelled, self._problems, self._news)
        try:
            self._stage(SyncStage.WORKLIST, worklist.fetch_assignments)
            self._stage(SyncStage.WORKLIST, worklist.reconcile)
            self._stage(SyncStage.WORKLIST, self._shred_what_is_due)
            self._stage(SyncStage.RECORDS, self._withhold_ended_releases)
            self._stage(SyncStage.RECORDS, lambda: mark_changed_cases(self._store, self._hospital, self._cancelled))
            self._stage(SyncStage.RECORDS, lambda: cases.read(self._most_wanted(cases.list_due())))
            self._stage(SyncStage.SENDING, self._send)
            self._stage(SyncStage.SENDING, self._put_away_given_back)
            self._stage(SyncStage.RECORDS, lambda: cases.read(cases.list_due()))
            self._stage(SyncStage.SENDING, lambda: upload_audit(self._store, self._hospital, self._cancelled))
            self._stage(SyncStage.DOWNLOADING, lambda: self._fetch_files(inspector, facts, control))
        except TransferCancelled:
            pass
        except SyncError as error:
            self._ended_by = error
        report = self._report()
        self._count_contact(report)
        self._progress.enter(SyncStage.FINISHED)
        return report

    def _count_contact(self, report: SyncReport) -> None:
        """A good round begins the offline lease anew; any other notes only how late it is."""
        try:
            if report.complete:
                note_contact(self._store, self._hospital.fhir.clock())
            else:
                note_time(self._store)
        except SyncError as error:
            log.info("the time of this round was not noted (%s)", type(error).__name__)

    def _stage(self, stage: SyncStage, work: Callable[[], object]) -> None:
        """A fault of one stage (a search that is refused, an answer that cannot be read) does not keep the others."""
        if self._cancelled():
            raise TransferCancelled
        self._progress.enter(stage)
        try:
            work()
        except SyncError as error:
            if _ends_the_round(error):
                raise
            self._ended_by = self._ended_by or error

    def _most_wanted(self, due: tuple[CaseId, ...]) -> list[CaseId]:
        """What is sent next, what the reader has open, then as many as are read in a moment."""
        wanted = {entry.case_id for entry in self._store.outbox.list_waiting()}
        open_case = self._store.session.find(OPEN_CASE_KEY)
        ordered = sorted(due, key=lambda case_id: (case_id not in wanted, case_id != open_case))
        return ordered[: max(READ_BEFORE_SENDING, len(wanted.intersection(due)))]

    def _shred_what_is_due(self) -> None:
        """Cases taken away whose grace is over by the hospital's clock."""
        shred_due_cases(self._store, self._hospital.fhir.clock())

    def _withhold_ended_releases(self) -> None:
        """Releases that ran out by the hospital's clock; the reading that follows deletes, or finds a new release."""
        withhold_ended_releases(self._store, self._hospital.fhir.clock())

    def _put_away_given_back(self) -> None:
        """Cases declined or closed without an opinion, now that the hospital knows."""
        put_away_given_back(self._store, self._hospital.fhir.clock())

    def _send(self) -> None:
        self._outbox = deliver_outbox(self._store, self._hospital, self._cancelled)
        if self._outbox.ended_by is not None:
            raise self._outbox.ended_by

    def _fetch_files(
        self, inspector: ObjectInspector, facts: DisplayFacts | None, control: TransferControl | None
    ) -> None:
        cases = self._store.rounds.list_to_fetch()
        if not cases:
            return
        downloads = CaseDownloads(
            self._store, self._hospital, self._progress, cancelled=self._cancelled, inspector=inspector, facts=facts,
            control=control,
        )  # fmt: skip
        self._tally = downloads.run(cases)
        self._store.rounds.note_fetched([case for case in cases if is_complete(self._store, case)])
        if self._tally.ended_by is not None:
            raise self._tally.ended_by

    def _report(self) -> SyncReport:
        ended_by, outbox, tally = self._ended_by, self._outbox, self._tally
        problems = [*self._problems, *outbox.problems, *tally.problems, *([str(ended_by)] if ended_by else [])]
        report = SyncReport(
            cases_seen=self._store.rounds.count_listed(),
            objects_fetched=tally.objects_fetched,
            bytes_fetched=self._progress.bytes_fetched,
            rejected=tally.rejected,
            sent=outbox.sent,
            waiting=outbox.waiting,
            problems=tuple(dict.fromkeys(problems)),
            complete=ended_by is None and not self._cancelled(),
            offline=isinstance(ended_by, Offline),
            new_cases=len(self._news.new),
            changed_cases=len(self._news.changed - self._news.new),
        )
        if isinstance(ended_by, HospitalBusy):
            report = replace(report, retry_after_s=ended_by.retry_after_s)
        return report


def _ends_the_round(error: SyncError) -> bool:
    """Whether every further question to the hospital, or every write here, would meet the same."""
    if isinstance(error, HospitalBusy):
        return error.retry_after_s is not None
    return isinstance(error, Offline | SignInNeeded | StoreUnavailable)
