"""The cohort's images: every phantom written, in processes of their own so that all cores help. No FHIR here."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from pydicom import dcmread

from sync.demo_hospital.image_copies import ImageCopy, copy_study
from sync.demo_hospital.phantoms import PhantomPatient
from sync.demo_hospital.phantoms.ct_chest import CtTruth, write_ct_chest
from sync.demo_hospital.phantoms.dicom_writing import save, stable_uid
from sync.demo_hospital.phantoms.mr_brain import MrTruth, write_mr_brain
from sync.demo_hospital.phantoms.slide import write_slide
from sync.demo_hospital.stories import STORIES
from sync.demo_hospital.story import Images, Story
from sync.errors import SyncError

Json = dict[str, Any]

SLIDE_NAME = "slide.svs"
FOREIGN_NAME = "stray.dcm"
PART_SLICES = 40

_SECONDS = {"slide": 10, Images.CHEST_CT: 26, Images.BRAIN_MR: 3, Images.CHEST_CT_PART: 5}
"""Rough cost of each picture, to share the work out and to tell how far it is."""


@dataclass(frozen=True, slots=True)
class ImageJob:
    """One phantom to write for one case."""

    case_id: str
    what: str
    cost: int
    images: Images | None
    """None for the slide."""
    patient: PhantomPatient
    foreign_patient: PhantomPatient | None
    copies: tuple[ImageCopy, ...] = ()
    """Further cases that get the same slices."""


class CohortFailed(SyncError):
    """A process that wrote images ended before they were complete."""


def image_jobs(stories: Sequence[Story] = STORIES) -> list[ImageJob]:
    """What is to be written, most expensive first."""
    jobs = []
    for story in stories:
        if story.images is not None and story.same_images_as is None:
            copies = tuple(
                ImageCopy(one.case_id, one.patient) for one in stories if one.same_images_as == story.case_id
            )
            study = ImageJob(
                story.case_id, story.images.value, _SECONDS[story.images], story.images, story.patient,
                story.foreign_patient, copies,
            )  # fmt: skip
            jobs.append(study)
        if story.has_slide:
            jobs.append(ImageJob(story.case_id, "biopsy slide", _SECONDS["slide"], None, story.patient, None))
    return sorted(jobs, key=lambda job: -job.cost)


def write_images(
    folder: Path,
    jobs: Sequence[ImageJob],
    on_progress: Callable[[str, float], None],
    write: Callable[[Path, ImageJob, Callable[[float], None]], Json] | None = None,
) -> Json:
    """Write each job's files below *folder*/<case id> and return their truths by case id. Raises `CohortFailed`."""
    lanes: list[list[ImageJob]] = [[] for _ in range(max(1, min(4, os.cpu_count() or 1)))]
    for job in jobs:
        min(lanes, key=lambda lane: sum(one.cost for one in lane)).append(job)
    context = multiprocessing.get_context("spawn")
    receivers: dict[Connection, Any] = {}
    try:
        for lane in filter(None, lanes):
            receiver, sender = context.Pipe(duplex=False)
            # A daemon: it ends with the hospital, and by itself when nobody listens any more
            process = context.Process(target=_write_lane, args=(folder, lane, sender, write or write_job), daemon=True)
            process.start()
            sender.close()
            receivers[receiver] = process
        return _collect(receivers, jobs, on_progress)
    finally:
        for receiver, process in receivers.items():
            process.terminate()
            process.join()
            receiver.close()


def write_job(folder: Path, job: ImageJob, on_progress: Callable[[float], None]) -> Json:
    """Write one phantom and its copies; return its truth as plain JSON, those of copies by case id beside it."""
    directory = folder / job.case_id
    directory.mkdir(parents=True, exist_ok=True)
    if job.images is None:
        return {"slide": write_slide(directory / SLIDE_NAME, on_progress).to_json()}
    if job.images is Images.BRAIN_MR:
        truth: CtTruth | MrTruth = write_mr_brain(directory, job.patient, on_progress)
    else:
        slices = 220 if job.images is Images.CHEST_CT else PART_SLICES
        truth = write_ct_chest(directory, job.patient, on_progress, slices=slices)
    if job.foreign_patient:
        _add_stray(directory / truth.files[-1], directory / FOREIGN_NAME, job.foreign_patient)
    copies = {}
    for copy in job.copies:
        copied = copy_study(directory, truth, folder / copy.case_id, copy.patient)
        copies[copy.case_id] = {"study": asdict(copied)}
    return {"study": asdict(truth), **({"copies": copies} if copies else {})}


def _add_stray(beside: Path, path: Path, patient: PhantomPatient) -> None:
    """An image of another patient in the same series, as a modality worklist mix-up leaves it."""
    ds = dcmread(beside)
    ds.PatientName = patient.dicom_name
    ds.PatientID = patient.patient_id
    ds.PatientBirthDate = patient.birth_date
    ds.PatientSex = patient.sex
    ds.AccessionNumber = patient.accession
    ds.SOPInstanceUID = stable_uid(ds.SOPInstanceUID, patient.patient_id)
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.InstanceNumber = 900
    x, y, z = (float(value) for value in ds.ImagePositionPatient)
    ds.ImagePositionPatient = [x, y, z + float(ds.SliceThickness)]
    ds.SliceLocation = z + float(ds.SliceThickness)
    save(ds, path)


def _write_lane(
    folder: Path,
    jobs: list[ImageJob],
    sender: Connection,
    write: Callable[[Path, ImageJob, Callable[[float], None]], Json],
) -> None:
    """The work of one process: its jobs one after the other, telling how far each is."""
    # An interrupt from the keyboard reaches every process of the terminal; the hospital itself decides
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for job in jobs:
            truth = write(folder, job, lambda share, job=job: sender.send((job.case_id, job.what, share, None)))  # type: ignore[misc]
            sender.send((job.case_id, job.what, 1.0, json.dumps(truth)))
    except BrokenPipeError:
        return
    finally:
        sender.close()


def _collect(
    receivers: dict[Connection, Any], jobs: Sequence[ImageJob], on_progress: Callable[[str, float], None]
) -> Json:
    costs = {(job.case_id, job.what): job.cost for job in jobs}
    shares = dict.fromkeys(costs, 0.0)
    truths: Json = {}
    told = -1.0
    still_open = list(receivers)
    while still_open:
        for receiver in wait(still_open):
            assert isinstance(receiver, Connection)
            try:
                case_id, what, share, truth = receiver.recv()
            except EOFError:
                still_open.remove(receiver)
                continue
            shares[case_id, what] = share
            if truth is not None:
                written = json.loads(truth)
                truths.update(written.pop("copies", {}))
                truths.setdefault(case_id, {}).update(written)
            done = sum(costs[key] * shares[key] for key in costs) / sum(costs.values())
            if truth is not None or done - told >= 0.01:
                told = done
                on_progress(f"Preparing {case_id}: {what}", done)
    if missing := [what for (_, what), share in shares.items() if share < 1.0]:
        raise CohortFailed(f"The demo hospital could not make its images: {', '.join(missing)}.")
    return truths
