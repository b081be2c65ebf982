"""What waits to leave this computer, in order, and how the attempts went. Sending is `sync.outbox`'s."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from sync.changes import Changes
from sync.records.case import CaseId
from sync.records.outbox_entry import OutboxEntry, OutboxKind, OutboxState
from sync.store.connection import Database
from sync.store.tables import outbox


class OutboxStore:
    """Facet `Store.outbox`. Opinions enter through `OpinionStore.put_signed` only, and leave through `put_receipt`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enqueue_move(self, case_id: CaseId, new_status: str) -> Changes:
        """Queue a move of the Task's state; one that repeats the case's last unsent move is not queued again."""
        with self._database.writing() as connection:
            last = connection.execute(
                select(outbox.c.subject)
                .where(
                    outbox.c.case_id == case_id,
                    outbox.c.kind == OutboxKind.TASK_MOVE.value,
                    outbox.c.state != OutboxState.DELIVERED.value,
                )
                .order_by(outbox.c.entry_id.desc())
                .limit(1)
            ).scalar_one_or_none()
            if last == new_status:
                return Changes()
            connection.execute(
                insert(outbox).values(
                    case_id=case_id,
                    kind=OutboxKind.TASK_MOVE.value,
                    subject=new_status,
                    state=OutboxState.WAITING.value,
                    attempts=0,
                    last_error="",
                    queued_at=datetime.now(UTC).isoformat(),
                )
            )
        return Changes(outbox=frozenset({case_id}))

    def list_entries(self) -> tuple[OutboxEntry, ...]:
        """Everything, delivered entries too, in the order of queueing."""
        with self._database.reading() as connection:
            rows = connection.execute(select(outbox).order_by(outbox.c.entry_id)).all()
        return tuple(_entry(row) for row in rows)

    def list_waiting(self) -> tuple[OutboxEntry, ...]:
        """What may be tried now, in the order of queueing.

        A move stays behind an earlier move of its case that needs attention; a signed opinion stays behind nothing.
        """
        stuck: set[CaseId] = set()
        waiting = []
        for entry in self.list_entries():
            is_move = entry.kind is OutboxKind.TASK_MOVE
            if entry.state is OutboxState.NEEDS_ATTENTION and is_move:
                stuck.add(entry.case_id)
            elif entry.state is OutboxState.WAITING and not (is_move and entry.case_id in stuck):
                waiting.append(entry)
        return tuple(waiting)

    def record_attempt(self, entry_id: int, error: str | None, needs_attention: bool = False) -> Changes:
        """Count one attempt and keep how it failed (None: begun, outcome not known yet). Delivered entries stay so."""
        state = OutboxState.NEEDS_ATTENTION if needs_attention else OutboxState.WAITING
        with self._database.writing() as connection:
            case_id = connection.execute(
                update(outbox)
                .where(outbox.c.entry_id == entry_id, outbox.c.state != OutboxState.DELIVERED.value)
                .values(
                    attempts=outbox.c.attempts + 1,
                    last_error=error or "",
                    state=state.value,
                    last_attempt_at=datetime.now(UTC).isoformat(),
                )
                .returning(outbox.c.case_id)
            ).scalar_one_or_none()
        return Changes() if case_id is None else Changes(outbox=frozenset({CaseId(case_id)}))

    def record_delivered(self, entry_id: int) -> Changes:
        """A move has arrived. ValueError for an opinion without receipt: `put_receipt` delivers those."""
        with self._database.writing() as connection:
            entry = connection.execute(select(outbox).where(outbox.c.entry_id == entry_id)).one()
            if entry.state == OutboxState.DELIVERED.value:
                return Changes()
            if entry.kind == OutboxKind.OPINION.value:
                raise ValueError("an opinion is delivered by its receipt")
            connection.execute(
                update(outbox)
                .where(outbox.c.entry_id == entry_id)
                .values(state=OutboxState.DELIVERED.value, last_error="", last_attempt_at=datetime.now(UTC).isoformat())
            )
        return Changes(outbox=frozenset({CaseId(entry.case_id)}))


def _entry(row: Row[Any]) -> OutboxEntry:
    return OutboxEntry(
        row.entry_id,
        CaseId(row.case_id),
        OutboxKind(row.kind),
        row.subject,
        OutboxState(row.state),
        row.attempts,
        row.last_error,
        datetime.fromisoformat(row.queued_at),
        None if row.last_attempt_at is None else datetime.fromisoformat(row.last_attempt_at),
    )
