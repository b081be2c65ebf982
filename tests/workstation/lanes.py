"""Lanes that work at once, for presenters under test: no threads, no Qt, same calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class ImmediateLanes:
    """Work is done inside the call; `held` keeps it back until `release`, to test what happens in between."""

    def __init__(self) -> None:
        self.is_held = False
        self._waiting: list[Callable[[], None]] = []

    def store_lane(self, work: Callable[[], Any], done: Any = None, failed: Any = None) -> None:
        self._submit(work, done, failed)

    def cpu_lane(self, work: Callable[[], Any], done: Any = None, failed: Any = None) -> None:
        self._submit(work, done, failed)

    def network_lane(self, work: Callable[[Callable[[], bool]], Any], done: Any = None, failed: Any = None) -> None:
        self._submit(lambda: work(lambda: False), done, failed)

    def release(self) -> None:
        """Do what was held, in order, and hold no more."""
        self.is_held = False
        while self._waiting:
            self._waiting.pop(0)()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def _submit(self, work: Callable[[], Any], done: Any, failed: Any) -> None:
        def step() -> None:
            try:
                result = work()
            except Exception as error:
                if failed is None:
                    raise
                failed(error)
            else:
                if done is not None:
                    done(result)

        if self.is_held:
            self._waiting.append(step)
        else:
            step()
