"""Bringing one file into the vault: resumed where a line broke, checked against what the hospital promised.

Until it is checked and committed, what has come lies encrypted in the vault's own temporary file, nowhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from sync.errors import DamagedTransfer, DoorClosed, HospitalBusy, Offline, SignInNeeded, StoreUnavailable, SyncError
from sync.records.stored_object import Integrity
from sync.transfer.file_gateway import FileAnswer, FileGateway
from sync.transfer.retry import ATTEMPTS, Cancelled, TransferCancelled, check_cancelled, pause, pause_before


class Writer(Protocol):
    """A file of the vault that is not committed yet."""

    @property
    def size_bytes(self) -> int: ...

    @property
    def file_id(self) -> str: ...

    @property
    def sha256(self) -> str:
        """Of what was written so far, lower-case hexadecimal."""

    def write(self, content: bytes) -> None: ...

    def commit(self) -> str: ...

    def abort(self) -> None: ...

    def leave(self) -> None:
        """Stop, and keep what has come."""


class Place(Protocol):
    """Where a file is written, and what is remembered of it while it is not complete."""

    def begin(self) -> Writer: ...

    def resume(self, on_content: Callable[[memoryview], None]) -> tuple[Writer, FileAnswer] | None:
        """What an earlier download left, with the answer it came with; None where there is nothing to go on with."""

    def note(self, file_id: str, answer: FileAnswer) -> None: ...

    def forget(self) -> None: ...


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


_GOES_ON = (Offline, HospitalBusy, SignInNeeded, DoorClosed, TransferCancelled)
"""After these the same file can be had later; what has come of it is kept."""


def download_file(
    promised: PromisedFile,
    gateway: FileGateway,
    place: Place,
    *,
    on_bytes: Callable[[int], None],
    cancelled: Cancelled,
) -> FetchedFile:
    """Fetches, resumes with Range and If-Range (an earlier download's file too), checks, commits.

    What *place* remembers is left to the caller, to be forgotten once the file is entered among the case's objects.
    Raises `DamagedTransfer` where the whole file came and is not what was promised, else the gateway's errors after
    three attempts that brought nothing new.
    """
    download = _Download(promised, place, on_bytes, cancelled)
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
    except _GOES_ON:
        download.leave()
        raise
    except BaseException:
        download.abandon()
        raise


class _Download:
    """The state of one file between attempts."""

    def __init__(
        self, promised: PromisedFile, place: Place, on_bytes: Callable[[int], None], cancelled: Cancelled
    ) -> None:
        self._promised = promised
        self._place = place
        self._on_bytes = on_bytes
        self._cancelled = cancelled
        self._sha1 = self._new_sha1()
        self._noted = False
        resumed = place.resume(self._rehash)
        if resumed is None:
            self._sha1 = self._new_sha1()
            self._writer, self._answer = place.begin(), FileAnswer(0, None, None, None)
        else:
            self._writer, self._answer = resumed
            self._noted = True

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
            self._drop()
            self._writer = self._place.begin()
            self._sha1 = self._new_sha1()
        if answer.offset and answer.strong_etag is None:
            answer = replace(answer, strong_etag=self._answer.strong_etag)  # If-Range held, so it is still this one
        self._answer = replace(answer, sha256=answer.sha256 or self._answer.sha256) if answer.offset else answer
        if not self._noted and answer.strong_etag is not None:
            self._place.note(self._writer.file_id, self._answer)
            self._noted = True

    def write(self, chunk: bytes) -> None:
        check_cancelled(self._cancelled)
        self._writer.write(chunk)
        if self._sha1 is not None:
            self._sha1.update(chunk)
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
        digests = {stated: self._writer.sha256, promised.sha1: self._sha1.hexdigest() if self._sha1 else promised.sha1}
        if any(expected is not None and expected != actual for expected, actual in digests.items()):
            raise DamagedTransfer(f"“{promised.title}” is not the file that the hospital announced.")
        integrity = Integrity.SHA256 if stated else Integrity.SHA1 if self._sha1 else Integrity.LENGTH
        return FetchedFile(self._writer.commit(), size_bytes, integrity)

    def _new_sha1(self) -> hashlib._Hash | None:
        """Only where the hospital states no better one; the SHA-256 is the vault's."""
        if self._promised.sha256 is None and self._promised.sha1 is not None:
            return hashlib.sha1(usedforsecurity=False)
        return None

    def _rehash(self, content: memoryview) -> None:
        if self._sha1 is not None:
            self._sha1.update(content)

    def leave(self) -> None:
        """Stop; what has come stays where it can be gone on with."""
        if self._noted:
            self._writer.leave()
        else:
            self._writer.abort()

    def abandon(self) -> None:
        """Stop, and keep nothing."""
        with suppress(StoreUnavailable):  # a checkpoint whose file is gone does no harm
            self._drop()

    def _drop(self) -> None:
        self._writer.abort()  # harmless after commit
        if self._noted:
            self._noted = False
            self._place.forget()
