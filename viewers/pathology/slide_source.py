"""What every slide reader promises, and the one door that finds the right reader for some bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from viewers.byte_source import ByteSource
from viewers.calibration import Calibration
from viewers.errors import OutOfRange, UnreadableFile, UnsupportedImage
from viewers.pathology.plain_file import Lend, lend_nothing

Pixels = NDArray[np.uint8]
"""(height, width, 4) uint8 in the order blue, green, red, 255: the memory of QImage.Format_RGB32; or (…, 3) RGB where
a docstring says so."""

GLASS = 255
"""What stands where a slide holds no pixels."""

TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@dataclass(frozen=True, slots=True)
class SlideLevel:
    """One resolution. ``downsample``: level-0 pixels per pixel of this level, the same across and down."""

    width_px: int
    height_px: int
    downsample: float
    tile_width_px: int
    tile_height_px: int
    is_derived: bool = False
    """Averaged from the next finer level by this program; not in the file."""

    @property
    def columns(self) -> int:
        return -(-self.width_px // self.tile_width_px)

    @property
    def rows(self) -> int:
        return -(-self.height_px // self.tile_height_px)

    def tile_size(self, column: int, row: int) -> tuple[int, int]:
        """(width, height) of one tile, cropped at the right and bottom edge of the level."""
        if not (0 <= column < self.columns and 0 <= row < self.rows):
            raise OutOfRange(f"There is no tile {column}, {row} in a level of {self.columns} × {self.rows} tiles.")
        width = min(self.tile_width_px, self.width_px - column * self.tile_width_px)
        height = min(self.tile_height_px, self.height_px - row * self.tile_height_px)
        return width, height


class SlideSource(Protocol):
    """One slide. Every reading method may be called from any thread, several at once."""

    @property
    def name(self) -> str:
        """What a sentence to the reader calls it."""

    @property
    def format_name(self) -> str:
        """The kind of file, e.g. ``Aperio SVS``."""

    @property
    def levels(self) -> tuple[SlideLevel, ...]:
        """Finest first."""

    @property
    def calibration(self) -> Calibration:
        """Millimetres per level-0 pixel, or why they are not known."""

    @property
    def objective_power(self) -> float | None:
        """As the scanner states it; for words only, never for scale."""

    @property
    def icc_profile(self) -> bytes | None:
        """The embedded profile of level 0."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences the reader must see."""

    @property
    def associated_names(self) -> tuple[str, ...]:
        """Pictures beside the slide: label, macro, thumbnail."""

    def read_associated(self, name: str) -> Pixels:
        """RGB (height, width, 3). OutOfRange where there is none of that name."""

    def read_tile(self, level: int, column: int, row: int) -> Pixels:
        """BGRX (height, width, 4), edge tiles cropped. OutOfRange, UnreadableFile."""

    def read_region(self, x: int, y: int, width: int, height: int, level: int = 0) -> Pixels:
        """BGRX (height, width, 4); *x*, *y* and sizes in pixels of *level*. OutOfRange unless it lies inside."""

    def close(self) -> None: ...


def exact_downsample(full_px: tuple[int, int], level_px: tuple[int, int]) -> float:
    """Level-0 pixels per level pixel. A level whose sides are those of a whole-number reduction, cut or rounded up
    to whole pixels, is that reduction exactly; else the mean of both ratios (as OpenSlide has it)."""
    ratio_x, ratio_y = full_px[0] / level_px[0], full_px[1] / level_px[1]
    for whole in {round(ratio_x), round(ratio_y), int(min(ratio_x, ratio_y))} - {0}:
        if all(full // whole <= level <= -(-full // whole) for full, level in zip(full_px, level_px, strict=True)):
            return float(whole)
    return (ratio_x + ratio_y) / 2


def assemble_region(source: SlideSource, x: int, y: int, width: int, height: int, level: int) -> Pixels:
    """A region of one level out of its tiles: what ``read_region`` of a tile reader is."""
    if not 0 <= level < len(source.levels):
        raise OutOfRange(f"{source.name} has no level {level}.")
    at = source.levels[level]
    if width < 1 or height < 1 or x < 0 or y < 0 or x + width > at.width_px or y + height > at.height_px:
        raise OutOfRange(
            f"The region {x},{y},{width},{height} does not lie within the {at.width_px} × {at.height_px} pixels "
            f"of {source.name}."
        )
    region = np.full((height, width, 4), GLASS, np.uint8)
    for row in range(y // at.tile_height_px, (y + height - 1) // at.tile_height_px + 1):
        for column in range(x // at.tile_width_px, (x + width - 1) // at.tile_width_px + 1):
            tile = source.read_tile(level, column, row)
            left, top = column * at.tile_width_px, row * at.tile_height_px
            x0, y0 = max(x, left), max(y, top)
            x1, y1 = min(x + width, left + tile.shape[1]), min(y + height, top + tile.shape[0])
            region[y0 - y : y1 - y, x0 - x : x1 - x] = tile[y0 - top : y1 - top, x0 - left : x1 - left]
    return region


def open_slide(sources: Sequence[ByteSource], lend: Lend = lend_nothing, *, is_partial: bool = False) -> SlideSource:
    """The slide in one file, or in the instances of one DICOM series (*is_partial*: in those that have come so far).
    *lend* gives what only OpenSlide reads to it unencrypted.

    UnreadableFile, UnsupportedImage: one sentence naming the file. The readers are imported when first needed.
    """
    if not sources:
        raise UnreadableFile("No file was given to open as a slide.")
    first = sources[0]
    try:
        with first.open() as stream:
            start = stream.read(132)
    except OSError as error:
        raise UnreadableFile(f"{first.name} cannot be opened ({error.strerror or error}).") from error
    if not start:
        raise UnreadableFile(f"{first.name} is empty.")
    if start[128:132] == b"DICM":
        from viewers.pathology.dicom_source import open_dicom_slide

        return open_dicom_slide(sources, is_partial=is_partial)
    if len(sources) > 1:
        raise UnsupportedImage(f"{first.name} and {len(sources) - 1} more files were given as one slide; give one.")
    if start[:4] in TIFF_STARTS:
        from viewers.pathology.tiff_source import open_tiff_slide

        return open_tiff_slide(first, lend)
    from viewers.pathology.openslide_source import open_with_openslide

    return open_with_openslide(first, lend)
