"""What the first markers of a compressed picture say about it, before any decoder allocates what they claim.

JPEG (ISO 10918-1), JPEG-LS (ISO 14495-1), JPEG 2000 (ISO 15444-1) and JPEG XL (ISO 18181-1). Decodes nothing; raises
nothing.
"""

from __future__ import annotations

_JPEG_LS_FRAME = 0xF7
_NOT_FRAMES = (0xC4, 0xC8, 0xCC)
_SIZ = b"\xff\x4f\xff\x51"
_JPEG_XL = b"\xff\x0a"
_JPEG_XL_BOX = b"\x00\x00\x00\x0cJXL "
_JPEG_XL_SHAPES = ((1, 1), (6, 5), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


def picture_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels as the codestream states them, or None where it states none."""
    at = data.find(_SIZ)
    if data[:2] != b"\xff\xd8" and 0 <= at <= len(data) - 24:
        right, bottom, left, top = (int.from_bytes(data[at + n : at + n + 4], "big") for n in (8, 12, 16, 20))
        return right - left, bottom - top
    if data.startswith((_JPEG_XL, _JPEG_XL_BOX)):
        return _jpeg_xl_size(data)
    frame = _jpeg_frame(data)
    if frame is None or frame + 7 > len(data):
        return None
    return int.from_bytes(data[frame + 5 : frame + 7], "big"), int.from_bytes(data[frame + 3 : frame + 5], "big")


def jpeg_precision(data: bytes) -> int:
    """Sample precision of the first frame header (SOF or JPEG-LS's SOF55); 0 where there is none."""
    frame = _jpeg_frame(data)
    return 0 if frame is None or frame + 2 >= len(data) else data[frame + 2]


def adobe_transform(data: bytes) -> int | None:
    """The colour transform of an Adobe APP14 marker (0 none, 1 YCbCr), or None where there is no marker."""
    for marker, at in _jpeg_segments(data):
        if marker == 0xEE and data[at + 2 : at + 7] == b"Adobe" and at + 13 < len(data):
            return data[at + 13]
    return None


def jpeg2000_precision(data: bytes) -> tuple[int, bool] | None:
    """Bits and sign of the first component (SIZ marker, ISO/IEC 15444-1 A.5.1); None where there is no marker."""
    at = data.find(_SIZ)
    if at < 0 or len(data) < at + 43:
        return None
    ssiz = data[at + 42]
    return (ssiz & 0x7F) + 1, bool(ssiz & 0x80)


def _jpeg_frame(data: bytes) -> int | None:
    """Where the length field of the first frame header begins."""
    for marker, at in _jpeg_segments(data):
        if marker == _JPEG_LS_FRAME or (0xC0 <= marker <= 0xCF and marker not in _NOT_FRAMES):
            return at
    return None


def _jpeg_segments(data: bytes) -> list[tuple[int, int]]:
    """Markers before the first scan, each with where its length field begins."""
    segments, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xDA:
            break
        segments.append((marker, at + 2))
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return segments


def _jpeg_xl_size(data: bytes) -> tuple[int, int] | None:
    """The size header (ISO 18181-1 D.2): bits from the least significant on, a width left out where its shape is usual.

    In a container the codestream begins in the first box of type jxlc, or jxlp with four bytes more.
    """
    at = 0
    if data.startswith(_JPEG_XL_BOX):
        whole, part = data.find(b"jxlc"), data.find(b"jxlp")
        at = whole + 4 if whole >= 0 else part + 8
    if data[at : at + 2] != _JPEG_XL or len(data) < at + 12:
        return None
    bits = int.from_bytes(data[at + 2 : at + 12], "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

    in_eights = take(1)

    def length() -> int:
        return 8 * (take(5) + 1) if in_eights else take((9, 13, 18, 30)[take(2)]) + 1

    height, shape = length(), take(3)
    if not shape:
        return length(), height
    across, down = _JPEG_XL_SHAPES[shape - 1]
    return height * across // down, height
