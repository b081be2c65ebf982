"""The border of a mask as closed polygons along the edges of its pixels. No Qt."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Corner = tuple[int, int]
"""(column, row) of a pixel's corner; (0, 0) is the image's."""

_SIDES: tuple[tuple[Corner, Corner, Corner], ...] = (
    ((0, -1), (0, 0), (1, 0)),
    ((1, 0), (1, 0), (1, 1)),
    ((0, 1), (1, 1), (0, 1)),
    ((-1, 0), (0, 1), (0, 0)),
)
"""Of a pixel, clockwise as seen: where the neighbour beyond it lies, its first corner and its last."""


def outlines_of(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Closed polygons, (count, 2) of (column, row), whose even-odd filling is exactly *mask* (rows, columns).

    Outer borders run clockwise as seen, holes the other way. Pixels that touch at a corner only are apart.
    """
    following = _border(mask)
    loops = []
    while following:
        start = next(iter(following))
        loops.append(_simplified(_walk(following, start)))
    return loops


def _border(mask: NDArray[np.bool_]) -> dict[Corner, list[Corner]]:
    """From each corner on the border to the next ones, with the mask to the right."""
    padded = np.pad(mask, 1)
    following: dict[Corner, list[Corner]] = {}
    for (dx, dy), first, last in _SIDES:
        beyond = padded[1 + dy : padded.shape[0] - 1 + dy, 1 + dx : padded.shape[1] - 1 + dx]
        rows, columns = np.nonzero(mask & ~beyond)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            following.setdefault((column + first[0], row + first[1]), []).append((column + last[0], row + last[1]))
    return following


def _walk(following: dict[Corner, list[Corner]], start: Corner) -> list[Corner]:
    """One loop from *start* back to it; its sides are taken out of *following*."""
    loop, here, came = [start], start, (0, 0)
    while True:
        ways = following[here]
        # Where two pixels meet at a corner, the right turn stays at the pixel it came along.
        way = ways[0] if len(ways) == 1 else next(one for one in ways if _turns_right(came, here, one))
        ways.remove(way)
        if not ways:
            del following[here]
        if way == start:
            return loop
        came = (way[0] - here[0], way[1] - here[1])
        here = way
        loop.append(here)


def _turns_right(came: Corner, here: Corner, way: Corner) -> bool:
    """Rows grow downwards, so a turn to the right has a positive cross product; any way is one at the start."""
    onward = (way[0] - here[0], way[1] - here[1])
    return came == (0, 0) or came[0] * onward[1] - came[1] * onward[0] > 0


def _simplified(loop: list[Corner]) -> NDArray[np.float64]:
    """Corners only where the border turns."""
    points: NDArray[Any] = np.array(loop, np.float64)
    before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
    turns = np.any(points - before != after - points, axis=1)
    return np.asarray(points[turns])
