"""Soft-edged solids painted into images, and smooth pseudo-random fields: what the phantoms are built from.

Distances are signed millimetres, negative inside. A solid's edge is blended over one pixel, so that its half-height
contour lies exactly on the true surface.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatImage = npt.NDArray[np.floating[Any]]


def paint(image: FloatImage, distance_mm: FloatImage, value: float | FloatImage, pixel_mm: float) -> None:
    """Blend *value* into *image* where *distance_mm* is negative. All arrays share one shape."""
    cover = np.clip(0.5 - distance_mm / pixel_mm, 0.0, 1.0)
    image += cover * (value - image)


def ellipse_distance(x: FloatImage, y: FloatImage, cx: float, cy: float, a: float, b: float) -> FloatImage:
    """Approximate signed distance (mm) to an axis-parallel ellipse; exact on its surface and for circles."""
    if a <= 0 or b <= 0:
        return np.full(np.broadcast(x, y).shape, 1e3, np.float32)
    radius = np.sqrt(((x - cx) / a) ** 2 + ((y - cy) / b) ** 2)
    return np.asarray((radius - 1.0) * min(a, b), np.float32)


class SmoothField:
    """A smooth pseudo-random field of unit variance over space: a sum of plane waves of random direction."""

    def __init__(self, rng: np.random.Generator, wavelength_mm: float, waves: int = 10) -> None:
        directions = rng.normal(size=(waves, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        lengths = wavelength_mm * rng.uniform(0.7, 1.4, size=(waves, 1))
        self._k = (2 * np.pi * directions / lengths).astype(np.float32)
        self._phase = rng.uniform(0, 2 * np.pi, waves).astype(np.float32)

    def __call__(self, x: FloatImage, y: FloatImage, z: FloatImage | float) -> FloatImage:
        """Values at the points (x, y, z) in mm; the arrays broadcast."""
        total = np.zeros(np.broadcast(x, y, z).shape, np.float32)
        for (kx, ky, kz), phase in zip(self._k, self._phase, strict=True):
            total += np.sin(kx * x + ky * y + kz * z + phase)
        return np.asarray(total * np.sqrt(2.0 / len(self._phase)), np.float32)
