"""A slide file before it is let in: its structure read, its tiles decoded once as the slide reader will decode them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from math import gcd

from viewers.byte_source import ByteSource
from viewers.door.slide_passed import PASSED_OPENSLIDE
from viewers.errors import UnreadableFile
from viewers.pathology.plain_file import Lend, PlainFile, lend_nothing
from viewers.pathology.slide_source import SlideSource, open_slide

MOST_TILES = 4_000_000
LARGEST_LEVEL_PX = 1 << 38
"""512 × 512 thousand pixels: a slide of 130 mm a side at 0.25 µm."""
DECODED_FOR_S = 120.0
"""How long tiles are decoded of a slide that only OpenSlide reads; what it takes is spread over the whole slide."""

SignOfLife = Callable[[], None]


def check_slide(
    source: ByteSource,
    alive: SignOfLife,
    decode_up_to_bytes: int | None = None,
    *,
    lend: Lend = lend_nothing,
    decode_for_s: float = DECODED_FOR_S,
) -> bytes:
    """What is to be remembered of it: `PASSED_OPENSLIDE`, or nothing. UnreadableFile where the file may not be let in,
    UnsupportedImage where it is well formed and not shown here (NoPlainFile: not now).

    Every tile of a file of at most *decode_up_to_bytes* (None: of any) is decoded; of a larger one a tile a level.
    One that *lend* was needed for is read all over, for *decode_for_s*.
    """
    borrowed = _Borrowed(lend)
    slide = open_slide([source], borrowed)
    alive()
    try:
        check_extent(slide)
        if borrowed.is_used:
            _decode_across(slide, alive, decode_for_s)
            return PASSED_OPENSLIDE
        if decode_up_to_bytes is None or source.size_bytes <= decode_up_to_bytes:
            _decode_all(slide, alive)
        return b""
    finally:
        slide.close()


class _Borrowed:
    """Knows afterwards whether there was need of it."""

    def __init__(self, lend: Lend) -> None:
        self._lend = lend
        self.is_used = False

    def __call__(self, source: ByteSource) -> PlainFile:
        self.is_used = True
        return self._lend(source)


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


def _decode_across(slide: SlideSource, alive: SignOfLife, for_s: float) -> None:
    """Tiles of every level, coarsest first and each level in equal steps all over it, until the time is up; at least
    one of each."""
    for name in slide.associated_names:
        slide.read_associated(name)
        alive()
    until = time.monotonic() + for_s
    for number in reversed(range(len(slide.levels))):
        level = slide.levels[number]
        now = time.monotonic()
        level_until = now + max(0.0, until - now) / (number + 1)
        for index in _spread(level.columns * level.rows):
            slide.read_tile(number, index % level.columns, index // level.columns)
            alive()
            if time.monotonic() > level_until:
                break


def _spread(count: int) -> Iterator[int]:
    """Every number below *count* once, neighbours far apart: however soon it is broken off, what came lies all over."""
    step = max(1, round(count * 0.618))
    while gcd(step, count) > 1:
        step += 1
    return (index * step % count for index in range(count))
