"""Sending what waits, in order: moves of the Task's state, signed opinions, messages, deletion receipts.

What became of each entry is kept here; how one is delivered exactly once is `sync.delivery`'s. Protocol 1.3–1.5.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sync.audit import AuditAction
from sync.case_custody import take_case_away
from sync.conflicts import Conflict
from sync.delivery import Delivery, TakenBack
from sync.errors import (
    ForeignObject,
    HospitalBusy,
    Offline,
    Refused,
    SignInNeeded,
    StoreUnavailable,
    SyncError,
)
from sync.records.case import Case, CaseId
from sync.records.conflict import ConflictKind
from sync.records.outbox_entry import OutboxEntry, OutboxKind
from sync.store.outbox_store import is_due
from sync.transfer.hospital import Hospital
from sync.transfer.retry import Cancelled, TransferCancelled

if TYPE_CHECKING:
    from sync.store.database import Store

LONGEST_PAUSE_S = 300.0


@dataclass
class OutboxReport:
    """What happened to what was waiting. ``ended_by``: the failure that every further entry would have met."""

    sent: int = 0
    waiting: int = 0
    problems: list[str] = field(default_factory=list)
    ended_by: SyncError | None = None


def deliver_outbox(
    store: Store,
    hospital: Hospital,
    cancelled: Cancelled = lambda: False,
    *,
    at_once: bool = True,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> OutboxReport:
    """Tries every waiting entry once, in order; after a failure the later entries of the same case stay behind.

    *at_once* False: our own pauses after failures are kept; those the hospital asked for are kept always.
    """
    return _Sending(store, hospital, cancelled, at_once, now).run()


class _Sending:
    def __init__(
        self, store: Store, hospital: Hospital, cancelled: Cancelled, at_once: bool, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._hospital = hospital
        self._cancelled = cancelled
        self._at_once = at_once
        self._now = now
        self._stuck: set[CaseId] = set()
        self._report = OutboxReport()

    def run(self) -> OutboxReport:
        report = self._report
        for entry in self._store.outbox.list_waiting():
            if self._cancelled() or report.ended_by is not None:
                break
            if entry.case_id in self._stuck:
                continue
            lock = self._store.conflicts.find_lock(entry.case_id)
            if lock is not None and entry.kind is not OutboxKind.DELETION:
                _put_aside(self._store, entry, lock.sentence)  # also a retry: nothing of a locked case leaves
                continue
            if not is_due(entry, self._now(), at_once=self._at_once):
                self._stuck.add(entry.case_id)
                continue
            try:
                self._send(entry)
            except TransferCancelled:
                break
        report.waiting = len(self._store.outbox.list_waiting())
        return report

    def _send(self, entry: OutboxEntry) -> None:
        report = self._report
        try:
            Delivery(self._store, self._hospital, entry, self._cancelled).run()
            report.sent += 1
        except TakenBack:
            return
        except Conflict as conflict:
            self._stuck.add(entry.case_id)
            report.problems.append(str(conflict))
            # The entry is put aside last: killed before that, the next round meets the same conflict and ends here.
            if conflict.kind is not None and conflict.kind.locks:
                now = self._hospital.fhir.clock()
                take_case_away(self._store, entry.case_id, conflict.kind, str(conflict), now)
            elif conflict.kind is not None:
                self._store.conflicts.raise_conflict(entry.case_id, conflict.kind, str(conflict), conflict.detail)
            _put_aside(self._store, entry, str(conflict))
        except (Offline, HospitalBusy, SignInNeeded) as error:
            self._try_later(entry, error)
            report.problems.append(str(error))
            report.ended_by = error
        except (Refused, ForeignObject) as error:
            sentence = f"Case {entry.case_id}: {error}"
            _put_aside(self._store, entry, sentence)
            self._stuck.add(entry.case_id)
            report.problems.append(sentence)
        except StoreUnavailable:
            raise
        except SyncError as error:
            self._try_later(entry, error)
            self._stuck.add(entry.case_id)
            report.problems.append(f"Case {entry.case_id}: {error}")

    def _try_later(self, entry: OutboxEntry, error: SyncError) -> None:
        now = self._now()
        asked_s = error.retry_after_s if isinstance(error, HospitalBusy) else None
        self._store.outbox.record_attempt(
            entry.entry_id,
            str(error),
            not_before=now + timedelta(seconds=pause_after(entry.attempts + 1)),
            held_until=None if asked_s is None else now + timedelta(seconds=asked_s),
        )


def pause_after(attempts: int) -> float:
    """Seconds after the n-th failure: 2^n with jitter, at most five minutes (protocol 1.5)."""
    return float(min(2.0 ** min(attempts, 20), LONGEST_PAUSE_S) * random.uniform(0.5, 1.0))


def put_waiting_opinion_aside(store: Store, case: Case, sentence: str) -> bool:
    """A signed opinion whose question changed under it must not leave; True where one was waiting."""
    waiting = [e for e in store.outbox.list_waiting() if e.case_id == case.case_id and e.kind is OutboxKind.OPINION]
    for entry in waiting:
        store.conflicts.raise_conflict(case.case_id, ConflictKind.TERMS_CHANGED, sentence)
        _put_aside(store, entry, sentence)
    return bool(waiting)


def _put_aside(store: Store, entry: OutboxEntry, sentence: str) -> None:
    store.outbox.record_attempt(entry.entry_id, sentence, needs_attention=True)
    store.audit.append(AuditAction.SYNC_CONFLICT, entry.case_id, entry.subject, "not sent", {"reason": sentence})
