"""Connections to the encrypted database: key first, then the pragmas; reading and writing transactions.

What the tables mean is the facets' business; what a failure means to the user is decided here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.pool import QueuePool

from sync.errors import StoreUnavailable
from sync.vault.keys import StoreKeys

BUSY_TIMEOUT_S = 15.0
FOLD_TIMEOUT_MS = 1000
_BUGS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)


class Database:
    """One SQLCipher file behind a pool; any thread may read or write. A commit is on disk when `writing` ends."""

    def __init__(self, file: Path, keys: StoreKeys, *, read_only: bool) -> None:
        self._file = file
        self._keys = keys
        self._read_only = read_only
        self._write_lock = threading.RLock()
        self._engine: Engine = create_engine(
            "sqlite://", creator=self._connect, module=sqlcipher, poolclass=QueuePool, pool_size=4, max_overflow=8
        )
        event.listen(self._engine, "begin", _begin)
        # A write takes the database's write lock at once, so that what it read before writing is still true.
        self._writer = self._engine.execution_options(begin="BEGIN IMMEDIATE")

    @property
    def read_only(self) -> bool:
        return self._read_only

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view of the last commit. StoreLocked after the keys were forgotten."""
        with self._sentences(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """All or nothing, durable on leaving; StoreUnavailable when the disk is full or the store is read-only."""
        if self._read_only:
            raise StoreUnavailable("The store was opened for reading only, so nothing was changed.")
        with self._sentences(), self._write_lock, self._writer.begin() as connection:
            yield connection

    def fold_log(self) -> None:
        """Fold the write-ahead log into the database now, so that what was deleted is not left in it.

        While another program reads, it stays until the next commit after that.
        """
        with self._sentences(), self._write_lock, self._raw() as connection:
            connection.execute(f"PRAGMA busy_timeout = {FOLD_TIMEOUT_MS}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def copy_to(self, file: Path, keys: StoreKeys) -> None:
        """Write the whole database into the new *file*, under *keys*."""
        with self._sentences(), self._write_lock, self._raw() as connection:
            connection.execute(f"ATTACH DATABASE ? AS copy KEY \"x'{keys.database_key_hex()}'\"", (str(file),))
            connection.execute("SELECT sqlcipher_export('copy')").fetchall()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            connection.execute(f"PRAGMA copy.user_version = {version}")
            connection.execute("DETACH DATABASE copy")

    def close(self) -> None:
        """Give up every connection; the last one folds the write-ahead log into the database."""
        self._engine.dispose()

    @contextmanager
    def _raw(self) -> Iterator[Any]:
        """A connection outside of every transaction, for what SQLite does in none."""
        connection = self._connect()
        try:
            yield connection
        except sqlcipher.DatabaseError as error:
            raise StoreUnavailable(_sentence(str(error), self._file.parent.name)) from error
        finally:
            connection.close()

    def _connect(self) -> Any:
        key = self._keys.database_key_hex()
        # check_same_thread: the pool hands a connection to one thread at a time, which is all SQLite asks for.
        # isolation_level None: no implicit BEGIN from the driver; `_begin` says which kind of transaction it is.
        connection = sqlcipher.connect(
            str(self._file), timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA cipher_log_level = NONE")
            cursor.execute(f"PRAGMA key = \"x'{key}'\"")
            cursor.execute("PRAGMA cipher_memory_security = ON")
            cursor.execute("PRAGMA temp_store = MEMORY")
            cursor.execute("SELECT count(*) FROM sqlite_master")
            if self._read_only:
                cursor.execute("PRAGMA query_only = ON")
            else:
                cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA secure_delete = ON")
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.close()
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except _BUGS:
            raise
        except DatabaseError as error:
            raise StoreUnavailable(_sentence(str(error.orig), self._file.parent.name)) from error


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _sentence(reason: str, profile: str) -> str:
    if "not a database" in reason or "hmac" in reason:
        return f"The store of profile “{profile}” cannot be opened: its key does not fit it, or the file is damaged."
    if "full" in reason:
        return f"The disk is full, so the store of profile “{profile}” could not be written."
    if "locked" in reason or "busy" in reason:
        return f"Another program is writing to the store of profile “{profile}”; try again in a moment."
    if "malformed" in reason:
        return f"The store of profile “{profile}” is damaged."
    return f"The store of profile “{profile}” could not be used ({reason})."
