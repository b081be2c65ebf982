"""A file comes whole or not at all: resumed where the line broke, checked in the order of trust."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from sync.errors import DamagedTransfer, Offline, Refused, SyncError
from sync.hospital_connection import HospitalConnection
from sync.records.stored_object import Integrity
from sync.transfer import retry
from sync.transfer.file_download import FetchedFile, PromisedFile, download_file
from sync.transfer.file_gateway import FileAnswer, HttpFileGateway
from sync.transfer.retry import TransferCancelled
from tests.sync.scripted_server import Answer, ScriptedServer, reply, scripted_server

CONTENT = bytes(range(256)) * 4000
CHUNK = 256 * 1024
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SHA1 = hashlib.sha1(CONTENT).hexdigest()
ETAG = '"strong"'
PROMISED = PromisedFile("Slide A", "/files/1", "image/tiff", len(CONTENT), SHA256, None)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_FIRST_PAUSE_S", 0.001)


@dataclass
class MemoryVault:
    """What was kept, and what was begun and thrown away."""

    committed: list[bytes] = field(default_factory=list)
    aborted: int = 0
    left: int = 0
    noted: list[str] = field(default_factory=list)

    def begin(self) -> MemoryWriter:
        return MemoryWriter(self)

    def resume(self, on_content: Callable[[memoryview], None]) -> None:
        return None

    def note(self, file_id: str, answer: FileAnswer) -> None:
        self.noted.append(file_id)

    def forget(self) -> None:
        self.noted.clear()


class MemoryWriter:
    def __init__(self, vault: MemoryVault) -> None:
        self._vault, self._content, self._open = vault, bytearray(), True
        self.file_id = "memory"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self._content).hexdigest()

    def leave(self) -> None:
        self._vault.left += self._open
        self._open = False

    @property
    def size_bytes(self) -> int:
        return len(self._content)

    def write(self, content: bytes) -> None:
        self._content += content

    def commit(self) -> str:
        self._vault.committed.append(bytes(self._content))
        self._open = False
        return hashlib.sha256(self._content).hexdigest()

    def abort(self) -> None:
        self._vault.aborted += self._open
        self._open = False


@contextmanager
def gateway(answer: Answer) -> Iterator[tuple[ScriptedServer, HttpFileGateway]]:
    with scripted_server(answer) as server:
        connection = HospitalConnection(server.profile)
        yield server, HttpFileGateway(connection)
        connection.close()


def fetch(answer: Answer, promised: PromisedFile = PROMISED) -> tuple[FetchedFile, MemoryVault, list[dict[str, str]]]:
    vault = MemoryVault()
    with gateway(answer) as (server, files):
        fetched = download_file(promised, files, vault, on_bytes=lambda count: None, cancelled=lambda: False)
    return fetched, vault, [headers for _, headers in server.requests]


def ranged(headers: dict[str, str], *, cut_at: int | None = None, etag: str = ETAG, length: int | None = -1) -> bytes:
    """A server that resumes properly; ``cut_at`` ends the reply after so many bytes of its body."""
    if "range" in headers and headers.get("if-range") == etag:
        start = int(headers["range"].removeprefix("bytes=").rstrip("-"))
        extent = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
        return reply("206 Partial", CONTENT[start:], ETag=etag, Content_Range=extent)
    body = CONTENT if cut_at is None else CONTENT[:cut_at]
    return reply("200 OK", body, ETag=etag, length=len(CONTENT) if length == -1 else None)


@pytest.mark.parametrize("length", [-1, None], ids=["with length", "without length"])
def test_that_a_broken_line_is_resumed_from_the_byte_where_it_broke(length: int | None) -> None:
    fetched, vault, asked = fetch(lambda line, headers: ranged(headers, cut_at=600_000, length=length))
    assert vault.committed == [CONTENT]
    assert vault.aborted == 0
    assert fetched == FetchedFile(SHA256, len(CONTENT), Integrity.SHA256)
    # Of a reply with a length that breaks off, the last piece is not given out: up to 256 KiB come again.
    resumed_at = int(asked[1]["range"].removeprefix("bytes=").rstrip("-"))
    assert resumed_at == (600_000 if length is None else 600_000 // CHUNK * CHUNK)
    assert asked[1]["if-range"] == ETAG
    assert asked[0]["accept-encoding"] == "identity"


def test_that_a_file_changed_meanwhile_is_begun_again() -> None:
    etags = iter(['"old"', '"new"', '"new"'])
    cuts = iter([600_000, None])

    def answer(line: str, headers: dict[str, str]) -> bytes:
        return ranged(headers, cut_at=next(cuts), etag=next(etags))

    _, vault, asked = fetch(answer)
    assert (vault.committed, vault.aborted) == ([CONTENT], 1)
    assert asked[1]["if-range"] == '"old"'


def test_that_without_a_strong_etag_nothing_is_pieced_together() -> None:
    cuts = iter([600_000, None])
    _, vault, asked = fetch(lambda line, headers: ranged(headers, cut_at=next(cuts), etag='W/"weak"'))
    assert (vault.committed, vault.aborted) == ([CONTENT], 1)
    assert "range" not in asked[1]


def fails(answer: Answer, promised: PromisedFile = PROMISED) -> tuple[SyncError, int]:
    asked = []

    def counted(line: str, headers: dict[str, str]) -> bytes:
        asked.append(line)
        return answer(line, headers)

    with pytest.raises(SyncError) as caught:
        fetch(counted, promised)
    return caught.value, len(asked)


def test_that_three_attempts_that_bring_nothing_end_the_download() -> None:
    error, attempts = fails(lambda line, headers: b"")
    assert isinstance(error, Offline)
    assert attempts == 3


def test_that_a_refusal_is_not_repeated() -> None:
    error, attempts = fails(lambda line, headers: reply("403 No"))
    assert isinstance(error, Refused)
    assert attempts == 1


def test_that_another_part_than_asked_for_is_damage() -> None:
    def answer(line: str, headers: dict[str, str]) -> bytes:
        if "range" in headers:
            return reply("206 Partial", CONTENT[5:], ETag=ETAG, Content_Range=f"bytes 5-{len(CONTENT) - 1}/*")
        return reply("200 OK", CONTENT[:CHUNK], length=len(CONTENT), ETag=ETAG)

    error, _ = fails(answer)
    assert "another part of “Slide A”" in str(error)


NO_DIGEST = replace(PROMISED, sha256=None)
DIGEST_HEADER = f"sha-256=:{base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()}:"


@pytest.mark.parametrize(
    ("promised", "header", "integrity"),
    [
        (PROMISED, "", Integrity.SHA256),
        (NO_DIGEST, DIGEST_HEADER, Integrity.SHA256),
        (replace(NO_DIGEST, sha1=SHA1), "", Integrity.SHA1),
        (NO_DIGEST, "", Integrity.LENGTH),
    ],
)
def test_that_trust_is_as_good_as_what_was_promised(promised: PromisedFile, header: str, integrity: Integrity) -> None:
    fetched, _, _ = fetch(lambda line, headers: reply("200 OK", CONTENT, Repr_Digest=header), promised)
    assert fetched.integrity is integrity


@pytest.mark.parametrize(
    "promised",
    [replace(PROMISED, sha256="0" * 64), replace(NO_DIGEST, sha1="0" * 40), replace(PROMISED, size_bytes=7)],
    ids=["sha-256", "sha-1", "length"],
)
def test_that_bytes_that_are_not_those_announced_are_not_kept(promised: PromisedFile) -> None:
    vault = MemoryVault()
    with gateway(lambda line, headers: reply("200 OK", CONTENT)) as (_, files), pytest.raises(DamagedTransfer):
        download_file(promised, files, vault, on_bytes=lambda count: None, cancelled=lambda: False)
    assert (vault.committed, vault.aborted) == ([], 1)


def test_that_a_file_of_which_nothing_proves_the_end_is_not_kept() -> None:
    error, _ = fails(lambda line, headers: reply("200 OK", CONTENT, length=None), replace(NO_DIGEST, size_bytes=None))
    assert "Nothing tells whether “Slide A” came whole" in str(error)


def test_that_a_binary_wrapped_as_json_is_unwrapped() -> None:
    body = b'{"resourceType":"Binary","data":"%s"}' % base64.b64encode(CONTENT)
    _, vault, _ = fetch(lambda line, headers: reply("200 OK", body, Content_Type="application/fhir+json"))
    assert vault.committed == [CONTENT]


def test_that_cancelling_leaves_nothing_behind() -> None:
    vault = MemoryVault()
    with gateway(lambda line, headers: reply("200 OK", CONTENT)) as (_, files), pytest.raises(TransferCancelled):
        download_file(PROMISED, files, vault, on_bytes=lambda count: None, cancelled=lambda: True)
    assert (vault.committed, vault.aborted) == ([], 1)
