"""The shapes a mark can have, as plain geometry in the coordinates of the image they lie on. No units, no drawing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot
from typing import NamedTuple


class ImagePoint(NamedTuple):
    """A point in its mark's own image: (column, row) of a frame as `geometry.PixelPoint`, or level-0 pixels of a slide
    as `geometry.SlidePoint`; which of the two, the mark's target says."""

    x: float
    y: float


class Bounds(NamedTuple):
    """The smallest upright rectangle around a shape, in image pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def is_near(self, point: ImagePoint, distance: float) -> bool:
        return (
            self.left - distance <= point.x <= self.right + distance
            and self.top - distance <= point.y <= self.bottom + distance
        )


@dataclass(frozen=True, slots=True)
class Polyline:
    """Points joined by straight lines, open; two points are a length."""

    points: tuple[ImagePoint, ...]

    def __post_init__(self) -> None:
        if len(self.points) < 2:
            raise ValueError("a polyline has at least two points")

    @property
    def segments(self) -> tuple[tuple[ImagePoint, ImagePoint], ...]:
        return tuple(zip(self.points, self.points[1:], strict=False))


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed outline; the first point is not repeated at the end."""

    points: tuple[ImagePoint, ...]

    def __post_init__(self) -> None:
        if len(self.points) < 3:
            raise ValueError("a polygon has at least three points")

    @property
    def segments(self) -> tuple[tuple[ImagePoint, ImagePoint], ...]:
        return tuple(zip(self.points, self.points[1:] + self.points[:1], strict=True))

    @property
    def signed_area(self) -> float:
        """Shoelace sum in square image pixels; the sign tells the direction of the outline."""
        return sum(a.x * b.y - b.x * a.y for a, b in self._from_first()) / 2.0

    def _from_first(self) -> Iterable[tuple[ImagePoint, ImagePoint]]:
        # Relative to the first point: at slide coordinates (1e5) the plain products lose digits.
        origin = self.points[0]
        for a, b in self.segments:
            yield ImagePoint(a.x - origin.x, a.y - origin.y), ImagePoint(b.x - origin.x, b.y - origin.y)

    @property
    def crosses_itself(self) -> bool:
        """Whether two edges that are not neighbours meet: then the enclosed area has no one meaning."""
        edges = self.segments
        last = len(edges) - 1
        return any(
            _meet(*edges[i], *edges[j])
            for i in range(len(edges))
            for j in range(i + 2, len(edges))
            if not (i == 0 and j == last)
        )


Shape = Polyline | Polygon


def shape_of(kind: str, points: Iterable[Iterable[float]]) -> Shape:
    """The shape of that *kind* (``polyline`` or ``polygon``). ValueError for another kind or too few points."""
    pairs = tuple(ImagePoint(float(x), float(y)) for x, y in points)
    if kind == "polyline":
        return Polyline(pairs)
    if kind == "polygon":
        return Polygon(pairs)
    raise ValueError(f"unknown kind of mark: {kind}")


def kind_of(shape: Shape) -> str:
    """``polyline`` or ``polygon``."""
    return "polygon" if isinstance(shape, Polygon) else "polyline"


def moved(shape: Shape, dx: float, dy: float) -> Shape:
    """The same shape, shifted."""
    return type(shape)(tuple(ImagePoint(p.x + dx, p.y + dy) for p in shape.points))


def with_point(shape: Shape, index: int, point: ImagePoint) -> Shape:
    """The same shape with its point number *index* put elsewhere."""
    return type(shape)((*shape.points[:index], point, *shape.points[index + 1 :]))


def bounds_of(shape: Shape) -> Bounds:
    xs = [p.x for p in shape.points]
    ys = [p.y for p in shape.points]
    return Bounds(min(xs), min(ys), max(xs), max(ys))


def distance(a: ImagePoint, b: ImagePoint) -> float:
    """Image pixels between two points."""
    return hypot(a.x - b.x, a.y - b.y)


def distance_to_line(shape: Shape, point: ImagePoint) -> float:
    """Image pixels from *point* to the nearest place on the shape's line or outline."""
    return min(_distance_to_segment(a, b, point) for a, b in shape.segments)


def _distance_to_segment(a: ImagePoint, b: ImagePoint, p: ImagePoint) -> float:
    dx, dy = b.x - a.x, b.y - a.y
    squared = dx * dx + dy * dy
    along = 0.0 if squared == 0 else max(0.0, min(1.0, ((p.x - a.x) * dx + (p.y - a.y) * dy) / squared))
    return distance(p, ImagePoint(a.x + along * dx, a.y + along * dy))


def _side(a: ImagePoint, b: ImagePoint, p: ImagePoint) -> float:
    return (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x)


def _meet(a: ImagePoint, b: ImagePoint, c: ImagePoint, d: ImagePoint) -> bool:
    s1, s2, s3, s4 = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if ((s1 > 0) != (s2 > 0)) and ((s3 > 0) != (s4 > 0)) and 0 not in (s1, s2, s3, s4):
        return True
    return any(
        s == 0 and min(p.x, q.x) <= r.x <= max(p.x, q.x) and min(p.y, q.y) <= r.y <= max(p.y, q.y)
        for s, p, q, r in ((s1, a, b, c), (s2, a, b, d), (s3, c, d, a), (s4, c, d, b))
    )
