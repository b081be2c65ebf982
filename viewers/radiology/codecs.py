"""One compressed frame to its stored values, by imagecodecs; None where the result leaves room for doubt.

imagecodecs releases the GIL, so threads scale; it repeats none of pydicom's fix-ups of sign and precision, which are
in `stored_values`. What is done about a doubt is decided in `decode`.
"""

from __future__ import annotations

import struct
import zlib

import imagecodecs
import numpy as np

from viewers.codestream import adobe_transform, jpeg2000_precision, jpeg_precision
from viewers.radiology import transfer_syntax as syntax
from viewers.radiology.frame import PixelLayout
from viewers.radiology.pixel_spans import native_frame_bits
from viewers.radiology.stored_values import (
    Pixels,
    clean_unused_bits,
    frame_shape,
    native_values,
    stored_dtype,
    to_rgb,
)

END_OF_CODESTREAM = b"\xff\xd9"
"""EOI of JPEG and JPEG-LS, EOC of JPEG 2000."""
_RLE_HEADER_BYTES = 64


def ends_properly(data: bytes) -> bool:
    """Whether a codestream's end marker is there; a few bytes of padding may follow it."""
    return data.rfind(END_OF_CODESTREAM, max(0, len(data) - 64)) >= 0


def decode_codestream(data: bytes, layout: PixelLayout, out: Pixels | None = None) -> Pixels | None:
    """The frame's stored values in `frame_shape` and `stored_dtype`, or None where the codec's result does not fit.

    *layout* names a syntax of `transfer_syntax.COMPRESSED`. A codec that can writes into *out* (that shape and type,
    C-contiguous), which is then what is returned; its content counts only then. Raises whatever the codec raises for
    damaged data.
    """
    uid = layout.transfer_syntax
    if uid == syntax.RLE:
        return _decode_rle(data, layout)
    if uid in syntax.JPEG:
        return _decode_jpeg(data, layout, out)
    if uid in syntax.JPEG_LS:
        precision = jpeg_precision(data)
        values = imagecodecs.jpegls_decode(data, out=_room(out, layout, precision))
        return _fitted(values, layout, precision if layout.signed else layout.bits_stored)
    if uid in syntax.JPEG_XL:
        return _decode_jpeg_xl(data, layout)
    if uid == syntax.DEFLATED_FRAMES:
        return native_values(_inflated(data, layout), layout, 0)
    if uid == syntax.ENCAPSULATED_NATIVE:
        return native_values(bytearray(data[: (native_frame_bits(layout) + 7) // 8]), layout, 0)
    return _decode_jpeg2000(data, layout, out)


def _room(out: Pixels | None, layout: PixelLayout, precision: int, *, signed: bool = False) -> Pixels | None:
    """*out* as the codec sees it, where its values are as wide as the codec's; None where they are not."""
    width = 1 if precision <= 8 else 2
    if out is None or layout.is_colour or precision > 16 or out.dtype.itemsize != width or out.dtype.kind == "f":
        return None
    return out.view(np.dtype(f"{'i' if signed else 'u'}{width}"))


def _decode_jpeg_xl(data: bytes, layout: PixelLayout) -> Pixels | None:
    values = imagecodecs.jpegxl_decode(data, numthreads=1)
    if layout.is_colour and layout.transfer_syntax != syntax.JPEG_XL_LOSSLESS:
        return _as_stored(values, layout)  # XYB, and the YCbCr of a JPEG, are colour spaces to the codec: RGB comes out
    return _fitted(values, layout, layout.bits_stored)


def _decode_jpeg2000(data: bytes, layout: PixelLayout, out: Pixels | None) -> Pixels | None:
    stated = jpeg2000_precision(data)
    if stated is None:
        return None
    precision, signed = stated
    # HTJ2K too: OpenJPH is twice as fast, and paints over damage without a word, or never ends (decision 0022).
    values = imagecodecs.jpeg2k_decode(data, out=_room(out, layout, precision, signed=signed))
    return _fitted(values, layout, precision if signed != layout.signed else layout.bits_stored)


def _decode_jpeg(data: bytes, layout: PixelLayout, out: Pixels | None) -> Pixels | None:
    if not layout.is_colour:
        values = imagecodecs.jpeg8_decode(data, out=_room(out, layout, jpeg_precision(data)))
        return _fitted(values, layout, layout.bits_stored)
    ybr = layout.photometric.startswith("YBR") and layout.transfer_syntax not in syntax.JPEG_LOSSLESS
    adobe = adobe_transform(data)
    if adobe is not None:
        ybr = adobe != 0
    values = imagecodecs.jpeg8_decode(data, colorspace="YCBCR" if ybr else "RGB", outcolorspace="RGB")
    stored = _as_stored(values, layout)
    return to_rgb(stored, layout) if stored is not None and layout.transfer_syntax in syntax.JPEG_LOSSLESS else stored


def _fitted(values: Pixels, layout: PixelLayout, stored_bits: int | None = None) -> Pixels | None:
    """The codec's integers as stored values: its container widened or reinterpreted, then sign and unused bits.

    *stored_bits* are those the codestream speaks of, from bit 0 on; without them the header's.
    """
    if layout.is_colour:
        if values.ndim == 3 and values.shape[0] == 3 and values.shape[2] != 3:
            values = values.transpose(1, 2, 0)
        fitted = _as_stored(values, layout)
        return None if fitted is None else to_rgb(fitted, layout)
    stored = _as_stored(np.squeeze(values), layout)
    return None if stored is None else clean_unused_bits(stored, layout, stored_bits)


def _as_stored(values: Pixels, layout: PixelLayout) -> Pixels | None:
    if values.shape != frame_shape(layout) or values.dtype.kind not in "iu":
        return None
    dtype = stored_dtype(layout)
    if values.dtype.itemsize > dtype.itemsize:
        return None
    stored = np.ascontiguousarray(values)
    return stored.view(dtype) if stored.dtype.itemsize == dtype.itemsize else stored.astype(dtype)


def _decode_rle(data: bytes, layout: PixelLayout) -> Pixels | None:
    """PS3.5 Annex G: byte planes, most significant first, one set a sample; single bits stay packed in one plane."""
    header = struct.unpack("<16I", data[:_RLE_HEADER_BYTES])
    count, width = header[0], max(1, layout.bits_allocated // 8)
    if count != width * layout.samples:
        return None
    ends = [*header[2 : count + 1], len(data)]
    segments = [data[start:end] for start, end in zip(header[1 : count + 1], ends, strict=True)]
    if layout.bits_allocated == 1:
        packed = imagecodecs.packbits_decode(segments[0])
        enough = layout.samples == 1 and len(packed) * 8 >= native_frame_bits(layout)
        return native_values(bytearray(packed), layout, 0) if enough else None
    size = layout.rows * layout.columns
    planes = np.empty((layout.samples, width, size), np.uint8)
    for index, segment in enumerate(segments):
        plane = np.frombuffer(imagecodecs.packbits_decode(segment), np.uint8)
        if plane.size < size:
            return None
        planes[index // width, width - 1 - index % width] = plane[:size]
    values = np.ascontiguousarray(planes.transpose(2, 0, 1)).view(f"<u{width}")[..., 0]
    return _fitted(values.reshape(frame_shape(layout)), layout)  # whole containers: High Bit counts as in native ones


def _inflated(data: bytes, layout: PixelLayout) -> bytearray:
    """The native bytes of a deflated frame (PS3.5 A.4.13), and never more of them than the frame has."""
    needed = (native_frame_bits(layout) + 7) // 8
    inflated = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, needed)
    if len(inflated) < needed:
        raise ValueError("a deflated frame ends early")
    return bytearray(inflated)
