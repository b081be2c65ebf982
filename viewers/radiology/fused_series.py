"""A functional series (PET, SPECT) ready to be laid over another: its volume, in SUV where that can be computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from viewers.errors import UnsupportedImage
from viewers.radiology.frame import Series
from viewers.radiology.suv import NoSuv, in_suv, suv_of
from viewers.radiology.volume import SeriesPixels
from viewers.radiology.volume_geometry import volume_geometry
from viewers.radiology.voxel_volume import VoxelVolume, volume_of

FUNCTIONAL = ("PT", "NM")
"""Modalities that are laid over others."""
_SUV_TOP = 10.0
_BULK_PERCENT = 99.9


@dataclass(frozen=True, slots=True)
class FusedSeries:
    """What lies over: ``volume`` in ``unit``, ``top`` is the value that the colours end at when it is opened.

    ``formula`` and ``inputs`` say how SUV came about; ``reason`` why there is none, where there is none.
    """

    title: str
    frame_of_reference_uid: str
    volume: VoxelVolume
    unit: str
    top: float
    formula: str
    inputs: tuple[tuple[str, str], ...]
    reason: str


def can_lie_over(over: Series, under: Series) -> bool:
    """Whether positions of both mean the same place, and *over* is one of the kinds that are laid over others."""
    return (
        over.modality in FUNCTIONAL
        and under.modality not in FUNCTIONAL
        and bool(over.frame_of_reference_uid)
        and over.frame_of_reference_uid == under.frame_of_reference_uid
    )


def load_fused(series: Series) -> FusedSeries:
    """Reads all of *series*; blocks. Raises UnsupportedImage where it is no volume, or an image of it cannot be read:
    a hole would look like a place without uptake."""
    volume_geometry(series)  # refused before anything is read
    pixels = SeriesPixels(series)
    pixels.start(0)
    pixels.wait()
    if pixels.errors:
        raise UnsupportedImage(
            f"“{series.title}” cannot be laid over another series: {next(iter(pixels.errors.values()))}"
        )
    volume = volume_of(pixels)
    scale = suv_of(series) if series.modality == "PT" else NoSuv(volume.unit, "")
    if isinstance(scale, NoSuv):
        return FusedSeries(
            series.title, series.frame_of_reference_uid, volume, volume.unit, _bulk(volume), "", (), scale.reason
        )
    return FusedSeries(
        series.title, series.frame_of_reference_uid, in_suv(volume, scale), scale.unit, _SUV_TOP,
        scale.formula, scale.inputs, "",
    )  # fmt: skip


def _bulk(volume: VoxelVolume) -> float:
    """The value below which all but one voxel of a thousand lie."""
    values = volume.modality_values()
    known = values[np.isfinite(values)]
    top = float(np.percentile(known, _BULK_PERCENT)) if known.size else 1.0
    return top if top > 0 else 1.0
