"""The buffer a stack is painted into, rendered anew only when what it shows has changed. No Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewers.radiology.fusion import Fusion
from viewers.radiology.picture import Picture
from viewers.radiology.viewport_geometry import ViewportGeometry
from viewers.radiology.windowing import GreyTable, Voi


class StackCanvas:
    """(height, width, 4) BGRX of the size last asked for, and the grey table of the window last used."""

    def __init__(self) -> None:
        self.pixels: NDArray[np.uint8] = np.zeros((1, 1, 4), np.uint8)
        # The picture itself, not its id: one that was let go must not pass for the next one in its place.
        self._painted: tuple[Picture | None, tuple[object, ...]] | None = None
        self._table: tuple[tuple[object, ...], GreyTable] | None = None

    def render(
        self,
        picture: Picture | None,
        geometry: ViewportGeometry,
        voi: Voi | None,
        *,
        inverted: bool,
        fusion: Fusion | None = None,
    ) -> NDArray[np.uint8]:
        """The picture as *geometry* lays it, *fusion* over it, black without one. *voi* is needed for grey pictures.

        The array is the canvas itself: the next call writes into it again.
        """
        wanted = (geometry, voi, inverted, fusion, None if fusion is None else fusion.look)
        if self.pixels.shape[:2] != (geometry.height, geometry.width):
            self.pixels = np.zeros((geometry.height, geometry.width, 4), np.uint8)
            self._painted = None
        if self._painted is None or self._painted[0] is not picture or self._painted[1] != wanted:
            if picture is None:
                self.pixels[...] = 0
            else:
                table = None if voi is None else self._table_for(picture, voi, inverted=inverted)
                picture.paint(self.pixels, geometry.image_to_view(), table, inverted=inverted)
                if fusion is not None:
                    fusion.paint(self.pixels, picture.frame, geometry.image_to_view())
            self._painted = (picture, wanted)
        return self.pixels

    def forget(self) -> None:
        """Let the last picture go."""
        self._painted = self._table = None

    def _table_for(self, picture: Picture, voi: Voi, *, inverted: bool) -> GreyTable:
        key = (picture.sample_dtype, picture.frame.display, voi, inverted)
        if self._table is None or self._table[0] != key:
            self._table = (key, GreyTable(picture.sample_dtype, picture.frame.display, voi, inverted=inverted))
        return self._table[1]
