"""Thick slabs: the brightest, darkest or mean value through a stated thickness (MIP, MinIP, mean).

Coarse while a reader drags, full when let go; the picture says which by the size of its pixels and by its step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewers.radiology.reslice import CutPicture, Sampler, in_bands, reslice
from viewers.radiology.slice_plane import SlicePlane
from viewers.radiology.voxel_volume import VoxelVolume

_COARSE = 2


class SlabMode(Enum):
    """What becomes of the values through the slab; the value is the word a reader is shown."""

    MAXIMUM = "MIP"
    MINIMUM = "MinIP"
    MEAN = "mean"


class SlabGivenUp(Exception):
    """Nobody wants the slab any more that is being cut."""


@dataclass(frozen=True, slots=True)
class SlabPicture:
    """A slab's picture, and how finely it was sampled: ``step_mm`` between the planes that went into it."""

    picture: CutPicture
    thickness_mm: float
    mode: SlabMode
    step_mm: float
    is_coarse: bool


def cut_slab(
    volume: VoxelVolume,
    plane: SlicePlane,
    thickness_mm: float,
    mode: SlabMode,
    *,
    coarse: bool = False,
    is_wanted: Callable[[], bool] = lambda: True,
) -> SlabPicture:
    """The slab of *thickness_mm* around *plane*, half of it on either side.

    Planes lie at most one voxel apart. With *coarse*, twice that, and pixels are twice as large: an eighth of the
    work. A pixel is image where any plane of the slab is; what lies outside the volume takes no part. A thickness of
    0 is the plane alone. Raises SlabGivenUp soon after *is_wanted*, asked from several threads, says no.
    """
    seen = plane.coarser(_COARSE) if coarse else plane
    sampler = Sampler(volume, seen)
    depths = _depths(thickness_mm, sampler.finest_step_mm * (_COARSE if coarse else 1))
    if len(depths) == 1:
        return SlabPicture(reslice(volume, seen), thickness_mm, mode, 0.0, coarse)
    values = np.empty((seen.rows, seen.columns), sampler.dtype)
    inside = np.empty(values.shape, np.bool_)
    # Stored values project as modality values do, but for a negative slope, where the brightest is the smallest.
    stored_mode = _turned_over(mode) if volume.slope < 0 else mode

    def fill(first: int, end: int) -> None:
        if not is_wanted():
            raise SlabGivenUp
        found, within = _project(sampler, first, end, depths, stored_mode)
        found *= found.dtype.type(volume.slope)
        found += found.dtype.type(volume.intercept)
        found[~within] = np.nan
        values[first:end], inside[first:end] = found, within

    in_bands(seen, fill)
    step = float(depths[1] - depths[0])
    return SlabPicture(CutPicture(seen, values, inside), thickness_mm, mode, step, coarse)


def _depths(thickness_mm: float, largest_step_mm: float) -> NDArray[np.float64]:
    """Where the planes of a slab lie, in mm behind its middle: evenly from face to face."""
    if thickness_mm <= 0:
        return np.zeros(1)
    planes = int(np.ceil(thickness_mm / largest_step_mm - 1e-9)) + 1
    return np.linspace(-thickness_mm / 2, thickness_mm / 2, planes)


def _turned_over(mode: SlabMode) -> SlabMode:
    return {SlabMode.MAXIMUM: SlabMode.MINIMUM, SlabMode.MINIMUM: SlabMode.MAXIMUM}.get(mode, mode)


def _project(
    sampler: Sampler, first: int, end: int, depths: NDArray[np.float64], mode: SlabMode
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Stored values through the slab and where there are any, for rows *first* to *end*."""
    neutral = {SlabMode.MAXIMUM: -np.inf, SlabMode.MINIMUM: np.inf, SlabMode.MEAN: 0.0}[mode]
    total: NDArray[Any] | None = None
    count: NDArray[Any] | None = None
    for depth in depths:
        found, within = sampler.rows(first, end, float(depth))
        found[~within] = neutral
        if total is None or count is None:
            total, count = found, within.astype(np.int32)
            continue
        count += within
        if mode is SlabMode.MAXIMUM:
            np.maximum(total, found, out=total)
        elif mode is SlabMode.MINIMUM:
            np.minimum(total, found, out=total)
        else:
            total += found
    assert total is not None and count is not None
    if mode is SlabMode.MEAN:
        total /= np.maximum(count, 1).astype(total.dtype)
    inside = count > 0
    total[~inside] = 0.0
    return total, inside
