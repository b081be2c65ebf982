"""The lanes as presenters see them: where to work and how to hear of it, without Qt. `background` implements it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Lanes(Protocol):
    """Each lane takes work and calls `done` or `failed` on the thread of the user's screen."""

    def store_lane(
        self,
        work: Callable[[], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> Any:
        """Strictly in order; for everything that touches the store."""

    def network_lane(
        self,
        work: Callable[[Callable[[], bool]], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> Any:
        """For what waits for the hospital; the work is given `cancelled`."""

    def cpu_lane(
        self,
        work: Callable[[], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> Any:
        """For what computes."""
