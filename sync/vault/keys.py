"""The keys of a store: one master key, and what is derived from it or wrapped under it (protocol.md §6).

Master → HKDF → database key. Master → HKDF → wrapping key, under which each case's own random key is wrapped (AES-KW
with padding, RFC 5649). The master itself is wrapped in the key record (`key_record`); a store of the first version has
its key in a file instead, which is then database key and master at once.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from sync.errors import StoreLocked, StoreUnavailable

KEY_BYTES = 32
LOCKED = "The store is locked; unlock it first."


class SecretKeeper(Protocol):
    """The operating system's keyring, as far as a store needs it. SyncError, in its own sentence, when it cannot."""

    def find(self, name: str) -> str | None:
        """The secret kept under *name*; None when there is none."""

    def put(self, name: str, secret: str) -> None:
        """Keep *secret* under *name*, replacing what was there."""

    def delete(self, name: str) -> None:
        """Forget *name* for ever; harmless when it is not there."""


@dataclass(frozen=True, slots=True)
class Unlock:
    """What a person gives to open a store: a passphrase or a PIN, and the keyring that holds the other half, if any."""

    passphrase: str = field(default="", repr=False)
    pin: str = field(default="", repr=False)
    keeper: SecretKeeper | None = field(default=None, repr=False)

    @property
    def word(self) -> str:
        """Whichever was given; ValueError for both or none, which is the caller's mistake."""
        if bool(self.passphrase) == bool(self.pin):
            raise ValueError("a store is opened with a passphrase or with a PIN")
        return self.passphrase or self.pin

    @property
    def kind(self) -> str:
        """What opens the store, in words for the audit trail."""
        return "passphrase" if self.keeper is None else "keyring with PIN or passphrase"


class StoreKeys:
    """The keys of one open store, in memory until `forget`; StoreLocked from every use after that.

    Python may have copied a key where nothing can reach it; what this object holds is overwritten.
    """

    def __init__(self, master: bytes, *, from_key_file: bool = False) -> None:
        self._database_key = bytearray()
        self._wrapping_key = bytearray()
        self._set(master, from_key_file)

    @property
    def is_forgotten(self) -> bool:
        """The store is locked."""
        return not self._database_key

    def database_key_hex(self) -> str:
        """The key as SQLCipher takes it: 64 hexadecimal digits."""
        self._refuse_when_forgotten()
        return self._database_key.hex()

    def wrap(self, case_key: bytes) -> bytes:
        """*case_key*, to be kept in the database: 40 bytes."""
        self._refuse_when_forgotten()
        return aes_key_wrap_with_padding(bytes(self._wrapping_key), case_key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The case key in *wrapped*; StoreUnavailable when it was wrapped under another master or is damaged."""
        self._refuse_when_forgotten()
        try:
            return aes_key_unwrap_with_padding(bytes(self._wrapping_key), wrapped)
        except InvalidUnwrap as error:
            raise StoreUnavailable("The key of a case is damaged, so its files must be fetched again.") from error

    def forget(self) -> None:
        """Overwrite the keys. Safe to call twice."""
        for key in (self._database_key, self._wrapping_key):
            key[:] = bytes(len(key))
            key.clear()

    def take(self, other: StoreKeys) -> None:
        """Have the keys of *other*, which was opened from the same store, after `forget`."""
        self.forget()
        self._database_key[:] = other._database_key
        self._wrapping_key[:] = other._wrapping_key

    def _set(self, master: bytes, from_key_file: bool) -> None:
        self._database_key[:] = master if from_key_file else _derive(master, b"Reading Room database key")
        self._wrapping_key[:] = _derive(master, b"Reading Room case key wrapping")

    def _refuse_when_forgotten(self) -> None:
        if self.is_forgotten:
            raise StoreLocked(LOCKED)


def make_key() -> bytes:
    """256 random bits: a master key, a case key, or the half of a key that the keyring holds."""
    return secrets.token_bytes(KEY_BYTES)


def _derive(master: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(master)
