"""A phantom's slices once more under another patient's name: other people in the cohort, no second painting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pydicom import dcmread

from sync.demo_hospital.phantoms import PhantomPatient
from sync.demo_hospital.phantoms.ct_chest import CtTruth
from sync.demo_hospital.phantoms.dicom_writing import save, stable_uid
from sync.demo_hospital.phantoms.mr_brain import MrTruth

COPIED_CT_SLICES = 16
"""The middle ones; the nodule is whole in them."""


@dataclass(frozen=True, slots=True)
class ImageCopy:
    """Which case gets the slices, and whose they are there."""

    case_id: str
    patient: PhantomPatient


def copy_study(source: Path, truth: CtTruth | MrTruth, directory: Path, patient: PhantomPatient) -> CtTruth | MrTruth:
    """Write the slices of *truth* below *source* into *directory* as *patient*'s; the truth of the copy."""
    directory.mkdir(parents=True, exist_ok=True)
    first = 0
    if isinstance(truth, CtTruth):
        first = max(0, (len(truth.files) - COPIED_CT_SLICES) // 2)
        truth = replace(truth, nodule_slice=truth.nodule_slice - first)
    files = truth.files[first : len(truth.files) - first]
    study_uid = stable_uid(patient.patient_id, truth.study_uid)
    series_uid = stable_uid(study_uid, truth.series_uid)
    for name in files:
        ds = dcmread(source / name)
        ds.PatientName, ds.PatientID = patient.dicom_name, patient.patient_id
        ds.PatientBirthDate, ds.PatientSex = patient.birth_date, patient.sex
        ds.AccessionNumber, ds.StudyDescription = patient.accession, patient.study_description
        ds.SOPInstanceUID = stable_uid(series_uid, name)
        ds.StudyInstanceUID, ds.SeriesInstanceUID = study_uid, series_uid
        ds.FrameOfReferenceUID = stable_uid(study_uid, "frame")
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        save(ds, directory / name)
    return replace(truth, study_uid=study_uid, series_uid=series_uid, files=files)
