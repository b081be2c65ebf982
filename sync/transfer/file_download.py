"""Bringing one file into the vault: resumed where a line broke, checked against what the hospital promised.

Until it is checked and committed, what has come lies encrypted in the vault's own temporary file, nowhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sync.errors import DamagedTransfer, Offline, SyncError
from sync.records.stored_object import Integrity
from sync.transfer.file_gateway import FileAnswer, FileGateway
from sync.transfer.retry import ATTEMPTS, Cancelled, check_cancelled, pause, pause_before


class Writer(Protocol):
    """A file of the vault that is not committed yet."""

    @property
    def size_bytes(self) -> int: ...

    def write(self, content: bytes) -> None: ...

    def commit(self) -> str: ...

    def abort(self) -> None: ...


@dataclass(frozen=True, slots=True)
class PromisedFile:
    """A file as the hospital announces it. Digests in lower-case hexadecimal, where stated."""

    title: str
    url: str
    content_type: str
    size_bytes: int | None
    sha256: str | None
    sha1: str | None


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A file that lies complete in the vault under ``sha256``."""

    sha256: str
    size_bytes: int
    integrity: Integrity


def download_file(
    promised: PromisedFile,
    gateway: FileGateway,
    begin_writing: Callable[[], Writer],
    *,
    on_bytes: Callable[[int], None],
    cancelled: Cancelled,
) -> FetchedFile:
    """Fetches, resumes with Range and If-Range, checks, commits.

    Raises `DamagedTransfer` where the whole file came and is not what was promised, else the gateway's errors after
    three attempts that brought nothing new.
    """
    download = _Download(promised, begin_writing, on_bytes, cancelled)
    fruitless = 0
    try:
        while True:
            before = download.size_bytes
            try:
                gateway.fetch_file(
                    promised.url, promised.content_type, *download.resume_point(), download.begin, download.write
                )
                download.check_reached_end()
                return download.finish()
            except SyncError as error:
                fruitless = 0 if download.size_bytes > before else fruitless + 1
                if not isinstance(error, Offline) or fruitless == ATTEMPTS:
                    raise
                wait_s = pause_before(fruitless, error)
            pause(wait_s, cancelled)
    finally:
        download.abandon()


class _Download:
    """The state of one file between attempts."""

    def __init__(
        self,
        promised: PromisedFile,
        begin_writing: Callable[[], Writer],
        on_bytes: Callable[[int], None],
        cancelled: Cancelled,
    ) -> None:
        self._promised = promised
        self._begin_writing = begin_writing
        self._on_bytes = on_bytes
        self._cancelled = cancelled
        self._writer = begin_writing()
        self._digests = self._new_digests()
        self._answer = FileAnswer(0, None, None, None)

    @property
    def size_bytes(self) -> int:
        return self._writer.size_bytes

    def resume_point(self) -> tuple[int, str | None]:
        """From where to ask on, and the ETag that must still hold; without a strong one everything is asked again."""
        etag = self._answer.strong_etag
        return (self.size_bytes, etag) if etag else (0, None)

    def begin(self, answer: FileAnswer) -> None:
        if answer.offset != self.size_bytes:
            if answer.offset:
                raise DamagedTransfer(f"The hospital sent another part of “{self._promised.title}” than asked for.")
            self._writer.abort()
            self._writer = self._begin_writing()
            self._digests = self._new_digests()
        self._answer = answer

    def write(self, chunk: bytes) -> None:
        check_cancelled(self._cancelled)
        self._writer.write(chunk)
        for digest in self._digests.values():
            digest.update(chunk)
        self._on_bytes(len(chunk))

    def check_reached_end(self) -> None:
        """A reply without length that ends early gives no error by itself; the known size tells."""
        expected = self._answer.total_bytes if self._answer.total_bytes is not None else self._promised.size_bytes
        if expected is not None and self.size_bytes < expected:
            raise Offline(f"The connection broke off while “{self._promised.title}” came.")

    def finish(self) -> FetchedFile:
        """Checks in the order of trust: stated SHA-256, Repr-Digest, stated SHA-1, length; then commits."""
        promised, size_bytes = self._promised, self.size_bytes
        if promised.size_bytes is not None and size_bytes != promised.size_bytes:
            raise DamagedTransfer(
                f"“{promised.title}” is {size_bytes} bytes long; the hospital announced {promised.size_bytes}."
            )
        stated = promised.sha256 or self._answer.sha256
        if stated is None and promised.sha1 is None and promised.size_bytes is None and not self._answer.total_bytes:
            raise DamagedTransfer(f"Nothing tells whether “{promised.title}” came whole, so it was not kept.")
        for name, expected in (("sha256", stated), ("sha1", promised.sha1)):
            if expected is not None and name in self._digests and self._digests[name].hexdigest() != expected:
                raise DamagedTransfer(f"“{promised.title}” is not the file that the hospital announced.")
        integrity = Integrity.SHA256 if stated else Integrity.SHA1 if "sha1" in self._digests else Integrity.LENGTH
        return FetchedFile(self._writer.commit(), size_bytes, integrity)

    def _new_digests(self) -> dict[str, hashlib._Hash]:
        digests = {"sha256": hashlib.sha256()}
        if self._promised.sha256 is None and self._promised.sha1 is not None:
            digests["sha1"] = hashlib.sha1(usedforsecurity=False)
        return digests

    def abandon(self) -> None:
        self._writer.abort()  # harmless after commit
