"""The second program on one profile is told who holds it; the lock ends with the program that has it."""

from __future__ import annotations

import getpass
import re
import socket
from pathlib import Path

import pytest

from sync.errors import ProfileHeld
from sync.store.profile_lock import LOCK_FILE, ProfileLock
from tests.sync.store.profile_holder import held_by_another_program


def test_that_the_second_program_is_told_who_holds_the_profile(tmp_path: Path) -> None:
    directory = tmp_path / "clinic"
    with held_by_another_program(directory) as holder:
        with pytest.raises(ProfileHeld) as refused:
            ProfileLock.take(directory, "a round of sync")
        sentence = str(refused.value)
        for told in ("“clinic”", "the window", getpass.getuser(), socket.gethostname(), f"process {holder}"):
            assert told in sentence, sentence
        assert re.search(r"since \d{4}-\d\d-\d\d \d\d:\d\d", sentence)
    ProfileLock.take(directory, "a round of sync").release()


def test_that_a_damaged_note_is_still_a_sentence(tmp_path: Path) -> None:
    lock = ProfileLock.take(tmp_path, "the window")
    (tmp_path / LOCK_FILE).write_bytes(b"\xff")
    with pytest.raises(ProfileHeld, match="open already in another program"):
        ProfileLock.take(tmp_path, "the window")
    lock.release()
    lock.release()
    assert (tmp_path / LOCK_FILE).stat().st_mode & 0o777 == 0o600
    ProfileLock.take(tmp_path, "the window").release()
    assert (tmp_path / LOCK_FILE).stat().st_size == 0
