"""A slide file before it is let in: its structure read, its tiles decoded once as the slide reader will decode them."""

from __future__ import annotations

from collections.abc import Callable

from viewers.byte_source import ByteSource
from viewers.errors import UnreadableFile, UnsupportedImage
from viewers.pathology.slide_source import TIFF_STARTS, SlideSource, open_slide

MOST_TILES = 4_000_000
LARGEST_LEVEL_PX = 1 << 38
"""512 × 512 thousand pixels: a slide of 130 mm a side at 0.25 µm."""

SignOfLife = Callable[[], None]


def check_slide(source: ByteSource, alive: SignOfLife, decode_up_to_bytes: int | None = None) -> None:
    """Raises UnreadableFile where the file may not be let in. One that is well formed and not shown here may.

    Every tile of a file of at most *decode_up_to_bytes* (None: of any) is decoded; of a larger one a tile a level.
    """
    with source.open() as file:
        is_tiff = file.read(4) in TIFF_STARTS
    if not is_tiff and source.path is None:
        return  # a format of OpenSlide's, which opens plain files only: in the vault nothing can open it at all
    try:
        slide = open_slide([source])
    except UnsupportedImage:
        return
    alive()
    try:
        check_extent(slide)
        if decode_up_to_bytes is None or source.size_bytes <= decode_up_to_bytes:
            _decode_all(slide, alive)
    except UnsupportedImage:
        return
    finally:
        slide.close()


def check_extent(slide: SlideSource) -> None:
    """Raises UnreadableFile where a level is larger than any scanner makes it."""
    for level in slide.levels:
        if level.columns * level.rows > MOST_TILES or level.width_px * level.height_px > LARGEST_LEVEL_PX:
            raise UnreadableFile(
                f"{slide.name} claims {level.width_px} × {level.height_px} pixels, which no slide has."
            )


def _decode_all(slide: SlideSource, alive: SignOfLife) -> None:
    for number, level in enumerate(slide.levels):
        for row in range(level.rows):
            for column in range(level.columns):
                slide.read_tile(number, column, row)
                alive()
    for name in slide.associated_names:
        slide.read_associated(name)
        alive()
