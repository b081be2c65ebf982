"""Encoded tiles to BGRX pixels: colour spaces, grey, and the crop of edge tiles. Knows no container format."""

from __future__ import annotations

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from viewers.codestream import picture_size
from viewers.errors import UnreadableFile
from viewers.pathology.slide_source import GLASS, Pixels

DECODE_FAULTS = (ValueError, RuntimeError, TypeError, EOFError, IndexError, OverflowError, MemoryError)


LARGEST_TILE_PX = 1 << 26
"""Of one compressed tile or strip: a decoder allocates what the stream claims."""


def check_claimed_size(encoded: bytes, name: str) -> None:
    """UnreadableFile where a compressed tile claims more pixels than any tile has."""
    width, height = picture_size(encoded) or (0, 0)
    if width * height > LARGEST_TILE_PX:
        raise UnreadableFile(f"{name} holds a damaged tile (it claims {width} × {height} pixels).")


def in_one_line(error: BaseException) -> str:
    """A decoder's own words, fit for a sentence."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(error)).split())[:120] or type(error).__name__


def decode_jpeg(encoded: bytes, tables: bytes | None, colour_space: str | None, name: str) -> Pixels:
    """A JPEG (ISO 10918-1) as BGRX. *colour_space* is that of the stream (``RGB``, ``YCBCR``, ``GRAYSCALE``); None
    lets its markers say. *tables*: abbreviated table stream of TIFF (JPEGTables)."""
    check_claimed_size(encoded, name)
    try:
        decoded: Pixels = imagecodecs.jpeg8_decode(
            encoded, tables=tables, colorspace=colour_space, outcolorspace=imagecodecs.JPEG8.CS.EXT_BGRX
        )
    except DECODE_FAULTS as error:
        raise UnreadableFile(f"{name} holds a damaged tile ({in_one_line(error)}).") from error
    return decoded


def decode_jpeg2000(encoded: bytes, *, is_ycbcr: bool, name: str) -> Pixels:
    """A JPEG 2000 codestream as BGRX. *is_ycbcr*: its components are YCbCr that the codestream does not declare."""
    check_claimed_size(encoded, name)
    try:
        decoded: NDArray[np.generic] = imagecodecs.jpeg2k_decode(encoded)
    except DECODE_FAULTS as error:
        raise UnreadableFile(f"{name} holds a damaged tile ({in_one_line(error)}).") from error
    return bgrx_of(rgb_of_ycbcr(decoded.astype(np.uint8)) if is_ycbcr else decoded, name)


def rgb_of_ycbcr(pixels: Pixels) -> Pixels:
    """Full-range YCbCr (ITU-T T.871, JFIF) to RGB."""
    y, cb, cr = (pixels[..., index].astype(np.float32) for index in range(3))
    cb -= 128
    cr -= 128
    rgb = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=-1)
    clipped: Pixels = np.clip(np.rint(rgb), 0, 255).astype(np.uint8)
    return clipped


def bgrx_of(pixels: NDArray[np.generic], name: str) -> Pixels:
    """(h, w), (h, w, 1), (h, w, 3) RGB or (h, w, 4) RGB with an extra sample, uint8, as BGRX."""
    if pixels.dtype != np.uint8:
        raise UnreadableFile(f"{name} holds a tile that is not of 8 bits a sample.")
    grey = pixels.ndim == 2 or pixels.shape[2] < 3
    bgrx = np.full((*pixels.shape[:2], 4), 255, np.uint8)
    if grey:
        bgrx[..., :3] = pixels.reshape(*pixels.shape[:2], -1)[..., :1]
    else:
        bgrx[..., 2::-1] = pixels[..., :3]
    return bgrx


def fitted(pixels: Pixels, width: int, height: int) -> Pixels:
    """Exactly (height, width): cropped, and filled up with glass where a writer clipped the tile itself."""
    if pixels.shape[:2] == (height, width):
        return pixels
    if pixels.shape[0] >= height and pixels.shape[1] >= width:
        return np.ascontiguousarray(pixels[:height, :width])
    whole = np.full((height, width, 4), GLASS, np.uint8)
    part = pixels[:height, :width]
    whole[: part.shape[0], : part.shape[1]] = part
    return whole
