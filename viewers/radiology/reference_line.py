"""Where one image's plane crosses another image. No Qt."""

from __future__ import annotations

from math import hypot

from viewers.geometry import PixelPoint, PlaneGeometry, dot
from viewers.radiology.frame import Frame

Segment = tuple[PixelPoint, PixelPoint]
_PARALLEL = 0.05
"""Sine of 3°: planes closer to parallel cross nowhere useful."""


def find_reference_line(of: Frame, on: Frame) -> Segment | None:
    """The part of *of*'s plane seen edge-on in *on*, in pixels of *on*: within both images' rectangles.

    None where the planes are (nearly) parallel, miss each other, or either image says nothing of its place. Whether
    both share a frame of reference is the caller's to know.
    """
    if of.geometry is None or on.geometry is None:
        return None
    return plane_line(of.geometry, (of.layout.columns, of.layout.rows), on)


def plane_line(of: PlaneGeometry, size: tuple[int, int], on: Frame) -> Segment | None:
    """The same for a plane of *size* (columns, rows) pixels that is no image, cut out of a volume."""
    if on.geometry is None:
        return None
    line = _line(of, on.geometry)
    if line is None:
        return None
    point, direction = line
    inside = _clip(point, direction, on.layout.columns, on.layout.rows)
    if inside is None:
        return None
    # The same two points in pixels of the crossing image, whose rectangle cuts the line a second time.
    start, end = (of.to_pixel(on.geometry.to_patient(end)) for end in inside)
    along = PixelPoint(end.column - start.column, end.row - start.row)
    both = _clip_steps(start, along, *size, 0.0, 1.0)
    return None if both is None else (_between(inside, both[0]), _between(inside, both[1]))


def _line(of: PlaneGeometry, on: PlaneGeometry) -> tuple[PixelPoint, PixelPoint] | None:
    """A point of the line in pixels of *on*, and its direction."""
    normal = of.normal
    per_column = dot(normal, on.row_direction) * on.column_spacing_mm
    per_row = dot(normal, on.column_direction) * on.row_spacing_mm
    if hypot(dot(normal, on.row_direction), dot(normal, on.column_direction)) < _PARALLEL:
        return None
    first = PixelPoint(0.5, 0.5)
    away = dot(normal, [a - b for a, b in zip(on.to_patient(first), of.position, strict=True)])
    slope = per_column * per_column + per_row * per_row
    point = PixelPoint(first.column - away * per_column / slope, first.row - away * per_row / slope)
    return point, PixelPoint(-per_row, per_column)


def _clip(point: PixelPoint, direction: PixelPoint, columns: int, rows: int) -> Segment | None:
    found = _clip_steps(point, direction, columns, rows, float("-inf"), float("inf"))
    if found is None:
        return None
    ends = [PixelPoint(point.column + direction.column * step, point.row + direction.row * step) for step in found]
    return ends[0], ends[1]


def _clip_steps(
    point: PixelPoint, direction: PixelPoint, columns: int, rows: int, least: float, most: float
) -> tuple[float, float] | None:
    """The range of steps along *direction* that stays within the image (Liang and Barsky 1984)."""
    for at, step, size in ((point.column, direction.column, columns), (point.row, direction.row, rows)):
        if step == 0.0:
            if not 0.0 <= at <= size:
                return None
            continue
        enter, leave = sorted(((0.0 - at) / step, (size - at) / step))
        least, most = max(least, enter), min(most, leave)
    return (least, most) if least < most else None


def _between(ends: Segment, step: float) -> PixelPoint:
    (a, b), (c, d) = ends
    return PixelPoint(a + (c - a) * step, b + (d - b) * step)
