"""The key of a store that has no passphrase yet: 32 random bytes in a file that only its owner may read.

Every store of the first version has it; `protection` puts a wrapped key in its place.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sync.errors import StoreUnavailable
from sync.vault.durable import flush_directory

KEY_FILE = "store.key"
KEY_BYTES = 32


def load_or_make_key(directory: Path, database_exists: bool) -> bytes:
    """The key in *directory*, made (durably) where there is no database yet. StoreUnavailable when it is lost."""
    found = _load(directory)
    if found is not None:
        return found
    if database_exists:
        raise StoreUnavailable(
            f"The key of profile “{directory.name}” ({KEY_FILE}) is missing or damaged, and without it the store "
            "cannot be opened."
        )
    _make(directory)
    made = _load(directory)
    if made is None:
        raise StoreUnavailable(f"The key of profile “{directory.name}” could not be written.")
    return made


def destroy_key_file(directory: Path) -> None:
    """Overwrite the key, as far as the disk does that, and remove it. Harmless when there is none."""
    file = directory / KEY_FILE
    try:
        with file.open("r+b") as opened:
            opened.write(bytes(file.stat().st_size))
            opened.flush()
            os.fsync(opened.fileno())
    except FileNotFoundError:
        return
    file.unlink()
    flush_directory(directory)


def _load(directory: Path) -> bytes | None:
    try:
        key = bytes.fromhex((directory / KEY_FILE).read_text("ascii").strip())
    except (FileNotFoundError, ValueError):
        return None
    return key if len(key) == KEY_BYTES else None


def _make(directory: Path) -> None:
    """Write aside, flush, then link: of two programs starting at once the second finds the first one's key."""
    aside = directory / f"{KEY_FILE}.{secrets.token_hex(8)}.part"
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_bytes(KEY_BYTES).hex())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, directory / KEY_FILE)
    except FileExistsError:
        if _load(directory) is None:  # a torn key with no database behind it opens nothing: replace it
            aside.replace(directory / KEY_FILE)
    aside.unlink(missing_ok=True)
    flush_directory(directory)
