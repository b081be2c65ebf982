"""The triggers that refuse to change what is written once, and how a migration gets past one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection


@contextmanager
def may_update(connection: Connection, table: str) -> Iterator[None]:
    """Within the caller's transaction *table* may be changed; afterwards its trigger is there again."""
    name = f"{table}_written_once"
    statement = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?", (name,)
    ).scalar_one()
    connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    connection.exec_driver_sql(statement)
