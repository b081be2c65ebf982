"""Writes a phantom's slices as ordinary DICOM files (CT and MR Image Storage, Explicit VR Little Endian)."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from sync.demo_hospital.phantoms import PhantomPatient

IMPLEMENTATION_UID = "2.25.190263047203146985431905728461733158301"


def stable_uid(*parts: str) -> str:
    """The same words give the same UID at every build (PS3.5 B.2, UUID-derived)."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, 'https://readingroom.example/phantom/' + '/'.join(parts)).int}"


def slice_dataset(
    patient: PhantomPatient, sop_class: str, study_uid: str, series_uid: str, sop_uid: str, instance_number: int
) -> Dataset:
    """The attributes that every slice of a phantom has; the caller adds modality, plane and pixels."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    ds.file_meta.MediaStorageSOPInstanceUID = UID(sop_uid)
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = sop_uid
    ds.StudyInstanceUID = study_uid
    ds.SeriesInstanceUID = series_uid
    ds.FrameOfReferenceUID = stable_uid(study_uid, "frame")
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20261102"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = "091500"
    ds.AccessionNumber = patient.accession
    ds.StudyID = "1"
    ds.StudyDescription = patient.study_description
    ds.PatientName = patient.dicom_name
    ds.PatientID = patient.patient_id
    ds.PatientBirthDate = patient.birth_date
    ds.PatientSex = patient.sex
    ds.ReferringPhysicianName = ""
    ds.InstitutionName = "Demo hospital"
    ds.Manufacturer = "Reading Room"
    ds.ManufacturerModelName = "Phantom"
    ds.PatientIdentityRemoved = "NO"
    ds.PositionReferenceIndicator = ""
    ds.InstanceNumber = instance_number
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated = 16
    ds.PatientPosition = "HFS"
    return ds


def put_pixels(ds: Dataset, pixels: npt.NDArray[np.int16] | npt.NDArray[np.uint16], *, bits_stored: int) -> None:
    """Add a (rows, columns) 16-bit image to *ds*."""
    ds.Rows, ds.Columns = pixels.shape
    ds.BitsStored = bits_stored
    ds.HighBit = bits_stored - 1
    ds.PixelRepresentation = 1 if pixels.dtype == np.int16 else 0
    ds.PixelData = np.ascontiguousarray(pixels).tobytes()


def save(ds: Dataset, path: Path) -> None:
    """Write *ds* as a DICOM file (PS3.10) with its preamble."""
    ds.save_as(path, enforce_file_format=True)
