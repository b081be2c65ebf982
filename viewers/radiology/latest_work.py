"""Work that only the latest of counts: one thread, and of each asker only its last wish. No Qt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable


class LatestWork:
    """What was asked and not begun gives way to what the same asker asks next. May be used from any thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._wishes: dict[Hashable, Callable[[], None]] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def ask(self, asker: Hashable, work: Callable[[], None]) -> None:
        """Do *work*, which answers for itself and raises nothing; nothing is done after `close`."""
        with self._changed:
            if self._closed:
                return
            self._wishes[asker] = work
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """What is begun is finished, what waits is dropped."""
        with self._changed:
            self._closed = True
            self._wishes.clear()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or bool(self._wishes))
                if self._closed:
                    return
                work = self._wishes.pop(next(iter(self._wishes)))
            work()
            # Between two wishes nothing of the last one is held.
            del work
