"""A store that somebody had in their hands: a flipped, cut, swapped or appended byte anywhere in it is noticed.

Every file of the vault that a round at the demo hospital brought, the key record and the database.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sync.errors import StoreUnavailable, UnlockRefused
from sync.records.stored_object import StoredObject
from sync.store.connection import Database
from sync.store.database import Store, open_store
from sync.store.protection import protect_store
from sync.sync_round import run_sync_round
from sync.vault.key_record import RECORD_FILE
from sync.vault.keys import StoreKeys, Unlock
from tests.sync.conftest import hospital, hospital_server  # noqa: F401 - fixtures
from tests.sync.small_hospital import SmallHospital

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

UNLOCK = Unlock(passphrase="a lost laptop tells nothing")
HEADER_BYTES, SEALED_BYTES = 64, 64 * 1024 + 16
DATABASE_PAGE_BYTES = 4096
CASES = ("SO-1", "SO-2")


@pytest.fixture
def filled(hospital: SmallHospital, tmp_path: Path) -> Iterator[Store]:  # noqa: F811
    """A store with the images and slides of two cases."""
    folder = tmp_path / "clinic"
    protect_store(folder, UNLOCK)
    store = open_store(folder, unlock=UNLOCK)
    for case_id in CASES:
        hospital.add_case(case_id, instances=2, slide=True)
    assert run_sync_round(store, hospital.profile()).complete
    yield store
    store.close()


def files_of(store: Store) -> dict[Path, StoredObject]:
    """Each file of the vault and what it holds."""
    files = {}
    for case_id in (case.case_id for case in store.cases.list_cases()):
        for obj in store.objects.list_objects(case_id):
            entry = store.vault._find(obj.sha256)
            assert entry is not None
            files[store.vault._path(entry.file_id)] = obj
    return files


def is_noticed(store: Store, obj: StoredObject) -> bool:
    try:
        store.vault.read_bytes(obj.sha256)
    except StoreUnavailable:
        return True
    return False


@contextmanager
def put_in_place(file: Path, content: bytes) -> Iterator[None]:
    """*content* instead of what *file* holds, while the block lasts."""
    whole = file.read_bytes()
    file.write_bytes(content)
    yield
    file.write_bytes(whole)


def test_that_a_byte_changed_anywhere_in_any_file_of_the_vault_is_noticed(filled: Store) -> None:
    chance = random.Random(20261128)
    files = files_of(filled)
    assert len(files) >= 4
    for file, obj in files.items():
        whole = file.read_bytes()
        assert not is_noticed(filled, obj)
        last_tag = range(len(whole) - 16, len(whole))
        chunks = range(HEADER_BYTES, len(whole), SEALED_BYTES)
        tags = [end - 1 for end in chunks if end > HEADER_BYTES]
        sampled = chance.sample(range(len(whole)), 60)
        for place in sorted({*range(HEADER_BYTES), *chunks, *tags, *last_tag, *sampled}):
            changed = bytearray(whole)
            changed[place] ^= 1 << (place % 8)
            with put_in_place(file, bytes(changed)):
                assert is_noticed(filled, obj), (obj.content_type, place)
        for cut in (whole[:-1], whole[:-16], whole[: len(whole) // 2], whole[:HEADER_BYTES], b"", whole + b"\0"):
            with put_in_place(file, cut):
                assert is_noticed(filled, obj), (obj.content_type, len(cut))
        assert not is_noticed(filled, obj)


def test_that_chunks_and_whole_files_in_each_others_place_are_noticed(filled: Store) -> None:
    files = files_of(filled)
    contents = {file: file.read_bytes() for file in files}
    by_size = sorted(files, key=lambda file: len(contents[file]))
    for file, obj in files.items():
        for other, content in contents.items():
            if other != file:
                with put_in_place(file, content):
                    assert is_noticed(filled, obj), "another file, of this case or another"
    whole = contents[by_size[-1]]
    assert len(whole) > HEADER_BYTES + 2 * SEALED_BYTES, "there is no file of several chunks"
    first = slice(HEADER_BYTES, HEADER_BYTES + SEALED_BYTES)
    second = slice(first.stop, first.stop + SEALED_BYTES)
    rest = whole[second.stop :]
    for moved in (whole[second] + whole[first], whole[first] + whole[first], whole[second]):
        with put_in_place(by_size[-1], whole[:HEADER_BYTES] + moved + rest):
            assert is_noticed(filled, files[by_size[-1]]), "chunks swapped, repeated or left out"


def test_that_a_key_record_that_was_changed_opens_nothing(filled: Store, tmp_path: Path) -> None:
    filled.close()
    whole = (filled.directory / RECORD_FILE).read_bytes()
    other = tmp_path / "other"
    protect_store(other, UNLOCK)
    open_store(other, unlock=UNLOCK).close()
    chance = random.Random(20261128)
    changes = [
        whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :] for place in chance.sample(range(len(whole)), 12)
    ]
    changes += [whole[:-2], b"", (other / RECORD_FILE).read_bytes()]
    for number, changed in enumerate(changes):
        copy = tmp_path / f"copy-{number}"
        shutil.copytree(filled.directory, copy)
        (copy / RECORD_FILE).write_bytes(changed)
        with pytest.raises((StoreUnavailable, UnlockRefused)):
            open_store(copy, unlock=UNLOCK, read_only=True).cases.list_cases()


def test_that_a_byte_changed_in_or_appended_to_the_database_is_noticed(filled: Store, tmp_path: Path) -> None:
    filled._database.fold_log()
    whole = (filled.directory / "store.db").read_bytes()
    pages = len(whole) // DATABASE_PAGE_BYTES
    chance = random.Random(20261128)
    second = slice(DATABASE_PAGE_BYTES, 2 * DATABASE_PAGE_BYTES)
    swapped = bytearray(whole)
    swapped[second], swapped[-DATABASE_PAGE_BYTES:] = whole[-DATABASE_PAGE_BYTES:], whole[second]
    changes = {"pages swapped": bytes(swapped), "cut": whole[: len(whole) // 2]}
    changes |= {f"{count} bytes appended": whole + bytes(count) for count in (1, DATABASE_PAGE_BYTES)}
    for page in range(pages):
        flipped = bytearray(whole)
        flipped[page * DATABASE_PAGE_BYTES + chance.randrange(DATABASE_PAGE_BYTES)] ^= 4
        changes[f"page {page} of {pages}"] = bytes(flipped)
    copy = tmp_path / "store.db"
    for what, content in changes.items():
        for leftover in tmp_path.glob("store.db-*"):
            leftover.unlink()
        copy.write_bytes(content)
        assert is_damaged(copy, filled._database._keys), what
    copy.write_bytes(whole)
    assert not is_damaged(copy, filled._database._keys)


def is_damaged(file: Path, keys: StoreKeys) -> bool:
    """Whether opening the database, or reading every page of it, fails; SQLCipher checks a page when it is read."""
    database = Database(file, keys, read_only=True)
    try:
        with database.reading() as connection:
            return bool(connection.exec_driver_sql("PRAGMA cipher_integrity_check").all())
    except StoreUnavailable:
        return True
    finally:
        database.close()
