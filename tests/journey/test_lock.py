"""The window locks and comes back: nothing readable while locked, the same case and page after, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.lost_laptop_place import PASSPHRASE, Laptop, laptop_with_cases

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

CHEST = "SO-2026-00101"
PATIENT = "Ashgrove"


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    with laptop_with_cases(tmp_path_factory.mktemp("lock")) as (laptop, _):
        yield laptop


def test_that_the_window_asks_locks_and_comes_back_to_the_same_case_and_page(laptop: Laptop) -> None:
    window = laptop.window()
    try:
        asked = window.order("asked")
        assert PATIENT not in " ".join(asked["texts"])
        refused = window.order("write lock-word not the passphrase at all", "press lock-open", "said tries are left")
        assert refused["covered"] and refused["lock_fields"] == ["", ""]
        window.order(f"write lock-word {PASSPHRASE}", "press lock-open", "ready", f"open {CHEST}")
        written = window.order("key F6", "findings Unsaved until the lid closes.")
        assert written["page"] == "opinion" and PATIENT in " ".join(written["texts"])

        locked = window.order("lock")
        assert locked["locked"] and locked["covered"]
        shown = " ".join(locked["texts"])
        assert not any(word in shown for word in (PATIENT, CHEST, "Unsaved until the lid closes."))
        for key in ("F2", "F3", "F4", "F6", "F1"):
            assert " ".join(window.order(f"key {key}")["texts"]) == shown, key

        back = window.order(f"write lock-word {PASSPHRASE}", "press lock-open", "uncovered opinion")
        assert not back["locked"] and back["page"] == "opinion"
        assert PATIENT in " ".join(back["texts"]) and "Unsaved until the lid closes." in " ".join(back["texts"])
    finally:
        window.kill()


def test_that_the_second_program_is_told_who_has_the_profile_and_readers_are_not_hindered(laptop: Laptop) -> None:
    unlock = ("--unlock-file", str(laptop.unlock_file))
    window = laptop.window()
    try:
        window.order("asked", f"write lock-word {PASSPHRASE}", "press lock-open", "ready")
        second = laptop.readingroom("sync", *unlock)
        assert second.returncode == 1
        assert f"process {window.process.pid}" in second.stderr and "the window of" in second.stderr
        other = laptop.window()
        assert f"process {window.process.pid}" in other.order("ready")["failure"]
        other.kill()
        for reader in ("cases", "outbox"):
            assert laptop.readingroom(reader, "--json", *unlock).returncode == 0
    finally:
        window.kill()


def test_that_a_command_needs_the_passphrase_and_takes_no_open_file(laptop: Laptop, tmp_path: Path) -> None:
    without = laptop.readingroom("cases")
    assert without.returncode == 1 and "--unlock-file" in without.stderr
    readable = tmp_path / "unlock.txt"
    readable.write_text(PASSPHRASE)
    readable.chmod(0o644)
    refused = laptop.readingroom("cases", "--unlock-file", str(readable))
    assert refused.returncode == 1 and "0600" in refused.stderr and PASSPHRASE not in refused.stderr
    readable.write_text("wrong passphrase")
    readable.chmod(0o600)
    wrong = laptop.readingroom("cases", "--unlock-file", str(readable))
    assert wrong.returncode == 1 and "left" in wrong.stderr and wrong.stdout == ""
    right = laptop.readingroom("cases", "--unlock-file", str(laptop.unlock_file))
    assert right.returncode == 0 and PATIENT in right.stdout


def test_that_a_first_start_asks_for_a_new_passphrase(laptop: Laptop, tmp_path: Path) -> None:
    fresh = Laptop(tmp_path / "fresh", laptop.unlock_file, tmp_path / "pictures")
    fresh.store.mkdir(parents=True)
    (fresh.store / "profile.json").write_bytes((laptop.store / "profile.json").read_bytes())
    window = fresh.window()
    try:
        window.order(
            "asked", "write lock-word short", "write lock-again short", "press lock-open", "said 12 characters"
        )
        window.order(
            "write lock-word long enough words", "write lock-again other words", "press lock-open", "said same"
        )
        window.order(
            "write lock-word long enough words", "write lock-again long enough words", "press lock-open", "ready"
        )
    finally:
        window.kill()
    assert (fresh.store / "store.keys").exists() and not (fresh.store / "store.key").exists()
