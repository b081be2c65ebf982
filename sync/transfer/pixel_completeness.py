"""Whether a DICOM file's pixel data is all there, without decoding it. DICOM PS3.5 section 8 and A.4."""

from __future__ import annotations

import os
import struct
import zlib
from typing import BinaryIO

from sync.transfer.instance_header import DEFLATED, InstanceHeader

_UNDEFINED_LENGTH = 0xFFFFFFFF
_ITEM, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE0DD)
_SHORT_HEADER_BYTES, _LONG_HEADER_BYTES = 8, 12


def find_missing_pixels(header: InstanceHeader, file: BinaryIO, size_bytes: int) -> str:
    """Empty when whole, else what is missing, as the end of a sentence. ``file`` may be moved."""
    if header.transfer_syntax == DEFLATED:
        return _find_inflation_fault(file)
    if header.pixels_at is None:
        return "its pixel data is missing" if header.rows and header.columns else ""
    file.seek(header.pixels_at)
    order = ">" if header.big_endian else "<"
    length_at = 4 if header.implicit_vr else 8
    head_bytes = _SHORT_HEADER_BYTES if header.implicit_vr else _LONG_HEADER_BYTES
    head = file.read(head_bytes)
    if len(head) < head_bytes:
        return "its pixel data is cut off"
    length = int(struct.unpack_from(order + "I", head, length_at)[0])
    begin = header.pixels_at + head_bytes
    if length == _UNDEFINED_LENGTH:
        return _find_missing_fragments(file, begin, size_bytes, header.frames)
    wanted = _native_length(header)
    if begin + length > size_bytes:
        return f"its pixel data is cut off ({max(0, size_bytes - begin)} of {length} bytes)"
    if length < wanted:
        return f"its pixel data is too short ({length} of {wanted} bytes)"
    return ""


def _native_length(header: InstanceHeader) -> int:
    """Bytes of native pixel data: Rows · Columns · Samples · Bits Allocated / 8 · Frames (DICOM PS3.5 8.1.1)."""
    samples = 2 if header.photometric == "YBR_FULL_422" else header.samples
    bits = header.rows * header.columns * samples * header.bits_allocated * header.frames
    return (bits + 7) // 8


def _find_missing_fragments(file: BinaryIO, position: int, size_bytes: int, frames: int) -> str:
    """Walks the items of encapsulated pixel data; the first is the offset table (DICOM PS3.5 A.4)."""
    items = 0
    while position + 8 <= size_bytes:
        file.seek(position)
        group, element, length = struct.unpack("<HHI", file.read(8))
        if (group, element) == _SEQUENCE_END:
            fragments = items - 1
            return "" if fragments >= frames else f"it holds {max(0, fragments)} of {frames} compressed frames"
        if (group, element) != _ITEM or length == _UNDEFINED_LENGTH:
            return "its compressed pixel data is damaged"
        items += 1
        position += 8 + length
    return "its compressed pixel data is cut off"


def _find_inflation_fault(file: BinaryIO) -> str:
    """A deflated data set carries its own end: a raw deflate stream after the file meta (DICOM PS3.5 A.5)."""
    file.seek(132)
    head = file.read(12)  # (0002,0000) UL 4: the length of the file meta group that follows
    meta_bytes = int(struct.unpack_from("<I", head, 8)[0])
    file.seek(144 + meta_bytes, os.SEEK_SET)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    while not inflater.eof and (piece := file.read(1 << 20)):
        try:
            while piece and not inflater.eof:
                inflater.decompress(piece, 1 << 20)
                piece = inflater.unconsumed_tail
        except zlib.error:
            return "its compressed content is damaged"
    return "" if inflater.eof else "its compressed content is cut off"
