"""Which tiles a field needs, in which order they come, what is kept and what is dropped."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from viewers.calibration import uncalibrated
from viewers.errors import UnreadableFile
from viewers.pathology.derived_levels import CompletedSlide
from viewers.pathology.field_picture import OUTSIDE_BGRX, draw_field
from viewers.pathology.slide_source import Pixels, SlideLevel, SlideSource, assemble_region
from viewers.pathology.tile_cache import TileCache, TileKey
from viewers.pathology.tile_fetcher import TileFetcher
from viewers.pathology.tile_grid import Field, LevelRect, choose_level, level_rect, tiles_of

MEGABYTE = 1 << 20


@dataclass
class PaintedSlide:
    """Level-0 pixel (x, y) is (x % 256, y % 256, 0); a fake of 1000 × 700 px, levels 1 and 1/4."""

    levels: tuple[SlideLevel, ...] = (SlideLevel(1000, 700, 1.0, 128, 128), SlideLevel(250, 175, 4.0, 128, 128))
    reads: list[TileKey] = field(default_factory=list)
    damaged: frozenset[TileKey] = frozenset()
    gate: threading.Event | None = None
    entered: threading.Event = field(default_factory=threading.Event)
    name = "painted.tif"
    format_name = "painted"
    calibration = uncalibrated("painted")
    objective_power = None
    icc_profile = None
    warnings: tuple[str, ...] = ()
    associated_names: tuple[str, ...] = ()

    def read_tile(self, level: int, column: int, row: int) -> Pixels:
        self.entered.set()
        if self.gate is not None:
            assert self.gate.wait(5)
        key = TileKey(level, column, row)
        self.reads.append(key)
        if key in self.damaged:
            raise UnreadableFile("painted.tif holds a damaged tile.")
        at = self.levels[level]
        width, height = at.tile_size(column, row)
        y, x = np.mgrid[0:height, 0:width]
        scale = int(at.downsample)
        tile = np.full((height, width, 4), 255, np.uint8)
        tile[..., 0] = ((x + column * at.tile_width_px) * scale) % 256
        tile[..., 1] = ((y + row * at.tile_height_px) * scale) % 256
        tile[..., 2] = 0
        return tile

    def read_associated(self, name: str) -> Pixels:
        raise NotImplementedError

    def read_region(self, x: int, y: int, width: int, height: int, level: int = 0) -> Pixels:
        return assemble_region(self, x, y, width, height, level)

    def close(self) -> None: ...


def fill(source: SlideSource, cache: TileCache, level: int) -> None:
    at = source.levels[level]
    for row in range(at.rows):
        for column in range(at.columns):
            cache.put(TileKey(level, column, row), source.read_tile(level, column, row))


def test_that_the_coarsest_level_with_a_pixel_for_every_device_pixel_is_chosen() -> None:
    levels = [SlideLevel(1000 // n, 1000 // n, float(n), 256, 256) for n in (1, 2, 4)]
    assert [choose_level(levels, scale) for scale in (2.0, 1.0, 0.6, 0.5, 0.3, 0.25, 0.01)] == [0, 0, 0, 1, 1, 2, 2]


def test_that_the_middle_tile_of_a_field_comes_first() -> None:
    level = SlideLevel(2560, 2560, 1.0, 256, 256)
    keys = tiles_of(0, level, LevelRect(0, 0, 1280, 1280))
    assert keys[0] == TileKey(0, 2, 2)
    assert len(keys) == 25
    assert set(keys[-4:]) == {TileKey(0, c, r) for c in (0, 4) for r in (0, 4)}


def test_that_a_field_beside_the_slide_needs_no_tile() -> None:
    level = SlideLevel(1000, 700, 1.0, 128, 128)
    assert level_rect(level, Field(5000, 0, 100, 100, 1.0, 1.0)).is_empty
    assert level_rect(level, Field(-500, 0, 100, 100, 1.0, 1.0)).is_empty


def test_that_the_cache_lets_the_least_recently_used_go() -> None:
    tile = np.zeros((16, 16, 4), np.uint8)
    cache = TileCache(3 * tile.nbytes)
    keys = [TileKey(0, n, 0) for n in range(4)]
    for key in keys[:3]:
        cache.put(key, tile)
    assert cache.find(keys[0]) is not None
    cache.put(keys[3], tile)
    assert [key in cache for key in keys] == [True, False, True, True]
    assert cache.size_bytes == 3 * tile.nbytes
    cache.put(keys[3], tile)
    assert cache.size_bytes == 3 * tile.nbytes


def test_that_a_field_at_1_to_1_is_the_slide_pixel_for_pixel() -> None:
    source, cache = PaintedSlide(), TileCache(16 * MEGABYTE)
    fill(source, cache, 0)
    picture = draw_field(source, cache, Field(301, 77, 400, 300, 1.0, 1.0))
    assert not picture.missing
    np.testing.assert_array_equal(picture.pixels, source.read_region(301, 77, 400, 300))


def test_that_what_lies_outside_the_slide_is_background() -> None:
    source, cache = PaintedSlide(), TileCache(16 * MEGABYTE)
    fill(source, cache, 0)
    picture = draw_field(source, cache, Field(-50, 650, 200, 100, 1.0, 1.0))
    assert tuple(picture.pixels[10, 10]) == OUTSIDE_BGRX
    assert tuple(picture.pixels[90, 100]) == OUTSIDE_BGRX
    np.testing.assert_array_equal(picture.pixels[:50, 50:], source.read_region(0, 650, 150, 50))


@pytest.mark.parametrize("scale", [0.37, 0.5, 1.7, 3.0])
def test_that_a_slide_point_is_drawn_where_the_field_says(scale: float) -> None:
    source, cache = PaintedSlide((SlideLevel(1000, 700, 1.0, 128, 128),)), TileCache(16 * MEGABYTE)
    fill(source, cache, 0)
    left, top = round(20 * scale), round(30 * scale)
    picture = draw_field(source, cache, Field(left, top, 60, 40, scale, scale))
    y, x = 21, 33
    slide_x, slide_y = (left + x + 0.5) / scale - 0.5, (top + y + 0.5) / scale - 0.5
    assert picture.pixels[y, x, 0] == pytest.approx(slide_x, abs=1)
    assert picture.pixels[y, x, 1] == pytest.approx(slide_y, abs=1)


def test_that_a_missing_tile_is_drawn_from_the_coarser_level_and_named() -> None:
    source, cache = PaintedSlide(), TileCache(16 * MEGABYTE)
    fill(source, cache, 1)
    picture = draw_field(source, cache, Field(0, 0, 250, 250, 1.0, 1.0))
    assert set(picture.missing) == {TileKey(0, c, r) for c in (0, 1) for r in (0, 1)}
    assert picture.pixels[100, 60, 0] == pytest.approx(60, abs=5)
    assert picture.pixels[100, 60, 1] == pytest.approx(100, abs=5)


def test_that_gaps_of_the_pyramid_are_filled_by_averages() -> None:
    source = PaintedSlide()
    completed = CompletedSlide(source)
    assert [(level.downsample, level.is_derived) for level in completed.levels] == [
        (1.0, False),
        (2.0, True),
        (4.0, False),
    ]
    full = source.read_region(0, 0, 200, 200).astype(float)[..., :3]
    expected = full.reshape(100, 2, 100, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(completed.read_region(0, 0, 100, 100, 1)[..., :3], expected, atol=1)
    assert completed.levels[1].width_px == 500
    assert completed.read_tile(1, 1, 1).shape == (94, 244, 4)


def test_that_a_single_level_gets_coarse_ones_down_to_an_overview() -> None:
    completed = CompletedSlide(PaintedSlide((SlideLevel(999, 701, 1.0, 128, 128),)))
    assert [(level.width_px, level.height_px) for level in completed.levels] == [(999, 701), (500, 351)]
    assert completed.read_region(0, 0, 500, 351, 1).shape == (351, 500, 4)


def test_that_what_is_no_longer_wanted_is_not_read() -> None:
    source, cache, arrived = PaintedSlide(gate=threading.Event()), TileCache(MEGABYTE), threading.Semaphore(0)
    fetcher = TileFetcher(source, cache, lambda _key: arrived.release(), threads=1)
    fetcher.want([TileKey(0, n, 0) for n in range(6)])
    assert source.entered.wait(5)
    fetcher.want([TileKey(0, 5, 3), TileKey(0, 4, 3)])
    assert source.gate is not None
    source.gate.set()
    for _ in range(3):
        assert arrived.acquire(timeout=5)
    fetcher.stop()
    assert source.reads[-2:] == [TileKey(0, 5, 3), TileKey(0, 4, 3)]
    assert len(source.reads) == 3


def test_that_a_damaged_tile_is_told_and_not_tried_again() -> None:
    bad, good = TileKey(0, 0, 0), TileKey(0, 1, 0)
    source, cache, arrived = PaintedSlide(damaged=frozenset({bad})), TileCache(MEGABYTE), threading.Semaphore(0)
    fetcher = TileFetcher(source, cache, lambda _key: arrived.release(), threads=1)
    fetcher.want([bad, good])
    assert arrived.acquire(timeout=5)
    assert arrived.acquire(timeout=5)
    fetcher.want([bad])
    assert fetcher.damaged_among([bad, good]) == {bad}
    assert good in cache
    assert fetcher.is_idle()
    fetcher.stop()
    assert source.reads.count(bad) == 1


def test_that_stopping_ends_the_threads() -> None:
    before = threading.active_count()
    fetcher = TileFetcher(PaintedSlide(), TileCache(MEGABYTE), lambda _key: None, threads=2)
    fetcher.want([TileKey(0, 0, 0)])
    fetcher.stop()
    assert threading.active_count() == before
