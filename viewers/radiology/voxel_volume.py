"""A series as one volume: its grid in the patient, its stored values, and how they become modality values.

Nothing is copied where the images share one rescale; where each has its own (PET), the volume holds modality values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewers.errors import UnsupportedImage
from viewers.radiology.display_facts import DisplayFacts
from viewers.radiology.frame import Series
from viewers.radiology.stored_values import stored_dtype
from viewers.radiology.volume import SeriesPixels
from viewers.radiology.volume_geometry import VolumeGeometry, volume_geometry
from viewers.radiology.windowing import modality_values


@dataclass(frozen=True, slots=True)
class VoxelVolume:
    """Values of a grid: modality value = ``slope`` · ``values`` + ``intercept``, in ``unit``.

    ``values`` is (slices, rows, columns), C-contiguous. ``padding`` is the closed range of values that are no image;
    so is NaN. ``present`` says of each slice whether it is here: one that is still to come has no values.
    """

    geometry: VolumeGeometry
    values: NDArray[Any]
    present: NDArray[np.bool_]
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    padding: tuple[float, float] | None = None

    @property
    def is_complete(self) -> bool:
        return bool(self.present.all())

    def is_void(self, values: NDArray[Any]) -> NDArray[np.bool_] | None:
        """Which of some stored values are no image; None where the volume knows no such values."""
        if self.padding is not None:
            low, high = self.padding
            return np.asarray((values >= low) & (values <= high))
        return np.isnan(values) if values.dtype.kind == "f" else None

    def modality_values(self) -> NDArray[Any]:
        """All values in ``unit``, (slices, rows, columns): integers where they are whole, else 32- or 64-bit floats.

        Padding keeps the value it has in the file, as in other programs; a slice that is not here is NaN.
        """
        kind = self.values.dtype.kind
        if (
            self.is_complete
            and kind in "iu"
            and self.slope == int(self.slope)
            and self.intercept == int(self.intercept)
        ):
            whole = self.values.astype(np.int64) * int(self.slope) + int(self.intercept)
            low, high = whole.min(), whole.max()
            for narrow in (np.int16, np.int32):
                if np.iinfo(narrow).min <= low and high <= np.iinfo(narrow).max:
                    return whole.astype(narrow)
        floats: NDArray[Any] = self.values.astype(np.float64) * self.slope + self.intercept
        floats[~self.present] = np.nan
        return floats if self.values.dtype.itemsize > 4 else floats.astype(np.float32)


def volume_of(pixels: SeriesPixels, geometry: VolumeGeometry | None = None) -> VoxelVolume:
    """The volume of what is loaded of *pixels* now; images that are not here yet, or never, are absent from it.

    *geometry*: that of its series, where it is known already. Raises UnsupportedImage where the series is no volume.
    """
    series = pixels.series
    grid = volume_geometry(series) if geometry is None else geometry
    layouts = {(f.layout.rows, f.layout.columns, stored_dtype(f.layout)) for f in series.frames}
    if len(layouts) > 1:
        raise UnsupportedImage(f"“{series.title}” cannot be shown as a volume: its images are stored in unlike ways.")
    values, present = pixels.stack()
    first = series.frames[0].display
    alike = all(_values_as(frame.display) == _values_as(first) for frame in series.frames)
    if alike and first.modality_lut is None:
        return VoxelVolume(grid, values, present, first.slope, first.intercept, first.unit, first.padding)
    return VoxelVolume(grid, _in_modality_units(series, values, present), present, unit=_common_unit(series))


def _values_as(display: DisplayFacts) -> tuple[object, ...]:
    return (display.slope, display.intercept, display.unit, display.modality_lut, display.padding)


def _common_unit(series: Series) -> str:
    units = {frame.display.unit for frame in series.frames}
    if len(units) > 1:
        raise UnsupportedImage(f"“{series.title}” cannot be shown as a volume: its images are in unlike units.")
    return units.pop()


def _in_modality_units(series: Series, stored: NDArray[Any], present: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Each slice through its own rescale or Modality LUT (PS3.3 C.11.1); padding becomes NaN."""
    values = np.full(stored.shape, np.nan, np.float32)
    for index in np.flatnonzero(present):
        display = series.frames[index].display
        values[index] = modality_values(stored[index], display)
        if display.padding is not None:
            low, high = display.padding
            values[index][(stored[index] >= low) & (stored[index] <= high)] = np.nan
    return values
