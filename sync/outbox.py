"""Sending what waits, in order: moves of the Task's state, and signed opinions. Protocol 1.3–1.5.

What became of each entry is kept here; how one is delivered exactly once is `sync.delivery`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sync.audit import AuditAction
from sync.conflicts import Conflict
from sync.delivery import Delivery
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
from sync.records.outbox_entry import OutboxEntry, OutboxKind
from sync.transfer.hospital import Hospital
from sync.transfer.retry import Cancelled, TransferCancelled

if TYPE_CHECKING:
    from sync.store.database import Store


@dataclass
class OutboxReport:
    """What happened to what was waiting. ``ended_by``: the failure that every further entry would have met."""

    sent: int = 0
    waiting: int = 0
    problems: list[str] = field(default_factory=list)
    ended_by: SyncError | None = None


def deliver_outbox(store: Store, hospital: Hospital, cancelled: Cancelled = lambda: False) -> OutboxReport:
    """Tries every waiting entry once, in order; after a failure the later entries of the same case stay behind."""
    report = OutboxReport()
    stuck: set[CaseId] = set()
    for entry in store.outbox.list_waiting():
        if cancelled() or report.ended_by is not None:
            break
        if entry.case_id in stuck:
            continue
        try:
            Delivery(store, hospital, entry, cancelled).run()
            report.sent += 1
        except Conflict as conflict:
            _put_aside(store, entry, str(conflict), locks=conflict.locks)
            stuck.add(entry.case_id)
            report.problems.append(str(conflict))
        except (Offline, HospitalBusy, SignInNeeded) as error:
            store.outbox.record_attempt(entry.entry_id, str(error))
            report.problems.append(str(error))
            report.ended_by = error
        except (Refused, ForeignObject) as error:
            sentence = f"Case {entry.case_id}: {error}"
            _put_aside(store, entry, sentence, locks=False)
            stuck.add(entry.case_id)
            report.problems.append(sentence)
        except StoreUnavailable:
            raise
        except TransferCancelled:
            break
        except SyncError as error:
            store.outbox.record_attempt(entry.entry_id, str(error))
            stuck.add(entry.case_id)
            report.problems.append(f"Case {entry.case_id}: {error}")
    report.waiting = len(store.outbox.list_waiting())
    return report


def put_waiting_opinion_aside(store: Store, case: Case, sentence: str) -> bool:
    """A signed opinion whose question changed under it must not leave; True where one was waiting."""
    waiting = [e for e in store.outbox.list_waiting() if e.case_id == case.case_id and e.kind is OutboxKind.OPINION]
    for entry in waiting:
        _put_aside(store, entry, sentence, locks=False)
    return bool(waiting)


def _put_aside(store: Store, entry: OutboxEntry, sentence: str, *, locks: bool) -> None:
    store.outbox.record_attempt(entry.entry_id, sentence, needs_attention=True)
    store.audit.append(AuditAction.SYNC_CONFLICT, entry.case_id, entry.subject, "not sent", {"reason": sentence})
    if locks:
        store.cases.mark_withdrawn(entry.case_id, sentence)
