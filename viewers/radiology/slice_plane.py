"""A plane through the patient that a picture is cut along: where it lies, how large it is, how it is moved and turned.

Cutting is `reslice`; the planes that readers ask for by name are in `orthogonal_planes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import cos, radians, sin

from viewers.geometry import Direction, PatientPoint, PixelPoint, PlaneGeometry, cross, dot, length, unit

_STRAIGHT = 1 - 1e-6
"""Cosine of a tenth of a degree."""


@dataclass(frozen=True, slots=True)
class SlicePlane:
    """A rectangle of *columns* × *rows* square pixels of ``spacing_mm`` around ``centre`` (mm, LPS).

    ``right`` and ``down`` are the perpendicular unit directions of a picture's row and column, as they are shown.
    ``centre`` is the middle of the rectangle: image point (columns / 2, rows / 2).
    """

    centre: PatientPoint
    right: Direction
    down: Direction
    spacing_mm: float
    rows: int
    columns: int

    def __post_init__(self) -> None:
        if self.spacing_mm <= 0 or self.rows < 1 or self.columns < 1:
            raise ValueError("a plane has pixels of a size above zero")
        if any(abs(length(direction) - 1) > 1e-6 for direction in (self.right, self.down)):
            raise ValueError("a plane's directions are unit vectors")
        if abs(dot(self.right, self.down)) > 1e-6:
            raise ValueError("a plane's directions are perpendicular")

    @property
    def geometry(self) -> PlaneGeometry:
        """The plane as that of an image: what lengths and letters are derived from."""
        return PlaneGeometry(
            self._corner_pixel, self.right, self.down, row_spacing_mm=self.spacing_mm, column_spacing_mm=self.spacing_mm
        )

    @property
    def normal(self) -> Direction:
        """right × down: away from who looks at the picture."""
        return cross(self.right, self.down)

    @property
    def is_oblique(self) -> bool:
        """Whether it is turned out of the patient's planes (by a tenth of a degree or more)."""
        return max(abs(part) for part in self.normal) < _STRAIGHT

    @property
    def distance_mm(self) -> float:
        """Where the plane stands along its normal, patient coordinates."""
        return dot(self.normal, self.centre)

    @property
    def _corner_pixel(self) -> PatientPoint:
        across = -(self.columns - 1) / 2 * self.spacing_mm
        down = -(self.rows - 1) / 2 * self.spacing_mm
        return _shifted(_shifted(self.centre, self.right, across), self.down, down)

    def to_patient(self, point: PixelPoint) -> PatientPoint:
        """The patient point shown at *point* of the picture; the first pixel's centre is (0.5, 0.5)."""
        return self.geometry.to_patient(point)

    def to_pixel(self, point: PatientPoint) -> PixelPoint:
        """The place in the picture nearest to *point*: its perpendicular projection."""
        return self.geometry.to_pixel(point)

    def distance_to_mm(self, point: PatientPoint) -> float:
        """How far *point* lies behind the plane along its normal; negative in front."""
        return dot(self.normal, [p - c for p, c in zip(point, self.centre, strict=True)])

    def moved(self, along_normal_mm: float) -> SlicePlane:
        """The plane further along its normal."""
        return replace(self, centre=_shifted(self.centre, self.normal, along_normal_mm))

    def through(self, point: PatientPoint) -> SlicePlane:
        """The parallel plane that *point* lies in; the rectangle stays over the same place."""
        return self.moved(self.distance_to_mm(point))

    def centred_on(self, point: PatientPoint) -> SlicePlane:
        """The parallel plane with *point* in the middle of its rectangle."""
        return replace(self, centre=point)

    def turned(self, axis: Direction, degrees: float, about: PatientPoint | None = None) -> SlicePlane:
        """The plane turned by the right-hand rule around *axis* through *about* (its own centre, if not given).

        Once makes an orthogonal plane oblique, twice around different axes double-oblique.
        """
        pivot = self.centre if about is None else about
        arm = [c - p for c, p in zip(self.centre, pivot, strict=True)]
        turned_arm = _rotated(arm, axis, degrees)
        right = unit(_rotated(self.right, axis, degrees))
        down = _rotated(self.down, axis, degrees)
        # Perpendicular to the last digit, however often the plane is turned.
        down = unit(tuple(d - dot(down, right) * r for d, r in zip(down, right, strict=True)))
        x, y, z = (p + a for p, a in zip(pivot, turned_arm, strict=True))
        return replace(self, centre=PatientPoint(x, y, z), right=right, down=down)

    def resized(self, rows: int, columns: int, spacing_mm: float) -> SlicePlane:
        """The same plane and middle with another grid of pixels."""
        return replace(self, rows=rows, columns=columns, spacing_mm=spacing_mm)

    def coarser(self, factor: int) -> SlicePlane:
        """Pixels *factor* times as large over (at least) the same rectangle."""
        rows, columns = -(-self.rows // factor), -(-self.columns // factor)
        return self.resized(rows, columns, self.spacing_mm * factor)


def _shifted(point: PatientPoint, direction: Direction, by_mm: float) -> PatientPoint:
    x, y, z = (p + d * by_mm for p, d in zip(point, direction, strict=True))
    return PatientPoint(x, y, z)


def _rotated(vector: Sequence[float], axis: Direction, degrees: float) -> Direction:
    """Rodrigues' formula."""
    k = unit(axis)
    c, s = cos(radians(degrees)), sin(radians(degrees))
    v = (vector[0], vector[1], vector[2])
    crossed, along = cross(k, v), dot(k, v) * (1 - c)
    x, y, z = (a * c + b * s + e * along for a, b, e in zip(v, crossed, k, strict=True))
    return (x, y, z)
