"""A file in memory that a library can open by path: no name, no place on the disk, gone when it is closed (Linux).

Its pages count as this program's memory and are nobody else's to open. It is sealed once it is filled: what was checked
in it is what is read from it later.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from viewers.pathology.free_memory import free_memory_bytes
from viewers.pathology.plain_file import CopiedSource, NoPlainFile, OnCopied, PlainFile, copy_bytes

LARGEST_BYTES = 1 << 30
KEPT_FREE_BYTES = 768 << 20
"""What stays for the program itself and everything else on the computer: decoded tiles alone take 256 MB a view."""
LOOK_AGAIN_BYTES = 64 << 20


class NotEnoughMemory(NoPlainFile):
    """It would fit another time, or on another computer."""


def memory_files_exist() -> bool:
    """Whether this system has files in memory that can be opened by path."""
    return sys.platform == "linux"


def copy_into_memory(source: CopiedSource, on_copied: OnCopied = lambda _done: None) -> PlainFile:
    """*source* as a file in memory. NotEnoughMemory, NoPlainFile; what reading *source* raises."""
    if sys.platform != "linux":
        raise NoPlainFile(f"{source.name} is of a kind that this computer reads from an unencrypted file only.")
    if source.size_bytes > LARGEST_BYTES:
        raise NoPlainFile(
            f"{source.name} has {source.size_bytes / 1e9:.1f} GB; slides of its kind are decrypted into memory to be "
            f"read, which is done up to {LARGEST_BYTES / 1e9:.1f} GB."
        )
    _refuse_without_room(source, source.size_bytes)
    looked_at = 0

    def copied(done: int) -> None:
        nonlocal looked_at
        if done - looked_at >= LOOK_AGAIN_BYTES:
            looked_at = done
            _refuse_without_room(source, source.size_bytes - done)
        on_copied(done)

    handle = -1
    try:
        with _memory_of(source):
            handle = os.memfd_create("slide", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            os.fchmod(handle, 0o600)

        def write(part: memoryview) -> int:
            with _memory_of(source):
                return os.write(handle, part)

        copy_bytes(source, write, copied)
        _seal(handle)
    except BaseException:
        if handle >= 0:
            os.close(handle)
        raise
    return PlainFile(Path(f"/proc/self/fd/{handle}"), handle=handle, on_close=lambda: os.close(handle))


@contextmanager
def _memory_of(source: CopiedSource) -> Iterator[None]:
    """What the system refuses here is memory; what reading *source* raises is not ours to explain."""
    try:
        yield
    except OSError as error:
        raise NotEnoughMemory(f"{source.name} cannot be held in memory ({error.strerror}).") from error


def _refuse_without_room(source: CopiedSource, wanted_bytes: int) -> None:
    free_bytes = free_memory_bytes()
    if free_bytes is not None and free_bytes - KEPT_FREE_BYTES < wanted_bytes:
        raise NotEnoughMemory(
            f"{source.name} needs {_gigabytes(source.size_bytes)} of memory to be read and too little is free; close "
            "the case or other programs and open it again."
        )


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e8 else f"{max(1, round(size_bytes / 1e6))} MB"


def _seal(handle: int) -> None:
    """From here on nobody writes to it, whoever holds it."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):
            fcntl.fcntl(
                handle,
                fcntl.F_ADD_SEALS,
                fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL,
            )
