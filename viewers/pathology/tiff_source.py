"""Reads TIFF slides, tiled or striped, over any bytes, the vault's too; `tiff_structure` says what is where."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np

from viewers.byte_source import ByteSource
from viewers.calibration import Calibration
from viewers.errors import OutOfRange, UnreadableFile, UnsupportedImage
from viewers.pathology.plain_file import Lend, lend_nothing
from viewers.pathology.slide_source import GLASS, Pixels, SlideLevel, SlideSource, assemble_region, exact_downsample
from viewers.pathology.thread_handles import ThreadHandles
from viewers.pathology.tiff_structure import (
    STRUCTURE_FAULTS,
    NotOurKind,
    TiffPicture,
    TiffStructure,
    read_structure,
)
from viewers.pathology.tile_decode import bgrx_of, decode_jpeg, decode_jpeg2000, fitted, in_one_line, rgb_of_ycbcr

JPEG = 7
APERIO_J2K_YCBCR = 33003
JPEG_2000 = (33003, 33004, 33005, 34712)
MIN_IS_WHITE, RGB, YCBCR = 0, 2, 6
STRIP_TILE_PX = 512
STRIP_CACHE_BYTES = 256 << 20


def open_tiff_slide(source: ByteSource, lend: Lend = lend_nothing) -> SlideSource:
    """The slide in a TIFF file; a scanner's own dialect goes to OpenSlide, from the plain file that *lend* gives."""
    try:
        structure = read_structure(source)
    except NotOurKind:
        from viewers.pathology.openslide_source import open_with_openslide

        return open_with_openslide(source, lend)
    slide = TiffSlide(source, structure)
    try:
        for level, picture in enumerate(structure.levels):  # a tile of each: better refused now than grey later
            slide.read_tile(level, slide.levels[level].columns // 2, slide.levels[level].rows // 2)
            if not any(picture.sizes_bytes):
                raise UnreadableFile(f"{source.name} holds no pixels.")
    except (UnreadableFile, UnsupportedImage):
        slide.close()
        raise
    return slide


class TiffSlide:
    """A `SlideSource` over `TiffStructure`."""

    def __init__(self, source: ByteSource, structure: TiffStructure) -> None:
        self._structure = structure
        self._handles = ThreadHandles(source)
        self._strips: OrderedDict[tuple[int, int], Pixels] = OrderedDict()
        self._strip_lock = threading.Lock()
        self.name = source.name
        self.format_name = structure.format_name
        self.calibration: Calibration = structure.calibration
        self.objective_power = structure.objective_power
        self.icc_profile = structure.icc_profile
        self.associated_names = tuple(structure.associated)
        full = (structure.levels[0].width_px, structure.levels[0].height_px)
        self.levels = tuple(
            SlideLevel(
                picture.width_px,
                picture.height_px,
                exact_downsample(full, (picture.width_px, picture.height_px)),
                picture.segment_width_px if picture.is_tiled else STRIP_TILE_PX,
                picture.segment_height_px if picture.is_tiled else STRIP_TILE_PX,
            )
            for picture in structure.levels
        )
        missing = sum(size == 0 for picture in structure.levels for size in picture.sizes_bytes)
        self.warnings = structure.warnings + (
            (f"{missing} tiles were never written by the scanner; they are shown as empty glass.",) if missing else ()
        )

    def close(self) -> None:
        self._handles.close()

    def read_associated(self, name: str) -> Pixels:
        picture = self._structure.associated.get(name)
        if picture is None:
            raise OutOfRange(f"{self.name} has no picture named {name}.")
        whole = np.full((picture.height_px, picture.width_px, 4), GLASS, np.uint8)
        for index in range(picture.rows * picture.columns):
            top = index // picture.columns * picture.segment_height_px
            left = index % picture.columns * picture.segment_width_px
            segment = self._segment(picture, index)[: picture.height_px - top, : picture.width_px - left]
            whole[top : top + segment.shape[0], left : left + segment.shape[1]] = segment
        return np.ascontiguousarray(whole[..., 2::-1])

    def read_tile(self, level: int, column: int, row: int) -> Pixels:
        if not 0 <= level < len(self.levels):
            raise OutOfRange(f"{self.name} has no level {level}.")
        width, height = self.levels[level].tile_size(column, row)
        picture = self._structure.levels[level]
        if picture.is_tiled:
            return fitted(self._segment(picture, row * picture.columns + column), width, height)
        top, left = row * STRIP_TILE_PX, column * STRIP_TILE_PX
        tile = np.full((height, width, 4), GLASS, np.uint8)
        step = picture.segment_height_px
        for index in range(top // step, (top + height - 1) // step + 1):
            strip = self._strip(level, index)
            first, last = max(top, index * step), min(top + height, index * step + strip.shape[0])
            tile[first - top : last - top] = strip[first - index * step : last - index * step, left : left + width]
        return tile

    def read_region(self, x: int, y: int, width: int, height: int, level: int = 0) -> Pixels:
        return assemble_region(self, x, y, width, height, level)

    def _strip(self, level: int, index: int) -> Pixels:
        """One decoded strip; the last ones are kept, since every tile of a row needs the same."""
        with self._strip_lock:
            strip = self._strips.get((level, index))
            if strip is None:
                strip = self._strips[level, index] = self._segment(self._structure.levels[level], index)
                while len(self._strips) > 1 and sum(s.nbytes for s in self._strips.values()) > STRIP_CACHE_BYTES:
                    self._strips.popitem(last=False)
            self._strips.move_to_end((level, index))
            return strip

    def _segment(self, picture: TiffPicture, index: int) -> Pixels:
        """One tile or strip as stored, BGRX, not cropped."""
        size_bytes = picture.sizes_bytes[index]
        if size_bytes == 0:
            return np.full((picture.segment_height_px, picture.segment_width_px, 4), GLASS, np.uint8)
        encoded = self._handles.read_at(picture.offsets[index], size_bytes)
        if picture.compression == JPEG:
            # Without a JFIF marker libjpeg would guess YCbCr; Aperio's RGB streams have none (as tifffile has it).
            is_plain_rgb = picture.photometric == RGB and encoded[2:4] != b"\xff\xe0"
            return decode_jpeg(encoded, picture.jpeg_tables, "RGB" if is_plain_rgb else None, self.name)
        if picture.compression in JPEG_2000:
            is_ycbcr = picture.compression == APERIO_J2K_YCBCR or picture.photometric == YCBCR
            return decode_jpeg2000(encoded, is_ycbcr=is_ycbcr, name=self.name)
        try:
            decoded = picture.decode(encoded, index)[0][0]
        except (*STRUCTURE_FAULTS, RuntimeError) as error:
            raise UnreadableFile(f"{self.name} holds a damaged tile ({in_one_line(error)}).") from error
        if picture.photometric == YCBCR:
            decoded = rgb_of_ycbcr(decoded)
        elif picture.photometric == MIN_IS_WHITE:
            decoded = 255 - decoded
        return bgrx_of(decoded, self.name)
