"""How fast bytes may come: one limit for all threads, met by waiting after what has come."""

from __future__ import annotations

import threading
import time

from sync.transfer.retry import Cancelled, pause


class Bandwidth:
    """``limit_bytes_s`` None: as fast as it goes. May be changed at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limit: float | None = None
        self._free_at_s = 0.0

    @property
    def limit_bytes_s(self) -> float | None:
        return self._limit

    @limit_bytes_s.setter
    def limit_bytes_s(self, limit: float | None) -> None:
        with self._lock:
            self._limit = limit
            self._free_at_s = 0.0

    def came(self, count: int, cancelled: Cancelled) -> None:
        """Waits until *count* bytes were allowed to come; `TransferCancelled` as soon as *cancelled*."""
        with self._lock:
            if self._limit is None:
                return
            now = time.monotonic()
            self._free_at_s = max(self._free_at_s, now) + count / self._limit
            wait_s = self._free_at_s - now
        pause(wait_s, cancelled)
