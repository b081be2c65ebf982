"""The outbox notes what may have left, so that the rest can be taken back; messages seen, and one being written."""

from __future__ import annotations

from sqlalchemy import Connection

STATEMENTS = (
    "ALTER TABLE outbox ADD COLUMN left_at TEXT",
    # What was tried before this column came may have left.
    "UPDATE outbox SET left_at = last_attempt_at",
    "CREATE TABLE seen_message (case_id TEXT NOT NULL, reference TEXT NOT NULL, at TEXT NOT NULL,"
    " PRIMARY KEY (case_id, reference))",
    "CREATE TABLE message_draft (case_id TEXT PRIMARY KEY, text TEXT NOT NULL)",
)


def upgrade(connection: Connection) -> None:
    """Adds only."""
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
