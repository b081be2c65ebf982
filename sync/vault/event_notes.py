"""What happened while the audit trail could not be written, kept beside the store until it can.

The trail lies inside the encrypted database, so a wrong passphrase, or a sign-in before there is a store, is noted in a
file and entered when the store is opened next. It holds no secret and no name of a patient. Who can change the file can
copy the disk; what protects the store is the key.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

NOTES_FILE = "store.notes"
MOST_BYTES = 64 * 1024
"""Some hundred notes; whoever tries for weeks does not fill the disk."""


@dataclass(frozen=True, slots=True)
class EventNote:
    """One event. ``note`` is an identifier of its own, so that it is entered once however often that is begun."""

    note: str
    at: str
    """ISO 8601, by this computer's clock."""
    actor: str
    action: str
    object: str
    outcome: str


def note_event(directory: Path, action: str, object: str, outcome: str, *, actor: str = "this computer") -> None:  # noqa: A002
    """Write one note down. A disk that does not take it keeps nobody from anything."""
    note = EventNote(secrets.token_hex(8), datetime.now(UTC).isoformat(), actor, str(action), object, outcome)
    file = directory / NOTES_FILE
    with suppress(OSError):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as opened:
            if opened.tell() < MOST_BYTES:
                opened.write(json.dumps(asdict(note)).encode("ascii") + b"\n")
                opened.flush()
                os.fsync(opened.fileno())


def read_notes(directory: Path) -> tuple[EventNote, ...]:
    """Every note, oldest first. A line that was torn or tampered with is no note."""
    try:
        lines = (directory / NOTES_FILE).read_bytes()[: 2 * MOST_BYTES].splitlines()
    except OSError:
        return ()
    notes = []
    for line in lines:
        with suppress(ValueError, TypeError):
            note = EventNote(**json.loads(line))
            datetime.fromisoformat(note.at)
            if all(isinstance(word, str) for word in asdict(note).values()):
                notes.append(note)
    return tuple(notes)


def drop_notes(directory: Path) -> None:
    """They are in the trail."""
    with suppress(OSError):
        (directory / NOTES_FILE).unlink(missing_ok=True)
