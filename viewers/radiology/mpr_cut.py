"""One picture of a reconstruction, ready to be painted: what was cut, along which plane, and how finely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
        self.outside = None if cut.inside.all() else Pyramid(_mask(~cut.inside))
        """255 where there is no image; None where there is image everywhere."""


def make_cut(wish: CutWish) -> Cut:
    """From any thread: milliseconds for a plane, more for a slab."""
    if wish.slab.thickness_mm > 0:
        slab = cut_slab(wish.volume, wish.plane, wish.slab.thickness_mm, wish.slab.mode, coarse=wish.is_coarse)
        return Cut(wish, slab.picture)
    plane = wish.plane.coarser(_COARSE) if wish.is_coarse else wish.plane
    return Cut(wish, reslice(wish.volume, plane))


def _mask(where: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return where.astype(np.uint8) * 255
