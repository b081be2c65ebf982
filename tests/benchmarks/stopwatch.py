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
