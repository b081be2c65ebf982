"""Reads wanted tiles into the cache on its own threads, the first wanted first; drops what is wanted no more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

from viewers.errors import ViewerError
from viewers.pathology.slide_source import SlideSource
from viewers.pathology.tile_cache import TileCache, TileKey

THREADS = 2
JOIN_S = 2.0


class TileFetcher:
    """Each call of `want` begins a new generation: its list replaces everything that had not been begun."""

    def __init__(
        self, source: SlideSource, cache: TileCache, on_arrived: Callable[[TileKey], None], threads: int = THREADS
    ) -> None:
        """*on_arrived* is called on a reading thread after each tile, also after one that could not be read."""
        self._source = source
        self._cache = cache
        self._on_arrived = on_arrived
        self._wanted: list[TileKey] = []
        self._begun: set[TileKey] = set()
        self._damaged: set[TileKey] = set()
        self._stopped = False
        self._change = threading.Condition()
        self._threads = [threading.Thread(target=self._read, name=f"tiles-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def want(self, keys: Sequence[TileKey]) -> None:
        """Read these, in this order, and forget what was wanted before. Damaged tiles are not tried again."""
        with self._change:
            self._wanted = [key for key in reversed(keys) if key not in self._cache and key not in self._damaged]
            if self._wanted:
                self._change.notify_all()

    def damaged_among(self, keys: Iterable[TileKey]) -> frozenset[TileKey]:
        """Those of *keys* that were tried and cannot be read."""
        with self._change:
            return frozenset(self._damaged.intersection(keys))

    def is_idle(self) -> bool:
        """Whether nothing is wanted and nothing is being read."""
        with self._change:
            return not self._wanted and not self._begun

    def stop(self) -> None:
        """Drop what is wanted and let the threads end; waits for tiles being read, at most `JOIN_S`."""
        with self._change:
            self._stopped = True
            self._wanted.clear()
            self._change.notify_all()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(JOIN_S)

    def _next(self) -> TileKey | None:
        with self._change:
            while not self._stopped:
                while self._wanted:
                    key = self._wanted.pop()
                    if key not in self._begun and key not in self._cache:
                        self._begun.add(key)
                        return key
                self._change.wait()
            return None

    def _read(self) -> None:
        while (key := self._next()) is not None:
            damaged = False
            try:
                self._cache.put(key, self._source.read_tile(*key))
            except ViewerError:
                damaged = True
            with self._change:
                self._begun.discard(key)
                if damaged:
                    self._damaged.add(key)
                stopped = self._stopped
            if not stopped:
                self._on_arrived(key)
