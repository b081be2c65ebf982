"""Files of cases: whole or not there, found by digest, unreadable on the disk."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.errors import StoreUnavailable
from sync.records.case import CaseId
from sync.store.database import Store, open_store
from sync.vault.encrypted_file import CHUNK_BYTES
from sync.vault.file_vault import VaultWriter
from tests.sync.sample_records import CASE

OTHER = CaseId("SO-2026-00043")
CONTENT = os.urandom(200_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "demo")
    yield store
    store.close()


def put(store: Store, content: bytes = CONTENT, case_id: CaseId = CASE) -> str:
    writer = store.vault.begin(case_id)
    writer.write(content)
    return writer.commit()


def files(store: Store) -> list[Path]:
    return sorted((store.directory / "vault").iterdir())


def test_that_a_committed_file_is_found_by_its_digest(store: Store) -> None:
    assert not store.vault.contains(SHA256)
    assert put(store) == SHA256
    assert store.vault.contains(SHA256)
    assert store.vault.read_bytes(SHA256) == CONTENT
    source = store.vault.source(SHA256, "CT 7")
    assert (source.name, source.size_bytes, source.path) == ("CT 7", len(CONTENT), None)
    with source.open() as first, source.open() as second:
        second.seek(100_000)
        assert (first.read(7), second.read(7)) == (CONTENT[:7], CONTENT[100_000:100_007])


def test_that_a_vault_source_is_a_viewers_byte_source(store: Store) -> None:
    """Structurally, as the composition root hands it over."""
    put(store)
    source = store.vault.source(SHA256, "CT 7")
    for name in ("name", "size_bytes", "path", "open"):
        assert hasattr(source, name)
    with source.open() as handle:
        buffer = bytearray(50)
        assert handle.readinto(buffer) == 50  # type: ignore[attr-defined]
        assert handle.seekable()


def test_that_the_vault_outlives_the_window(store: Store) -> None:
    put(store)
    store.close()
    again = open_store(store.directory)
    assert again.vault.read_bytes(SHA256) == CONTENT
    again.close()


def test_that_file_names_tell_nothing_and_content_is_not_readable(store: Store) -> None:
    put(store, b"MUSTERMANN^ERIKA" * 1000)
    (file,) = files(store)
    assert hashlib.sha256(b"MUSTERMANN^ERIKA" * 1000).hexdigest() not in file.name
    assert b"MUSTERMANN" not in file.read_bytes()


def test_that_aborted_and_unfinished_files_are_not_there(store: Store) -> None:
    writer = store.vault.begin(CASE)
    writer.write(CONTENT)
    writer.abort()
    writer.abort()
    assert files(store) == []
    unfinished = store.vault.begin(CASE)
    unfinished.write(CONTENT)
    assert not store.vault.contains(SHA256)
    unfinished.abort()


def test_that_the_sweep_removes_leftovers_and_spares_files_and_living_writers(store: Store) -> None:
    put(store)
    kept = files(store)
    folder = store.directory / "vault"
    (folder / f"{'ab' * 16}.part").write_bytes(b"left by a killed program")
    (folder / f"{'cd' * 16}.rre").write_bytes(b"renamed, but never entered")
    living = store.vault.begin(CASE)
    living.write(b"half of it")
    again = open_store(store.directory)
    assert [path for path in files(store) if path.suffix == ".rre"] == kept
    assert len([path for path in files(store) if path.suffix == ".part"]) == 1
    assert living.commit() == hashlib.sha256(b"half of it").hexdigest()
    assert again.vault.read_bytes(hashlib.sha256(b"half of it").hexdigest()) == b"half of it"
    again.close()


def test_that_each_case_has_its_own_copy_under_its_own_key(store: Store) -> None:
    put(store)
    put(store, case_id=OTHER)
    first, second = files(store)
    assert first.read_bytes()[64:] != second.read_bytes()[64:]
    with store._database.reading() as connection:
        keys = connection.exec_driver_sql("SELECT content FROM case_key").scalars().all()
    assert len({bytes(key) for key in keys}) == 2


def test_that_fetching_again_mends_a_lost_or_damaged_file(store: Store) -> None:
    put(store)
    source = store.vault.source(SHA256, "CT 7")
    damaged = bytearray(files(store)[0].read_bytes())
    damaged[5000] ^= 1
    files(store)[0].write_bytes(damaged)
    with source.open() as handle, pytest.raises(StoreUnavailable, match="fetched again"):
        handle.read()
    put(store)
    assert store.vault.read_bytes(SHA256) == CONTENT
    assert len(files(store)) == 1
    files(store)[0].unlink()
    assert not store.vault.contains(SHA256)
    with pytest.raises(StoreUnavailable, match="no longer on this computer"):
        store.vault.source(SHA256, "CT 7").open()
    put(store)
    assert store.vault.read_bytes(SHA256) == CONTENT


def test_that_another_programs_mending_is_noticed(store: Store) -> None:
    put(store)
    reader = open_store(store.directory, read_only=True)
    assert reader.vault.read_bytes(SHA256) == CONTENT
    put(store)
    assert reader.vault.read_bytes(SHA256) == CONTENT
    reader.close()


def test_that_a_missing_file_is_named_as_the_reader_knows_it(store: Store) -> None:
    with pytest.raises(StoreUnavailable, match="“Biopsy slide” is not on this computer"):
        store.vault.source(SHA256, "Biopsy slide")


def test_that_a_reader_cannot_write(store: Store) -> None:
    reader = open_store(store.directory, read_only=True)
    with pytest.raises(StoreUnavailable, match="reading only"):
        reader.vault.begin(CASE)
    reader.close()


def test_that_a_full_disk_is_a_sentence_and_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = store.vault.begin(CASE)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    writer.write(CONTENT)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreUnavailable, match="No space left"):
        writer.commit()
    assert files(store) == []
    assert not store.vault.contains(SHA256)


def test_that_a_failed_entry_leaves_no_file(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(entry: object) -> None:
        raise StoreUnavailable("The disk is full.")

    writer: VaultWriter = store.vault.begin(CASE)
    writer.write(CONTENT)
    monkeypatch.setattr(writer, "_enter", fail)
    with pytest.raises(StoreUnavailable):
        writer.commit()
    assert files(store) == []


def test_that_threads_may_read_the_same_file_at_once(store: Store) -> None:
    put(store)
    source = store.vault.source(SHA256, "CT 7")
    wrong: list[int] = []

    def work(start: int) -> None:
        with source.open() as handle:
            for position in range(start, len(CONTENT), 9973):
                handle.seek(position)
                if handle.read(70_000) != CONTENT[position : position + 70_000]:
                    wrong.append(position)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_that_opening_and_reading_a_series_costs_a_few_plain_copies(store: Store) -> None:
    """A ratio taken in one run: decrypting against reading the same encrypted bytes and copying them."""
    contents = [os.urandom(526_000) for _ in range(40)]
    digests = [put(store, content) for content in contents]
    paths = files(store)

    def decrypted() -> float:
        begin = time.perf_counter()
        for digest in digests:
            with store.vault.source(digest, "CT").open() as handle:
                handle.read()
        return time.perf_counter() - begin

    def plain() -> float:
        begin = time.perf_counter()
        for path in paths:
            bytearray(path.read_bytes())
        return time.perf_counter() - begin

    ratios = [decrypted() / plain() for _ in range(7)]
    assert min(ratios) < 8


def test_that_a_file_can_be_checked_before_it_is_known_and_leaves_nothing_when_it_is_turned_away(store: Store) -> None:
    writer = store.vault.begin(CASE)
    writer.write(CONTENT)
    source = writer.sealed("CT 7")
    with source.open() as file:
        assert (source.size_bytes, file.read()) == (len(CONTENT), CONTENT)
    assert not store.vault.contains(SHA256)
    writer.abort()
    assert files(store) == []
    assert not store.vault.contains(SHA256)


def test_that_a_checked_file_is_the_one_that_is_kept(store: Store) -> None:
    writer = store.vault.begin(CASE)
    writer.write(CONTENT)
    writer.sealed("CT 7")
    assert writer.commit() == SHA256
    assert store.vault.read_bytes(SHA256) == CONTENT
    assert len(files(store)) == 1


def test_that_a_file_whose_check_was_interrupted_goes_on_from_its_last_whole_chunk(store: Store) -> None:
    writer = store.vault.begin(CASE)
    writer.write(CONTENT)
    writer.sealed("CT 7")
    writer.leave()
    resumed = store.vault.resume(CASE, writer.file_id)
    assert resumed is not None
    assert 0 <= len(CONTENT) - resumed.size_bytes <= CHUNK_BYTES
    resumed.write(CONTENT[resumed.size_bytes :])
    with resumed.sealed("CT 7").open() as file:
        assert file.read() == CONTENT
    assert resumed.commit() == SHA256
    assert store.vault.read_bytes(SHA256) == CONTENT
