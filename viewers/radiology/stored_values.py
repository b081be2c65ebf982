"""From the bits of a decoded frame to its stored values: unused bits, sign, byte order, packed bits, colour space.

What the codecs of `decode` do not do by themselves; follows DICOM PS3.5 8.1.1 and 8.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewers.radiology import transfer_syntax as syntax
from viewers.radiology.frame import PixelLayout

Pixels = NDArray[Any]

_YBR_FULL_TO_RGB = np.array(
    [[1, 1, 1], [0, -0.114 * 1.772 / 0.587, 1.772], [1.402, -0.299 * 1.402 / 0.587, 0]], np.float32
)


def stored_dtype(layout: PixelLayout) -> np.dtype[Any]:
    """The type of the stored values in memory, native byte order."""
    if layout.element == "FloatPixelData":
        return np.dtype(np.float32)
    if layout.element == "DoubleFloatPixelData":
        return np.dtype(np.float64)
    if layout.bits_allocated == 1:
        return np.dtype(np.uint8)
    return np.dtype(f"{'i' if layout.signed else 'u'}{layout.bits_allocated // 8}")


def frame_shape(layout: PixelLayout) -> tuple[int, ...]:
    """(rows, columns), with a last axis of 3 (RGB) for colour."""
    return (layout.rows, layout.columns, 3) if layout.is_colour else (layout.rows, layout.columns)


def clean_unused_bits(values: Pixels, layout: PixelLayout, stored_bits: int | None = None) -> Pixels:
    """Stored values from whole containers, in place: bits outside *Bits Stored* hold anything (PS3.5 8.1.1).

    *values* is an integer array of the stored dtype; *stored_bits* overrides Bits Stored (a codestream's precision).
    """
    container = values.dtype.itemsize * 8
    stored = min(stored_bits or layout.bits_stored, container)
    lowest = 0 if stored_bits else max(0, layout.high_bit + 1 - stored)
    if stored == container:
        return values
    if lowest == 0 and _fits(values, stored):
        return values
    if lowest == 0 and values.dtype.kind == "u":
        np.bitwise_and(values, values.dtype.type((1 << stored) - 1), out=values)
        return values
    np.left_shift(values, container - stored - lowest, out=values)
    np.right_shift(values, container - stored, out=values)
    return values


def _fits(values: Pixels, stored_bits: int) -> bool:
    """Whether all values are within the stored bits already: the usual case, and three times cheaper than shifting."""
    if values.dtype.kind == "u":
        return int(values.max()) < 1 << stored_bits
    half = 1 << (stored_bits - 1)
    return int(values.max()) < half and int(values.min()) >= -half


def native_values(raw: bytearray, layout: PixelLayout, frame_index: int) -> Pixels:
    """One native frame from its bytes: (rows, columns), or (rows, columns, 3) RGB."""
    if layout.bits_allocated == 1:
        pixels = layout.rows * layout.columns * layout.samples
        first_bit = pixels * frame_index % 8
        bits = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")
        return bits[first_bit : first_bit + pixels].reshape(frame_shape(layout))
    dtype = stored_dtype(layout)
    big = layout.transfer_syntax == syntax.EXPLICIT_BIG
    values = np.frombuffer(raw, dtype.newbyteorder(">") if big else dtype)
    if big:
        values = values.astype(dtype)
    if layout.element == "PixelData" and layout.bits_stored < layout.bits_allocated:
        values = clean_unused_bits(values, layout)
    if not layout.is_colour:
        return values.reshape(layout.rows, layout.columns)
    return to_rgb(_interleaved(values, layout), layout)


def _interleaved(values: Pixels, layout: PixelLayout) -> Pixels:
    if layout.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422"):
        # Y1 Y2 B R for every two pixels (PS3.3 C.7.6.3.1.2).
        groups = values.reshape(-1, 4)
        full = np.empty((groups.shape[0], 2, 3), values.dtype)
        full[:, 0, 0], full[:, 1, 0] = groups[:, 0], groups[:, 1]
        full[:, :, 1], full[:, :, 2] = groups[:, 2:3], groups[:, 3:4]
        return full.reshape(layout.rows, layout.columns, 3)
    if layout.planar == 1:
        return np.ascontiguousarray(values.reshape(3, layout.rows, layout.columns).transpose(1, 2, 0))
    return values.reshape(layout.rows, layout.columns, 3)


def to_rgb(values: Pixels, layout: PixelLayout) -> Pixels:
    """RGB from what the photometric interpretation says (PS3.3 C.7.6.3.1.2); RGB, RCT and ICT as they are.

    YBR_FULL fills the stored range, YBR_PARTIAL is ITU-R BT.601's with head and foot room.
    """
    full = layout.photometric in ("YBR_FULL", "YBR_FULL_422")
    if not full and layout.photometric != "YBR_PARTIAL_422":
        return values
    bits = layout.bits_stored
    luma_foot = 0 if full else 16 << (bits - 8)
    ybr: Pixels = values.astype(np.float32 if bits <= 16 else np.float64)
    ybr = ybr - np.array([luma_foot, 1 << (bits - 1), 1 << (bits - 1)], ybr.dtype)
    if not full:
        ybr = ybr * np.array([255 / 219, 255 / 224, 255 / 224], ybr.dtype)
    rgb = np.matmul(ybr, _YBR_FULL_TO_RGB)
    rounded: Pixels = np.clip(np.floor(rgb + 0.5), 0, (1 << bits) - 1).astype(values.dtype)
    return rounded
