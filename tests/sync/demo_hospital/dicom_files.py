"""Small DICOM files for the tests of the archive and of local data: real Part 10 files, 8×8 pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian

ROOT = "1.2.826.0.1.3680043.8.498.1"


def write_dicom(
    path: Path, *, study: int = 1, series: int = 1, number: int = 1, implicit: bool = False, **values: Any
) -> str:
    """Write one CT slice; *values* override elements by keyword, None removes one. Returns the SOP Instance UID."""
    ds = Dataset()
    sop_uid = f"{ROOT}.{study}.{series}.{number}"
    elements: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192", "SOPClassUID": CTImageStorage, "SOPInstanceUID": sop_uid,
        "StudyInstanceUID": f"{ROOT}.{study}", "SeriesInstanceUID": f"{ROOT}.{study}.{series}",
        "StudyDate": "20260102", "StudyDescription": "Test", "Modality": "CT", "PatientName": "Testfall^Anna",
        "PatientID": "P1", "PatientBirthDate": "19700203", "PatientSex": "F", "SeriesNumber": series,
        "InstanceNumber": number, "Rows": 8, "Columns": 8, "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15,
        "PixelRepresentation": 0, "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2",
        "PixelData": bytes([number % 256]) * 128,
    }  # fmt: skip
    for keyword, value in {**elements, **values}.items():
        if value is not None:
            setattr(ds, keyword, value)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = UID(str(ds.get("SOPClassUID", CTImageStorage)))
    ds.file_meta.MediaStorageSOPInstanceUID = UID(sop_uid)
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return str(ds.get("SOPInstanceUID", ""))
