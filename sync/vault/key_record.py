"""The key record: the master key of a store, wrapped, in a file that its owner alone may read (protocol.md §6).

Passphrase → Argon2id → key-encrypting key → AES-KW with padding. Where the system's keyring holds half of the secret,
that half and Argon2id's output are combined by HKDF, so that the disk alone, and the keyring alone, open nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import unicodedata
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from sync.errors import StoreUnavailable, SyncError, UnlockRefused
from sync.vault.durable import write_private
from sync.vault.event_notes import note_event
from sync.vault.keys import KEY_BYTES, SecretKeeper, Unlock, make_key
from sync.vault.unlock_tries import UnlockTries

RECORD_FILE = "store.keys"
FORMAT = 1
SHORTEST_PASSPHRASE = 12
SHORTEST_WITH_KEYRING = 6
MEMORY_KIB, ITERATIONS, LANES = 64 * 1024, 3, 4
MOST_MEMORY_KIB, MOST_ITERATIONS, MOST_LANES = 1024 * 1024, 16, 16
"""An edited record must not be able to exhaust this computer before it is found to open nothing."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What lies in the file. *keyring_entry* is empty where the passphrase alone opens the store."""

    wrapped_master: str
    salt: str
    keyring_entry: str
    memory_kib: int = MEMORY_KIB
    iterations: int = ITERATIONS
    lanes: int = LANES
    format: int = FORMAT


def refuse_unless_strong_enough(unlock: Unlock) -> None:
    """UnlockRefused, with a sentence, for a new passphrase or PIN that would not protect the store."""
    length = len(unlock.word)
    if unlock.keeper is None and unlock.pin:
        raise UnlockRefused(
            "A PIN alone does not protect the store, because this computer has no keyring that holds the other half; "
            f"choose a passphrase of at least {SHORTEST_PASSPHRASE} characters."
        )
    shortest = SHORTEST_PASSPHRASE if unlock.keeper is None else SHORTEST_WITH_KEYRING
    if length < shortest:
        raise UnlockRefused(f"That is too short: at least {shortest} characters are needed.")


def make_record(directory: Path, unlock: Unlock, master: bytes) -> None:
    """Wrap *master* for *unlock* and put the record in place of what was there: at any instant the old or the new one.

    UnlockRefused for a weak passphrase; StoreUnavailable when the keyring or the disk does not take it.
    """
    refuse_unless_strong_enough(unlock)
    entry, half = "", b""
    if unlock.keeper is not None:
        entry, half = f"store-{secrets.token_hex(8)}", make_key()
        _keep_half(unlock.keeper, entry, half)
    salt = os.urandom(16)
    draft = KeyRecord("", salt.hex(), entry)
    wrapped = aes_key_wrap_with_padding(_key_encrypting_key(draft, unlock.word, half), master)
    try:
        _write(directory, KeyRecord(wrapped.hex(), salt.hex(), entry))
    except StoreUnavailable:
        _forget_half(unlock.keeper, entry if _entry_in(directory) != entry else "")
        raise


def has_record(directory: Path) -> bool:
    """The store in *directory* opens with a passphrase or PIN only."""
    return (directory / RECORD_FILE).exists()


def needs_keyring(directory: Path) -> bool:
    """Half of the key of this store lies in the system's keyring. StoreUnavailable for a damaged record."""
    return bool(_read(directory).keyring_entry)


def keyring_entry(directory: Path) -> str:
    """The name under which the keyring holds half of this store's key; empty without keyring or record.

    StoreUnavailable for a damaged record.
    """
    return _read(directory).keyring_entry if has_record(directory) else ""


def unwrap_master(directory: Path, unlock: Unlock) -> bytes:
    """The master key. UnlockRefused for a wrong passphrase and while wrong tries wait; StoreUnavailable otherwise.

    The try is counted on disk before it is made, so that killing the program wins none.
    """
    record = _read(directory)
    tries = UnlockTries(directory)
    tries.refuse_while_waiting()
    key = _key_encrypting_key(record, unlock.word, _half_in_keyring(record, unlock))
    made = tries.count()
    try:
        master = aes_key_unwrap_with_padding(key, bytes.fromhex(record.wrapped_master))
    except InvalidUnwrap:
        note_event(directory, "wrong passphrase", "store", "refused")
        raise tries.refusal(made) from None
    tries.forget()
    return master


def change_unlock(directory: Path, old: Unlock, new: Unlock) -> None:
    """Wrap the same master key anew: nothing else is written, and a kill leaves a store that opens with one of them.

    UnlockRefused for a wrong *old* one (it counts as a try) and a weak *new* one; StoreUnavailable and
    KeyringUnavailable when nothing was changed.
    """
    refuse_unless_strong_enough(new)
    master = unwrap_master(directory, old)
    entry = _read(directory).keyring_entry
    make_record(directory, new, master)
    _forget_half(old.keeper, entry)


def _keep_half(keeper: SecretKeeper, entry: str, half: bytes) -> None:
    """A keyring that takes a secret and does not give it back would lose the store for ever."""
    keeper.put(entry, half.hex())
    if keeper.find(entry) != half.hex():
        raise StoreUnavailable("The keyring of this computer did not keep what it was given, so it is not used.")


def _forget_half(keeper: SecretKeeper | None, entry: str) -> None:
    """What no record names any more opens nothing; a keyring that cannot forget it now does no harm."""
    if entry and keeper is not None:
        with suppress(SyncError):
            keeper.delete(entry)


def _entry_in(directory: Path) -> str:
    """The keyring's entry that the record names, whatever has become of the record."""
    with suppress(StoreUnavailable):
        return keyring_entry(directory)
    return ""


def _half_in_keyring(record: KeyRecord, unlock: Unlock) -> bytes:
    if not record.keyring_entry:
        return b""
    found = None if unlock.keeper is None else unlock.keeper.find(record.keyring_entry)
    if found is None:
        raise StoreUnavailable(
            "Half of the key of this store lay in this computer's keyring and is not there; without it the store "
            "cannot be opened."
        )
    return bytes.fromhex(found)


def _key_encrypting_key(record: KeyRecord, word: str, half: bytes) -> bytes:
    # Two keyboards may spell the same é differently.
    typed = unicodedata.normalize("NFC", word).encode("utf-8", "surrogatepass")
    stretched = Argon2id(
        salt=bytes.fromhex(record.salt),
        length=KEY_BYTES,
        iterations=record.iterations,
        lanes=record.lanes,
        memory_cost=record.memory_kib,
    ).derive(typed)
    purpose = b"Reading Room master key, keyring" if half else b"Reading Room master key, passphrase alone"
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(half + stretched)


def _write(directory: Path, record: KeyRecord) -> None:
    content = asdict(record)
    sealed = {**content, "sha256": _digest(content)}
    try:
        write_private(directory / RECORD_FILE, json.dumps(sealed, indent=1).encode("ascii"))
    except OSError as error:
        raise StoreUnavailable(
            f"The key of profile “{directory.name}” could not be written ({error.strerror})."
        ) from error


def _read(directory: Path) -> KeyRecord:
    file = directory / RECORD_FILE
    damaged = StoreUnavailable(
        f"The key of profile “{directory.name}” ({RECORD_FILE}) is damaged, and without it the store cannot be opened."
    )
    try:
        content = json.loads(file.read_bytes())
        written_by = content["format"]
        if isinstance(written_by, int) and written_by > FORMAT:
            raise StoreUnavailable(
                f"The key of profile “{directory.name}” was written by a newer version of the program, so it is left "
                "untouched."
            )
        seal = content.pop("sha256")
        record = KeyRecord(**content)
        sizes = (
            (record.memory_kib, 8, MOST_MEMORY_KIB),
            (record.iterations, 1, MOST_ITERATIONS),
            (record.lanes, 1, MOST_LANES),
        )
        whole = all(type(value) is int and least <= value <= most for value, least, most in sizes)
        if seal != _digest(content) or not whole:
            raise damaged
        bytes.fromhex(record.salt + record.wrapped_master)
    except FileNotFoundError as error:
        raise StoreUnavailable(f"The key of profile “{directory.name}” ({RECORD_FILE}) is missing.") from error
    except OSError as error:
        raise StoreUnavailable(f"The key of profile “{directory.name}” cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged from error
    return record


def _digest(content: dict[str, object]) -> str:
    """Tells a damaged record from a wrong passphrase; what protects the master is the wrapping itself."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("utf-8")).hexdigest()
