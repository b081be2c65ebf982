"""Points, planes and their transforms. Every coordinate says its frame and unit here and nowhere else.

Conventions
- Patient coordinates are millimetres in LPS (x to the patient's left, y to posterior, z to the head),
  DICOM PS3.3 C.7.6.2.1.1.
- Image coordinates are (column, row) in pixels, continuous, as in DICOM graphic data (PS3.3 C.10.5.1.2 "PIXEL"):
  the image's top-left *corner* is (0, 0), the *centre* of the first pixel is (0.5, 0.5).
- A voxel index is (k, j, i) = (slice, row, column), integers; voxel (k, j, i) has its centre at image point
  (i + 0.5, j + 0.5).
- Slide coordinates are (x, y) in level-0 pixels, top-left corner of the full image (0, 0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple


class PatientPoint(NamedTuple):
    """A point in patient coordinates, millimetres, LPS."""

    x_mm: float
    y_mm: float
    z_mm: float


class PixelPoint(NamedTuple):
    """A continuous point in one image, pixels; (0, 0) is the top-left corner, (0.5, 0.5) the first pixel's centre."""

    column: float
    row: float


class SlidePoint(NamedTuple):
    """A continuous point on a slide, level-0 pixels; (0, 0) is the top-left corner of the full image."""

    x_px: float
    y_px: float


class VoxelIndex(NamedTuple):
    """A voxel of a volume: slice, row, column; zero-based."""

    k: int
    j: int
    i: int


Direction = tuple[float, float, float]
"""A vector in patient axes: a unit direction, or a step in mm where its name says so."""


def dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def length(a: Sequence[float]) -> float:
    return sqrt(dot(a, a))


def unit(a: Sequence[float]) -> Direction:
    """The direction of *a*, one long."""
    size = length(a)
    return (a[0] / size, a[1] / size, a[2] / size)


def cross(a: Direction, b: Direction) -> Direction:
    """The vector perpendicular to both, by the right-hand rule."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


@dataclass(frozen=True, slots=True)
class PlaneGeometry:
    """Where one image lies in the patient (DICOM PS3.3 C.7.6.2, Image Plane Module).

    ``position`` is the *centre* of the first pixel (ImagePositionPatient). ``row_direction`` points along a row, the
    way columns increase (first triple of ImageOrientationPatient); ``column_direction`` points down a column.
    ``row_spacing_mm`` is the distance between rows (first value of PixelSpacing), ``column_spacing_mm`` that between
    columns.
    """

    position: PatientPoint
    row_direction: Direction
    column_direction: Direction
    row_spacing_mm: float
    column_spacing_mm: float

    @property
    def normal(self) -> Direction:
        """Unit vector row × column."""
        return unit(cross(self.row_direction, self.column_direction))

    @property
    def distance_along_normal_mm(self) -> float:
        """The position projected on the normal: what slices are ordered by."""
        return dot(self.normal, self.position)

    def to_patient(self, point: PixelPoint) -> PatientPoint:
        """The patient point shown at *point* of this image (PS3.3 equation C.7.6.2.1-1)."""
        across = (point.column - 0.5) * self.column_spacing_mm
        down = (point.row - 0.5) * self.row_spacing_mm
        a, b, p = self.row_direction, self.column_direction, self.position
        return PatientPoint(
            p.x_mm + a[0] * across + b[0] * down,
            p.y_mm + a[1] * across + b[1] * down,
            p.z_mm + a[2] * across + b[2] * down,
        )

    def to_pixel(self, point: PatientPoint) -> PixelPoint:
        """The image point nearest to *point*: its perpendicular projection on the plane."""
        a, b, p = self.row_direction, self.column_direction, self.position
        d = (point.x_mm - p.x_mm, point.y_mm - p.y_mm, point.z_mm - p.z_mm)
        across = d[0] * a[0] + d[1] * a[1] + d[2] * a[2]
        down = d[0] * b[0] + d[1] * b[1] + d[2] * b[2]
        return PixelPoint(across / self.column_spacing_mm + 0.5, down / self.row_spacing_mm + 0.5)
