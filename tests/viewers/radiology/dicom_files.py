"""Small DICOM files with known content, written for one test each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

from viewers.byte_source import FileByteSource

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
STUDY, SERIES, FRAME_OF_REFERENCE = generate_uid(), generate_uid(), generate_uid()


def ct_slice(z_mm: float = 0.0, number: int = 1, values: NDArray[Any] | None = None, **changes: Any) -> Dataset:
    """A CT slice of 4×6 pixels at height *z_mm*; *changes* are further elements by keyword (None removes one)."""
    pixels = np.arange(24, dtype=np.int16).reshape(4, 6) if values is None else values
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = STUDY, SERIES, FRAME_OF_REFERENCE
    ds.PatientID, ds.PatientName, ds.PatientBirthDate, ds.PatientSex = "P1", "MUSTER^ANNA", "19600101", "F"
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber, ds.SeriesDescription = "CT", 3, number, "Chest"
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [10.0, 20.0, z_mm], list(AXIAL)
    ds.PixelSpacing, ds.SliceThickness = [0.8, 0.7], 5.0
    ds.RescaleSlope, ds.RescaleIntercept = 1, -1024
    set_pixels(ds, pixels)
    for keyword, value in changes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def set_pixels(ds: Dataset, pixels: NDArray[Any]) -> None:
    """Give *ds* the pixel module of *pixels*: (rows, columns) grey or (rows, columns, 3) RGB."""
    ds.Rows, ds.Columns = pixels.shape[:2]
    ds.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    ds.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    if pixels.ndim == 3:
        ds.PlanarConfiguration = 0
    bits = pixels.dtype.itemsize * 8
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    ds.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)


def save(ds: Dataset, path: Path, transfer_syntax: str = ExplicitVRLittleEndian) -> FileByteSource:
    """Write *ds* to *path* and return it as the program sees it."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = transfer_syntax
    file = FileDataset(
        str(path),
        ds,
        file_meta=meta,
        preamble=b"\0" * 128,
        is_implicit_VR=transfer_syntax == ImplicitVRLittleEndian,
        is_little_endian=transfer_syntax != ExplicitVRBigEndian,
    )
    if UID(transfer_syntax).is_transfer_syntax:
        file.save_as(path, enforce_file_format=True)
    else:  # newer than pydicom, which has to be told how its header is written
        file.save_as(path, implicit_vr=False, little_endian=True, force_encoding=True)
    return FileByteSource(path)
