"""Walks the chain of directories of a TIFF file before anything parses it: whole, finite, inside the file.

What the directories hold is `tiff_structure`'s. TIFF 6.0 section 2; BigTIFF has 8-byte counts and offsets.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from viewers.byte_source import ByteSource
from viewers.errors import UnreadableFile

LARGEST_CHAIN = 10_000
LARGEST_DIRECTORY = 4096
HAMAMATSU = 65420
"""A tag of NDPI files, which keep 8-byte offsets where TIFF has 4: their chain is not TIFF's."""

_VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


def check_directories(source: ByteSource) -> None:
    """Raises UnreadableFile where the chain runs in a circle, or it or one of its values lies beyond the file's end.

    A file cut off behind its first picture would otherwise open as if it had never held the others.
    """
    with source.open() as file:
        start = file.read(16)
        if len(start) < 8:
            raise UnreadableFile(f"{source.name} is truncated: it ends within its first 8 bytes.")
        order = "<" if start[:2] == b"II" else ">"
        is_big = struct.unpack(f"{order}H", start[2:4])[0] == 43
        if is_big and len(start) < 16:
            raise UnreadableFile(f"{source.name} is truncated: it ends within its first 16 bytes.")
        at = struct.unpack(f"{order}Q", start[8:16])[0] if is_big else struct.unpack(f"{order}I", start[4:8])[0]
        seen: set[int] = set()
        while at:
            if at in seen or len(seen) >= LARGEST_CHAIN:
                raise UnreadableFile(f"{source.name} is damaged: its list of pictures never ends.")
            seen.add(at)
            entries, at = _directory(source, file, at, order, is_big)
            if len(seen) == 1 and any(tag == HAMAMATSU for tag, _ in entries):
                return
            end = max((end for _, end in entries), default=0)
            if end > source.size_bytes:
                raise _truncated(source, end)


def _directory(
    source: ByteSource, file: BinaryIO, at: int, order: str, is_big: bool
) -> tuple[list[tuple[int, int]], int]:
    """Every tag with where its value ends, and where the next directory lies (0: nowhere)."""
    count_bytes, offset_bytes, form = (8, 8, "HHQQ") if is_big else (2, 4, "HHII")
    entry_bytes = struct.calcsize(f"{order}{form}")
    file.seek(at)
    counted = file.read(count_bytes)
    if len(counted) < count_bytes:
        raise _truncated(source, at + count_bytes)
    count = int.from_bytes(counted, "little" if order == "<" else "big")
    if count > LARGEST_DIRECTORY:
        raise UnreadableFile(f"{source.name} is damaged: a list of {count} properties stands where a picture's should.")
    body = file.read(count * entry_bytes + offset_bytes)
    if len(body) < count * entry_bytes + offset_bytes:
        raise _truncated(source, at + count_bytes + count * entry_bytes + offset_bytes)
    entries = []
    for index in range(count):
        tag, kind, values, offset = struct.unpack_from(f"{order}{form}", body, index * entry_bytes)
        length = values * _VALUE_BYTES.get(kind, 1)
        entries.append((tag, offset + length if length > offset_bytes else 0))
    following = int.from_bytes(body[count * entry_bytes :], "little" if order == "<" else "big")
    return entries, following


def _truncated(source: ByteSource, end: int) -> UnreadableFile:
    return UnreadableFile(
        f"{source.name} is truncated or damaged: it names byte {end}, but ends at byte {source.size_bytes}."
    )
