"""The outbox grows payloads and pauses; conflicts, locked cases, voided opinions and parts of a delivery get tables."""

from __future__ import annotations

from sqlalchemy import Connection

TABLES = """
ALTER TABLE outbox ADD COLUMN payload TEXT NOT NULL DEFAULT '{}';
ALTER TABLE outbox ADD COLUMN not_before TEXT;
ALTER TABLE outbox ADD COLUMN held_until TEXT;
CREATE TABLE conflict (
    conflict_id INTEGER PRIMARY KEY AUTOINCREMENT, case_id TEXT NOT NULL, kind TEXT NOT NULL, sentence TEXT NOT NULL,
    detail TEXT NOT NULL, raised_at TEXT NOT NULL, settled_at TEXT, choice TEXT NOT NULL DEFAULT '');
CREATE TABLE case_lock (
    case_id TEXT PRIMARY KEY, kind TEXT NOT NULL, sentence TEXT NOT NULL, locked_at TEXT NOT NULL,
    shred_after TEXT NOT NULL);
CREATE TABLE voided_opinion (
    opinion_identifier TEXT PRIMARY KEY, case_id TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE delivered_part (
    opinion_identifier TEXT NOT NULL, role TEXT NOT NULL, location TEXT NOT NULL,
    PRIMARY KEY (opinion_identifier, role));
CREATE TABLE kept_receipt (
    opinion_identifier TEXT PRIMARY KEY, case_id TEXT NOT NULL, record TEXT NOT NULL)
"""

WRITTEN_ONCE = ("voided_opinion", "delivered_part", "kept_receipt")


def upgrade(connection: Connection) -> None:
    """Adds only: nothing that was stored before changes."""
    for statement in TABLES.split(";\n"):
        connection.exec_driver_sql(statement)
    for table in WRITTEN_ONCE:
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_written_once BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is written once'); END"
        )
