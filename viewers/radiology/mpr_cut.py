"""One picture of a reconstruction, ready to be painted: what was cut, along which plane, and how finely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from viewers.radiology.cut_series import series_of_cut
from viewers.radiology.decode import read_frame
from viewers.radiology.frame import Series
from viewers.radiology.mpr_scene import Slab
from viewers.radiology.picture import Picture
from viewers.radiology.resample import Pyramid
from viewers.radiology.reslice import CutPicture, reslice
from viewers.radiology.slab import cut_slab
from viewers.radiology.slice_plane import SlicePlane
from viewers.radiology.voxel_volume import VoxelVolume

_COARSE = 2


@dataclass(frozen=True, slots=True, eq=False)
class CutWish:
    """What is to be cut. *is_coarse*: pixels twice as large, and of a slab every other plane, while it is moved."""

    series: Series
    volume: VoxelVolume
    plane: SlicePlane
    slab: Slab
    is_coarse: bool = False

    def is_same_as(self, other: CutWish | None) -> bool:
        """Whether both are answered by one picture. The volume itself counts, not its values, which would take long."""
        return (
            other is not None
            and self.volume is other.volume
            and (self.series is other.series)
            and ((self.plane, self.slab, self.is_coarse) == (other.plane, other.slab, other.is_coarse))
        )


class Cut:
    """The picture of one wish. ``cut.plane`` is the plane of its own pixels, larger ones where it is coarse."""

    def __init__(self, wish: CutWish, cut: CutPicture) -> None:
        self.wish = wish
        self.cut = cut
        thickness = wish.slab.thickness_mm
        self.series = series_of_cut(wish.series, wish.volume, cut, "", thickness or None)
        self.picture = Picture(self.series.frames[0], read_frame(self.series.frames[0]))
        self.outside = None if cut.inside.all() else Pyramid((~cut.inside).astype(np.float32))
        """1 where there is no image, in floats so that the least share of it counts; None: image everywhere."""


def make_cut(wish: CutWish, is_wanted: Callable[[], bool] = lambda: True) -> Cut:
    """From any thread: milliseconds for a plane, more for a slab, which is given up (SlabGivenUp) where *is_wanted*
    says no."""
    slab = wish.slab
    if slab.thickness_mm > 0:
        made = cut_slab(
            wish.volume, wish.plane, slab.thickness_mm, slab.mode, coarse=wish.is_coarse, is_wanted=is_wanted
        )
        return Cut(wish, made.picture)
    plane = wish.plane.coarser(_COARSE) if wish.is_coarse else wish.plane
    return Cut(wish, reslice(wish.volume, plane))
