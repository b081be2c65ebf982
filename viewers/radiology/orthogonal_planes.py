"""The planes that readers ask for by name: axial, coronal and sagittal of the patient, and those of the images."""

from __future__ import annotations

from enum import Enum
from math import ceil

from viewers.geometry import Direction, PatientPoint, cross, dot, unit
from viewers.radiology.slice_plane import SlicePlane
from viewers.radiology.volume_geometry import VolumeGeometry


class Orientation(Enum):
    """The patient's planes, shown as radiologists read them: right on the left, the head up, the face to the left."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


_DIRECTIONS: dict[Orientation, tuple[Direction, Direction]] = {
    Orientation.AXIAL: ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    Orientation.CORONAL: ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    Orientation.SAGITTAL: ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}
_AXIS = {Orientation.AXIAL: 2, Orientation.CORONAL: 1, Orientation.SAGITTAL: 0}


def orthogonal_plane(
    geometry: VolumeGeometry, orientation: Orientation, *, at_mm: float | None = None, spacing_mm: float | None = None
) -> SlicePlane:
    """The patient's plane through the volume's centre, or at *at_mm*, large enough for all of the volume.

    *at_mm* is the patient coordinate along the axis that the plane is perpendicular to (z for axial, y for coronal, x
    for sagittal). *spacing_mm*: by default the finest of the volume's own.
    """
    centre = list(geometry.centre)
    if at_mm is not None:
        centre[_AXIS[orientation]] = at_mm
    right, down = _DIRECTIONS[orientation]
    return plane_over(geometry, PatientPoint(*centre), right, down, spacing_mm=spacing_mm)


def plane_over(
    geometry: VolumeGeometry,
    point: PatientPoint,
    right: Direction,
    down: Direction,
    *,
    spacing_mm: float | None = None,
) -> SlicePlane:
    """The plane through *point* with these directions, its rectangle just over the shadow of the whole volume."""
    spacing = min(geometry.spacing_mm) if spacing_mm is None else spacing_mm
    across = [dot(right, corner) for corner in geometry.corners]
    below = [dot(down, corner) for corner in geometry.corners]
    normal = cross(right, down)
    middle, level, depth = (min(across) + max(across)) / 2, (min(below) + max(below)) / 2, dot(normal, point)
    x, y, z = (middle * r + level * d + depth * n for r, d, n in zip(right, down, normal, strict=True))
    columns = ceil((max(across) - min(across)) / spacing - 1e-6) + 1
    rows = ceil((max(below) - min(below)) / spacing - 1e-6) + 1
    return SlicePlane(PatientPoint(x, y, z), right, down, spacing, rows, columns)


def image_plane(geometry: VolumeGeometry, k: float) -> SlicePlane:
    """The plane of image *k* (of a place between images too), with the directions that the images are stored in."""
    i_mm, j_mm = geometry.column_step_mm, geometry.row_step_mm
    right, down = unit(i_mm), unit(j_mm)
    # Directions that are stated to few digits are not quite perpendicular.
    down = unit([d - dot(down, right) * r for d, r in zip(down, right, strict=True)])
    point = [o + k * s for o, s in zip(geometry.origin, geometry.slice_step_mm, strict=True)]
    middle = [
        p + i * (geometry.columns - 1) / 2 + j * (geometry.rows - 1) / 2
        for p, i, j in zip(point, i_mm, j_mm, strict=True)
    ]
    spacing = min(geometry.spacing_mm[1:])
    columns = round((geometry.columns - 1) * geometry.spacing_mm[2] / spacing) + 1
    rows = round((geometry.rows - 1) * geometry.spacing_mm[1] / spacing) + 1
    return SlicePlane(PatientPoint(*middle), right, down, spacing, rows, columns)
