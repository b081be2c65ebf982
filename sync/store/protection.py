"""Setting the first passphrase of a store whose key lies in a file: new keys for everything, then the file goes.

The old key was readable on the disk, so it must open nothing any more: the database is copied under the new key and
each case's key is wrapped anew. Steps: key record → copy beside → rename → key file destroyed. Killed after the first
step, `finish_protection` goes on; killed before it, nothing has happened.
"""

from __future__ import annotations

import os
from pathlib import Path

from sync.errors import StoreUnavailable
from sync.store.connection import Database
from sync.store.database import DATABASE_FILE, open_store
from sync.store.migrations.written_once import may_update
from sync.store.store_key import KEY_FILE, destroy_key_file, load_or_make_key
from sync.store.tables import case_key
from sync.vault.durable import flush_directory
from sync.vault.key_record import has_record, make_record
from sync.vault.keys import StoreKeys, Unlock, make_key

COPY_FILE = "store.db.protected"


def is_protected(directory: Path) -> bool:
    """The store in *directory* opens with a passphrase or PIN only."""
    return has_record(directory)


def protect_store(directory: Path, unlock: Unlock) -> None:
    """Have the store in *directory*, which nobody has open, open with *unlock* only. It is made if it is not there.

    UnlockRefused for a weak passphrase; StoreUnavailable when it cannot be opened or the disk is full.
    """
    if has_record(directory):
        raise StoreUnavailable(f"The store of profile “{directory.name}” has a passphrase already.")
    if not (directory / KEY_FILE).exists():
        open_store(directory, unlock=unlock).close()
        return
    open_store(directory).close()  # brings it up to the current schema, and proves that the old key is right
    master = make_key()
    make_record(directory, unlock, master)
    finish_protection(directory, StoreKeys(master))


def finish_protection(directory: Path, keys: StoreKeys) -> None:
    """Everything after the key record was written. Safe to repeat from any step."""
    file, copy = directory / DATABASE_FILE, directory / COPY_FILE
    try:
        if not _opens(file, keys):
            old = StoreKeys(load_or_make_key(directory, database_exists=True), from_key_file=True)
            _remove(copy)
            _copy_under(file, old, copy, keys)
            copy.replace(file)
            flush_directory(directory)
        _remove(copy)
        destroy_key_file(directory)
    except OSError as error:
        raise StoreUnavailable(
            f"The store of profile “{directory.name}” could not be given its passphrase ({error.strerror}); it is "
            "tried again at the next start."
        ) from error


def _copy_under(file: Path, old: StoreKeys, copy: Path, keys: StoreKeys) -> None:
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    source = Database(file, old, read_only=False)
    source.fold_log()
    source.copy_to(copy, keys)
    target = Database(copy, keys, read_only=False)
    with target.writing() as connection, may_update(connection, case_key.name):
        for case_id, content in connection.execute(case_key.select()).all():
            wrapped = keys.wrap(old.unwrap(bytes(content)))
            connection.execute(case_key.update().where(case_key.c.case_id == case_id).values(content=wrapped))
    target.close()
    source.close()
    if file.with_name(f"{file.name}-wal").exists():  # its pages are under the old key and must not meet the new file
        raise StoreUnavailable("Another program has the store open; close it, so that the passphrase can be set.")
    with copy.open("rb") as written:
        os.fsync(written.fileno())


def _opens(file: Path, keys: StoreKeys) -> bool:
    database = Database(file, keys, read_only=True)
    try:
        with database.reading():
            return True
    except StoreUnavailable:
        return False
    finally:
        database.close()


def _remove(copy: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        copy.with_name(copy.name + suffix).unlink(missing_ok=True)
