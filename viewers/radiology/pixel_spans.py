"""Where each frame's bytes lie in a file: native frames by arithmetic, compressed ones by walking the fragments."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import BinaryIO

from viewers.byte_source import ByteSource
from viewers.errors import UnreadableFile
from viewers.radiology.dicom_header import PixelElement
from viewers.radiology.frame import PixelLayout, Span

_ITEM = 0xFFFEE000
_DELIMITER = 0xFFFEE0DD
# What a compressed frame's first bytes are: JPEG and JPEG-LS, JPEG 2000, the same in a box, JPEG XL, the same in a box.
_FRAME_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP", b"\xff\x0a", b"\x00\x00\x00\x0cJX")


def native_frame_bits(layout: PixelLayout) -> int:
    """Bits of one native frame (PS3.5 8.2; with chroma for every second pixel only, two samples a pixel)."""
    samples = 2 if layout.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422") else layout.samples
    return layout.rows * layout.columns * samples * layout.bits_allocated


def native_spans(source: ByteSource, layout: PixelLayout, pixels: PixelElement) -> tuple[tuple[Span, ...], ...]:
    """One span a frame. Raises UnreadableFile where the file ends before the last frame does."""
    bits = native_frame_bits(layout)
    needed = (bits * layout.frame_count + 7) // 8
    here = min(pixels.length, pixels.available)
    if here < needed:
        raise UnreadableFile(f"{source.name} is incomplete: {here} of {needed} bytes of its pixels are there.")
    spans = []
    for index in range(layout.frame_count):
        first, end = bits * index // 8, (bits * (index + 1) + 7) // 8
        spans.append(((pixels.offset + first, end - first),))
    return tuple(spans)


def fragment_spans(source: ByteSource, layout: PixelLayout, pixels: PixelElement) -> tuple[tuple[Span, ...], ...]:
    """The fragments of each frame of encapsulated pixels (PS3.5 A.4).

    Several fragments belong to one frame by the Basic Offset Table, else by where a new codestream starts. Raises
    UnreadableFile where the file ends early, or the fragments cannot be shared out among the frames.
    """
    with source.open() as file:
        file.seek(pixels.offset)
        table, fragments = _walk(source, file)
        count = layout.frame_count
        if count == 1:
            return (tuple(fragments),)
        if len(fragments) == count:
            return tuple((fragment,) for fragment in fragments)
        starts = _starts_by_table(table, fragments, count) or _starts_by_content(file, fragments, count)
    if not starts:
        raise UnreadableFile(f"{source.name} is damaged: {len(fragments)} pieces of pixel data for {count} frames.")
    ends = [*starts[1:], len(fragments)]
    return tuple(tuple(fragments[first:end]) for first, end in zip(starts, ends, strict=True))


def _walk(source: ByteSource, file: BinaryIO) -> tuple[tuple[int, ...], list[Span]]:
    """The Basic Offset Table and all fragments; the handle stands at the first item."""
    table: tuple[int, ...] | None = None
    fragments: list[Span] = []
    size = source.size_bytes
    while True:
        head = file.read(8)
        if len(head) < 8:
            if table is not None and fragments:
                break  # the delimiter is missing, the pixels are whole
            raise UnreadableFile(f"{source.name} is incomplete: its pixel data ends early.")
        group, number, length = struct.unpack("<HHI", head)
        tag = group << 16 | number
        if tag == _DELIMITER:
            break
        at = file.tell()
        if tag != _ITEM or at + length > size:
            raise UnreadableFile(f"{source.name} is incomplete: its pixel data ends early.")
        if table is None:
            raw = file.read(length)
            table = struct.unpack(f"<{length // 4}I", raw[: length // 4 * 4])
        else:
            fragments.append((at, length))
            file.seek(at + length)
    if not fragments:
        raise UnreadableFile(f"{source.name} is incomplete: it holds no pixels.")
    return table or (), fragments


def _starts_by_table(table: tuple[int, ...], fragments: list[Span], count: int) -> list[int]:
    if len(table) != count or any(b <= a for a, b in pairwise(table)):
        return []
    first_item_at = fragments[0][0] - 8
    index_of = {offset - 8 - first_item_at: index for index, (offset, _) in enumerate(fragments)}
    return [index_of[offset] for offset in table] if all(offset in index_of for offset in table) else []


def _starts_by_content(file: BinaryIO, fragments: list[Span], count: int) -> list[int]:
    starts = []
    for index, (offset, _) in enumerate(fragments):
        file.seek(offset)
        if file.read(6).startswith(_FRAME_STARTS):
            starts.append(index)
    return starts if len(starts) == count and starts[0] == 0 else []
