"""A volume whose grid other programs can take: evenly spaced and not sheared, made from one that is neither.

Their formats know one spacing and perpendicular axes only. Nothing is invented: what the images do not cover is NaN.
"""

from __future__ import annotations

from math import ceil

import numpy as np

from viewers.geometry import Direction, PatientPoint, cross, dot, length, unit
from viewers.radiology.reslice import reslice
from viewers.radiology.slice_plane import SlicePlane
from viewers.radiology.volume_geometry import VolumeGeometry
from viewers.radiology.voxel_volume import VoxelVolume

_NEVER_SHEARED = 1e-3
"""Cosine between axes (0.06°) below which rounding made the difference."""


def is_straight(geometry: VolumeGeometry) -> bool:
    """Whether the grid is evenly spaced with perpendicular axes."""
    axes = [unit(step) for step in (geometry.slice_step_mm, geometry.row_step_mm, geometry.column_step_mm)]
    pairs = ((0, 1), (0, 2), (1, 2))
    return geometry.is_even and all(abs(dot(axes[a], axes[b])) < _NEVER_SHEARED for a, b in pairs)


def straightened(volume: VoxelVolume) -> VoxelVolume:
    """*volume* on a straight grid over all of it, pixels as large as its own, in modality units; itself if straight.

    Linear between voxels. Pixels become square where they were not.
    """
    if is_straight(volume.geometry):
        return volume
    grid, plane = _straight_grid(volume.geometry)
    step_mm = length(grid.slice_step_mm)
    values = np.stack([reslice(volume, plane.moved(k * step_mm)).values for k in range(grid.slices)])
    return VoxelVolume(grid, values, np.ones(grid.slices, np.bool_), unit=volume.unit)


def _straight_grid(geometry: VolumeGeometry) -> tuple[VolumeGeometry, SlicePlane]:
    """The grid over the whole of *geometry* with its images' directions, and the plane of its first slice."""
    across = unit(geometry.column_step_mm)
    normal = geometry.normal
    down = unit(cross(normal, across))
    pixel = min(geometry.spacing_mm[1:])
    step = dot(geometry.slice_step_mm, normal)
    low, counts = [], []
    for direction, spacing in ((across, pixel), (down, pixel), (normal, step)):
        shadow = [dot(direction, corner) for corner in geometry.corners]
        low.append(min(shadow))
        counts.append(ceil((max(shadow) - min(shadow)) / spacing - 1e-6) + 1)
    columns, rows, slices = counts
    origin = _sum_of((across, low[0]), (down, low[1]), (normal, low[2]))
    grid = VolumeGeometry(
        origin, _times(across, pixel), _times(down, pixel), _times(normal, step), rows, columns,
        tuple(float(k) for k in range(slices)),
    )  # fmt: skip
    middle = _sum_of(
        (across, low[0] + (columns - 1) / 2 * pixel), (down, low[1] + (rows - 1) / 2 * pixel), (normal, low[2])
    )
    return grid, SlicePlane(middle, across, down, pixel, rows, columns)


def _times(direction: Direction, factor: float) -> Direction:
    return (direction[0] * factor, direction[1] * factor, direction[2] * factor)


def _sum_of(*parts: tuple[Direction, float]) -> PatientPoint:
    x, y, z = (sum(direction[axis] * by for direction, by in parts) for axis in range(3))
    return PatientPoint(x, y, z)
