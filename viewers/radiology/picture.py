"""One frame as screen pixels: resampled, windowed or coloured, overlays drawn. The same code paints and snapshots."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from viewers.radiology.colour import render_palette, render_rgb
from viewers.radiology.frame import Frame
from viewers.radiology.overlays import overlay_mask
from viewers.radiology.resample import Pyramid, covered_region, sample
from viewers.radiology.viewport_geometry import Affine
from viewers.radiology.windowing import GreyTable

_OVERLAY_THRESHOLD = 64


class Picture:
    """A decoded frame ready to be painted at any zoom and window; keeps its pyramid between paints."""

    def __init__(self, frame: Frame, stored: NDArray[Any]) -> None:
        self.frame = frame
        self.stored = stored
        if frame.display.palette is not None:
            values: NDArray[Any] = render_palette(stored, frame.display.palette)
        elif frame.layout.is_colour:
            values = render_rgb(stored, frame.layout.bits_stored)
        else:
            values = stored
        self._pyramid = Pyramid(values)
        mask = overlay_mask(frame.display.overlays, frame.layout.rows, frame.layout.columns)
        self._overlay = None if mask is None else Pyramid(mask.astype(np.uint8) * 255)

    @property
    def is_grey(self) -> bool:
        """Whether a window applies."""
        return self._pyramid.base.ndim == 2

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
        values = sample(self._pyramid, to_view, region)
        code = cv2.COLOR_RGB2BGRA
        if self.is_grey:
            assert table is not None
            values, code = table.apply(values), cv2.COLOR_GRAY2BGRA
        elif inverted:
            values = np.uint8(255) - values
        painted: Any = cv2.cvtColor(values, code)
        if self._overlay is not None:
            painted[sample(self._overlay, to_view, region) >= _OVERLAY_THRESHOLD] = 255
        target[...] = painted
