"""Samples of an image at the viewport's pixels: linear when magnifying, from a 2×2 pyramid when minifying.

Works on stored values, before windowing: windowing first is visibly wrong at edges. No window, no colour here.
"""

from __future__ import annotations

from math import ceil
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from viewers.radiology.viewport_geometry import Affine

_DIRECT = {np.dtype(name) for name in ("u1", "u2", "i2", "f4", "f8")}


class Region(NamedTuple):
    """A rectangle of device pixels: left and top inside, right and bottom just outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def is_empty(self) -> bool:
        return self.right <= self.left or self.bottom <= self.top


class Pyramid:
    """One image and its halves, made when first needed. (rows, columns) or (rows, columns, 3); not copied."""

    def __init__(self, values: NDArray[Any]) -> None:
        if values.dtype not in _DIRECT:
            values = values.astype(np.float64)
        self._levels = [np.ascontiguousarray(values)]

    @property
    def base(self) -> NDArray[Any]:
        return self._levels[0]

    def level(self, halvings: int) -> NDArray[Any]:
        """The image halved that often by 2×2 means; stops at one pixel."""
        while len(self._levels) <= halvings and min(self._levels[-1].shape[:2]) > 1:
            last = self._levels[-1]
            size = ((last.shape[1] + 1) // 2, (last.shape[0] + 1) // 2)
            half: Any = cv2.resize(last, size, interpolation=cv2.INTER_AREA)
            self._levels.append(half)
        return self._levels[min(halvings, len(self._levels) - 1)]


def covered_region(to_view: Affine, columns: int, rows: int, width: int, height: int) -> Region:
    """The device pixels whose centres lie inside the image, cut to the viewport. The transform has no shear."""
    x0, y0 = to_view.map(0, 0)
    x1, y1 = to_view.map(columns, rows)
    left, right = sorted((x0, x1))
    top, bottom = sorted((y0, y1))
    return Region(
        max(0, ceil(left - 0.5)),
        max(0, ceil(top - 0.5)),
        min(width, ceil(right - 0.5)),
        min(height, ceil(bottom - 0.5)),
    )


def sample(pyramid: Pyramid, to_view: Affine, region: Region) -> NDArray[Any]:
    """Values at the centres of *region*'s device pixels, in the image's own type (64-bit floats for odd types).

    Exact where device pixels and image pixels coincide.
    """
    scale = max(abs(to_view.xx) + abs(to_view.xy), abs(to_view.yx) + abs(to_view.yy))
    halvings = 0
    while scale * (1 << halvings) < 0.75 and halvings < 12:
        halvings += 1
    base, level = pyramid.base, pyramid.level(halvings)
    # Image coordinates → this level's, both with the corner at (0, 0); cv2 counts from pixel centres.
    fx, fy = level.shape[1] / base.shape[1], level.shape[0] / base.shape[0]
    xx, xy, yx, yy = to_view.xx / fx, to_view.xy / fy, to_view.yx / fx, to_view.yy / fy
    dx = to_view.dx - region.left + (xx + xy) / 2 - 0.5
    dy = to_view.dy - region.top + (yx + yy) / 2 - 0.5
    matrix = np.array([[xx, xy, dx], [yx, yy, dy]], np.float64)
    whole = all(abs(part) in (0.0, 1.0) for part in (xx, xy, yx, yy)) and dx == round(dx) and dy == round(dy)
    sampled: Any = cv2.warpAffine(
        level,
        matrix,
        (region.right - region.left, region.bottom - region.top),
        flags=cv2.INTER_NEAREST if whole else cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(sampled)
