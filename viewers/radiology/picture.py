"""One frame as screen pixels: resampled, windowed or coloured, shuttered, overlays drawn; in the order of PS3.4 N.2.

The same code paints and snapshots.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from viewers.radiology.colour import render_palette, render_rgb, to_srgb
from viewers.radiology.frame import Frame
from viewers.radiology.overlays import overlay_mask
from viewers.radiology.resample import Pyramid, covered_region, sample
from viewers.radiology.shutter import shuttered
from viewers.radiology.viewport_geometry import Affine
from viewers.radiology.windowing import GreyTable

_OVERLAY_THRESHOLD, _HALF = 64, 128


class Picture:
    """A decoded frame ready to be painted at any zoom and window; keeps its pyramid between paints."""

    def __init__(self, frame: Frame, stored: NDArray[Any]) -> None:
        self.frame = frame
        self.stored = stored
        display, layout = frame.display, frame.layout
        values: NDArray[Any] = stored
        if display.palette is not None:
            values = render_palette(stored, display.palette)
        elif layout.is_colour:
            values = render_rgb(stored, layout.bits_stored)
        if values.ndim == 3 and display.icc:
            values = to_srgb(values, display.icc)
        self._pyramid = Pyramid(values)
        self._tinted: tuple[GreyTable, Pyramid] | None = None
        mask = overlay_mask(display.overlays, layout.rows, layout.columns)
        self._overlay = None if mask is None else _mask_pyramid(mask)
        hidden = None if display.shutter is None else shuttered(display.shutter, layout.rows, layout.columns)
        self._hidden = None if hidden is None else _mask_pyramid(hidden)

    @property
    def is_grey(self) -> bool:
        """Whether a window applies."""
        return self._pyramid.base.ndim == 2

    @property
    def is_tinted(self) -> bool:
        """Whether some values of a grey picture are shown in colours of their own."""
        return self.is_grey and self.frame.display.supplement is not None

    @property
    def sample_dtype(self) -> np.dtype[Any]:
        """The type of the values a `GreyTable` for this picture is applied to."""
        return self._pyramid.base.dtype

    def paint(self, canvas: NDArray[np.uint8], to_view: Affine, table: GreyTable | None, *, inverted: bool) -> None:
        """Draw into *canvas*, (height, width, 4) BGRX; what the image does not cover becomes black.

        *table* is needed for grey pictures; *inverted* acts on colour ones (a table knows its own).
        """
        height, width = canvas.shape[:2]
        layout = self.frame.layout
        region = covered_region(to_view, layout.columns, layout.rows, width, height)
        if region.is_empty:
            canvas[...] = 0
            return
        target = canvas[region.top : region.bottom, region.left : region.right]
        canvas[: region.top] = 0
        canvas[region.bottom :] = 0
        canvas[region.top : region.bottom, : region.left] = 0
        canvas[region.top : region.bottom, region.right :] = 0
        if self.is_grey:
            assert table is not None
            if self.is_tinted:
                painted: Any = cv2.cvtColor(sample(self._tinted_by(table), to_view, region), cv2.COLOR_RGB2BGRA)
            else:
                painted = cv2.cvtColor(table.apply(sample(self._pyramid, to_view, region)), cv2.COLOR_GRAY2BGRA)
        else:
            values = sample(self._pyramid, to_view, region)
            painted = cv2.cvtColor(np.uint8(255) - values if inverted else values, cv2.COLOR_RGB2BGRA)
        if self._hidden is not None and self.frame.display.shutter is not None:
            painted[sample(self._hidden, to_view, region) >= _HALF] = self.frame.display.shutter.grey
        if self._overlay is not None:
            painted[sample(self._overlay, to_view, region) >= _OVERLAY_THRESHOLD] = 255
        target[...] = painted

    def _tinted_by(self, table: GreyTable) -> Pyramid:
        """The picture in RGB: grey by *table*, and colours from the supplement's first value on (PS3.3 C.7.6.19).

        Coloured before it is resampled: between a grey value and a colour's index lies another colour's.
        """
        supplement = self.frame.display.supplement
        assert supplement is not None
        if self._tinted is None or self._tinted[0] is not table:
            rgb: Any = cv2.cvtColor(table.apply(self.stored), cv2.COLOR_GRAY2RGB)
            coloured = self.stored >= supplement.first_mapped
            rgb[coloured] = render_palette(self.stored[coloured], supplement)
            self._tinted = (table, Pyramid(rgb))
        return self._tinted[1]


def _mask_pyramid(mask: NDArray[np.bool_]) -> Pyramid:
    return Pyramid(mask.astype(np.uint8) * 255)
