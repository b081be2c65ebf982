"""Schema 2: what the database holds of a case's key is wrapped under the store's master key (protocol.md §6)."""

from __future__ import annotations

from sqlalchemy import Connection

from sync.store.migrations.written_once import may_update
from sync.vault.keys import StoreKeys


def upgrade(connection: Connection) -> None:
    """From schema 1: wrap the keys there are. The keys come with the connection, from `migrate`."""
    keys: StoreKeys = connection.get_execution_options()["store_keys"]
    with may_update(connection, "case_key"):
        for case_id, content in connection.exec_driver_sql("SELECT case_id, content FROM case_key").all():
            connection.exec_driver_sql(
                "UPDATE case_key SET content = ? WHERE case_id = ?", (keys.wrap(bytes(content)), case_id)
            )
