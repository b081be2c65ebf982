"""Schema for questions that the hospital changed while the answer was being written, until the reader confirms it."""

from __future__ import annotations

from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    connection.exec_driver_sql(
        "CREATE TABLE changed_question (case_id TEXT PRIMARY KEY, before TEXT NOT NULL, noticed_at TEXT NOT NULL)"
    )
