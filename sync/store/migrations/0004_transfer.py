"""Schema 4: which files of the vault are begun and not complete, so that a download goes on where it stopped."""

from __future__ import annotations

from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    """Adds `unfinished_file`; it goes with the key of its case, without which the file cannot be read anyway."""
    connection.exec_driver_sql(
        "CREATE TABLE unfinished_file ("
        "case_id TEXT NOT NULL REFERENCES case_key (case_id) ON DELETE CASCADE, source TEXT NOT NULL, "
        "file_id TEXT NOT NULL UNIQUE, url TEXT NOT NULL, etag TEXT NOT NULL, sha256 TEXT, total_bytes INTEGER, "
        "PRIMARY KEY (case_id, source))"
    )
