"""How a store's keys are come by when it is opened: from its key record, or from the key file of a first version."""

from __future__ import annotations

import os
from pathlib import Path

from sync.errors import StoreLocked, StoreUnavailable
from sync.store.store_key import KEY_FILE, load_or_make_key
from sync.vault.key_record import has_record, make_record, unwrap_master
from sync.vault.keys import StoreKeys, Unlock, make_key


def keys_for(directory: Path, exists: bool, unlock: Unlock | None, *, read_only: bool) -> StoreKeys:
    """The keys of the store in *directory*, made where it does not *exist* yet. Errors as `open_store`; OSError."""
    if has_record(directory):
        if unlock is None:
            raise StoreLocked(f"The store of profile “{directory.name}” is locked; its passphrase or PIN is needed.")
        master = unwrap_master(directory, unlock)
        if (directory / KEY_FILE).exists():
            _finish_protection(directory, StoreKeys(master), read_only=read_only)
        return StoreKeys(master)
    if unlock is not None and not exists and not (directory / KEY_FILE).exists():
        master = make_key()
        make_record(directory, unlock, master)
        return StoreKeys(master)
    return StoreKeys(load_or_make_key(directory, exists), from_key_file=True)


def keys_of_existing(directory: Path, unlock: Unlock) -> StoreKeys:
    """The keys of a store that was open already and was locked."""
    return keys_for(directory, True, unlock, read_only=True)


def make_private(directory: Path, file: Path) -> None:
    """Whoever made them: nobody else on this computer lists the *directory* or reads the database *file*. OSError.

    SQLite gives its log beside the database the rights of the database.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
    file.chmod(0o600)


def _finish_protection(directory: Path, keys: StoreKeys, *, read_only: bool) -> None:
    """The program was killed while a passphrase was being set for the first time: go on where it stopped."""
    from sync.store.protection import finish_protection

    if read_only:
        raise StoreUnavailable(
            f"The store of profile “{directory.name}” is being given its passphrase; open the window once first."
        )
    finish_protection(directory, keys)
