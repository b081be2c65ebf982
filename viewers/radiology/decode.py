"""Bytes of one frame to its stored values: native ones by reading, compressed ones by `codecs`.

Wherever a codec's result does not fit the header, pydicom decides: it is the reference, and slower.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from viewers.codestream import picture_size
from viewers.errors import UnreadableFile, UnsupportedImage
from viewers.radiology import transfer_syntax as syntax
from viewers.radiology.codecs import decode_codestream, ends_properly
from viewers.radiology.frame import Frame, PixelLayout, Tile
from viewers.radiology.pydicom_warnings import silenced
from viewers.radiology.stored_values import (
    Pixels,
    clean_unused_bits,
    frame_shape,
    native_values,
    stored_dtype,
)

LARGEST_EXCESS = 4
"""How many times the header's pixels a codestream may claim; encoders that pad to whole blocks stay far below."""


def reads_in_place(layout: PixelLayout) -> bool:
    """Whether a frame's file bytes are its array: native, little endian, one sample, whole bytes."""
    return (
        layout.transfer_syntax in (syntax.IMPLICIT_LITTLE, syntax.EXPLICIT_LITTLE)
        and layout.samples == 1
        and layout.bits_allocated in (8, 16, 32, 64)
    )


def read_frame(frame: Frame, out: Pixels | None = None) -> Pixels:
    """The stored values of *frame*: (rows, columns) in `stored_dtype`, or (rows, columns, 3) RGB.

    With *out* (C-contiguous, same shape and type) the values are written there and *out* is returned. Raises
    UnreadableFile where bytes are missing or damaged, UnsupportedImage for a syntax this program does not decode.
    """
    if frame.tile is not None:
        return _cut_out(frame, frame.tile, out)
    try:
        with frame.source.open() as file:
            if reads_in_place(frame.layout):
                return _read_in_place(frame, file, out)
            values = _decode(frame, file, out)
    except OSError as error:
        raise UnreadableFile(f"{frame.source.name} cannot be read: {error.strerror or error}.") from error
    if out is None:
        return values
    if not np.may_share_memory(values, out):
        np.copyto(out, values)
    return out


def _cut_out(frame: Frame, tile: Tile, out: Pixels | None) -> Pixels:
    picture = read_frame(frame.stored_picture)
    part = picture[tile.top : tile.top + frame.layout.rows, tile.left : tile.left + frame.layout.columns]
    if out is None:
        return np.ascontiguousarray(part)
    np.copyto(out, part)
    return out


def _read_in_place(frame: Frame, file: BinaryIO, out: Pixels | None) -> Pixels:
    layout = frame.layout
    values: Pixels = np.empty((layout.rows, layout.columns), stored_dtype(layout)) if out is None else out
    offset, length = frame.spans[0]
    file.seek(offset)
    view = memoryview(values.data).cast("B")
    if len(view) != length or _read_fully(file, view) != length:
        raise UnreadableFile(f"{frame.source.name} is incomplete: its pixel data ends early.")
    if layout.element == "PixelData" and layout.bits_stored < layout.bits_allocated:
        clean_unused_bits(values, layout)
    return values


def _read_fully(file: BinaryIO, view: memoryview) -> int:
    read = 0
    while read < len(view):
        count = file.readinto(view[read:])  # type: ignore[attr-defined]
        if not count:
            break
        read += count
    return read


def _decode(frame: Frame, file: BinaryIO, out: Pixels | None) -> Pixels:
    layout = frame.layout
    if layout.transfer_syntax == syntax.DEFLATED:
        return _decode_deflated(frame, file)
    raw = bytearray(sum(length for _, length in frame.spans))
    view, at = memoryview(raw), 0
    for offset, length in frame.spans:
        file.seek(offset)
        if _read_fully(file, view[at : at + length]) != length:
            raise UnreadableFile(f"{frame.source.name} is incomplete: its pixel data ends early.")
        at += length
    if layout.transfer_syntax in syntax.NATIVE:
        if layout.transfer_syntax == syntax.EXPLICIT_BIG and layout.bits_allocated <= 8 and layout.pixel_vr_is_ow:
            return _decode_by_reference(frame, file)
        return native_values(raw, layout, frame.frame_number - 1)
    if layout.transfer_syntax not in syntax.COMPRESSED:
        raise UnsupportedImage(
            f"{frame.source.name} is compressed as {syntax.syntax_name(layout.transfer_syntax)}, "
            "which this program does not decode."
        )
    data = bytes(raw)
    if layout.transfer_syntax in syntax.JPEG and not ends_properly(data):
        # libjpeg fills a cut-off picture with grey and only murmurs about it.
        raise UnreadableFile(f"{frame.source.name} is incomplete: image {frame.frame_number} ends early.")
    width, height = picture_size(data) or (layout.columns, layout.rows)
    if width * height > LARGEST_EXCESS * layout.columns * layout.rows:  # a decoder would allocate what it claims
        raise UnreadableFile(
            f"{frame.source.name} is damaged: image {frame.frame_number} should have {layout.columns} × {layout.rows} "
            f"pixels and claims {width} × {height}."
        )
    try:
        values = decode_codestream(data, layout, out)
    except Exception:  # noqa: BLE001 - codecs raise their own kinds; the reference decoder has the last word
        values = None
    if values is None or values.shape != frame_shape(layout) or values.dtype != stored_dtype(layout):
        return _decode_by_reference(frame, file)
    return values


def _decode_deflated(frame: Frame, file: BinaryIO) -> Pixels:
    from pydicom import dcmread

    file.seek(0)
    dataset = dcmread(file, force=True)
    offset, length = frame.spans[0]
    raw = bytearray(dataset[frame.layout.element].value[offset : offset + length])
    return native_values(raw, frame.layout, frame.frame_number - 1)


def _decode_by_reference(frame: Frame, file: BinaryIO) -> Pixels:
    """pydicom's own decoding of this frame."""
    # Only here: importing pydicom's decoders costs more than most series take to read.
    from pydicom import dcmread
    from pydicom.pixels.utils import pixel_array

    file.seek(0)
    try:
        with silenced():
            dataset = dcmread(file, force=True)
            values: Pixels = pixel_array(dataset, index=frame.frame_number - 1)
    except Exception as error:
        raise UnreadableFile(
            f"{frame.source.name} cannot be decoded: its {syntax.syntax_name(frame.layout.transfer_syntax)} data "
            f"is damaged in image {frame.frame_number}."
        ) from error
    return np.ascontiguousarray(values).astype(values.dtype.newbyteorder("="), copy=False)
