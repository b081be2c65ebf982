"""A disk that is full, fails, or is the last thing a killed program touched: what the state machine puts a store on."""

from __future__ import annotations

import errno
import io
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any, BinaryIO
from unittest.mock import patch

from sqlalchemy import Connection

from sync.errors import StoreUnavailable
from sync.store.database import DATABASE_FILE, Store
from tests.sync.store.conftest import killed_copy


class Disk(Enum):
    """How the disk behaves during one call."""

    SOUND = auto()
    FULL = auto()
    """ENOSPC at the next page that the database needs, and in the vault."""
    FAILS_BEFORE = auto()
    """EIO before the commit, and in the vault."""
    FAILS_AFTER = auto()
    """EIO reported for a commit that is on the disk, and in the vault."""
    BREAKS_OFF = auto()
    """The system itself lets no file grow beyond a length (EFBIG): SQLite's own writes end in the middle of a page."""
    KILLED = auto()
    """The program is killed at one of its durable steps."""


class VaultStep(Enum):
    """Where the vault meets the failure."""

    WRITE = auto()
    FLUSH = auto()
    RENAME = auto()


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong during one call. ``room_bytes``: how much still fits; ``step``: the one that a kill meets."""

    disk: Disk = Disk.SOUND
    vault_step: VaultStep = VaultStep.FLUSH
    room_bytes: int = 0
    step: int = 1


class Killed(BaseException):
    """The program ended here; what lay on the disk is in ``directory``."""

    def __init__(self, directory: Path) -> None:
        super().__init__(str(directory))
        self.directory = directory


@contextmanager
def behaving(store: Store, trouble: Trouble, grave: Path) -> Iterator[None]:
    """*store* in that trouble. Where it is killed, `Killed` is raised and *grave* is as the kill left the folder."""
    disk = trouble.disk
    with ExitStack() as stack:
        if disk is Disk.KILLED:
            stack.enter_context(_dying(store, trouble.step, grave))
        elif disk is Disk.BREAKS_OFF:
            stack.enter_context(_no_file_longer_than(_log_bytes(store) + trouble.room_bytes))
        elif disk is not Disk.SOUND:
            stack.enter_context(_failing_database(store, disk))
            number = errno.ENOSPC if disk is Disk.FULL else errno.EIO
            stack.enter_context(_failing_vault(trouble.vault_step, number, trouble.room_bytes))
        yield


@contextmanager
def _failing_database(store: Store, disk: Disk) -> Iterator[None]:
    database = store._database
    sound = database.writing

    @contextmanager
    def writing() -> Iterator[Connection]:
        with sound() as connection:
            if disk is Disk.FULL:
                pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
                connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            try:
                yield connection
            finally:
                if disk is Disk.FULL:
                    connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")
            if disk is Disk.FAILS_BEFORE:
                raise StoreUnavailable("The store could not be used (disk I/O error).")
        if disk is Disk.FAILS_AFTER:
            raise StoreUnavailable("The store could not be used (disk I/O error).")

    with patch.object(database, "writing", writing):
        yield


class _FailingFile(io.FileIO):
    """Takes so many bytes more, the last of them out of the middle of a write, and then none."""

    def __init__(self, handle: int, mode: str, room_bytes: int, number: int) -> None:
        super().__init__(handle, mode)
        self._room_bytes = room_bytes
        self._number = number

    def write(self, content: Any) -> int:
        with memoryview(content).cast("B") as arrived:
            if not self._room_bytes and len(arrived):
                raise OSError(self._number, os.strerror(self._number))
            written = super().write(arrived[: self._room_bytes]) or 0
        self._room_bytes -= written
        return written


@contextmanager
def _failing_vault(step: VaultStep, number: int, room_bytes: int) -> Iterator[None]:
    def fail(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    def fdopen(handle: int, mode: str, buffer_bytes: int = io.DEFAULT_BUFFER_SIZE) -> BinaryIO:
        raw = _FailingFile(handle, mode, room_bytes, number)
        kind = io.BufferedRandom if "+" in mode else io.BufferedWriter
        return kind(raw, buffer_bytes)  # type: ignore[return-value]

    if step is VaultStep.WRITE:
        with patch("os.fdopen", fdopen):
            yield
    elif step is VaultStep.FLUSH:
        with patch("os.fsync", fail):
            yield
    else:
        with patch.object(Path, "rename", fail), patch.object(Path, "replace", fail):
            yield


def _log_bytes(store: Store) -> int:
    log = store.directory / f"{DATABASE_FILE}-wal"
    return log.stat().st_size if log.exists() else 0


@contextmanager
def _no_file_longer_than(limit_bytes: int) -> Iterator[None]:
    """Python leaves SIGXFSZ ignored, so a write beyond it fails as on a bad disk, wherever in the program it is."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def _dying(store: Store, last: int, grave: Path) -> Iterator[None]:
    """Durable steps: flush, rename and removal of a file; a commit is two, just before it and just after it."""
    database = store._database
    sound, done = database.writing, 0

    def step() -> None:
        nonlocal done
        done += 1
        if done == last:
            raise Killed(killed_copy(store.directory, grave))

    @contextmanager
    def writing() -> Iterator[Connection]:
        with sound() as connection:
            yield connection
            step()
        step()

    def stepping(deed: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **options: Any) -> Any:
            step()
            return deed(*arguments, **options)

        return stepped

    with (
        patch.object(database, "writing", writing),
        patch("os.fsync", stepping(os.fsync)),
        patch.object(Path, "rename", stepping(Path.rename)),
        patch.object(Path, "unlink", stepping(Path.unlink)),
    ):
        yield
