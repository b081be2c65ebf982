"""What is being written of a request for records survives the closing of its dialog, and a kill."""

from __future__ import annotations

from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    connection.exec_driver_sql(
        "CREATE TABLE records_draft (case_id TEXT PRIMARY KEY, wanted TEXT NOT NULL, note TEXT NOT NULL)"
    )
