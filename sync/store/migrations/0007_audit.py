"""Schema for the audit trail's checkpoints: the head of the chain, signed by this store's own device key."""

from __future__ import annotations

from sqlalchemy import Connection

STATEMENTS = (
    "CREATE TABLE audit_checkpoint (seq INTEGER PRIMARY KEY, hash TEXT NOT NULL, signature BLOB NOT NULL)",
    "CREATE TRIGGER audit_checkpoint_written_once BEFORE UPDATE ON audit_checkpoint"
    " BEGIN SELECT RAISE(ABORT, 'audit_checkpoint is written once'); END",
    "CREATE TRIGGER audit_checkpoint_kept BEFORE DELETE ON audit_checkpoint"
    " BEGIN SELECT RAISE(ABORT, 'audit_checkpoint is kept'); END",
)


def upgrade(connection: Connection) -> None:
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
