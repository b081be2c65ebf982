"""The audit trail: append-only rows, each carrying the hash of all before it (protocol §5.6).

Which actions there are is `sync.audit`'s; what is visible in the log is no business of this.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import rfc8785
from sqlalchemy import Connection, Row, insert, select

from sync.records.audit_entry import AuditEntry
from sync.records.case import CaseId
from sync.records.opinion import Json
from sync.store.connection import Database
from sync.store.tables import audit

GENESIS = "0" * 64
"""``prev`` of the first row."""


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
    ) -> AuditEntry:
        """As `append`, inside the transaction of the deed itself: neither is there without the other."""
        last = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).one_or_none()
        seq = 1 if last is None else last.seq + 1
        prev = GENESIS if last is None else last.hash
        at = datetime.now(UTC)
        row: Json = {
            "seq": seq,
            "at": at.isoformat(),
            "actor": self.actor,
            "action": str(action),
            "case_ref": case_id,
            "object": object,
            "outcome": outcome,
            "detail": detail,
        }
        seal = row_hash(prev, row)
        connection.execute(insert(audit), {**row, "detail": json.dumps(detail), "prev": prev, "hash": seal})
        return AuditEntry(seq, at, self.actor, str(action), case_id, object, outcome, detail, prev, seal)

    def entries(self) -> tuple[AuditEntry, ...]:
        """Every row, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(audit).order_by(audit.c.seq)).all()
        return tuple(
            AuditEntry(
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
            for row in rows
        )

    def verify(self) -> str | None:
        """None when the chain is whole, else one sentence naming the first row that is not as it was written.

        Rows cut off at the very end leave a whole, shorter chain: only a checkpoint kept elsewhere shows that.
        """
        prev, expected = GENESIS, 1
        with self._database.reading() as connection:
            for row in connection.execute(select(audit).order_by(audit.c.seq)):
                if row.seq != expected:
                    return f"Audit row {expected} is missing."
                if row.prev != prev or row.hash != _stored_hash(prev, row):
                    return f"Audit row {row.seq} is not as it was written."
                prev, expected = row.hash, expected + 1
        return None


def row_hash(prev: str, row: Json) -> str:
    """SHA-256(prev ‖ JCS(row)) in hexadecimal; *prev* enters as its 32 bytes."""
    return hashlib.sha256(bytes.fromhex(prev) + rfc8785.dumps(row)).hexdigest()


def _stored_hash(prev: str, row: Row[tuple[object, ...]]) -> str:
    content = row._asdict()
    for seal in ("prev", "hash"):
        del content[seal]
    try:
        return row_hash(prev, {**content, "detail": json.loads(content["detail"])})
    except ValueError:
        return ""
