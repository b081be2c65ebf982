"""What waits to leave this computer, in order, and how the attempts went. Sending is `sync.outbox`'s."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from sync.changes import Changes
from sync.records.case import CaseId
from sync.records.opinion import Json
from sync.records.outbox_entry import OutboxEntry, OutboxKind, OutboxState
from sync.store.audit_trail import AuditTrail
from sync.store.connection import Database
from sync.store.tables import delivered_part, outbox

LONGEST_HOLD = timedelta(hours=1)
"""A pause that lies further ahead than this was written under another clock, and is not believed."""
_CLOSED = (OutboxState.DELIVERED.value, OutboxState.VOID.value)


class OutboxStore:
    """Facet `Store.outbox`. Opinions enter through `OpinionStore.put_signed` only, and leave through `put_receipt`."""

    def __init__(self, database: Database, audit: AuditTrail) -> None:
        self._database = database
        self._audit = audit

    def enqueue_move(self, case_id: CaseId, new_status: str, payload: Json | None = None) -> Changes:
        """Queue a move of the Task's state; one that repeats the case's last unsent move is not queued again."""
        with self._database.writing() as connection:
            last = connection.execute(
                select(outbox.c.subject)
                .where(
                    outbox.c.case_id == case_id,
                    outbox.c.kind == OutboxKind.TASK_MOVE.value,
                    outbox.c.state.not_in(_CLOSED),
                )
                .order_by(outbox.c.entry_id.desc())
                .limit(1)
            ).scalar_one_or_none()
            if last == new_status:
                return Changes()
            insert_entry(connection, case_id, OutboxKind.TASK_MOVE, new_status, payload or {})
        return Changes(outbox=frozenset({case_id}))

    def enqueue_message(self, case_id: CaseId, identifier: str, text: str) -> Changes:
        """Queue words to the hospital about a case; *identifier* names the message for ever, also there."""
        with self._database.writing() as connection:
            insert_entry(connection, case_id, OutboxKind.MESSAGE, identifier, {"text": text})
        return Changes(outbox=frozenset({case_id}))

    def list_case_entries(self, case_id: CaseId) -> tuple[OutboxEntry, ...]:
        """Everything of one case, delivered entries too, in the order of queueing."""
        query = select(outbox).where(outbox.c.case_id == case_id).order_by(outbox.c.entry_id)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(_entry(row) for row in rows)

    def list_entries(self) -> tuple[OutboxEntry, ...]:
        """Everything, delivered entries too, in the order of queueing."""
        with self._database.reading() as connection:
            rows = connection.execute(select(outbox).order_by(outbox.c.entry_id)).all()
        return tuple(_entry(row) for row in rows)

    def find_entry(self, entry_id: int) -> OutboxEntry | None:
        with self._database.reading() as connection:
            row = connection.execute(select(outbox).where(outbox.c.entry_id == entry_id)).one_or_none()
        return None if row is None else _entry(row)

    def list_waiting(self) -> tuple[OutboxEntry, ...]:
        """What is still to be tried, in the order of queueing, whether its pause is over or not.

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

    def record_attempt(
        self,
        entry_id: int,
        error: str | None,
        needs_attention: bool = False,
        *,
        not_before: datetime | None = None,
        held_until: datetime | None = None,
    ) -> Changes:
        """Count one attempt and keep how it failed (None: begun, outcome not known yet). Closed entries stay so."""
        state = OutboxState.NEEDS_ATTENTION if needs_attention else OutboxState.WAITING
        with self._database.writing() as connection:
            case_id = connection.execute(
                update(outbox)
                .where(outbox.c.entry_id == entry_id, outbox.c.state.not_in(_CLOSED))
                .values(
                    attempts=outbox.c.attempts + 1,
                    last_error=error or "",
                    state=state.value,
                    last_attempt_at=datetime.now(UTC).isoformat(),
                    not_before=not_before.isoformat() if not_before else None,
                    held_until=held_until.isoformat() if held_until else None,
                )
                .returning(outbox.c.case_id)
            ).scalar_one_or_none()
        return Changes() if case_id is None else Changes(outbox=frozenset({CaseId(case_id)}))

    def retry(self, entry_id: int) -> Changes:
        """A person wants it tried again, now. It is still asked first whether it may leave. No change when closed."""
        with self._database.writing() as connection:
            case_id = connection.execute(
                update(outbox)
                .where(outbox.c.entry_id == entry_id, outbox.c.state.not_in(_CLOSED))
                .values(state=OutboxState.WAITING.value, not_before=None)
                .returning(outbox.c.case_id)
            ).scalar_one_or_none()
        return Changes() if case_id is None else Changes(outbox=frozenset({CaseId(case_id)}))

    def note_leaving(self, entry_id: int) -> bool:
        """It is handed to the network now, durable before it is. False: it is not waiting any more, do not send it."""
        with self._database.writing() as connection:
            found = connection.execute(
                update(outbox)
                .where(outbox.c.entry_id == entry_id, outbox.c.state == OutboxState.WAITING.value)
                .values(left_at=func.coalesce(outbox.c.left_at, datetime.now(UTC).isoformat()))
                .returning(outbox.c.entry_id)
            ).scalar_one_or_none()
        return found is not None

    def take_back(self, entry_id: int) -> Changes:
        """The reader takes it back; no change where the hospital may have it already."""
        with self._database.writing() as connection:
            row = connection.execute(select(outbox).where(outbox.c.entry_id == entry_id)).one_or_none()
            if row is None or not _entry(row).can_be_taken_back:
                return Changes()
            void = OutboxState.VOID.value
            connection.execute(update(outbox).where(outbox.c.entry_id == entry_id).values(state=void))
            case_id = CaseId(row.case_id)
            self._audit.append_within(connection, "taken back", case_id, row.kind, "done", {})
        return Changes(outbox=frozenset({case_id}))

    def leave_unsent(self, opinion_identifier: str, reason: str) -> Changes:
        """The reader leaves a signed opinion here, unsent for ever: it stands as it was, and waits no longer."""
        with self._database.writing() as connection:
            case_id = connection.execute(
                update(outbox)
                .where(
                    outbox.c.kind == OutboxKind.OPINION.value,
                    outbox.c.subject == opinion_identifier,
                    outbox.c.state.not_in(_CLOSED),
                )
                .values(state=OutboxState.VOID.value)
                .returning(outbox.c.case_id)
            ).scalar_one_or_none()
            if case_id is None:
                return Changes()
            self._audit.append_within(
                connection, "sync conflict", CaseId(case_id), opinion_identifier, "left unsent", {"reason": reason}
            )
        return Changes(outbox=frozenset({CaseId(case_id)}))

    def record_delivered(self, entry_id: int) -> Changes:
        """It has arrived, by one more try. ValueError for an opinion without receipt: `put_receipt` delivers those."""
        with self._database.writing() as connection:
            entry = connection.execute(select(outbox).where(outbox.c.entry_id == entry_id)).one()
            if entry.state == OutboxState.DELIVERED.value:
                return Changes()
            if entry.kind == OutboxKind.OPINION.value:
                raise ValueError("an opinion is delivered by its receipt")
            connection.execute(
                update(outbox)
                .where(outbox.c.entry_id == entry_id)
                .values(
                    state=OutboxState.DELIVERED.value,
                    attempts=outbox.c.attempts + 1,
                    last_error="",
                    last_attempt_at=datetime.now(UTC).isoformat(),
                )
            )
        return Changes(outbox=frozenset({CaseId(entry.case_id)}))

    def put_part(self, opinion_identifier: str, role: str, location: str) -> None:
        """One part of an opinion has arrived at *location* (``Type/id``): durable before the next part is sent."""
        values = {"opinion_identifier": opinion_identifier, "role": role, "location": location}
        with self._database.writing() as connection:
            connection.execute(insert(delivered_part).prefix_with("OR IGNORE").values(**values))

    def list_parts(self, opinion_identifier: str) -> dict[str, str]:
        """Role → location of the parts that are known to have arrived, of a delivery in single steps."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(delivered_part.c.role, delivered_part.c.location).where(
                    delivered_part.c.opinion_identifier == opinion_identifier
                )
            ).all()
        return {row.role: row.location for row in rows}


def is_due(entry: OutboxEntry, now: datetime, *, at_once: bool) -> bool:
    """Whether its pauses are over at *now*; *at_once*: a person asked, so only the hospital's own wish is kept."""
    pauses = [entry.held_until] if at_once else [entry.held_until, entry.not_before]
    return not any(pause is not None and now < pause <= now + LONGEST_HOLD for pause in pauses)


def insert_entry(connection: Connection, case_id: CaseId, kind: OutboxKind, subject: str, payload: Json) -> None:
    """Queue one entry inside the caller's transaction."""
    connection.execute(
        insert(outbox).values(
            case_id=case_id,
            kind=kind.value,
            subject=subject,
            state=OutboxState.WAITING.value,
            attempts=0,
            last_error="",
            queued_at=datetime.now(UTC).isoformat(),
            payload=json.dumps(payload),
        )
    )


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
        _moment(row.last_attempt_at),
        json.loads(row.payload),
        _moment(row.not_before),
        _moment(row.held_until),
        _moment(row.left_at),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
