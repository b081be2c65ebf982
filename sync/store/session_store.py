"""Small things that outlive the window: where the reader was, what was counted; and, apart, the profile's secrets."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from sync.store.connection import Database
from sync.store.tables import secret, session


class SessionStore:
    """Facet `Store.session`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, key: str, value: str) -> None:
        with self._database.writing() as connection:
            _put(connection, key, value)

    def find(self, key: str) -> str | None:
        with self._database.reading() as connection:
            return _find(connection, key)

    def remove(self, key: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(session).where(session.c.name == key))

    def change(self, key: str, step: Callable[[str | None], str]) -> str:
        """Read, compute and write in one transaction, so that two programs never count the same step twice."""
        with self._database.writing() as connection:
            value = step(_find(connection, key))
            _put(connection, key, value)
        return value

    def put_secret(self, name: str, content: bytes) -> None:
        """``identity.p12``, ``trust.pem``, the passphrase's hash: in the encrypted database, in no file."""
        statement = insert(secret).values(name=name, content=content)
        with self._database.writing() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"content": content}))

    def find_secret(self, name: str) -> bytes | None:
        with self._database.reading() as connection:
            return connection.execute(select(secret.c.content).where(secret.c.name == name)).scalar_one_or_none()


def _find(connection: Connection, key: str) -> str | None:
    return connection.execute(select(session.c.content).where(session.c.name == key)).scalar_one_or_none()


def _put(connection: Connection, key: str, value: str) -> None:
    statement = insert(session).values(name=key, content=value)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"content": value}))
