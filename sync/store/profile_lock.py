"""One program at a time writes to a profile: a lock of the operating system's, and a note saying who holds it.

The lock ends with the program that holds it, however it ends; the note is only for the sentence. Readers need no lock.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sync.errors import ProfileHeld, StoreUnavailable

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_FILE = "profile.lock"
LARGEST_NOTE_BYTES = 4096
_NOTE_STARTS_AT = 1
"""The first byte is what Windows locks; it may not be read by others there."""


class ProfileLock:
    """Held from `take` to `release`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    @classmethod
    def take(cls, directory: Path, what: str) -> ProfileLock:
        """Hold the profile in *directory* as *what* ("the window", "a round of sync").

        ProfileHeld, naming who has it, when another program (or another part of this one) does.
        """
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
            file = os.fdopen(os.open(directory / LOCK_FILE, flags, 0o600), "r+b", buffering=0)
        except OSError as error:
            raise StoreUnavailable(
                f"The folder of profile “{directory.name}” cannot be used ({error.strerror})."
            ) from error
        if not _lock(file):
            sentence = _who(file, directory.name)
            file.close()
            raise ProfileHeld(sentence)
        note = {
            "process": os.getpid(),
            "user": _user(),
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
            "what": what,
        }
        file.truncate(_NOTE_STARTS_AT)
        file.seek(_NOTE_STARTS_AT)
        file.write(json.dumps(note).encode("ascii"))
        return cls(file)

    def release(self) -> None:
        """Let others have it. Safe to call twice."""
        if not self._file.closed:
            self._file.truncate(0)
            self._file.close()


def _lock(file: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _who(file: BinaryIO, profile: str) -> str:
    try:
        file.seek(_NOTE_STARTS_AT)
        note = json.loads(file.read(LARGEST_NOTE_BYTES))
        since = datetime.fromisoformat(note["since"]).astimezone()
        return (
            f"Profile “{profile}” is open already: {note['what']} of {note['user']} on {note['host']} "
            f"(process {int(note['process'])}) has had it since {since:%Y-%m-%d %H:%M}."
        )
    except (OSError, ValueError, KeyError, TypeError):
        return f"Profile “{profile}” is open already in another program on this computer."


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a process without an entry in the list of users
        return "an unnamed user"
