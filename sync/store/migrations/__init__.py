"""The schema's history, one numbered module a step; `user_version` says how far a database has come."""

from __future__ import annotations

from importlib import import_module

from sqlalchemy import Connection

from sync.errors import StoreOutdated, StoreUnavailable
from sync.vault.keys import StoreKeys

STEPS = (
    "0001_first_schema", "0002_wrapped_keys", "0004_transfer", "0005_outbox", "0006_round", "0007_audit",
    "0008_messages", "0009_amendment", "0010_changed_question", "0011_records_draft",
)  # fmt: skip
"""In order, one for each user_version from 1 on. A released step never changes."""

KNOWN_VERSION = len(STEPS)


def migrate(connection: Connection, keys: StoreKeys) -> None:
    """Bring the database up to `KNOWN_VERSION` inside the caller's transaction; StoreUnavailable when it is newer.

    A step that wraps keys finds *keys* among the connection's execution options, as ``store_keys``.
    """
    connection = connection.execution_options(store_keys=keys)
    for step in STEPS[_version(connection) :]:
        import_module(f"{__name__}.{step}").upgrade(connection)
    connection.exec_driver_sql(f"PRAGMA user_version = {KNOWN_VERSION}")


def refuse_unless_current(connection: Connection) -> None:
    """For readers that must not migrate: StoreOutdated for an older schema, StoreUnavailable for a newer one."""
    if _version(connection) < KNOWN_VERSION:
        raise StoreOutdated("This store was made by an older version of the program; open the window once first.")


def _version(connection: Connection) -> int:
    version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if version > KNOWN_VERSION:
        raise StoreUnavailable(
            f"This store was written by a newer version of the program (schema {version}; this one knows "
            f"{KNOWN_VERSION}), so it is left untouched."
        )
    return version
