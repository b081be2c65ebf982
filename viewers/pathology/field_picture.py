"""Makes the picture of a field out of cached tiles: sharp where they are here, from coarser ones where they are not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from viewers.pathology.slide_source import Pixels, SlideLevel, SlideSource
from viewers.pathology.tile_cache import TileCache, TileKey
from viewers.pathology.tile_grid import Field, LevelRect, choose_level, level_rect, tiles_of

OUTSIDE_BGRX = (34, 29, 26, 255)
"""What is drawn where no slide is."""
LARGEST_SMOOTH_SCALE = 8.0
"""Beyond this many device pixels per level-0 pixel, pixels are drawn as squares, not as mist."""


@dataclass(frozen=True, slots=True)
class FieldPicture:
    """``pixels`` (height, width, 4) BGRX; ``missing``: the wanted tiles of ``level`` not yet here, nearest first.

    ``canvas``: ``rect`` of the level at its own resolution, which ``pixels`` are resampled from.
    """

    field: Field
    pixels: Pixels
    level: int
    wanted: tuple[TileKey, ...]
    missing: tuple[TileKey, ...]
    rect: LevelRect
    canvas: Pixels


def draw_field(source: SlideSource, cache: TileCache, field: Field) -> FieldPicture:
    """The picture of *field* from what *cache* holds now; reads nothing, so it may run on the UI thread."""
    index = choose_level(source.levels, max(field.scale_x, field.scale_y))
    level = source.levels[index]
    rect = level_rect(level, field)
    pixels = np.empty((field.height_px, field.width_px, 4), np.uint8)
    canvas = np.empty((max(rect.y1 - rect.y0, 0), max(rect.x1 - rect.x0, 0), 4), np.uint8)
    if rect.is_empty:
        pixels[:] = OUTSIDE_BGRX
        return FieldPicture(field, pixels, index, (), (), rect, canvas)
    wanted = tiles_of(index, level, rect)
    missing = []
    for key in wanted:
        tile = cache.find(key)
        part, target = _part(canvas, rect, level, key)
        if tile is None:
            missing.append(key)
            _fill_from_coarser(source, cache, index, part, target)
        else:
            _paste(tile, part, level, key, target)
    _resample(canvas, rect, field, level.downsample, pixels)
    return FieldPicture(field, pixels, index, tuple(wanted), tuple(missing), rect, canvas)


def refine_field(source: SlideSource, cache: TileCache, picture: FieldPicture) -> FieldPicture:
    """*picture* with the tiles that have come since; its arrays are written to and belong to the result."""
    level = source.levels[picture.level]
    missing = []
    for key in picture.missing:
        tile = cache.find(key)
        if tile is None:
            missing.append(key)
        else:
            part, target = _part(picture.canvas, picture.rect, level, key)
            _paste(tile, part, level, key, target)
    if len(missing) == len(picture.missing):
        return picture
    _resample(picture.canvas, picture.rect, picture.field, level.downsample, picture.pixels)
    return replace(picture, missing=tuple(missing))


def _part(canvas: Pixels, rect: LevelRect, level: SlideLevel, key: TileKey) -> tuple[LevelRect, Pixels]:
    """What of *rect* the tile covers, and that part of *canvas*."""
    left, top = key.column * level.tile_width_px, key.row * level.tile_height_px
    width, height = level.tile_size(key.column, key.row)
    part = LevelRect(max(left, rect.x0), max(top, rect.y0), min(left + width, rect.x1), min(top + height, rect.y1))
    return part, canvas[part.y0 - rect.y0 : part.y1 - rect.y0, part.x0 - rect.x0 : part.x1 - rect.x0]


def _paste(tile: Pixels, part: LevelRect, level: SlideLevel, key: TileKey, target: Pixels) -> None:
    left, top = key.column * level.tile_width_px, key.row * level.tile_height_px
    target[:] = tile[part.y0 - top : part.y1 - top, part.x0 - left : part.x1 - left]


def _resample(canvas: Pixels, rect: LevelRect, field: Field, downsample: float, pixels: Pixels) -> None:
    """Map *canvas* (*rect* of a level) onto the device pixels of *field*; pixel centres at one half."""
    across, down = field.scale_x * downsample, field.scale_y * downsample
    left, top = int(field.left_px), int(field.top_px)
    if across == 1.0 and down == 1.0 and (left, top) == (field.left_px, field.top_px):
        x, y = rect.x0 - left, rect.y0 - top
        x0, y0 = max(x, 0), max(y, 0)
        x1, y1 = min(x + canvas.shape[1], field.width_px), min(y + canvas.shape[0], field.height_px)
        if (x0, y0, x1, y1) != (0, 0, field.width_px, field.height_px):
            pixels[:] = OUTSIDE_BGRX
        pixels[y0:y1, x0:x1] = canvas[y0 - y : y1 - y, x0 - x : x1 - x]
        return
    to_canvas = np.array(
        [
            [1 / across, 0, (field.left_px + 0.5) / across - 0.5 - rect.x0],
            [0, 1 / down, (field.top_px + 0.5) / down - 0.5 - rect.y0],
        ]
    )
    enlarged = min(field.scale_x, field.scale_y) > LARGEST_SMOOTH_SCALE
    cv2.warpAffine(
        canvas,
        to_canvas,
        (field.width_px, field.height_px),
        dst=pixels,
        flags=(cv2.INTER_NEAREST if enlarged else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=OUTSIDE_BGRX,
    )


def _fill_from_coarser(source: SlideSource, cache: TileCache, index: int, part: LevelRect, target: Pixels) -> None:
    """Draw *part* of level *index* from the finest coarser level whose tiles are all here; else as glass."""
    own = source.levels[index]
    for coarser_index in range(index + 1, len(source.levels)):
        level = source.levels[coarser_index]
        ratio = level.downsample / own.downsample
        rect = LevelRect(
            min(int(part.x0 / ratio), level.width_px - 1),
            min(int(part.y0 / ratio), level.height_px - 1),
            min(int(np.ceil(part.x1 / ratio)), level.width_px),
            min(int(np.ceil(part.y1 / ratio)), level.height_px),
        )
        if rect.is_empty:
            continue
        patch = _cached_region(source, cache, coarser_index, rect)
        if patch is not None:
            to_patch = np.array(
                [
                    [1 / ratio, 0, (part.x0 + 0.5) / ratio - 0.5 - rect.x0],
                    [0, 1 / ratio, (part.y0 + 0.5) / ratio - 0.5 - rect.y0],
                ]
            )
            size = (target.shape[1], target.shape[0])
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            target[:] = cv2.warpAffine(patch, to_patch, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
            return
    target[:] = OUTSIDE_BGRX


def _cached_region(source: SlideSource, cache: TileCache, index: int, rect: LevelRect) -> Pixels | None:
    level = source.levels[index]
    region = np.empty((rect.y1 - rect.y0, rect.x1 - rect.x0, 4), np.uint8)
    for key in tiles_of(index, level, rect):
        tile = cache.find(key)
        if tile is None:
            return None
        part, target = _part(region, rect, level, key)
        _paste(tile, part, level, key, target)
    return region
