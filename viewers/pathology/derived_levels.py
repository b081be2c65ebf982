"""Fills the gaps of a slide's pyramid with levels averaged here, so that no view ever shrinks by more than two.

A level of 1/4 of a file that stores 1 and 1/16 is each 2 × 2 pixels of 1/2 averaged, and those of the stored 1.
"""

from __future__ import annotations

import cv2
import numpy as np

from viewers.pathology.slide_source import Pixels, SlideLevel, SlideSource, assemble_region
from viewers.pathology.tile_cache import TileCache, TileKey

COARSEST_PX = 512
LARGEST_GAP = 2.05
TILE_PX = 256
CACHE_BYTES = 48 << 20


class CompletedSlide:
    """A `SlideSource` with further levels marked ``is_derived``; closing it closes nothing of *source*'s."""

    def __init__(self, source: SlideSource) -> None:
        self._source = source
        self._stored_index: dict[int, int] = {}
        self._kept = TileCache(CACHE_BYTES)
        self.name = source.name
        self.format_name = source.format_name
        self.calibration = source.calibration
        self.objective_power = source.objective_power
        self.icc_profile = source.icc_profile
        self.warnings = source.warnings
        self.associated_names = source.associated_names
        levels: list[SlideLevel] = []
        for index, level in enumerate(source.levels):
            while levels and level.downsample / levels[-1].downsample > LARGEST_GAP:
                levels.append(_half(levels[-1]))
            self._stored_index[len(levels)] = index
            levels.append(level)
        while max(levels[-1].width_px, levels[-1].height_px) > COARSEST_PX:
            levels.append(_half(levels[-1]))
        self.levels = tuple(levels)

    def close(self) -> None:
        self._kept.clear()

    def read_associated(self, name: str) -> Pixels:
        return self._source.read_associated(name)

    def read_tile(self, level: int, column: int, row: int) -> Pixels:
        stored = self._stored_index.get(level)
        if stored is not None:
            return self._source.read_tile(stored, column, row)
        key = TileKey(level, column, row)
        kept = self._kept.find(key)
        if kept is not None:
            return kept
        at, finer = self.levels[level], self.levels[level - 1]
        width, height = at.tile_size(column, row)
        x, y = 2 * column * at.tile_width_px, 2 * row * at.tile_height_px
        part = self.read_region(
            x, y, min(2 * width, finer.width_px - x), min(2 * height, finer.height_px - y), level - 1
        )
        if part.shape[:2] != (2 * height, 2 * width):  # an odd side: the last pixel stands for itself
            missing = ((0, 2 * height - part.shape[0]), (0, 2 * width - part.shape[1]), (0, 0))
            part = np.pad(part, missing, mode="edge")
        tile: Pixels = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        self._kept.put(key, tile)
        return tile

    def read_region(self, x: int, y: int, width: int, height: int, level: int = 0) -> Pixels:
        return assemble_region(self, x, y, width, height, level)


def _half(level: SlideLevel) -> SlideLevel:
    return SlideLevel(
        -(-level.width_px // 2), -(-level.height_px // 2), level.downsample * 2, TILE_PX, TILE_PX, is_derived=True
    )
