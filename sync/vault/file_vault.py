"""The vault: complete files of cases, each encrypted under its case's key, found by the SHA-256 of their content.

A file comes into being whole: written aside, flushed, renamed, and only then entered in the index (which the store
keeps). The case keys lie wrapped in the encrypted database; removing one makes its case's files unreadable for good.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol

from sync.errors import StoreUnavailable
from sync.records.case import CaseId
from sync.vault.durable import flush_directory, hold_while_writing, is_being_written
from sync.vault.encrypted_file import CHUNK_BYTES, FILE_ID_BYTES, EncryptedReader, EncryptedWriter

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

SUFFIX = ".rre"
ASIDE = ".part"
_BINARY = getattr(os, "O_BINARY", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
_CHANGE = os.O_RDWR | _BINARY
_HELD_BYTES = 1 << 20
"""An image goes to the system in one piece, which it also reads back faster; what is longer, after every `write`."""


@dataclass(frozen=True, slots=True)
class VaultEntry:
    """One complete file, and the key of its case."""

    file_id: bytes
    sha256: str
    size_bytes: int
    case_key: bytes


class FileIndex(Protocol):
    """What the vault remembers, kept in the encrypted database."""

    def get_or_make_key(self, case_id: CaseId) -> bytes: ...

    def put(self, case_id: CaseId, entry: VaultEntry) -> bytes | None: ...

    def find_with_siblings(self, sha256: str) -> Iterable[VaultEntry]: ...

    def list_file_ids(self) -> set[str]: ...

    def list_unfinished_ids(self) -> set[str]: ...

    def remove_case(self, case_id: CaseId) -> Iterable[bytes]: ...


class FileVault:
    """Facet `Store.vault`. Files are named by a random id, so a listing of the folder tells nothing of the content."""

    def __init__(self, directory: Path, index: FileIndex) -> None:
        self._directory = directory
        self._index = index
        self._known: dict[str, VaultEntry] = {}
        self._case_keys: dict[CaseId, bytes] = {}
        self._lock = threading.Lock()

    def begin(self, case_id: CaseId) -> VaultWriter:
        """Start a file of *case_id*; it exists once the writer has committed."""
        case_key = self._case_key(case_id)
        try:
            try:
                return self._new_writer(case_id, case_key)
            except FileNotFoundError:  # the first file of this vault; asking before each takes the folder's lock
                self._directory.mkdir(mode=0o700, exist_ok=True)
                return self._new_writer(case_id, case_key)
        except OSError as error:
            raise _unwritable(error) from error

    def _new_writer(self, case_id: CaseId, case_key: bytes) -> VaultWriter:
        return VaultWriter(self._directory, case_key, lambda entry: self._enter(case_id, entry))

    def resume(
        self, case_id: CaseId, file_id: str, on_content: Callable[[memoryview], None] = lambda _content: None
    ) -> VaultWriter | None:
        """Go on with a file that `VaultWriter.leave` or a kill left unfinished; None where there is nothing to go on
        with, or another program does. What is there already is checked and handed to *on_content* first."""
        aside, whole = self._directory / f"{file_id}{ASIDE}", self._directory / f"{file_id}{SUFFIX}"
        case_key = self._case_key(case_id)
        try:
            if whole.exists():  # the program ended after the file was whole and before its case had it
                whole.rename(aside)
            if not aside.exists() or is_being_written(aside):
                return None
            return VaultWriter(
                self._directory, case_key, lambda entry: self._enter(case_id, entry), bytes.fromhex(file_id), on_content
            )
        except OSError as error:
            raise _unwritable(error) from error

    def unfinished_bytes(self, file_id: str) -> int:
        """How much of the disk an unfinished file takes; 0 where it is not here."""
        try:
            return (self._directory / f"{file_id}{ASIDE}").stat().st_size
        except FileNotFoundError:
            return 0

    def discard(self, file_id: str) -> None:
        """Give up an unfinished file, unless some program is writing it."""
        aside = self._directory / f"{file_id}{ASIDE}"
        with suppress(FileNotFoundError):
            if not is_being_written(aside):
                aside.unlink()

    def source(self, sha256: str, name: str) -> VaultByteSource:
        """The content with this digest, called *name* in sentences. StoreUnavailable when it is not here."""
        entry = self._find(sha256)
        if entry is None:
            raise StoreUnavailable(f"“{name}” is not on this computer.")
        return VaultByteSource(self._path(entry.file_id), entry, name)

    def contains(self, sha256: str) -> bool:
        entry = self._find(sha256)
        return entry is not None and self._path(entry.file_id).exists()

    def read_bytes(self, sha256: str) -> bytes:
        """The whole content, checked. StoreUnavailable when it is not here or damaged."""
        with self.source(sha256, f"File {sha256[:12]}").open() as file:
            return file.read()

    def remove_case(self, case_id: CaseId) -> None:
        """Destroy the key of *case_id*, then its files. Killed in between, the files are noise until the next sweep.

        What is open already stays readable until it is closed. Harmless for a case that has no files.
        """
        try:
            removed = set(self._index.remove_case(case_id))
        except BaseException:
            self.forget()  # a disk may fail after it has written: whether the key is gone, only the index knows
            raise
        with self._lock:
            self._case_keys.pop(case_id, None)
            self._known = {sha256: entry for sha256, entry in self._known.items() if entry.file_id not in removed}
        for file_id in removed:
            with suppress(OSError):  # Windows keeps a file that is being read; the next sweep takes it
                self._path(file_id).unlink(missing_ok=True)
                self._path(file_id).with_suffix(ASIDE).unlink(missing_ok=True)

    def forget(self) -> None:
        """Keep no case's key in memory; the next `source` asks the index again."""
        with self._lock:
            self._known.clear()
            self._case_keys.clear()

    def sweep(self) -> None:
        """Remove what interrupted writes left behind; a file that another program is writing right now stays, and so
        does one that a checkpoint names."""
        if not self._directory.is_dir():
            return
        leftovers = {path for path in self._directory.iterdir() if path.suffix in (SUFFIX, ASIDE)}
        # The index is asked after the listing: a file committed in between is then in both.
        known, unfinished = self._index.list_file_ids(), self._index.list_unfinished_ids()
        for path in leftovers:
            if path.stem not in unfinished and (path.suffix == ASIDE or path.stem not in known):
                with suppress(FileNotFoundError):
                    if not is_being_written(path):
                        path.unlink()

    def _case_key(self, case_id: CaseId) -> bytes:
        """Asked of the index and unwrapped once a case, not once a file."""
        key = self._case_keys.get(case_id)
        if key is None:
            key = self._index.get_or_make_key(case_id)
            with self._lock:
                self._case_keys[case_id] = key
        return key

    def flush_names(self) -> None:
        """Make the names of all files durable that `VaultWriter.flush` gave them."""
        try:
            flush_directory(self._directory)
        except OSError as error:
            raise _unwritable(error) from error

    def _enter(self, case_id: CaseId, entry: VaultEntry) -> None:
        self.entered(entry, self._index.put(case_id, entry))

    def entered(self, entry: VaultEntry, replaced: bytes | None) -> None:
        """The newest file of a content replaces an earlier one, which may be the damaged one it was fetched for."""
        with self._lock:
            self._known[entry.sha256] = entry
        if replaced is not None and replaced != entry.file_id:
            with suppress(OSError):  # Windows keeps a file that is being read; the next sweep takes it
                self._path(replaced).unlink()

    def _find(self, sha256: str) -> VaultEntry | None:
        entry = self._known.get(sha256)
        if entry is None or not self._path(entry.file_id).exists():
            found = {sibling.sha256: sibling for sibling in self._index.find_with_siblings(sha256)}
            with self._lock:
                self._known.update(found)
            entry = found.get(sha256)
        return entry

    def _path(self, file_id: bytes) -> Path:
        return self._directory / f"{file_id.hex()}{SUFFIX}"


class VaultWriter:
    """Takes the bytes of one file as they come; `commit` makes them a file, `abort` (or neither) leaves nothing.

    `leave` keeps what has come for `FileVault.resume`.
    """

    def __init__(
        self,
        directory: Path,
        case_key: bytes,
        enter: Callable[[VaultEntry], None],
        resumed_id: bytes | None = None,
        on_content: Callable[[memoryview], None] = lambda _content: None,
    ) -> None:
        self._directory = directory
        self._case_key = case_key
        self._enter = enter
        self._file_id = resumed_id or secrets.token_bytes(FILE_ID_BYTES)
        self._aside = directory / f"{self._file_id.hex()}{ASIDE}"
        self._digest = hashlib.sha256()
        self._size_bytes = 0
        self._is_whole = self._is_placed = False
        flags = _CREATE if resumed_id is None else _CHANGE
        mode: Literal["wb", "r+b"] = "wb" if resumed_id is None else "r+b"
        self._file: BinaryIO = os.fdopen(os.open(self._aside, flags, 0o600), mode, _HELD_BYTES)
        hold_while_writing(self._file)
        if resumed_id is None:
            self._writer = EncryptedWriter(self._file, case_key, self._file_id)
            return

        def count(content: memoryview) -> None:
            self._digest.update(content)
            self._size_bytes += len(content)
            on_content(content)

        self._writer = EncryptedWriter.resumed(self._file, case_key, self._file_id, count)

    @property
    def file_id(self) -> str:
        """By which `FileVault.resume` finds an unfinished file again."""
        return self._file_id.hex()

    @property
    def sha256(self) -> str:
        """Of what was written so far, lower-case hexadecimal."""
        return self._digest.hexdigest()

    @property
    def size_bytes(self) -> int:
        """Content written so far."""
        return self._size_bytes

    def write(self, content: ReadableBuffer) -> None:
        """Add *content*; StoreUnavailable when the disk is full."""
        try:
            self._writer.write(content)
            self._size_bytes += memoryview(content).nbytes
            if self._size_bytes > _HELD_BYTES:
                self._file.flush()  # a kill must not cost what has come
        except OSError as error:
            self.abort()
            raise _unwritable(error) from error
        self._digest.update(content)

    def sealed(self, name: str) -> VaultByteSource:
        """End the content, so that it can be checked before `commit` makes it known; *name* is for sentences.

        Nothing may be written any more. After `abort` there is nothing left to read.
        """
        try:
            self._end_content()
        except OSError as error:
            self.abort()
            raise _unwritable(error) from error
        return VaultByteSource(self._aside, self._entry(), name)

    def commit(self) -> str:
        """Make the file durable and known; its SHA-256. The same content in the same case is replaced."""
        entry = self.flush()
        try:
            flush_directory(self._directory)
            self._enter(entry)
        except OSError as error:
            raise _unwritable(error) from error
        except BaseException:
            (self._directory / f"{self._file_id.hex()}{SUFFIX}").unlink(missing_ok=True)
            raise
        return entry.sha256

    def flush(self) -> VaultEntry:
        """Make the bytes durable under their final name, which nobody knows yet: `commit` does the rest for one file,
        `sync.store.arrival_store` for many at once. Until then a sweep removes the file."""
        entry = self._entry()
        try:
            self._end_content()
            os.fsync(self._file.fileno())
            if os.name == "nt":  # Windows renames no open file, and sweeps none either
                self._file.close()
            self._aside.rename(self._directory / f"{self._file_id.hex()}{SUFFIX}")
        except OSError as error:
            self.abort()
            raise _unwritable(error) from error
        self._is_placed = True
        self._file.close()
        return entry

    def leave(self) -> None:
        """Stop here and keep what has come. Harmless after `commit` and `abort`."""
        with suppress(OSError):  # closing flushes, and the disk may be full
            self._file.close()

    def _end_content(self) -> None:
        if not self._is_whole:
            self._writer.finish()
            self._file.flush()
            self._is_whole = True

    def _entry(self) -> VaultEntry:
        return VaultEntry(self._file_id, self._digest.hexdigest(), self._size_bytes, self._case_key)

    def abort(self) -> None:
        """Forget what was written. Harmless after `commit`."""
        if self._is_placed:
            return
        with suppress(OSError):  # closing flushes, and the disk may be full
            self._file.close()
        self._aside.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class VaultByteSource:
    """One file of the vault as a source of bytes (`viewers.byte_source.ByteSource`); usable from any thread."""

    _file: Path
    _entry: VaultEntry
    name: str

    @property
    def sha256(self) -> str:
        """Of the content, lower-case hexadecimal."""
        return self._entry.sha256

    @property
    def size_bytes(self) -> int:
        return self._entry.size_bytes

    @property
    def path(self) -> Path | None:
        """None: there is no plain file."""
        return None

    def open(self) -> BinaryIO:
        """A new handle for one thread. StoreUnavailable when the file is gone or damaged, here or while reading."""
        try:
            file = self._file.open("rb", buffering=0)
        except OSError as error:
            raise StoreUnavailable(f"“{self.name}” is no longer on this computer and must be fetched again.") from error
        entry = self._entry
        try:
            reader = EncryptedReader(file, entry.case_key, entry.file_id, entry.size_bytes, self.name)
        except BaseException:
            file.close()
            raise
        return io.BufferedReader(reader, CHUNK_BYTES)


def _unwritable(error: OSError) -> StoreUnavailable:
    return StoreUnavailable(f"A file of the case could not be written to this computer's disk ({error.strerror}).")
