"""Decoded tiles in memory: the least recently used go first once the bytes are used up. Safe from any thread."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import NamedTuple

from viewers.pathology.slide_source import Pixels


class TileKey(NamedTuple):
    """One tile of one slide."""

    level: int
    column: int
    row: int


class TileCache:
    """Tiles by key, at most *capacity_bytes* of pixels."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity_bytes = capacity_bytes
        self._tiles: OrderedDict[TileKey, Pixels] = OrderedDict()
        self._size_bytes = 0
        self._lock = threading.Lock()

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def __contains__(self, key: TileKey) -> bool:
        return key in self._tiles

    def find(self, key: TileKey) -> Pixels | None:
        """The tile, now the most recently used; None if it is not here."""
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
            return tile

    def put(self, key: TileKey, tile: Pixels) -> None:
        """Keep *tile*; older ones make room. A tile larger than the whole cache is not kept."""
        if tile.nbytes > self._capacity_bytes:
            return
        with self._lock:
            known = self._tiles.pop(key, None)
            self._size_bytes += tile.nbytes - (0 if known is None else known.nbytes)
            self._tiles[key] = tile
            while self._size_bytes > self._capacity_bytes:
                self._size_bytes -= self._tiles.popitem(last=False)[1].nbytes

    def items(self) -> list[tuple[TileKey, Pixels]]:
        """What is here now, the least recently used first."""
        with self._lock:
            return list(self._tiles.items())

    def clear(self) -> None:
        with self._lock:
            self._tiles.clear()
            self._size_bytes = 0
