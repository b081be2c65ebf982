"""Pictures cut out of a volume along any plane: values in modality units, linear between voxels, nothing beyond them.

Measured on 512² out of 300×512² (two cores): this 5 ms, vtkImageReslice 2 ms, SimpleITK 2.5 ms, numba 2 ms. It alone
knows padding, missing and unevenly spaced images, and it adds no library. Thick slabs are `slab`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewers.geometry import Direction
from viewers.radiology.slice_plane import SlicePlane
from viewers.radiology.voxel_volume import VoxelVolume

_AT_A_VOXEL = 1e-4
"""Rounding in the affine must not push a picture that lies exactly on the volume's face out of it."""
_BAND_PX = 1 << 15
"""Pixels worked on at once: what stays in the processor's cache."""


@dataclass(frozen=True, slots=True)
class CutPicture:
    """Values of a plane's pixels, (rows, columns), in the volume's unit.

    ``inside`` says which of them are image: between voxels' centres, all of them here and none of them padding. The
    others are NaN, never a number that could be taken for air.
    """

    plane: SlicePlane
    values: NDArray[Any]
    inside: NDArray[np.bool_]


def reslice(volume: VoxelVolume, plane: SlicePlane) -> CutPicture:
    """The picture of *volume* along *plane*. May be called from any thread."""
    sampler = Sampler(volume, plane)
    values = np.empty((plane.rows, plane.columns), sampler.dtype)
    inside = np.empty(values.shape, np.bool_)

    def fill(first: int, end: int) -> None:
        found, within = sampler.rows(first, end)
        found *= found.dtype.type(volume.slope)
        found += found.dtype.type(volume.intercept)
        found[~within] = np.nan
        values[first:end], inside[first:end] = found, within

    in_bands(plane, fill)
    return CutPicture(plane, values, inside)


def in_bands(plane: SlicePlane, work: Callable[[int, int], None]) -> None:
    """Call *work* with (first row, row after the last) for bands of a picture, on several threads; return when done."""
    height = max(1, _BAND_PX // plane.columns)
    starts = range(0, plane.rows, height)
    bands = [(start, min(start + height, plane.rows)) for start in starts]
    if len(bands) == 1:
        work(*bands[0])
        return
    for done in [_pool().submit(work, *band) for band in bands]:
        done.result()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(2, min(4, cpu_count() or 2)), thread_name_prefix="reslice")


class Sampler:
    """Stored values of a volume at the pixels of a plane, and of planes parallel to it."""

    def __init__(self, volume: VoxelVolume, plane: SlicePlane) -> None:
        self._plane = plane
        geometry = volume.geometry
        inverse: NDArray[Any] = np.linalg.inv(geometry.affine)
        plane_geometry = plane.geometry
        self._first = inverse[:3, :3] @ np.array(plane_geometry.position) + inverse[:3, 3]
        self._per_column = self._voxels_per_mm(inverse, plane.right) * plane.spacing_mm
        self._per_row = self._voxels_per_mm(inverse, plane.down) * plane.spacing_mm
        self._per_mm_deep = self._voxels_per_mm(inverse, plane.normal)
        self._voxels = VoxelSampler(volume)
        self.dtype = self._voxels.dtype

    @staticmethod
    def _voxels_per_mm(inverse: NDArray[Any], direction: Direction) -> NDArray[np.float64]:
        return np.asarray(inverse[:3, :3] @ np.array(direction))

    @property
    def finest_step_mm(self) -> float:
        """How far apart parallel planes lie that miss no voxel: one voxel along the axis that runs most with them."""
        return float(1.0 / np.abs(self._per_mm_deep).max())

    def rows(self, first: int, end: int, depth_mm: float = 0.0) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Stored values (as floats) of rows *first* to *end* of the plane *depth_mm* behind it, and which are image."""
        across = np.arange(self._plane.columns, dtype=np.float64)
        down = np.arange(first, end, dtype=np.float64)[:, None]
        places = []
        for axis in range(3):
            start = self._first[axis] + depth_mm * self._per_mm_deep[axis]
            places.append((start + down * self._per_row[axis]) + across * self._per_column[axis])
        return self._voxels.at(places)


class VoxelSampler:
    """Stored values of a volume at any places in its grid, linear between voxels."""

    def __init__(self, volume: VoxelVolume) -> None:
        self._volume = volume
        self._flat = volume.values.reshape(-1)
        counts = volume.values.shape
        # A grid of a single row or column has no neighbour to go to.
        strides = (counts[1] * counts[2], counts[2], 1)
        self._strides = tuple(stride if count > 1 else 0 for stride, count in zip(strides, counts, strict=True))
        wide = volume.values.dtype.itemsize > 4 or volume.values.dtype in (np.dtype(np.int32), np.dtype(np.uint32))
        self.dtype = np.dtype(np.float64 if wide else np.float32)

    def at(self, places: Sequence[NDArray[np.float64]]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Stored values (as floats) at (k, j, i), three arrays of one shape, and which of them are image.

        The arrays are worked in and hold nothing of use afterwards.
        """
        volume = self._volume
        inside: NDArray[np.bool_] | None = None
        index: NDArray[np.intp] | None = None
        fractions: list[NDArray[Any]] = []
        for axis, count in enumerate(volume.values.shape):
            at = places[axis]
            if axis == 0 and not volume.geometry.is_even:
                at, within = self._between_uneven(at)
            else:
                within = (at >= -_AT_A_VOXEL) & (at <= count - 1 + _AT_A_VOXEL)
            np.clip(at, 0, count - 1, out=at)
            lower = np.minimum(at.astype(np.intp), max(count - 2, 0))
            at -= lower
            fraction = at.astype(self.dtype)
            if axis == 0 and not volume.is_complete:
                within &= self._both_present(lower, fraction)
            fractions.append(fraction)
            inside = within if inside is None else inside & within
            index = lower if index is None else index * count + lower
        assert index is not None and inside is not None
        return self._interpolated(index, fractions, inside), inside

    def _between_uneven(self, place: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Index among the images, fraction included, of places along k; outside where an image is missing between."""
        geometry = self._volume.geometry
        places = np.array(geometry.places)
        within = (place >= -_AT_A_VOXEL) & (place <= places[-1] + _AT_A_VOXEL)
        for before, after in geometry.gaps:
            within &= (place <= before + _AT_A_VOXEL) | (place >= after - _AT_A_VOXEL)
        return np.interp(place, places, np.arange(len(places), dtype=np.float64)), within

    def _both_present(self, lower: NDArray[np.intp], fraction: NDArray[Any]) -> NDArray[np.bool_]:
        present = self._volume.present
        upper = np.minimum(lower + 1, len(present) - 1)
        below = present[lower] | (fraction >= 1 - _AT_A_VOXEL)
        return np.asarray(below & (present[upper] | (fraction <= _AT_A_VOXEL)))

    def _interpolated(
        self, index: NDArray[np.intp], fractions: list[NDArray[Any]], inside: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """Trilinear; takes out of *inside* what touches a voxel that is no image."""
        deep, high, wide = self._strides
        fk, fj, fi = fractions

        def corner(dk: int, dj: int, di: int) -> NDArray[Any]:
            found = self._flat.take(index + (dk * deep + dj * high + di * wide))
            void = self._volume.is_void(found)
            if void is not None and void.any():
                for step, fraction in ((dk, fk), (dj, fj), (di, fi)):
                    # A neighbour that weighs nothing spoils nothing.
                    void &= fraction > _AT_A_VOXEL if step else fraction < 1 - _AT_A_VOXEL
                inside[void] = False
                if found.dtype.kind == "f":
                    found = np.nan_to_num(found)
            return found

        def along_row(dk: int, dj: int) -> NDArray[Any]:
            return _between(corner(dk, dj, 0), corner(dk, dj, 1), fi, self.dtype)

        def in_slice(dk: int) -> NDArray[Any]:
            return _between(along_row(dk, 0), along_row(dk, 1), fj, self.dtype)

        return _between(in_slice(0), in_slice(1), fk, self.dtype)


def _between(a: NDArray[Any], b: NDArray[Any], fraction: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """a + fraction · (b − a), in *dtype*."""
    low = a.astype(dtype, copy=False)
    step = b.astype(dtype, copy=False) - low
    step *= fraction
    step += low
    return np.asarray(step)
