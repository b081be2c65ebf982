"""Volumes whose truth is a formula in patient space: written as DICOM files in memory, loaded like any other."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.viewers.pathology.byte_sources import MemoryByteSource
from tests.viewers.radiology.dicom_files import ct_slice
from viewers.geometry import PatientPoint
from viewers.radiology.frame import Series
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.volume import SeriesPixels
from viewers.radiology.volume_geometry import VolumeGeometry
from viewers.radiology.voxel_volume import VoxelVolume, volume_of

Truth = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Values at points (…, 3), mm, LPS."""


def in_memory(ds: Any, name: str) -> MemoryByteSource:
    """*ds* as a file."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset(name, ds, file_meta=meta, preamble=b"\0" * 128, is_implicit_VR=False, is_little_endian=True)
    buffer = io.BytesIO()
    file.save_as(buffer, enforce_file_format=True)
    return MemoryByteSource(name, buffer.getvalue())


def grid(
    shape: tuple[int, int, int] = (12, 20, 24),
    spacing_mm: tuple[float, float, float] = (2.0, 1.0, 1.0),
    rotation: NDArray[np.float64] | None = None,
    tilt_degrees: float = 0.0,
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> VolumeGeometry:
    """A grid around *centre*; the columns of *rotation* are the directions of row, column and normal."""
    turn = np.eye(3) if rotation is None else rotation
    across, down, normal = turn[:, 0] * spacing_mm[2], turn[:, 1] * spacing_mm[1], turn[:, 2] * spacing_mm[0]
    step = normal + turn[:, 1] * np.tan(np.radians(tilt_degrees)) * spacing_mm[0]
    middle = (shape[2] - 1) / 2 * across + (shape[1] - 1) / 2 * down + (shape[0] - 1) / 2 * step
    return VolumeGeometry(
        PatientPoint(*(np.array(centre) - middle)),
        tuple(across),
        tuple(down),
        tuple(step),
        shape[1],
        shape[2],
        tuple(float(k) for k in range(shape[0])),
    )


def voxel_centres(geometry: VolumeGeometry) -> NDArray[np.float64]:
    """(slices, rows, columns, 3): where every voxel is, by the image's own affine."""
    k, j, i = np.meshgrid(
        np.array(geometry.places), np.arange(geometry.rows), np.arange(geometry.columns), indexing="ij"
    )
    homogeneous = np.stack([k, j, i, np.ones_like(k)], axis=-1)
    return np.asarray((homogeneous @ geometry.affine.T)[..., :3])


def volume_from(geometry: VolumeGeometry, truth: Truth, **changes: Any) -> VoxelVolume:
    """The volume of *truth* without a detour through files, in 64-bit floats."""
    values = truth(voxel_centres(geometry))
    return VoxelVolume(geometry, values, np.ones(len(values), np.bool_), **changes)


def series_from(geometry: VolumeGeometry, truth: Truth, order: NDArray[np.int64] | None = None) -> Series:
    """The series of *truth* written slice by slice (CT, slope 0.1) with instance numbers in *order*, and loaded."""
    values = np.round((truth(voxel_centres(geometry)) + 1000.0) / 0.1).astype(np.uint16)
    row, column = np.array(geometry.column_step_mm), np.array(geometry.row_step_mm)
    sources = []
    for number, k in enumerate(range(geometry.slices) if order is None else order):
        position = np.array(geometry.origin) + geometry.places[k] * np.array(geometry.slice_step_mm)
        ds = ct_slice(
            number=number,
            values=values[k],
            ImagePositionPatient=[f"{part:.9g}" for part in position],
            ImageOrientationPatient=[
                f"{part:.10f}" for part in (*row / np.linalg.norm(row), *column / np.linalg.norm(column))
            ],
            PixelSpacing=[f"{np.linalg.norm(column):.10f}", f"{np.linalg.norm(row):.10f}"],
            RescaleSlope="0.1",
            RescaleIntercept="-1000",
        )
        sources.append(in_memory(ds, f"{number}.dcm"))
    (series,) = scan_instances(sources).series
    return series


def loaded(series: Series) -> VoxelVolume:
    """All of *series* as a volume."""
    pixels = SeriesPixels(series)
    for index in range(len(pixels)):
        pixels.read_frame(index)
    return volume_of(pixels)


def random_rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    """A rotation matrix, every one equally likely."""
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q *= np.sign(np.diag(r))
    if np.linalg.det(q) < 0:
        q[:, 2] = -q[:, 2]
    return np.asarray(q)
