"""The unencrypted file that a library reads which opens by path only, and who lends it.

A file of this computer is lent as it is; what lies encrypted is copied, into memory (`memory_file`) or, where the site
allows it, to the disk (`scratch_file`). Whoever borrows closes, and nothing of the copy is left then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from viewers.byte_source import ByteSource
from viewers.errors import UnreadableFile, UnsupportedImage

STEP_BYTES = 4 << 20

OnCopied = Callable[[int], None]
"""Called with the bytes copied so far; may raise (`OpeningGivenUp`), and nothing is left of the copy."""


class CopiedSource(Protocol):
    """What a copy is made of: any `ByteSource`."""

    @property
    def name(self) -> str: ...

    @property
    def size_bytes(self) -> int: ...

    def open(self) -> BinaryIO: ...


class NoPlainFile(UnsupportedImage):
    """There is no unencrypted file to be had of it here, and the sentence says what would help."""


class OpeningGivenUp(UnsupportedImage):
    """Nobody waits for it any more; said by what hears of the progress, and passed on."""


@dataclass(frozen=True, slots=True)
class PlainFile:
    """Readable at *path* until it is closed. *handle* is the open file behind it, -1 where there is none."""

    path: Path
    lies_on_disk: bool = False
    """A copy that lies unencrypted on the disk: the reader is told."""
    handle: int = -1
    on_close: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)

    def close(self) -> None:
        """Give it back; nothing may be read from it any more."""
        self.on_close()


Lend = Callable[[ByteSource], PlainFile]
"""Raises NoPlainFile, and UnreadableFile for a file that must not be opened."""


def lend_nothing(source: ByteSource) -> PlainFile:
    """Where nobody lends: what lies encrypted is not opened."""
    raise NoPlainFile(f"{source.name} is of a kind that can only be read from an unencrypted file.")


def copy_bytes(source: CopiedSource, write: Callable[[memoryview], int], on_copied: OnCopied) -> None:
    """All of *source* into *write* (which may take less than it is given, and says how much), a few MB at a time."""
    buffer = memoryview(bytearray(min(STEP_BYTES, max(source.size_bytes, 1))))
    done = 0
    with source.open() as file:
        while done < source.size_bytes:
            count: int = file.readinto(buffer)  # type: ignore[attr-defined]
            if not count:
                raise UnreadableFile(f"{source.name} is truncated.")
            rest = buffer[:count]
            while rest:
                rest = rest[write(rest) :]
            done += count
            on_copied(done)
