"""Which level and which tiles a field of view needs. Arithmetic only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from viewers.pathology.slide_source import SlideLevel
from viewers.pathology.tile_cache import TileKey

TOLERATED_ENLARGEMENT = 1.02
"""A level may be drawn this much larger than its pixels before the next finer one is wanted."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a picture of a slide shows: device pixel (0, 0) has its top-left corner at slide point
    (``left_px`` / ``scale_x``, ``top_px`` / ``scale_y``), level-0 px; scales are device pixels per level-0 pixel."""

    left_px: float
    top_px: float
    width_px: int
    height_px: int
    scale_x: float
    scale_y: float


@dataclass(frozen=True, slots=True)
class LevelRect:
    """Whole pixels of one level: x0 ≤ x < x1, y0 ≤ y < y1."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def is_empty(self) -> bool:
        return self.x1 <= self.x0 or self.y1 <= self.y0


def choose_level(levels: Sequence[SlideLevel], scale: float) -> int:
    """The coarsest level that still has a pixel for every device pixel at *scale* (device px per level-0 px)."""
    chosen = 0
    for index, level in enumerate(levels):
        if level.downsample * scale <= TOLERATED_ENLARGEMENT:
            chosen = index
    return chosen


def level_rect(level: SlideLevel, field: Field, margin_px: int = 1) -> LevelRect:
    """The pixels of *level* that *field* shows, with a margin for interpolation, cut at the level's edges."""
    across, down = field.scale_x * level.downsample, field.scale_y * level.downsample
    return LevelRect(
        min(max(floor(field.left_px / across) - margin_px, 0), level.width_px),
        min(max(floor(field.top_px / down) - margin_px, 0), level.height_px),
        min(max(ceil((field.left_px + field.width_px) / across) + margin_px, 0), level.width_px),
        min(max(ceil((field.top_px + field.height_px) / down) + margin_px, 0), level.height_px),
    )


def tiles_of(level_index: int, level: SlideLevel, rect: LevelRect) -> list[TileKey]:
    """The tiles that hold *rect*, the ones nearest to its centre first."""
    if rect.is_empty:
        return []
    middle_x = (rect.x0 + rect.x1) / 2 / level.tile_width_px - 0.5
    middle_y = (rect.y0 + rect.y1) / 2 / level.tile_height_px - 0.5
    keys = [
        TileKey(level_index, column, row)
        for row in range(rect.y0 // level.tile_height_px, (rect.y1 - 1) // level.tile_height_px + 1)
        for column in range(rect.x0 // level.tile_width_px, (rect.x1 - 1) // level.tile_width_px + 1)
    ]
    keys.sort(key=lambda key: (key.column - middle_x) ** 2 + (key.row - middle_y) ** 2)
    return keys


def ring_around(level: SlideLevel, rect: LevelRect) -> LevelRect:
    """*rect* and one tile more on every side: what the next small move will show."""
    return LevelRect(
        max(rect.x0 - level.tile_width_px, 0),
        max(rect.y0 - level.tile_height_px, 0),
        min(rect.x1 + level.tile_width_px, level.width_px),
        min(rect.y1 + level.tile_height_px, level.height_px),
    )
