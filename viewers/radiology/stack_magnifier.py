"""The magnifier of a stack: what lies under the pointer, larger, at the same window, with what is laid over it. No Qt.

A facet of the stack view, which paints it (`magnifier_painter`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewers.radiology.stack_canvas import StackCanvas
from viewers.radiology.viewport_geometry import LARGEST_ZOOM, ViewportGeometry

if TYPE_CHECKING:
    from viewers.radiology.stack_controls import ViewPoint
    from viewers.radiology.stack_view import StackView

FACTOR = 2.0
SIDE_PX = 260
"""Logical pixels, both ways."""


@dataclass(frozen=True, slots=True)
class Magnified:
    """What is drawn: (side, side, 4) BGRX in device pixels, centred on (x, y) of the view, at ``factor``."""

    pixels: NDArray[np.uint8]
    x: float
    y: float
    factor: float


class StackMagnifier:
    """On while its key is held."""

    def __init__(self, view: StackView) -> None:
        self._view = view
        self._canvas = StackCanvas()
        self.is_held = False

    def hold(self, held: bool) -> None:
        """Whether the key is down."""
        if held != self.is_held:
            self.is_held = held
            self._canvas.forget()
            self._view.update()

    def find(self, at: ViewPoint | None) -> Magnified | None:
        """What to draw with the pointer at *at* (logical coordinates); None where there is nothing to magnify."""
        picture = self._view.current_picture()
        if not self.is_held or at is None or picture is None:
            return None
        ratio = self._view.devicePixelRatioF()
        here, side = self._view.geometry_now(), round(SIDE_PX * ratio)
        geometry = magnified_geometry(here, at.x() * ratio, at.y() * ratio, side)
        pixels = self._canvas.render(
            picture, geometry, self._view.current_voi(), inverted=self._view.is_inverted, fusion=self._view.fuse.fusion
        )
        return Magnified(pixels, at.x(), at.y(), geometry.scale / here.scale)


def magnified_geometry(here: ViewportGeometry, x: float, y: float, side: int) -> ViewportGeometry:
    """A square of *side* device pixels with the image point that *here* has at (x, y) in its middle, twice as large."""
    column, row = here.image_to_view().unmap(x, y)
    zoom = min(here.scale * FACTOR, LARGEST_ZOOM)
    square = replace(here, width=side, height=side, zoom=zoom, pan_x=0.0, pan_y=0.0)
    at_x, at_y = square.image_to_view().map(column, row)
    return replace(square, pan_x=side / 2 - at_x, pan_y=side / 2 - at_y)
