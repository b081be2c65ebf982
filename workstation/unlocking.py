"""What the store of a profile is opened with: the demo's announced passphrase, ``--unlock-file``, or a question.

The window asks on its lock page (`window.lock_page`); commands ask here, on the terminal.
"""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from sync.errors import KeyringUnavailable, StoreLocked, UnlockRefused
from sync.vault.key_record import has_record, needs_keyring
from sync.vault.keys import SecretKeeper, Unlock
from workstation.places import DEMO_PROFILE, profile_directory

DEMO_PASSPHRASE = "reading room demo"
"""Announced, so it protects nothing; the demo goes through the same mechanism as everything else."""

LARGEST_UNLOCK_FILE_BYTES = 4096


def demo_unlock() -> Unlock:
    """What every demo store opens with."""
    return Unlock(passphrase=DEMO_PASSPHRASE)


def known_unlock(home: Path, profile: str, unlock_file: Path | None) -> Unlock | None:
    """What needs no question: the file that was named, else the demo's passphrase. None: somebody must be asked."""
    if unlock_file is not None:
        return Unlock(passphrase=_read_word(unlock_file), keeper=keeper_for(profile_directory(home, profile)))
    return demo_unlock() if profile == DEMO_PROFILE else None


def unlock_on_terminal(home: Path, profile: str, unlock_file: Path | None) -> Unlock | None:
    """As `known_unlock`, asking on the terminal where the store needs it; None for a store without a passphrase.

    StoreLocked where there is nobody to ask.
    """
    known = known_unlock(home, profile, unlock_file)
    directory = profile_directory(home, profile)
    if known is not None or not has_record(directory):
        return known
    if not sys.stdin.isatty():
        raise StoreLocked(f"The store of profile “{profile}” is locked; give its passphrase with --unlock-file.")
    try:
        named = "Passphrase or PIN" if needs_keyring(directory) else "Passphrase"
        word = getpass.getpass(f"{named} of profile “{profile}”: ")
    except EOFError:
        word = ""
    if not word:
        raise StoreLocked("Nothing was typed, so the store stays locked.")
    return Unlock(passphrase=word, keeper=keeper_for(directory))


def keeper_for(directory: Path) -> SecretKeeper | None:
    """The keyring that holds, or for a new store could hold, half of the key of the store in *directory*.

    None where the passphrase alone opens it, and for a new one where this computer has no keyring. May block: the
    system may ask for the keyring's own password.
    """
    if has_record(directory) and not needs_keyring(directory):
        return None
    if has_record(directory):
        from sync.secret_keeper import SystemKeyring

        return SystemKeyring()
    return usable_keyring()


def usable_keyring() -> SecretKeeper | None:
    """This computer's keyring, None where it has none. May block: the system may ask for the keyring's password."""
    from sync.secret_keeper import SystemKeyring

    keyring = SystemKeyring()
    try:
        keyring.find("is-there-a-keyring")
    except KeyringUnavailable:
        return None
    return keyring


def unlock_with(word: str, keeper: SecretKeeper | None) -> Unlock:
    """What was typed, as what it is.

    Digits alone are a PIN only where a keyring holds the other half; elsewhere they are a passphrase, which has to be
    long.
    """
    is_pin = keeper is not None and word.isdigit()
    return Unlock(pin=word, keeper=keeper) if is_pin else Unlock(passphrase=word, keeper=keeper)


def _read_word(file: Path) -> str:
    """The first line of a file that nobody else can read. UnlockRefused otherwise."""
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode & 0o777
            if os.name == "posix" and mode & 0o077:
                raise UnlockRefused(f"“{file.name}” can be read by others (its mode is {mode:o}); make it 0600 first.")
            content = opened.read(LARGEST_UNLOCK_FILE_BYTES + 1)
        lines = content.decode("utf-8").splitlines()
    except OSError as error:
        raise UnlockRefused(f"“{file.name}” cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise UnlockRefused(f"“{file.name}” does not hold a passphrase (it is not text).") from None
    if not lines or not lines[0] or len(content) > LARGEST_UNLOCK_FILE_BYTES:
        raise UnlockRefused(f"“{file.name}” does not hold a passphrase in its first line.")
    return lines[0]
