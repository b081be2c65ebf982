"""Schema for amendments: a delivered opinion whose form is open again, of which kind and why, until it is signed."""

from __future__ import annotations

from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    connection.exec_driver_sql(
        "CREATE TABLE begun_amendment (case_id TEXT PRIMARY KEY, opinion_identifier TEXT NOT NULL,"
        " kind TEXT NOT NULL, reason TEXT NOT NULL, begun_at TEXT NOT NULL)"
    )
