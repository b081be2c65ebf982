"""An instance of the archive under another patient's name and number: the mix-up a reader must never miss."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydicom import dcmread

from sync.demo_hospital.state import StoredInstance

WRONG_NAME, WRONG_ID, WRONG_BIRTH_DATE = "ELSEWHERE^Person", "LD-000000", "19010101"


def under_another_patient(instance: StoredInstance, folder: Path) -> StoredInstance:
    """A copy in *folder* that differs in the patient only; UIDs, pixels and transfer syntax are kept."""
    path = folder / f"{instance.sop_uid}.dcm"
    if not path.exists():
        ds = dcmread(instance.path)
        ds.PatientName, ds.PatientID, ds.PatientBirthDate = WRONG_NAME, WRONG_ID, WRONG_BIRTH_DATE
        folder.mkdir(exist_ok=True)
        ds.save_as(path, enforce_file_format=True)
    return replace(instance, path=path, size_bytes=path.stat().st_size)
