"""Whether the audit trail is as it was written: every row, their order, their number, and the signed heads.

A chain shows what was changed, taken out or slipped in; the checkpoints and the database's own count show what was cut
off at its end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Row, select

from sync.store import device_key
from sync.store.audit_row import CHECKPOINT_EVERY, GENESIS, head_content, row_hash
from sync.store.tables import audit, audit_checkpoint


@dataclass(frozen=True, slots=True)
class _Head:
    seq: int
    hash: str


def find_fault(connection: Connection) -> str | None:
    """One sentence naming the first thing that is not as it was written; None where everything is."""
    signed = {row.seq: row for row in connection.execute(select(audit_checkpoint)).all()}
    head = _Head(0, GENESIS)
    for following in _walk(connection):
        if isinstance(following, str):
            return following
        head = following
        checkpoint = signed.pop(head.seq, None)
        if checkpoint is not None:
            if checkpoint.hash != head.hash:
                return f"Audit row {head.seq} is not the one that was signed for."
            if not device_key.is_ours(connection, bytes(checkpoint.signature), head_content(head.seq, head.hash)):
                return f"The checkpoint at audit row {head.seq} was not signed by this computer."
        elif _is_due(connection, head.seq):
            return f"The checkpoint at audit row {head.seq} is missing."
    if signed:
        return f"Audit rows after {head.seq} are missing; row {max(signed)} was signed for."
    written = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").scalar_one_or_none()
    if (written or 0) != head.seq:
        return f"Audit rows after {head.seq} are missing; {written or 0} were written."
    return None


def _walk(connection: Connection) -> Iterator[_Head | str]:
    """Each row's head in order; a sentence at the first that does not follow from those before it."""
    prev, expected = GENESIS, 1
    for row in connection.execute(select(audit).order_by(audit.c.seq)):
        if row.seq != expected:
            yield f"Audit row {expected} is missing."
            return
        if row.prev != prev or row.hash != _stored_hash(prev, row):
            yield f"Audit row {row.seq} is not as it was written."
            return
        prev, expected = row.hash, expected + 1
        yield _Head(row.seq, row.hash)


def _is_due(connection: Connection, seq: int) -> bool:
    """A trail that is older than checkpoints has none before its first."""
    if seq % CHECKPOINT_EVERY:
        return False
    first = connection.execute(select(audit_checkpoint.c.seq).order_by(audit_checkpoint.c.seq).limit(1))
    first_seq = first.scalar_one_or_none()
    return device_key.is_there(connection) if first_seq is None else seq > first_seq


def _stored_hash(prev: str, row: Row[tuple[object, ...]]) -> str:
    content = row._asdict()
    for seal in ("prev", "hash"):
        del content[seal]
    try:
        return row_hash(prev, {**content, "detail": json.loads(content["detail"])})
    except ValueError:
        return ""
