"""A line drawn along a vessel or a canal: smooth through its points, measured along itself, with directions across it.

Pictures along it are `curved`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewers.geometry import PatientPoint

_FINE = 64
"""Steps between two drawn points by which the curve's length is taken."""


@dataclass(frozen=True, slots=True)
class CentreLine:
    """At least two different points in order, mm, LPS; the line between them is a Catmull-Rom curve through all."""

    points: tuple[PatientPoint, ...]

    def __post_init__(self) -> None:
        drawn = np.array(self.points, np.float64)
        if len(drawn) < 2 or np.linalg.norm(np.diff(drawn, axis=0), axis=1).min() <= 0:
            raise ValueError("a centre line has at least two points, each different from the one before")

    @property
    def length_mm(self) -> float:
        """Along the curve."""
        return float(_along(self._fine())[-1])

    def places(self, step_mm: float) -> NDArray[np.float64]:
        """(count, 3): points on the curve, *step_mm* apart along it, from the first drawn point on."""
        fine = self._fine()
        along = _along(fine)
        wanted = np.arange(0.0, along[-1] + 1e-9, step_mm)
        return np.stack([np.interp(wanted, along, fine[:, axis]) for axis in range(3)], axis=1)

    def _fine(self) -> NDArray[np.float64]:
        drawn = np.array(self.points, np.float64)
        # The ends are carried on straight: the curve begins and ends in the direction of its first and last step.
        padded = np.vstack([2 * drawn[0] - drawn[1], drawn, 2 * drawn[-1] - drawn[-2]])
        t = (np.arange(_FINE) / _FINE)[:, None]
        pieces = []
        for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
            a, b = (end - before) / 2, (after - start) / 2
            pieces.append(
                start * (2 * t**3 - 3 * t**2 + 1)
                + a * (t**3 - 2 * t**2 + t)
                + end * (3 * t**2 - 2 * t**3)
                + b * (t**3 - t**2)
            )
        return np.vstack([*pieces, drawn[-1:]])


def directions_across(
    places: NDArray[np.float64], towards: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit vectors along the line and across it at each of *places*, both (count, 3).

    Across begins as near to *towards* as is perpendicular and is carried along without twisting (double reflection,
    Wang 2008), so that what lies beside the line does not turn around it.
    """
    along = np.gradient(places, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.empty_like(along)
    across[0] = _perpendicular(np.array(towards, np.float64), along[0])
    for n in range(len(places) - 1):
        step = places[n + 1] - places[n]
        size = step @ step
        carried = across[n] - 2 / size * (step @ across[n]) * step
        turned = along[n] - 2 / size * (step @ along[n]) * step
        second = along[n + 1] - turned
        weight = second @ second
        reflected = carried - 2 / weight * (second @ carried) * second if weight > 1e-20 else carried
        across[n + 1] = _perpendicular(reflected, along[n + 1])
    return along, across


def _perpendicular(vector: NDArray[np.float64], to: NDArray[np.float64]) -> NDArray[np.float64]:
    part = vector - (vector @ to) * to
    size = np.linalg.norm(part)
    if size < 1e-6 * max(1.0, float(np.linalg.norm(vector))):
        # Along the line itself: any direction across it will do, the axis that runs least with it is as good as any.
        axis = np.eye(3)[int(np.abs(to).argmin())]
        part = axis - (axis @ to) * to
        size = np.linalg.norm(part)
    return np.asarray(part / size)


def _along(points: NDArray[np.float64]) -> NDArray[np.float64]:
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])
