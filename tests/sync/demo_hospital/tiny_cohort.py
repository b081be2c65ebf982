"""The cohort with images of 8×8 pixels, so that a whole hospital is there within a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sync.demo_hospital.cohort_images import FOREIGN_NAME, SLIDE_NAME, ImageJob
from sync.demo_hospital.phantoms import PhantomPatient
from tests.sync.demo_hospital.dicom_files import write_dicom

Json = dict[str, Any]


def write_tiny_images(folder: Path, jobs: Sequence[ImageJob], on_progress: Callable[[str, float], None]) -> Json:
    """As `write_images`: two slices for each study, some bytes for the slide, an empty truth."""
    for job in jobs:
        directory = folder / job.case_id
        directory.mkdir(exist_ok=True)
        study = int(job.case_id[-3:])
        if job.images is None:
            (directory / SLIDE_NAME).write_bytes(b"II*\x00 not really a slide")
            continue
        for number in (1, 2):
            write_tiny(directory / f"{number}.dcm", study, number, job.patient)
        for copy in job.copies:
            other, path = int(copy.case_id[-3:]), folder / copy.case_id / "1.dcm"
            write_tiny(path, other, 1, copy.patient)
        if job.foreign_patient:
            write_tiny(directory / FOREIGN_NAME, study, 9, job.foreign_patient)
    on_progress("tiny", 1.0)
    return {job.case_id: {} for job in jobs}


def write_small(folder: Path, job: ImageJob, on_progress: Callable[[float], None]) -> Json:
    """As `write_job`, in no time."""
    on_progress(0.5)
    (folder / job.what).write_bytes(b"x")
    return {"what": job.what}


def write_badly(folder: Path, job: ImageJob, on_progress: Callable[[float], None]) -> Json:
    """As `write_job`, on a machine that runs out of memory."""
    raise SystemExit(3)


def write_tiny(path: Path, study: int, number: int, patient: PhantomPatient) -> None:
    write_dicom(
        path, study=study, number=number, PatientID=patient.patient_id, PatientName=patient.dicom_name,
        PatientBirthDate=patient.birth_date, PatientSex=patient.sex,
    )  # fmt: skip
