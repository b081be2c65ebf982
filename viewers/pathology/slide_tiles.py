"""The tiles of one shown slide: completed pyramid, cache and fetcher together, and the pictures made from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from viewers.pathology.derived_levels import CompletedSlide
from viewers.pathology.field_picture import FieldPicture, draw_field, refine_field
from viewers.pathology.slide_source import Pixels, SlideLevel, SlideSource
from viewers.pathology.tile_cache import TileCache, TileKey
from viewers.pathology.tile_fetcher import TileFetcher
from viewers.pathology.tile_grid import Field, choose_level, level_rect, ring_around, tiles_of

CACHE_BYTES = 256 << 20
LARGEST_PREFETCH = 64


class SlideTiles:
    """Draws fields at once from what is here and fetches what is not: sharp tiles of the newest field first."""

    def __init__(self, source: SlideSource, on_arrived: Callable[[TileKey], None]) -> None:
        self.slide = CompletedSlide(source)
        self._cache = TileCache(CACHE_BYTES)
        self._fetcher = TileFetcher(self.slide, self._cache, on_arrived)
        self._overview: tuple[TileKey, ...] = ()

    def draw(self, field: Field) -> FieldPicture:
        """The picture now. What it misses is fetched, then the overview, then what the next small move will show.

        Fetching begins before the picture is put together, so that both go on at once.
        """
        index = choose_level(self.slide.levels, max(field.scale_x, field.scale_y))
        level = self.slide.levels[index]
        rect = level_rect(level, field)
        # Derived tiles cost many stored ones: none of them on a guess.
        ahead = [] if level.is_derived else tiles_of(index, level, ring_around(level, rect))[:LARGEST_PREFETCH]
        self._fetcher.want([*tiles_of(index, level, rect), *self._overview, *ahead])
        return draw_field(self.slide, self._cache, field)

    def draw_overview(self, field: Field) -> FieldPicture:
        """The whole slide, small. Its tiles are the coarse ones every field falls back to."""
        picture = draw_field(self.slide, self._cache, field)
        self._overview = picture.missing
        return picture

    def refine(self, picture: FieldPicture) -> FieldPicture:
        """*picture* with what has arrived since it was drawn; the same object if nothing has."""
        return refine_field(self.slide, self._cache, picture)

    def is_complete(self, picture: FieldPicture) -> bool:
        """Whether everything *picture* misses is here by now."""
        return all(key in self._cache for key in picture.missing)

    def count_damaged(self, picture: FieldPicture) -> int:
        """How many tiles of *picture* cannot be read at all."""
        return len(self._fetcher.damaged_among(picture.missing))

    def stored_tiles(self) -> list[tuple[SlideLevel, TileKey, Pixels]]:
        """Every tile that is here as the file has it, with its level."""
        levels = self.slide.levels
        return [(levels[key.level], key, tile) for key, tile in self._cache.items() if not levels[key.level].is_derived]

    def adopt(self, tiles: Sequence[tuple[SlideLevel, TileKey, Pixels]]) -> None:
        """Tiles of the same slide as it was with fewer levels: they need not be read again."""
        places = {_grid(level): index for index, level in enumerate(self.slide.levels) if not level.is_derived}
        for level, key, tile in tiles:
            index = places.get(_grid(level))
            if index is not None:
                self._cache.put(TileKey(index, key.column, key.row), tile)

    def is_idle(self) -> bool:
        return self._fetcher.is_idle()

    def stop(self) -> None:
        """End the fetching threads and free the tiles. The source stays open: it is its opener's."""
        self._fetcher.stop()
        self._cache.clear()
        self.slide.close()


def _grid(level: SlideLevel) -> tuple[int, int, int, int]:
    """What tells the levels of one slide apart, whichever of them is the finest."""
    return level.width_px, level.height_px, level.tile_width_px, level.tile_height_px
