"""Lanes that work at once, or when told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class LanesAtOnce:
    """Every piece of work is done before the call returns."""

    def store_lane(self, work: Callable[[], Any], done: Any = None, failed: Any = None) -> None:
        _run(work, done, failed)

    def cpu_lane(self, work: Callable[[], Any], done: Any = None, failed: Any = None) -> None:
        _run(work, done, failed)

    def network_lane(self, work: Callable[[Callable[[], bool]], Any], done: Any = None, failed: Any = None) -> None:
        _run(lambda: work(lambda: False), done, failed)


class LanesWhenTold(LanesAtOnce):
    """Work waits until `run` is called; each lane keeps its order."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Any, Any]] = []

    def store_lane(self, work: Callable[[], Any], done: Any = None, failed: Any = None) -> None:
        self.waiting.append((work, done, failed))

    def cpu_lane(self, work: Callable[[], Any], done: Any = None, failed: Any = None) -> None:
        self.waiting.append((work, done, failed))

    def run(self) -> None:
        """Do all that waits, and all that comes of it."""
        while self.waiting:
            _run(*self.waiting.pop(0))

    def run_until(self, reached: Callable[[], bool]) -> None:
        """Do what waits, one after the other; what the last of it brought is not answered yet, and waits too."""
        while not reached():
            work, done, failed = self.waiting.pop(0)
            result = work()
            if reached():
                self.waiting.insert(0, (lambda answer=result: answer, done, failed))
            elif done is not None:
                done(result)


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
