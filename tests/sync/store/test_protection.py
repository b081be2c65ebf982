"""A store gets its passphrase: nothing is lost, the old key opens nothing, and a kill at any step is made good."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from sync.errors import StoreLocked, StoreUnavailable, UnlockRefused
from sync.store import protection
from sync.store.connection import Database
from sync.store.database import open_store
from sync.store.protection import is_protected, protect_store
from sync.store.tables import case_key, vault_file
from sync.vault.file_vault import VaultEntry
from sync.vault.key_record import RECORD_FILE
from sync.vault.keys import StoreKeys, Unlock
from tests.sync.sample_records import CASE, sample_case, sample_revision
from tests.sync.store.test_first_version import (
    CHEST,
    FIRST_VERSION,
    LETTER,
    SLIDE,
    check_that_everything_is_there,
)

UNLOCK = Unlock(passphrase="correct horse battery")
WRONG = Unlock(passphrase="wrong horse battery")


@pytest.fixture
def first_version(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIRST_VERSION, tmp_path / "demo"))


def test_that_a_protected_store_has_everything_and_opens_with_its_passphrase_only(first_version: Path) -> None:
    old = StoreKeys(bytes.fromhex((first_version / "store.key").read_text()), from_key_file=True)
    protect_store(first_version, UNLOCK)
    assert is_protected(first_version)
    store = open_store(first_version, unlock=UNLOCK)
    check_that_everything_is_there(store)
    with store._database.reading() as connection:
        wrapped = connection.execute(case_key.select()).all()[0].content
    store.close()
    with pytest.raises(StoreUnavailable, match="damaged"):
        old.unwrap(bytes(wrapped))
    with (
        pytest.raises(StoreUnavailable, match="does not fit"),
        Database(first_version / "store.db", old, read_only=True).reading(),
    ):
        pass
    for read_only in (False, True):
        with pytest.raises(StoreLocked, match="passphrase or PIN is needed"):
            open_store(first_version, read_only=read_only)
        with pytest.raises(UnlockRefused):
            open_store(first_version, unlock=WRONG, read_only=read_only)
    open_store(first_version, unlock=UNLOCK, read_only=True).close()
    assert {path.name for path in first_version.iterdir()} == {
        "store.db",
        "store.keys",
        "store.notes",
        "store.tries.lock",
        "vault",
        "README.md",
    }
    with pytest.raises(StoreUnavailable, match="already"):
        protect_store(first_version, UNLOCK)


STEPS = ("make_record", "_remove", "_copy_under", "flush_directory", "destroy_key_file", "done")


@pytest.mark.parametrize("step", STEPS)
def test_that_a_kill_while_it_is_protected_is_made_good(first_version: Path, step: str) -> None:
    child = os.fork()
    if child == 0:
        try:
            if step != "done":
                setattr(protection, step, lambda *_args: os._exit(9))
            protect_store(first_version, UNLOCK)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    if step == "make_record":
        assert not is_protected(first_version)
        store = open_store(first_version)
    else:
        if step != "done":
            with pytest.raises(StoreLocked):
                open_store(first_version)
            with pytest.raises(StoreUnavailable, match="open the window once"):
                open_store(first_version, unlock=UNLOCK, read_only=True)
        store = open_store(first_version, unlock=UNLOCK)
        assert not (first_version / "store.key").exists()
    check_that_everything_is_there(store)
    store.close()


def test_that_a_weak_passphrase_changes_nothing(first_version: Path) -> None:
    with pytest.raises(UnlockRefused, match="12"):
        protect_store(first_version, Unlock(pin="1234"))
    store = open_store(first_version)
    check_that_everything_is_there(store)
    store.close()


def test_that_a_store_made_with_a_passphrase_never_has_a_plain_key(tmp_path: Path) -> None:
    store = open_store(tmp_path / "new", unlock=UNLOCK)
    store.cases.put_case(sample_case(), [])
    store.close()
    assert not (tmp_path / "new" / "store.key").exists()
    assert (tmp_path / "new" / RECORD_FILE).exists()
    store = open_store(tmp_path / "new", unlock=UNLOCK)
    assert [case.case_id for case in store.cases.list_cases()] == [CASE]
    store.close()


def test_that_a_locked_store_answers_nothing_until_it_is_unlocked(tmp_path: Path) -> None:
    store = open_store(tmp_path / "new", unlock=UNLOCK)
    store.annotations.append(sample_revision())
    writer = store.vault.begin(CASE)
    writer.write(b"pixels")
    sha256 = writer.commit()
    store.lock()
    assert store.is_locked
    for use in (
        lambda: store.annotations.list_current(CASE),
        lambda: store.annotations.append(sample_revision(revision=2)),
        lambda: store.vault.read_bytes(sha256),
        lambda: store.vault.begin(CASE),
    ):
        with pytest.raises(StoreLocked):
            use()
    with pytest.raises(UnlockRefused):
        store.unlock(WRONG)
    assert store.is_locked
    store.unlock(UNLOCK)
    assert store.annotations.list_current(CASE) == (sample_revision(),)
    assert store.vault.read_bytes(sha256) == b"pixels"
    store.close()


def test_that_case_keys_lie_wrapped_in_the_database(first_version: Path) -> None:
    store = open_store(first_version)
    with store._database.reading() as connection:
        kept = {row.case_id: bytes(row.content) for row in connection.execute(case_key.select())}
    assert set(kept) == {CHEST, SLIDE}
    assert {len(content) for content in kept.values()} == {40}
    store.close()


def test_that_removing_a_case_destroys_its_key_and_its_files_and_no_others(first_version: Path) -> None:
    store = open_store(first_version)
    with store._database.reading() as connection:
        (file_id,) = connection.execute(
            vault_file.select().with_only_columns(vault_file.c.file_id).where(vault_file.c.case_id == SLIDE)
        ).scalars()
    (slide,) = store.objects.list_objects(SLIDE)
    assert store.vault.contains(slide.sha256)
    store.vault.remove_case(SLIDE)
    with store._database.reading() as connection:
        assert [row.case_id for row in connection.execute(case_key.select())] == [CHEST]
    assert not (first_version / "vault" / f"{file_id}.rre").exists()
    with pytest.raises(StoreUnavailable, match="not on this computer"):
        store.vault.read_bytes(slide.sha256)
    (letter,) = store.objects.list_objects(CHEST)
    assert store.vault.read_bytes(letter.sha256) == LETTER
    store.vault.remove_case(SLIDE)
    store.close()


def test_that_files_of_a_removed_case_are_noise_and_are_swept(first_version: Path) -> None:
    store = open_store(first_version)
    (slide,) = store.objects.list_objects(SLIDE)
    entry: VaultEntry = next(iter(store.vault._index.find_with_siblings(slide.sha256)))
    file = first_version / "vault" / f"{entry.file_id.hex()}.rre"
    store.vault._index.remove_case(SLIDE)  # killed before the files went
    assert file.exists()
    store.close()
    assert entry.case_key.hex().encode() not in (first_version / "store.db").read_bytes()
    open_store(first_version).close()
    assert not file.exists()


def test_that_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        store = open_store(tmp_path / "new", unlock=UNLOCK)
        writer = store.vault.begin(CASE)
        writer.write(b"pixels")
        writer.commit()
        files = [path for path in (tmp_path / "new").rglob("*") if path.is_file()]
        assert {"store.db", "store.db-wal", "store.keys"} <= {path.name for path in files}
        assert {path.name: oct(path.stat().st_mode & 0o777) for path in files if path.stat().st_mode & 0o077} == {}
        store.close()
    finally:
        os.umask(old)
