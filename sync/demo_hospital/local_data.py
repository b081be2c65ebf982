"""Cases made of a folder of local data: one per study and patient, one per slide file, the rest listed with its reason.

Numbers are kept for ever by study or path, so that an opinion stays with its case when files are added. A case whose
files are gone is cancelled by the hospital, one that comes back is asked again; a finished one stays finished.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sync.demo_hospital import case_resources as fhir
from sync.demo_hospital.dicom_index import InstanceEntry
from sync.demo_hospital.enrolment_routes import LOCAL_DATA_REPORT
from sync.demo_hospital.hospital_resources import ARCHIVE_ENDPOINT, COORDINATOR, archive_endpoint
from sync.demo_hospital.local_patient import patient_resource
from sync.demo_hospital.local_scan import LocalFile, scan_folder
from sync.demo_hospital.state import HospitalState

Json = dict[str, Any]

_GONE = "Its files are no longer in the folder of local data."
_NOT_IMAGES = {"SR", "SEG", "PR", "KO", "ANN", "RWV", "RTSTRUCT", "RTPLAN", "RTDOSE", "ECG"}
_TERMINAL = ("completed", "rejected", "failed", "entered-in-error")


@dataclass(frozen=True, slots=True)
class LocalCase:
    """Files that belong in one case: instances of one study and patient, or one slide."""

    key: str
    """What its number is remembered by."""
    files: tuple[LocalFile, ...]
    partitioned: bool = False
    """Another patient's study in the folder bears the same Study Instance UID."""

    @property
    def entries(self) -> list[InstanceEntry]:
        return [file.instance for file in self.files if file.instance]

    @property
    def patient_id(self) -> str:
        return _patient_id(self.files[0].instance) if self.files[0].instance else ""


def offer_local_data(state: HospitalState, folder: Path, on_progress: Callable[[str, float], None]) -> Json:
    """Turn what lies below *folder* into cases for the demo specialist; return, and keep, the report of it."""
    folder = folder.resolve()
    files = scan_folder(state, folder, lambda text, done: on_progress(text, done * 0.9))
    with state.transaction():
        state.forget_local_instances()
        kept, duplicates = _without_duplicates(state, files)
        cases = group_cases(kept, folder)
        listed = []
        for case in cases:
            number, unidentified = state.number_local_case(case.key, identified=bool(case.patient_id))
            listed.append(_put_case(state, folder, case, number, unidentified))
        _cancel_all_but(state, {str(one["case_id"]) for one in listed})
        report: Json = {
            "folder": str(folder),
            "files": len(files),
            "cases": listed,
            "duplicates": duplicates,
            "unusable": [{"path": file.path, "reason": file.reason} for file in files if file.reason],
        }
        state.put_fact(LOCAL_DATA_REPORT, json.dumps(report, ensure_ascii=False))
    unusable = len(report["unusable"])
    on_progress(
        f"Local data: {len(cases)} cases; {len(duplicates)} duplicate and {unusable} unusable files are listed", 1.0
    )
    return report


def _without_duplicates(state: HospitalState, files: Sequence[LocalFile]) -> tuple[list[LocalFile], list[Json]]:
    """Of files with one SOP Instance UID the first by path; the others are listed."""
    first: dict[str, str] = {}
    kept, duplicates = [], []
    for file in files:
        if file.reason:
            continue
        if file.instance:
            sop_uid = file.instance.sop_uid
            if state.holds_instance(sop_uid):
                first.setdefault(sop_uid, "an invented study of this hospital")
            if sop_uid in first:
                duplicates.append({"path": file.path, "sop_instance_uid": sop_uid, "kept": first[sop_uid]})
                continue
            first[sop_uid] = file.path
        kept.append(file)
    return kept, duplicates


def group_cases(files: Sequence[LocalFile], folder: Path) -> list[LocalCase]:
    """Cases in the order of their first file. All whole-slide series of one study stay together: label, overview and

    volume of a converted slide are often series of their own.
    """
    groups: dict[tuple[str, str], list[LocalFile]] = {}
    for file in files:
        key = (file.instance.study_uid, _patient_id(file.instance)) if file.instance else ("", file.path)
        groups.setdefault(key, []).append(file)
    studies = [study_uid for study_uid, _ in groups]
    return [
        LocalCase(
            key=f"study {study_uid} {rest}" if study_uid else f"slide {folder / rest}",
            files=tuple(members),
            partitioned=bool(study_uid) and studies.count(study_uid) > 1,
        )
        for (study_uid, rest), members in groups.items()
    ]


def _put_case(state: HospitalState, folder: Path, case: LocalCase, number: int, unidentified: int | None) -> Json:
    case_id = f"LOCAL-{number:04}"
    slug = case_id.lower()
    patient = patient_resource(slug, case.entries[0] if case.entries else None, unidentified)
    patient_reference = f"Patient/{patient['id']}"
    record, described, detail = _put_record(state, folder, case, slug, patient_reference)
    earlier = state.find_resource("ServiceRequest", f"sr-{slug}")
    authored = datetime.fromisoformat(earlier.json["authoredOn"]) if earlier else datetime.now(UTC)
    sheet = fhir.CaseSheet(
        case_id=case_id,
        patient_reference=patient_reference,
        questions=(
            f"Local study opened for demonstration: {described}. What is the main finding, and how sure are you of it?",
            "Would you advise further tests?",
        ),
        asked_by="Demonstration",
        working_diagnosis="Not stated (local study)",
        diagnosis_code=None,
        order_details=(detail,),
        priority="routine",
        authored=authored,
        due=authored + fhir.DUE_AFTER,
        requester=COORDINATOR,
        requester_name="Demonstration",
    )
    for resource in (
        patient,
        record,
        fhir.consent(sheet, None),
        fhir.service_request(sheet, [_reference(record), f"Consent/consent-{slug}"]),
        fhir.manifest(sheet, [_reference(record)]),
    ):
        state.put_resource_if_changed(resource)
    _ask(state, fhir.task(sheet, "radiologist" if detail == "imaging-reread" else "pathologist"))
    return {"case_id": case_id, "what": described, "files": len(case.files), "first": case.files[0].path}


def _put_record(
    state: HospitalState, folder: Path, case: LocalCase, slug: str, patient_reference: str
) -> tuple[Json, str, str]:
    """Offer the files; return the resource that stands for them, what they are in words, and what is asked of them."""
    if not case.entries:
        file = case.files[0]
        stored = state.put_file(folder / file.path, file.content_type, f"{slug}-slide", file.slide_sha256)
        name = Path(file.path).name
        changed = datetime.fromtimestamp(stored.mtime_ns // 1_000_000_000, UTC)
        slide = fhir.document_reference(
            f"{slug}-slide", patient_reference, "wsi", name, fhir.file_attachment(stored), changed,
            ("60567-5", "Comprehensive pathology report panel"),
        )  # fmt: skip
        return slide, f"whole slide {name}", "pathology-reread"
    partition = slug if case.partitioned else ""
    endpoint = ARCHIVE_ENDPOINT
    if partition:
        endpoint = _reference(archive_endpoint(partition))
        state.put_resource_if_changed(archive_endpoint(partition))
    for file in case.files:
        if file.instance:
            state.put_instance_entry(folder / file.path, file.instance, partition)
    entries = case.entries
    study = fhir.imaging_study(f"{slug}-study", patient_reference, entries, endpoint)
    modalities = "/".join(code["code"] for code in study["modality"])
    description = str(study.get("description", ""))
    title = description if description.startswith(modalities) else f"{modalities} {description}".strip()
    noun = "object" if _NOT_IMAGES & set(modalities.split("/")) else "image"
    described = f"{title}, {_count(len(entries), noun)} in {study['numberOfSeries']} series"
    return study, described, "pathology-reread" if modalities == "SM" else "imaging-reread"


def _ask(state: HospitalState, task: Json) -> None:
    """Assign the case, unless it is assigned already; one cancelled because its files were gone is asked again."""
    held = state.find_resource("Task", task["id"])
    if held is None:
        state.put_resource(task)
    elif held.json.get("statusReason", {}).get("text") == _GONE:
        restored = {key: value for key, value in held.json.items() if key != "statusReason"}
        state.put_resource({**restored, "status": "requested"})


def _cancel_all_but(state: HospitalState, case_ids: set[str]) -> None:
    for held in state.list_resources("Task"):
        task = held.json
        case_id = task["groupIdentifier"]["value"]
        if not case_id.startswith("LOCAL-") or case_id in case_ids or task["status"] in (*_TERMINAL, "cancelled"):
            continue
        state.put_resource({**task, "status": "cancelled", "statusReason": {"text": _GONE}})


def _patient_id(entry: InstanceEntry | None) -> str:
    return str(entry.value("PatientID") or "").strip() if entry else ""


def _reference(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
