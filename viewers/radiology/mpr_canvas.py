"""The buffer a reconstruction is painted into: grey by the window, and where there is no image, a colour. No Qt."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewers.radiology.display_facts import DisplayFacts, VoiFunction, VoiWindow
from viewers.radiology.mpr_cut import Cut
from viewers.radiology.resample import covered_region, sample
from viewers.radiology.viewport_geometry import ViewportGeometry
from viewers.radiology.windowing import GreyTable, Voi

_WHITE = 255
OUTSIDE_BGR = (38, 27, 18)
"""Dark blue, which no window makes: air is black or grey, here nothing is known."""


class MprCanvas:
    """(height, width, 4) BGRX of the size last asked for, painted anew only when what it shows has changed."""

    def __init__(self) -> None:
        self.pixels: NDArray[np.uint8] = np.zeros((1, 1, 4), np.uint8)
        self._painted: tuple[Cut | None, tuple[object, ...]] | None = None

    def render(self, cut: Cut | None, geometry: ViewportGeometry, voi: Voi | None, *, inverted: bool) -> None:
        """Paint *cut* as *geometry* lays it, black without one or without a window."""
        wanted = (geometry, voi, inverted)
        if self.pixels.shape[:2] != (geometry.height, geometry.width):
            self.pixels = np.zeros((geometry.height, geometry.width, 4), np.uint8)
            self._painted = None
        if self._painted is not None and self._painted[0] is cut and self._painted[1] == wanted:
            return
        if cut is None or voi is None:
            self.pixels[...] = 0
        else:
            table = grey_table(cut, voi, inverted=inverted)
            cut.picture.paint(self.pixels, geometry.image_to_view(), table, inverted=inverted)
            self._tint_outside(cut, geometry)
        self._painted = (cut, wanted)

    def forget(self) -> None:
        """Let the last picture go."""
        self._painted = None

    def _tint_outside(self, cut: Cut, geometry: ViewportGeometry) -> None:
        """Beside the picture, and in it where the images do not reach."""
        to_view, pixels = geometry.image_to_view(), self.pixels[..., :3]
        region = covered_region(to_view, geometry.columns, geometry.rows, geometry.width, geometry.height)
        if region.is_empty:
            pixels[...] = OUTSIDE_BGR
            return
        for beside in (
            pixels[: region.top],
            pixels[region.bottom :],
            pixels[region.top : region.bottom, : region.left],
            pixels[region.top : region.bottom, region.right :],
        ):
            beside[...] = OUTSIDE_BGR
        if cut.outside is not None:
            # Any mixture with outside counts as outside, as in what was painted.
            outside = sample(cut.outside, to_view, region) > 0
            pixels[region.top : region.bottom, region.left : region.right][outside] = OUTSIDE_BGR


class _LinearGrey(GreyTable):
    """`render_grey` of 32-bit floats in modality units by a linear window, to one grey level, five times as fast."""

    def __init__(self, dtype: np.dtype[Any], display: DisplayFacts, window: VoiWindow, *, inverted: bool) -> None:
        super().__init__(dtype, display, window, inverted=inverted)
        centre, width = window.centre, window.width
        if window.function is VoiFunction.LINEAR:
            centre, width = centre - 0.5, width - 1.0
        way = -1.0 if display.inverted != inverted else 1.0
        self._factor = np.float32(way * _WHITE / width)
        self._offset = np.float32((0.5 - way * centre / width) * _WHITE + 0.5)

    def apply(self, stored: NDArray[Any]) -> NDArray[np.uint8]:
        with np.errstate(over="ignore"):
            # What is no image is far out of every range.
            grey = stored * self._factor
        grey += self._offset
        np.clip(grey, 0.0, _WHITE, out=grey)
        levels: NDArray[np.uint8] = grey.astype(np.uint8)
        return levels


def grey_table(cut: Cut, voi: Voi, *, inverted: bool) -> GreyTable:
    """What is no image needs no grey of its own: it is tinted."""
    dtype, display = cut.picture.sample_dtype, cut.picture.frame.display
    if dtype == np.float32 and isinstance(voi, VoiWindow) and voi.function is not VoiFunction.SIGMOID and voi.width > 1:
        return _LinearGrey(dtype, display, voi, inverted=inverted)
    return GreyTable(dtype, display, voi, inverted=inverted)
