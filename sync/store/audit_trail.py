"""The audit trail: append-only rows, each carrying the hash of all before it (protocol §5.6).

Which actions there are is `sync.audit`'s; what is visible in the log is no business of this.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from sync.records.audit_entry import AuditEntry
from sync.records.case import CaseId
from sync.records.opinion import Json
from sync.store import device_key
from sync.store.audit_check import find_fault
from sync.store.audit_row import CHECKPOINT_EVERY, GENESIS, head_content, row_hash
from sync.store.connection import Database
from sync.store.tables import audit, audit_checkpoint
from sync.vault.event_notes import EventNote


class AuditTrail:
    """Facet `Store.audit`. ``actor`` is who works now: a Practitioner reference once somebody has signed in."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.actor = "this computer"

    def append(self, action: str, case_id: CaseId | None, object: str, outcome: str, detail: Json) -> AuditEntry:  # noqa: A002
        """One durable row. *detail* holds identifiers and reasons, no clinical text; numbers below 2**53."""
        with self._database.writing() as connection:
            return self.append_within(connection, action, case_id, object, outcome, detail)

    def append_within(
        self,
        connection: Connection,
        action: str,
        case_id: CaseId | None,
        object: str,  # noqa: A002
        outcome: str,
        detail: Json,
        *,
        actor: str | None = None,
    ) -> AuditEntry:
        """As `append`, inside the transaction of the deed itself: neither is there without the other.

        *actor*: who did it, where it was not who works now.
        """
        last = _last(connection)
        seq = 1 if last is None else last.seq + 1
        prev = GENESIS if last is None else last.hash
        at = datetime.now(UTC)
        row: Json = {
            "seq": seq,
            "at": at.isoformat(),
            "actor": actor or self.actor,
            "action": str(action),
            "case_ref": case_id,
            "object": object,
            "outcome": outcome,
            "detail": detail,
        }
        seal = row_hash(prev, row)
        connection.execute(insert(audit), {**row, "detail": json.dumps(detail), "prev": prev, "hash": seal})
        if seq % CHECKPOINT_EVERY == 0:
            _sign_head(connection, seq, seal)
        return AuditEntry(seq, at, row["actor"], str(action), case_id, object, outcome, detail, prev, seal)

    def enter_notes(self, notes: tuple[EventNote, ...]) -> None:
        """What happened while this trail could not be written: all of it at once, each note once for ever."""
        with self._database.writing() as connection:
            for note in notes:
                if not _is_entered(connection, note):
                    detail = {"noted_at": note.at, "note": note.note}
                    self.append_within(
                        connection, note.action, None, note.object, note.outcome, detail, actor=note.actor
                    )

    def entries(self) -> tuple[AuditEntry, ...]:
        """Every row, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(audit).order_by(audit.c.seq)).all()
        return tuple(_entry(row) for row in rows)

    def entries_after(self, seq: int, limit: int) -> tuple[AuditEntry, ...]:
        """At most *limit* rows written after row *seq*, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(audit).where(audit.c.seq > seq).order_by(audit.c.seq).limit(limit)).all()
        return tuple(_entry(row) for row in rows)

    def count(self) -> int:
        """Rows there are."""
        with self._database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(audit)).scalar_one())

    def checkpoint(self) -> None:
        """Sign for the trail as it stands: whoever cuts off its end later is found out."""
        with self._database.writing() as connection:
            last = _last(connection)
            if last is not None:
                _sign_head(connection, last.seq, last.hash)

    def verify(self) -> str | None:
        """None when the trail is whole, else one sentence naming the first thing that is not as it was written."""
        with self._database.reading() as connection:
            return find_fault(connection)


def _is_entered(connection: Connection, note: EventNote) -> bool:
    """The program was killed after the last entering and before the file went."""
    same = select(audit.c.detail).where(audit.c.action == note.action)
    return any(json.loads(detail).get("note") == note.note for detail in connection.execute(same).scalars())


def _last(connection: Connection) -> Row[Any, Any] | None:
    query = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
    return connection.execute(query).one_or_none()


def _sign_head(connection: Connection, seq: int, head: str) -> None:
    known = select(audit_checkpoint.c.seq).where(audit_checkpoint.c.seq == seq)
    if connection.execute(known).scalar_one_or_none() is None:
        signature = device_key.sign(connection, head_content(seq, head))
        connection.execute(insert(audit_checkpoint).values(seq=seq, hash=head, signature=signature))


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        row.seq,
        datetime.fromisoformat(row.at),
        row.actor,
        row.action,
        None if row.case_ref is None else CaseId(row.case_ref),
        row.object,
        row.outcome,
        json.loads(row.detail),
        row.prev,
        row.hash,
    )
