"""A file as the checking child sees it: its length, its beginning, and any further range on request. Memory stays flat.

The bytes come through memory both processes share where there is such (Linux), else through the pipe; never by disk.
"""

from __future__ import annotations

import io
import mmap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from viewers.pathology.plain_file import PlainFile

FIRST_BYTES = 64 << 10
"""Handed over with the request: most headers end within them, and it is one chunk of the vault."""
WINDOW_BYTES = 4 << 20

Fetch = Callable[[int, int], memoryview]
"""(offset, length) to bytes, valid until the next call; fewer only at the end of the file."""
Borrow = Callable[[], "PlainFile"]


def share_memory(handle: int) -> mmap.mmap | None:
    """The window both processes see; None where the bytes come through the pipe."""
    return mmap.mmap(handle, WINDOW_BYTES) if handle >= 0 else None


@dataclass(frozen=True, slots=True)
class RangedSource:
    """A `viewers.byte_source.ByteSource`. ``path`` is the plain file of a local slide, None for all else."""

    name: str
    size_bytes: int
    path: Path | None
    first: bytes
    fetch: Fetch
    borrow: Borrow
    """The whole file unencrypted, for a library that opens by path. NoPlainFile."""

    def open(self) -> BinaryIO:
        """One thread only."""
        if len(self.first) == self.size_bytes:
            return io.BytesIO(self.first)
        return io.BufferedReader(_RangedFile(self), FIRST_BYTES)


class _RangedFile(io.RawIOBase):
    """Asks for little where it is jumped to and for a window where it is read on."""

    def __init__(self, source: RangedSource) -> None:
        super().__init__()
        self._source = source
        self.name = source.name
        self._at = 0
        self._held = source.first
        self._held_at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size_bytes}[whence] + offset
        if at < 0:
            raise ValueError(f"seek to {at}, before the start")
        self._at = at
        return at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        target = memoryview(buffer).cast("B")
        wanted = min(len(target), max(0, self._source.size_bytes - self._at))
        if not wanted:
            return 0
        skip = self._at - self._held_at
        if not 0 <= skip < len(self._held):
            self._hold(wanted)
            skip = 0
        step = min(wanted, len(self._held) - skip)
        target[:step] = memoryview(self._held)[skip : skip + step]
        self._at += step
        return step

    def _hold(self, wanted: int) -> None:
        reads_on = self._at == self._held_at + len(self._held)
        size_bytes = min(WINDOW_BYTES, max(wanted, WINDOW_BYTES if reads_on else FIRST_BYTES))
        self._held = bytes(self._source.fetch(self._at, min(size_bytes, self._source.size_bytes - self._at)))
        self._held_at = self._at
        if not self._held:
            raise EOFError("the file ended early")
