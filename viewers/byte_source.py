"""Where image bytes come from: a plain file here, the encrypted vault in `sync`, both behind one protocol."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol


class ByteSource(Protocol):
    """Bytes of one file. Opening is cheap and may be done from any thread; each handle stays with its thread."""

    @property
    def name(self) -> str:
        """What a sentence to the reader calls it: a file name or a title, never a path inside the vault."""

    @property
    def size_bytes(self) -> int:
        """Length of the content."""

    @property
    def path(self) -> Path | None:
        """The plain file, where there is one (OpenSlide needs it); None for encrypted content."""

    def open(self) -> BinaryIO:
        """A new seekable handle, readable with ``read`` and ``readinto``."""


def shown_name(name: str) -> str:
    """*name* on one line: what cannot be printed in it (a line break, bytes that are no text) becomes "�"."""
    return "".join(letter if letter.isprintable() else "�" for letter in name)


@dataclass(frozen=True, slots=True)
class FileByteSource:
    """A plain file on this computer."""

    path: Path

    @property
    def name(self) -> str:
        return shown_name(self.path.name)

    @property
    def size_bytes(self) -> int:
        return self.path.stat().st_size

    def open(self) -> BinaryIO:
        return self.path.open("rb")


@dataclass(frozen=True, slots=True)
class MemoryByteSource:
    """Bytes that were made here and lie in no file."""

    name: str
    content: bytes = field(repr=False)

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    @property
    def path(self) -> Path | None:
        return None

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content)
