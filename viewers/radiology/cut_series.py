"""A picture cut out of a volume, as a series of that one image: windowed, lettered and measured like any other.

It says on the image that its pixels are computed, not stored, and what was corrected or is missing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from viewers.byte_source import MemoryByteSource
from viewers.calibration import Calibration, CalibrationClass
from viewers.errors import OutOfRange
from viewers.radiology import transfer_syntax as syntax
from viewers.radiology.display_facts import DisplayFacts
from viewers.radiology.frame import Frame, PixelLayout, Series
from viewers.radiology.orthogonal_planes import Orientation, orthogonal_plane
from viewers.radiology.reslice import CutPicture, reslice
from viewers.radiology.slab import SlabMode, cut_slab
from viewers.radiology.slice_plane import SlicePlane
from viewers.radiology.voxel_volume import VoxelVolume

_OUTSIDE = np.float32(-1e38)
_NO_IMAGE = (-3.4e38, -1e30)
"""What counts as outside: also every mixture of it with a value, so that no edge of it is drawn as if measured."""
_AXES = {Orientation.AXIAL: ("z", 2), Orientation.CORONAL: ("y", 1), Orientation.SAGITTAL: ("x", 0)}


def cut_orthogonal(
    series: Series,
    volume: VoxelVolume,
    orientation: Orientation,
    *,
    at_mm: float | None = None,
    slab_mm: float = 0.0,
    mode: SlabMode = SlabMode.MAXIMUM,
) -> Series:
    """The patient's plane at *at_mm* (LPS; the volume's middle if not given) out of *series*' *volume*.

    *slab_mm* above 0 is the thickness of a slab around it, projected by *mode*. Raises OutOfRange where the volume
    does not reach there.
    """
    plane = orthogonal_plane(volume.geometry, orientation, at_mm=at_mm)
    picture = reslice(volume, plane) if slab_mm <= 0 else cut_slab(volume, plane, slab_mm, mode).picture
    name, axis = _AXES[orientation]
    at = plane.centre[axis]
    if not picture.inside.any():
        reach = [corner[axis] for corner in volume.geometry.corners]
        raise OutOfRange(
            f"There is no image at {name} = {at:g} mm: “{series.title}” reaches from {min(reach):.1f} to"
            f" {max(reach):.1f} mm."
        )
    thick = f", {mode.value} of {slab_mm:g} mm" if slab_mm > 0 else ""
    return series_of_cut(series, volume, picture, f"{orientation.value} {name} = {at:.1f} mm{thick}", slab_mm or None)


def series_of_cut(
    series: Series, volume: VoxelVolume, picture: CutPicture, words: str, thickness_mm: float | None = None
) -> Series:
    """*picture*, cut out of *series*' *volume*, with the window, patient and warnings of *series*; *words* name it."""
    plane, first = picture.plane, series.frames[0]
    stored = np.where(picture.inside, picture.values, _OUTSIDE).astype("<f4")
    frame = Frame(
        sop_instance_uid="",
        sop_class_uid="",
        frame_number=1,
        source=MemoryByteSource(words, stored.tobytes()),
        layout=_layout(plane),
        display=DisplayFacts(
            unit=volume.unit, windows=first.display.windows, padding=_NO_IMAGE, inverted=first.display.inverted
        ),
        spans=((0, stored.nbytes),),
        geometry=plane.geometry,
        thickness_mm=thickness_mm,
        lossy=first.lossy,
    )
    computed = "Reconstructed: its pixels are interpolated between images, not stored."
    calibration = Calibration(
        CalibrationClass.PATIENT_GEOMETRY, plane.spacing_mm, plane.spacing_mm, "plane cut out of the volume"
    )
    return replace(
        series,
        frames=(frame,),
        calibration=calibration,
        warnings=(computed, *volume.geometry.remarks, *_of_the_whole(series)),
        rows=plane.rows,
        columns=plane.columns,
        variant=", ".join(part for part in (series.variant, words) if part),
    )


def _of_the_whole(series: Series) -> tuple[str, ...]:
    """Warnings that hold of every picture made from *series*; those on its pixels' shape do not."""
    return tuple(words for words in series.warnings if not words.startswith("Pixels are not square"))


def _layout(plane: SlicePlane) -> PixelLayout:
    return PixelLayout(
        transfer_syntax=syntax.EXPLICIT_LITTLE,
        rows=plane.rows,
        columns=plane.columns,
        samples=1,
        bits_allocated=32,
        bits_stored=32,
        high_bit=31,
        signed=True,
        photometric="MONOCHROME2",
        planar=0,
        frame_count=1,
        element="FloatPixelData",
    )
