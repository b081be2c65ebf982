"""Lanes that work at once, or hold the store lane until told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class LanesAtOnce:
    """Every piece of work is done before the call returns; with `hold_store`, the store lane's waits."""

    def __init__(self) -> None:
        self.hold_store = False
        self._held: list[tuple[Callable[[], Any], Any, Any]] = []

    def store_lane(self, work: Callable[[], Any], done: Any = None, failed: Any = None) -> None:
        if self.hold_store:
            self._held.append((work, done, failed))
        else:
            _run(work, done, failed)

    def cpu_lane(self, work: Callable[[], Any], done: Any = None, failed: Any = None) -> None:
        _run(work, done, failed)

    def network_lane(self, work: Callable[[Callable[[], bool]], Any], done: Any = None, failed: Any = None) -> None:
        _run(lambda: work(lambda: False), done, failed)

    def release_one(self) -> bool:
        """Do the oldest held piece of work; False when none waits."""
        if not self._held:
            return False
        _run(*self._held.pop(0))
        return True


def _run(work: Callable[[], Any], done: Any, failed: Any) -> None:
    try:
        result = work()
    except Exception as error:
        if failed is None:
            raise
        failed(error)
    else:
        if done is not None:
            done(result)
