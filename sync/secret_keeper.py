"""The operating system's keyring: where secrets lie that must not lie on the disk in clear.

Only keyrings that encrypt are used; a plaintext file that calls itself one (keyrings.alt) counts as none.
"""

from __future__ import annotations

from typing import Protocol

import keyring.core
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError, KeyringLocked, NoKeyringError, PasswordDeleteError

from sync.errors import KeyringUnavailable

SERVICE = "Reading Room"
_ENCRYPTING = ("SecretService", "libsecret", "kwallet", "macOS", "Windows")
"""The modules of `keyring.backends` that hand the secret to the operating system or the desktop."""


class SecretKeeper(Protocol):
    """Secrets by name. Every call may block (the system may ask the user to unlock) and raise `KeyringUnavailable`."""

    def find(self, name: str) -> str | None:
        """The secret; None where none was put."""
        ...

    def put(self, name: str, secret: str) -> None:
        """Durable when the call returns; replaces what was there."""
        ...

    def delete(self, name: str) -> None:
        """Forgotten for ever; nothing happens where there is none."""
        ...


class SystemKeyring:
    """The keyring of this user on this computer."""

    def find(self, name: str) -> str | None:
        keeper = _encrypting_keyring()
        try:
            return keeper.get_password(SERVICE, name)
        except KeyringError as error:
            raise _unavailable(error) from error

    def put(self, name: str, secret: str) -> None:
        keeper = _encrypting_keyring()
        try:
            keeper.set_password(SERVICE, name, secret)
        except KeyringError as error:
            raise _unavailable(error) from error

    def delete(self, name: str) -> None:
        keeper = _encrypting_keyring()
        try:
            keeper.delete_password(SERVICE, name)
        except PasswordDeleteError:
            return  # there was none
        except KeyringError as error:
            raise _unavailable(error) from error


def _encrypting_keyring() -> KeyringBackend:
    """The best keyring there is; `KeyringUnavailable` where none of them encrypts."""
    try:
        chosen: KeyringBackend = keyring.core.get_keyring()
    except (KeyringError, RuntimeError) as error:
        raise _unavailable(error) from error
    backends: tuple[KeyringBackend, ...] = (chosen, *getattr(chosen, "backends", ()))
    for backend in backends:
        if type(backend).__module__.removeprefix("keyring.backends.") in _ENCRYPTING:
            return backend
    raise KeyringUnavailable("This computer has no keyring that Reading Room could keep a secret in.")


def _unavailable(error: Exception) -> KeyringUnavailable:
    if isinstance(error, KeyringLocked):
        return KeyringUnavailable("The keyring of this computer is locked.")
    if isinstance(error, NoKeyringError):
        return KeyringUnavailable("This computer has no keyring that Reading Room could keep a secret in.")
    return KeyringUnavailable("The keyring of this computer does not take or give secrets now.")
