"""A volume along a drawn line, stretched straight: down the picture along the line, across it perpendicular to it.

Lengths down the picture are true along the line, and across it through the line; in other directions they are not,
which whoever shows the picture must say. (Curved planar reformation, the straightened kind: Kanitsar 2002.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewers.geometry import Direction, PatientPoint, PixelPoint, cross, unit
from viewers.radiology.centre_line import CentreLine, directions_across
from viewers.radiology.reslice import VoxelSampler
from viewers.radiology.voxel_volume import VoxelVolume


@dataclass(frozen=True, slots=True)
class CurvedPicture:
    """Values, (rows, columns), in the volume's unit, NaN where there is no image (``inside`` is False).

    Row r lies ``spacing_mm`` · r along the line, whose point is in the middle of the row. ``places`` and ``across`` are
    each row's point on the line and its direction to the right, (rows, 3), LPS.
    """

    values: NDArray[Any]
    inside: NDArray[np.bool_]
    spacing_mm: float
    places: NDArray[np.float64]
    across: NDArray[np.float64]

    def to_patient(self, point: PixelPoint) -> PatientPoint:
        """The patient point shown at *point*; between two rows it is between theirs. The first pixel's centre is
        (0.5, 0.5)."""
        rows = np.arange(len(self.places), dtype=np.float64)
        aside = (point.column - self.values.shape[1] / 2) * self.spacing_mm
        x, y, z = (
            float(np.interp(point.row - 0.5, rows, self.places[:, axis] + aside * self.across[:, axis]))
            for axis in range(3)
        )
        return PatientPoint(x, y, z)


def stretch(
    volume: VoxelVolume, line: CentreLine, towards: Direction, width_mm: float, spacing_mm: float | None = None
) -> CurvedPicture:
    """*volume* along *line*, *width_mm* wide, seen so that *towards* points to the right where the line begins.

    *spacing_mm*: size of a pixel, by default the finest of the volume's own.
    """
    pixel_mm = min(volume.geometry.spacing_mm) if spacing_mm is None else spacing_mm
    places = line.places(pixel_mm)
    if len(places) < 2:
        raise ValueError("the line is shorter than a pixel")
    _, across = directions_across(places, towards)
    columns = max(1, round(width_mm / pixel_mm))
    aside = (np.arange(columns) - (columns - 1) / 2) * pixel_mm
    inverse = np.linalg.inv(volume.geometry.affine)
    points = places[:, None, :] + aside[None, :, None] * across[:, None, :]
    voxels = points @ inverse[:3, :3].T + inverse[:3, 3]
    sampler = VoxelSampler(volume)
    found, inside = sampler.at([np.ascontiguousarray(voxels[..., axis]) for axis in range(3)])
    found = found * found.dtype.type(volume.slope) + found.dtype.type(volume.intercept)
    found[~inside] = np.nan
    return CurvedPicture(found, inside, pixel_mm, places, across)


def cross_section_axes(along: Direction, across: Direction) -> tuple[Direction, Direction]:
    """Right and down of the plane perpendicular to the line at a place, for a `SlicePlane` there."""
    right = unit(across)
    return right, unit(cross(unit(along), right))
