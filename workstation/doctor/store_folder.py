"""Where the cases are kept: whether it can be written, has room, is encrypted. The stores themselves stay closed."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from pathlib import Path

from sync.errors import SyncError
from sync.transfer.disk_room import RESERVE_BYTES
from workstation.count_words import counted
from workstation.doctor.finding import Finding, fault, note, works
from workstation.places import list_profiles, profile_directory

PLAIN_DATABASE = b"SQLite format 3\0"
KEYRING_PATIENCE_S = 10.0


def look_at_folder(home: Path) -> Finding:
    """Whether *home* can be written, and how much fits into it. Nothing that is made stays."""
    folder = next(place for place in (home, *home.parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
        free_bytes = shutil.disk_usage(folder).free
    except OSError as error:
        remedy = "Name another with --home, or let this user write there."
        return fault("store folder", f"“{home}” cannot be written ({error.strerror}).", remedy)
    facts = {"folder": str(home), "free_bytes": free_bytes, "kept_free_bytes": RESERVE_BYTES}
    room = f"{free_bytes / 1e9:.1f} GB are free"
    if free_bytes < RESERVE_BYTES:
        words = f"Only {room} at “{home}”; {RESERVE_BYTES / 1e9:.0f} GB stay free, so nothing is downloaded."
        return fault("store folder", words, "Make room on this disk.", **facts)
    return works("store folder", f"“{home}” can be written; {room}.", **facts)


def look_at_encryption() -> Finding:
    """A store is made, written and read in a folder of its own, and what it wrote is searched for in clear."""
    from sync.records.case import CaseId
    from sync.store.database import DATABASE_FILE, open_store
    from sync.vault.keys import Unlock

    needle = b"what a patient would not want to be read" * 8
    try:
        with tempfile.TemporaryDirectory(prefix="reading-room-doctor-") as folder:
            store = open_store(Path(folder) / "try", unlock=Unlock(passphrase="only for this try"))
            try:
                store.session.put("needle", needle.decode())
                writer = store.vault.begin(CaseId("try"))
                writer.write(needle)
                writer.commit()
            finally:
                store.close()
            written = [path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()]
            database = (Path(folder) / "try" / DATABASE_FILE).read_bytes()
    except (SyncError, ImportError, OSError) as error:
        return fault("encryption", f"A store cannot be made here ({error}).", "Install the program anew.")
    if database.startswith(PLAIN_DATABASE) or any(needle[:40] in content for content in written):
        return fault("encryption", "What is stored can be read in clear.", "Do not use the program; tell support.")
    return works("encryption", "A store was made, written, searched and thrown away: nothing in it is in clear.")


def look_at_stores(home: Path) -> Finding:
    """The profiles of *home*: encrypted, and closed to other users. None is opened."""
    from sync.store.database import DATABASE_FILE
    from sync.vault.key_record import has_record

    names, plain, open_to_others, without_word = list_profiles(home), [], [], []
    for name in names:
        directory = profile_directory(home, name)
        database = directory / DATABASE_FILE
        if not database.is_file():
            continue
        if not has_record(directory):
            without_word.append(name)
        try:
            with database.open("rb") as file:
                if file.read(len(PLAIN_DATABASE)) == PLAIN_DATABASE:
                    plain.append(name)
        except OSError as error:
            return fault("stores", f"The store of “{name}” cannot be read ({error.strerror}).", profile=name)
        if os.name == "posix" and database.stat().st_mode & 0o077:
            open_to_others.append(name)
    facts = {"profiles": len(names)}
    if plain:
        return fault("stores", f"Not encrypted: {', '.join(plain)}.", "Tell support before the next case.", **facts)
    if open_to_others:
        remedy = "Make the folder readable by its owner alone (chmod -R go= on it)."
        return fault("stores", f"Readable by other users: {', '.join(open_to_others)}.", remedy, **facts)
    if without_word:
        words = f"Opens without a passphrase: {', '.join(without_word)}."
        return note("stores", words, "The window asks for one at its next start.", **facts)
    if not names:
        return works("stores", "No hospital is set up here yet.", **facts)
    return works("stores", f"{counted(len(names), 'profile')}, encrypted and closed to other users.", **facts)


def look_at_keyring() -> Finding:
    """Whether the system's keyring answers; it may ask for a password of its own, which nobody waits for here."""
    from workstation.unlocking import usable_keyring

    answers: list[bool] = []

    def ask() -> None:
        answers.append(usable_keyring() is not None)

    asker = threading.Thread(target=ask, name="doctor-keyring", daemon=True)
    asker.start()
    asker.join(KEYRING_PATIENCE_S)
    without = "A store then opens with its passphrase alone, and a sign-in lasts until the program is closed."
    if not answers:
        return note("keyring", "The system's keyring does not answer; it may be waiting for its password.", without)
    if not answers[0]:
        return note("keyring", "This computer has no keyring that can be used.", without)
    return works("keyring", "The system's keyring answers.")
