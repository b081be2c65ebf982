"""Where the voxels of a stack lie in the patient: the affine of its grid, its tilt, its gaps. No pixels here.

A stack of images is a volume only where positions say so; what cannot be one is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import acos, degrees, hypot
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from viewers.errors import UnsupportedImage
from viewers.geometry import Direction, PatientPoint, PlaneGeometry, cross, dot, length, unit
from viewers.radiology.frame import Series

GAP = 1.5
"""A step this many times the usual one is a gap: something is missing there, and nothing is interpolated across it."""
TILT_DEGREES = 0.5
"""From here on a stack is called tilted, as `ordering` calls it."""
_EVEN = 0.01
_SAME_PLACE_MM = 0.01
_SIDEWAYS_PX = 0.1


class VoxelPoint(NamedTuple):
    """A continuous point of a grid: slice, row, column; whole numbers are the voxels' centres."""

    k: float
    j: float
    i: float


@dataclass(frozen=True, slots=True)
class VolumeGeometry:
    """A grid of voxels in patient space (LPS, mm); voxel (0, 0, 0) has its centre at ``origin``.

    ``column_step_mm``, ``row_step_mm`` and ``slice_step_mm`` lead from a voxel's centre to the next one's along i, j
    and k. Of a tilted stack the third is not perpendicular to the others: the grid is sheared as the images are, so
    that every voxel is where its image says. ``places`` are the images' places along k in units of ``slice_step_mm``:
    0, 1, 2 … where the spacing is even.
    """

    origin: PatientPoint
    column_step_mm: Direction
    row_step_mm: Direction
    slice_step_mm: Direction
    rows: int
    columns: int
    places: tuple[float, ...]

    @property
    def slices(self) -> int:
        return len(self.places)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(slices, rows, columns)."""
        return (self.slices, self.rows, self.columns)

    @property
    def is_even(self) -> bool:
        """Whether the images are evenly spaced, so that k counts them."""
        return self.places == tuple(range(len(self.places)))

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Length of the steps along (k, j, i)."""
        return (length(self.slice_step_mm), length(self.row_step_mm), length(self.column_step_mm))

    @property
    def normal(self) -> Direction:
        """Unit vector perpendicular to the images: column step × row step."""
        return unit(cross(self.column_step_mm, self.row_step_mm))

    @property
    def tilt_degrees(self) -> float:
        """The angle between the direction of stacking and the images' normal; 0 for a stack that is not sheared."""
        cosine = abs(dot(self.slice_step_mm, self.normal)) / length(self.slice_step_mm)
        return degrees(acos(min(1.0, cosine)))

    @property
    def is_tilted(self) -> bool:
        return self.tilt_degrees > TILT_DEGREES

    @property
    def affine(self) -> NDArray[np.float64]:
        """4×4: (k, j, i, 1) → (x, y, z, 1) in mm, LPS."""
        matrix = np.eye(4)
        matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = self.slice_step_mm, self.row_step_mm, self.column_step_mm
        matrix[:3, 3] = self.origin
        return matrix

    @property
    def centre(self) -> PatientPoint:
        """The middle between the first and the last voxel's centre."""
        return self.to_patient(VoxelPoint(self.places[-1] / 2, (self.rows - 1) / 2, (self.columns - 1) / 2))

    @property
    def gaps(self) -> tuple[tuple[float, float], ...]:
        """Pairs of places along k between which an image is missing."""
        return tuple((a, b) for a, b in pairwise(self.places) if b - a >= GAP)

    @property
    def corners(self) -> tuple[PatientPoint, ...]:
        """The centres of the eight corner voxels."""
        return tuple(
            self.to_patient(VoxelPoint(k, j, i))
            for k in (0.0, self.places[-1])
            for j in (0.0, self.rows - 1.0)
            for i in (0.0, self.columns - 1.0)
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """What must be said beside every picture cut out of the grid."""
        found = []
        if self.is_tilted:
            found.append(f"Gantry tilt of {self.tilt_degrees:.1f}° corrected in this reconstruction.")
        if self.gaps:
            missing = "An image is" if len(self.gaps) == 1 else f"Images in {len(self.gaps)} places are"
            found.append(f"{missing} missing: nothing is shown there.")
        if not self.is_even and any(abs(step - 1) > _EVEN for step in self._steps if step < GAP):
            found.append("Images are unevenly spaced: each is shown at its own place.")
        return tuple(found)

    @property
    def _steps(self) -> tuple[float, ...]:
        return tuple(b - a for a, b in pairwise(self.places))

    def to_patient(self, point: VoxelPoint) -> PatientPoint:
        """The patient point of a place in the grid; inside or outside the images alike."""
        x, y, z = (
            origin + point.k * s + point.j * r + point.i * c
            for origin, s, r, c in zip(
                self.origin, self.slice_step_mm, self.row_step_mm, self.column_step_mm, strict=True
            )
        )
        return PatientPoint(x, y, z)

    def to_voxel(self, point: PatientPoint) -> VoxelPoint:
        """The place in the grid that `to_patient` takes to *point*."""
        k, j, i = np.linalg.solve(self.affine[:3, :3], np.subtract(point, self.origin))
        return VoxelPoint(float(k), float(j), float(i))


def volume_geometry(series: Series) -> VolumeGeometry:
    """The grid of *series*' images in their order.

    Raises UnsupportedImage where they are no volume: fewer than two, without positions, in colour, several at one
    position, or not above one another.
    """
    planes = [frame.geometry for frame in series.frames if frame.geometry is not None]
    if series.frames[0].layout.is_colour:
        raise _refusal(series, "its images are in colour")
    if len(series.frames) < 2:
        raise _refusal(series, "it is a single image")
    if len(planes) < len(series.frames):
        raise _refusal(series, "its images state no position in the patient")
    return _stacked(series, planes)


def _stacked(series: Series, planes: Sequence[PlaneGeometry]) -> VolumeGeometry:
    first, last = planes[0], planes[-1]
    along = [dot(first.normal, plane.position) - dot(first.normal, first.position) for plane in planes]
    steps = [b - a for a, b in pairwise(along)]
    if min(steps) <= _SAME_PLACE_MM:
        raise _refusal(series, "several of its images lie at one position")
    usual = along[-1] / len(steps)
    if any(abs(at - index * usual) > max(_SAME_PLACE_MM, _EVEN * usual) for index, at in enumerate(along)):
        usual = median(steps)
        places = tuple(at / usual for at in along)
    else:
        places = tuple(float(index) for index in range(len(along)))
    sx, sy, sz = ((b - a) / places[-1] for a, b in zip(first.position, last.position, strict=True))
    geometry = VolumeGeometry(
        origin=first.position,
        column_step_mm=_times(first.row_direction, first.column_spacing_mm),
        row_step_mm=_times(first.column_direction, first.row_spacing_mm),
        slice_step_mm=(sx, sy, sz),
        rows=series.rows,
        columns=series.columns,
        places=places,
    )
    for place, plane in zip(places, planes, strict=True):
        beside = first.to_pixel(plane.position)
        due = first.to_pixel(geometry.to_patient(VoxelPoint(place, 0.0, 0.0)))
        if hypot(beside.column - due.column, beside.row - due.row) > _SIDEWAYS_PX:
            raise _refusal(series, "its images are shifted sideways against each other, not along one line")
    return geometry


def _refusal(series: Series, reason: str) -> UnsupportedImage:
    return UnsupportedImage(f"“{series.title}” cannot be shown as a volume: {reason}.")


def _times(direction: Direction, factor: float) -> Direction:
    return (direction[0] * factor, direction[1] * factor, direction[2] * factor)
