"""The bytes of a file as pydicom may read them: bounded in amount, so that no header can fill the memory or never end.

What the bytes mean is `dicom_header`'s.
"""

from __future__ import annotations

import zlib
from typing import BinaryIO

from viewers.errors import UnreadableFile

LARGEST_HEADER_BYTES = 256 << 20
LARGEST_INFLATED_BYTES = 128 << 20
"""A deflated file is held in memory whole, several times over while it is read."""
LONGEST_ZERO_RUN = 4
"""Elements and items begin with 8 bytes that are never all zero; one value of 8 zeros may stand before them."""
_ELEMENT_HEAD_BYTES = 8
_PIECE_BYTES, _INFLATED_PIECE_BYTES = 1 << 16, 1 << 20


class GuardedFile:
    """Reads through to *file*. UnreadableFile where *name* has too much header, inflates too far, or is only zeros."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._shown = name
        self._read_bytes = 0
        self._zeros = 0
        self._short_reads = 0
        self.seek, self.tell = file.seek, file.tell
        self.name = getattr(file, "name", None)

    def read(self, size: int = -1) -> bytes:
        """The next *size* bytes; without a size the rest, which pydicom asks for only to inflate it (PS3.5 A.5)."""
        if size < 0:
            return self._read_deflated()
        self._read_bytes += size
        if self._read_bytes > LARGEST_HEADER_BYTES and size:
            raise UnreadableFile(
                f"{self._shown} is damaged: its header claims more than {LARGEST_HEADER_BYTES >> 20} MB."
            )
        data = self._file.read(size)
        if len(data) < size:
            # Looking for the next element once and finding nothing is how a file ends; all else is a piece missing.
            self._short_reads += 1 if size == _ELEMENT_HEAD_BYTES and not data else 2
        if size == _ELEMENT_HEAD_BYTES:
            self._zeros = self._zeros + 1 if data and not any(data) else 0
            if self._zeros >= LONGEST_ZERO_RUN:
                raise UnreadableFile(f"{self._shown} is damaged: there are only zeros where its header should go on.")
        return data

    @property
    def ended_early(self) -> bool:
        """Whether the file ended within an element: pydicom takes what there is, and says nothing."""
        return self._short_reads > 1

    def _read_deflated(self) -> bytes:
        deflated = self._file.read(LARGEST_INFLATED_BYTES + 1)
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        inflated_bytes = 0
        for start in range(0, len(deflated), _PIECE_BYTES):
            piece = deflated[start : start + _PIECE_BYTES]
            while piece and inflated_bytes <= LARGEST_INFLATED_BYTES:
                inflated_bytes += len(inflater.decompress(piece, _INFLATED_PIECE_BYTES))
                piece = inflater.unconsumed_tail
        if max(inflated_bytes, len(deflated)) > LARGEST_INFLATED_BYTES:
            raise UnreadableFile(
                f"{self._shown} would inflate to more than {LARGEST_INFLATED_BYTES >> 20} MB; "
                "this program does not open it."
            )
        return deflated
