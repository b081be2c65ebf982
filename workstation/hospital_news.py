"""What a round of sync tells, put in words for the status line and the worklist. No Qt here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from sync.records.case import CaseId
from sync.records.outbox_entry import OutboxEntry, OutboxKind, OutboxState
from sync.transfer.progress import SyncProgress, SyncStage
from workstation.failure_words import sentence_for
from workstation.offline_words import offline_words

if TYPE_CHECKING:
    from sync.sync_round import SyncReport


class StatusWords(Protocol):
    """The status line as this module sees it."""

    saying: int
    """Numbers what `say` said last."""

    def show_sync(self, text: str, *, offline: bool = False) -> None:
        """How sync stands."""

    def show_outbox(self, text: str) -> None:
        """What waits to leave."""

    def say(self, sentence: str, *, failure: bool = False) -> None:
        """One sentence for the user."""

    def take_back(self, saying: int) -> None:
        """What was said then does not hold any more."""


class OfflineBand(Protocol):
    """The band above the pages as this module sees it."""

    def show_offline(self, text: str) -> None:
        """That the hospital cannot be reached; empty: it can."""


class RowProgress(Protocol):
    """The worklist as this module sees it."""

    def progressed(self, case_id: CaseId, text: str) -> None:
        """How far a case is; empty when it is done."""

    def sync_ran(self, running: bool) -> None:
        """A round began or ended."""


STAGE_WORDS = {
    SyncStage.SENDING: "Sending what waits…",
    SyncStage.WORKLIST: "Asking for your cases…",
    SyncStage.RECORDS: "Fetching records…",
}


class HospitalNews:
    """Listens to one `SyncLoop`."""

    def __init__(
        self,
        status: StatusWords,
        worklist: RowProgress,
        hospital: str,
        now: Callable[[], datetime],
        *,
        offline: OfflineBand | None = None,
        next_round_in_s: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._offline = offline
        self._next_round_in_s = next_round_in_s
        self._offline_since: datetime | None = None
        self._synced_at: datetime | None = None
        self._status = status
        self._worklist = worklist
        self._hospital = hospital
        self._now = now
        self._told: list[str] = []
        self._alarm = 0

    def began(self) -> None:
        """A round is under way."""
        self._worklist.sync_ran(True)
        self._status.show_sync(f"Syncing with {self._hospital}…")

    def progressed(self, progress: SyncProgress) -> None:
        """A moment of the round."""
        if progress.stage is not SyncStage.DOWNLOADING:
            self._status.show_sync(STAGE_WORDS.get(progress.stage, f"Syncing with {self._hospital}…"))
            return
        self._status.show_sync(f"Fetching files: {progress.done} of {progress.total}")
        if progress.case_id is not None and progress.case_total:
            share = 100 * progress.case_done // progress.case_total
            is_done = progress.case_done >= progress.case_total
            self._worklist.progressed(progress.case_id, "" if is_done else f"arriving: {share} %")

    def ended(self, report: SyncReport) -> None:
        """The round is over; what went wrong in it is said once. One that broke off is no reason to stop reading."""
        self._worklist.sync_ran(False)
        problems = list(report.problems)
        if report.complete:
            self._synced_at = self._now()
            self._status.show_sync(f"Synced with {self._hospital} at {self._synced_at:%H:%M}")
        else:
            reason = problems.pop() if problems else f"The sync with {self._hospital} broke off."
            last = f" Last synced at {self._synced_at:%H:%M}." if self._synced_at else ""
            self._status.show_sync(f"{reason}{last}", offline=True)
        self._show_offline(report.offline)
        if problems and problems != self._told:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            self._alarm_by(f"{problems[0]}{more}")
        elif not problems and report.complete:
            self._status.take_back(self._alarm)
            self._alarm = 0
        self._told = problems

    def _alarm_by(self, sentence: str) -> None:
        """Red, until it goes by itself or a good round takes it back."""
        self._status.say(sentence, failure=True)
        self._alarm = self._status.saying

    def _show_offline(self, is_offline: bool) -> None:
        if self._offline is None:
            return
        if not is_offline:
            self._offline_since = None
            self._offline.show_offline("")
            return
        now = self._now()
        self._offline_since = self._offline_since or now
        wait_s = self._next_round_in_s()
        next_try = None if wait_s is None else now + timedelta(seconds=wait_s)
        self._offline.show_offline(offline_words(self._hospital, self._offline_since, next_try))

    def failed(self, error: Exception) -> None:
        """The round ended by a bug of ours."""
        self._worklist.sync_ran(False)
        self._status.show_sync("The last sync failed", offline=True)
        self._alarm_by(sentence_for(error))

    def show_outbox(self, entries: Sequence[OutboxEntry], kept: Collection[CaseId] = ()) -> None:
        """What waits to leave, and what needs a person. *kept*: locked cases whose reader has chosen."""
        self._status.show_outbox(outbox_words(entries, kept))


def outbox_words(entries: Sequence[OutboxEntry], kept: Collection[CaseId] = ()) -> str:
    """``1 opinion waits to leave``; what needs attention is said first. Why, the transfers page says."""
    stuck = [e for e in entries if e.state is OutboxState.NEEDS_ATTENTION and e.case_id not in kept]
    opinions = [e for e in entries if e.state is OutboxState.WAITING and e.kind is OutboxKind.OPINION]
    written = [e for e in entries if e.state is OutboxState.WAITING and e.kind is OutboxKind.MESSAGE]
    # To ask for records of a new case is also to accept it: for the reader, one thing said to the hospital.
    moved = {e.case_id for e in entries if e.state is OutboxState.WAITING and e.kind is OutboxKind.TASK_MOVE}
    things = len(written) + len(moved)
    noun = ("thing", "things") if moved else ("message", "messages")
    parts = []
    if stuck:
        parts.append(f"{len(stuck)} {'needs' if len(stuck) == 1 else 'need'} attention (F7)")
    if opinions:
        parts.append(f"{len(opinions)} {'opinion waits' if len(opinions) == 1 else 'opinions wait'} to leave")
    elif things:
        parts.append(f"{things} {f'{noun[0]} waits' if things == 1 else f'{noun[1]} wait'} to leave")
    return " · ".join(parts)
