"""A big file is gone on with where it stopped, after any kill: what is here is proven, the rest is fetched."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sync.errors import DamagedTransfer, Offline
from sync.hospital_connection import HospitalConnection
from sync.records.stored_object import Integrity
from sync.store.database import Store, open_store
from sync.transfer import retry
from sync.transfer.checkpoint import VaultPlace
from sync.transfer.file_download import FetchedFile, PromisedFile, download_file
from sync.transfer.file_gateway import HttpFileGateway
from sync.vault.encrypted_file import CHUNK_BYTES, HEADER, TAG_BYTES
from tests.sync.sample_records import CASE
from tests.sync.scripted_server import Answer, reply, scripted_server

CONTENT = os.urandom(1_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SHA1 = hashlib.sha1(CONTENT).hexdigest()
SOURCE, URL, ETAG = "DocumentReference/slide", "/files/1", '"strong"'
PROMISED = PromisedFile("Slide A", URL, "image/tiff", len(CONTENT), SHA256, None)
SEALED = CHUNK_BYTES + TAG_BYTES


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_FIRST_PAUSE_S", 0.001)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "profile")
    yield opened
    opened.close()


def serves(content: bytes = CONTENT, *, cut_at: int | None = None, etag: str = ETAG) -> Answer:
    """A server that honours Range and If-Range; with *cut_at* it ends every reply after so many bytes of the file."""

    def answer(line: str, headers: dict[str, str]) -> bytes:
        start = 0
        if headers.get("if-range") == etag:
            start = int(headers["range"].removeprefix("bytes=").rstrip("-"))
        body = content[start:cut_at]
        if start:
            extent = f"bytes {start}-{len(content) - 1}/{len(content)}"
            return reply("206 Partial", body, length=len(content) - start, ETag=etag, Content_Range=extent)
        return reply("200 OK", body, length=len(content), ETag=etag)

    return answer


def fetch(store: Store, answer: Answer, promised: PromisedFile = PROMISED) -> tuple[FetchedFile, list[dict[str, str]]]:
    with scripted_server(answer) as server:
        connection = HospitalConnection(server.profile)
        try:
            place = VaultPlace(store, CASE, SOURCE, promised.url)
            fetched = download_file(
                promised, HttpFileGateway(connection), place, on_bytes=lambda _count: None, cancelled=lambda: False
            )
        finally:
            connection.close()
        return fetched, [headers for _, headers in server.requests]


def interrupted(store: Store, cut_at: int = 600_000, promised: PromisedFile = PROMISED) -> Path:
    with pytest.raises(Offline):
        fetch(store, serves(cut_at=cut_at), promised)
    (part,) = (store.directory / "vault").glob("*.part")
    return part


def asked_from(headers: dict[str, str]) -> int:
    return int(headers["range"].removeprefix("bytes=").rstrip("-")) if "range" in headers else 0


def test_that_a_new_start_of_the_program_goes_on_at_the_last_whole_chunk(tmp_path: Path) -> None:
    store = open_store(tmp_path / "profile")
    interrupted(store)
    store.close()
    store = open_store(tmp_path / "profile")  # sweeps what nobody names
    fetched, asked = fetch(store, serves())
    assert fetched == FetchedFile(SHA256, len(CONTENT), Integrity.SHA256)
    assert store.vault.read_bytes(SHA256) == CONTENT
    assert len(asked) == 1
    assert 600_000 - 300_000 < asked_from(asked[0]) <= 600_000
    assert asked_from(asked[0]) % CHUNK_BYTES == 0
    assert asked[0]["if-range"] == ETAG
    store.close()


@contextmanager
def program_that_ends_anywhere(part: Path, size_bytes: int) -> Iterator[None]:
    with part.open("r+b") as file:
        file.truncate(size_bytes)
    yield


@pytest.mark.parametrize(
    "size_bytes",
    [
        0,
        30,
        HEADER.size,
        HEADER.size + 1,
        HEADER.size + SEALED - 1,
        HEADER.size + SEALED,
        HEADER.size + 5 * SEALED + 77,
    ],
)
def test_that_a_file_cut_at_any_byte_is_gone_on_with(store: Store, size_bytes: int) -> None:
    part = interrupted(store)
    with program_that_ends_anywhere(part, size_bytes):
        fetched, asked = fetch(store, serves())
    assert asked_from(asked[0]) == max(0, size_bytes - HEADER.size) // SEALED * CHUNK_BYTES
    assert store.vault.read_bytes(fetched.sha256) == CONTENT


def test_that_bytes_changed_on_the_disk_meanwhile_are_fetched_again(store: Store) -> None:
    part = interrupted(store)
    with part.open("r+b") as file:
        file.seek(HEADER.size + 2 * SEALED + 100)
        file.write(b"\0\1\2\3")
    with pytest.raises(DamagedTransfer):
        # What stood there was not what the hospital sends now: the same nonce is not used for it.
        fetch(store, serves())
    fetched, asked = fetch(store, serves())
    assert asked_from(asked[0]) == 0
    assert store.vault.read_bytes(fetched.sha256) == CONTENT


def test_that_a_file_changed_at_the_hospital_is_begun_anew(store: Store) -> None:
    interrupted(store)
    other = os.urandom(700_000)
    promised = PromisedFile("Slide A", URL, "image/tiff", len(other), hashlib.sha256(other).hexdigest(), None)
    fetched, asked = fetch(store, serves(other, etag='"other"'), promised)
    assert asked[0]["if-range"] == ETAG
    assert store.vault.read_bytes(fetched.sha256) == other
    assert not list((store.directory / "vault").glob("*.part"))


def test_that_another_address_is_another_file(store: Store) -> None:
    interrupted(store)
    moved = PromisedFile("Slide A", "/files/2", "image/tiff", len(CONTENT), SHA256, None)
    _, asked = fetch(store, serves(), moved)
    assert "range" not in asked[0]


def test_that_a_weak_digest_is_rebuilt_over_what_was_here(store: Store) -> None:
    promised = PromisedFile("Slide A", URL, "image/tiff", len(CONTENT), None, SHA1)
    interrupted(store, promised=promised)
    fetched, asked = fetch(store, serves(), promised)
    assert asked_from(asked[0]) > 0
    assert fetched.integrity is Integrity.SHA1


def test_that_a_program_killed_after_the_file_was_whole_fetches_its_last_chunk_only(tmp_path: Path) -> None:
    """Killed after the rename, before the case's list of objects had it: with and without the vault's own entry."""
    store = open_store(tmp_path / "profile")
    fetched, _ = fetch(store, serves())
    store.close()
    store = open_store(tmp_path / "profile")
    again, asked = fetch(store, serves())
    assert again == fetched
    assert len(CONTENT) - asked_from(asked[0]) <= CHUNK_BYTES
    assert store.vault.read_bytes(SHA256) == CONTENT
    assert [path.suffix for path in (store.directory / "vault").iterdir()] == [".rre"]
    store.close()


def test_that_an_unfinished_file_without_a_checkpoint_is_swept(tmp_path: Path) -> None:
    store = open_store(tmp_path / "profile")
    part = interrupted(store)
    store.vault.sweep()
    assert part.exists()
    store.checkpoints.remove(CASE, SOURCE)
    store.vault.sweep()
    assert not part.exists()
    store.close()


def test_that_two_programs_do_not_write_one_file(store: Store) -> None:
    part = interrupted(store)
    first = store.vault.resume(CASE, part.stem)
    assert first is not None
    assert store.vault.resume(CASE, part.stem) is None
    first.leave()
