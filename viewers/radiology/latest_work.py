"""Work that only the latest of counts: one thread, and of each asker only its last wish. No Qt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable


class LatestWork:
    """What was asked and not begun gives way to what the same asker asks next; urgent wishes go before others. May be
    used from any thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._urgent: dict[Hashable, Callable[[], None]] = {}
        self._patient: dict[Hashable, Callable[[], None]] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def is_pressed(self) -> bool:
        """Whether something urgent waits, or nothing is wanted any more: patient work in hand should give up."""
        return self._closed or bool(self._urgent)

    def ask(self, asker: Hashable, work: Callable[[], None], *, urgent: bool = True) -> None:
        """Do *work*, which answers for itself and raises nothing; nothing is done after `close`."""
        with self._changed:
            if self._closed:
                return
            self._urgent.pop(asker, None)
            self._patient.pop(asker, None)
            (self._urgent if urgent else self._patient)[asker] = work
            self._begin()

    def ask_again(self, asker: Hashable, work: Callable[[], None]) -> None:
        """Patient *work* that gave up; nothing if its asker has asked for something else meanwhile."""
        with self._changed:
            if not self._closed and asker not in self._urgent and asker not in self._patient:
                self._patient[asker] = work
                self._begin()

    def close(self) -> None:
        """What is begun is finished, what waits is dropped."""
        with self._changed:
            self._closed = True
            self._urgent.clear()
            self._patient.clear()
            self._changed.notify()

    def _begin(self) -> None:
        self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or bool(self._urgent) or bool(self._patient))
                if self._closed:
                    return
                wishes = self._urgent or self._patient
                work = wishes.pop(next(iter(wishes)))
            work()
            # Between two wishes nothing of the last one is held.
            del work
