"""Times a piece of work several times over and keeps the median; what a row of the report says."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured action, what it was compared with in the same run, and product.md's bar in words."""

    action: str
    ms: float
    reference: str
    reference_ms: float
    bar: str

    @property
    def ratio(self) -> float:
        return self.ms / self.reference_ms if self.reference_ms else float("nan")


def median_ms(work: Callable[[], object], runs: int = 3) -> float:
    """Median wall time of *runs* calls, milliseconds."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def medians_in_turns_ms(first: Callable[[], object], second: Callable[[], object], runs: int) -> tuple[float, float]:
    """Median wall times of two works done in turns, so that a busy moment of the machine meets both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for work, times in zip((first, second), taken, strict=True):
            times.append(median_ms(work, 1))
    return statistics.median(taken[0]), statistics.median(taken[1])
