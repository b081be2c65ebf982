"""One series laid in colour over the images of another of the same frame of reference. No Qt.

The series that lies over is cut along each image's own plane, linear between its voxels; where it has none, nothing is
laid. Its colours begin at nothing for 0 and reach the chosen opacity at a quarter of their range, so that the image
below stays to be read where there is little uptake.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewers.geometry import PixelPoint, PlaneGeometry
from viewers.radiology.colour_map import hot_iron
from viewers.radiology.frame import Frame
from viewers.radiology.fused_series import FusedSeries
from viewers.radiology.resample import Pyramid, covered_region, sample
from viewers.radiology.reslice import reslice
from viewers.radiology.slice_plane import SlicePlane
from viewers.radiology.viewport_geometry import Affine

_FINER = 3.0
"""Pixels of the cut for one voxel of the series: linear interpolation of a third loses nothing to be seen."""
_FULL_FROM = 0.25
_LEVELS = 256
_HALF = 128


@dataclass(frozen=True, slots=True)
class FusionLook:
    """How strongly and up to which value the colours lie: ``opacity`` 0…1, ``top`` in the series' unit."""

    opacity: float
    top: float


class Fusion:
    """Of one stack view. Changing ``look`` changes what the next paint does."""

    def __init__(self, series: FusedSeries) -> None:
        self.series = series
        self.look = FusionLook(0.6, series.top)
        self._layer: tuple[Frame, _Layer | None] | None = None

    def more_opaque(self, by: float) -> None:
        """By a share of full opacity; negative for more transparent."""
        self.look = replace(self.look, opacity=min(1.0, max(0.0, round(self.look.opacity + by, 2))))

    def scale_top(self, factor: float) -> None:
        """The value at which the colours end, times *factor*."""
        self.look = replace(self.look, top=float(f"{self.look.top * factor:.3g}"))

    def covers(self, frame: Frame) -> bool:
        """Whether the series has anything where that image lies."""
        layer = self._layer_for(frame)
        return layer is not None and layer.has_any

    def find_value(self, frame: Frame, point: PixelPoint) -> float | None:
        """The series' value under a point of that image, in its unit; None where it has none there."""
        layer = self._layer_for(frame)
        return None if layer is None else layer.find_value(point)

    def paint(self, canvas: NDArray[np.uint8], frame: Frame, to_view: Affine) -> None:
        """Lay the colours over *canvas*, (height, width, 4) BGRX, in which *frame* was painted by *to_view*."""
        layer = self._layer_for(frame)
        if layer is None or not layer.has_any:
            return
        height, width = canvas.shape[:2]
        placed = layer.to_view(to_view)
        region = covered_region(placed, layer.columns, layer.rows, width, height)
        if region.is_empty:
            return
        values = sample(layer.values, placed, region)
        inside = sample(layer.mask, placed, region) >= _HALF
        index = np.clip(values * (np.float32(_LEVELS - 1) / np.float32(self.look.top)), 0, _LEVELS - 1).astype(np.uint8)
        colours, shares = self._tables()
        share = shares[index]
        share[~inside] = 0
        target = canvas[region.top : region.bottom, region.left : region.right, :3]
        below = target.astype(np.int16)
        below += ((colours[index] - below) * share[..., None]) >> 7
        target[...] = below

    def _tables(self) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """BGR of each level, and its share in the mixture in 128ths."""
        colours = hot_iron()[:, ::-1].astype(np.int16)
        rising = np.clip(np.arange(_LEVELS) / (_LEVELS - 1) / _FULL_FROM, 0.0, 1.0)
        return colours, np.round(rising * self.look.opacity * 128).astype(np.int16)

    def _layer_for(self, frame: Frame) -> _Layer | None:
        if self._layer is None or self._layer[0] is not frame:
            self._layer = (frame, None if frame.geometry is None else _Layer(self.series, frame, frame.geometry))
        return self._layer[1]


class _Layer:
    """The series cut along one image's plane, on square pixels of its own."""

    def __init__(self, series: FusedSeries, frame: Frame, plane: PlaneGeometry) -> None:
        columns, rows = frame.layout.columns, frame.layout.rows
        width_mm, height_mm = columns * plane.column_spacing_mm, rows * plane.row_spacing_mm
        finest = min(plane.column_spacing_mm, plane.row_spacing_mm)
        spacing_mm = max(finest, min(series.volume.geometry.spacing_mm[1:]) / _FINER)
        self.columns, self.rows = ceil(width_mm / spacing_mm), ceil(height_mm / spacing_mm)
        centre = plane.to_patient(PixelPoint(columns / 2, rows / 2))
        self._plane = SlicePlane(
            centre, plane.row_direction, plane.column_direction, spacing_mm, self.rows, self.columns
        )
        cut = reslice(series.volume, self._plane)
        self._image_plane = plane
        self.has_any = bool(cut.inside.any())
        self._values = np.nan_to_num(cut.values).astype(np.float32)
        self._inside = cut.inside
        self.values = Pyramid(self._values)
        self.mask = Pyramid(cut.inside.astype(np.uint8) * 255)
        self._scale = (spacing_mm / plane.column_spacing_mm, spacing_mm / plane.row_spacing_mm)
        self._offset = (
            columns / 2 - self.columns / 2 * self._scale[0],
            rows / 2 - self.rows / 2 * self._scale[1],
        )

    def to_view(self, image_to_view: Affine) -> Affine:
        """From the cut's pixels to device pixels, by way of the image's."""
        across, down = self._scale
        dx, dy = image_to_view.map(*self._offset)
        return Affine(
            image_to_view.xx * across, image_to_view.xy * down,
            image_to_view.yx * across, image_to_view.yy * down, dx, dy,
        )  # fmt: skip

    def find_value(self, point: PixelPoint) -> float | None:
        at = self._plane.to_pixel(self._image_plane.to_patient(point))
        row, column = int(at.row), int(at.column)
        if not (0 <= row < self.rows and 0 <= column < self.columns) or not self._inside[row, column]:
            return None
        found: Any = self._values[row, column]
        return float(found)
