"""Leads the tour: picks the cases, waits for the program, walks the itinerary, asks the hospital, writes tour.json."""

from __future__ import annotations

import json
import logging
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewers.geometry import PatientPoint
from workstation.count_words import counted
from workstation.places import DEMO_PROFILE, demo_hospital_directory, hospital_profile_path, profile_directory
from workstation.tour.hands import TourStopped, let_live
from workstation.unlocking import demo_unlock

if TYPE_CHECKING:
    from sync.records.case import Case
    from workstation.startup import RunningApplication
    from workstation.tour.itinerary import Visit

log = logging.getLogger("ui.tour")

START_PATIENCE_S = 300.0
CHEST, BRAIN, FOREIGN, NO_CONSENT = "SO-2026-00101", "SO-2026-00102", "SO-2026-00103", "SO-2026-00104"


def run_tour(application: RunningApplication, directory: Path, *, home: Path, with_local_data: bool) -> int:
    """Drive *application* (already opened) through whole cases, one after the other; the exit status.

    0 only if the hospital acknowledged every opinion and everything in ``tour.json`` says so. The profile "demo" below
    *home* tells where the hospital is.
    """
    directory.mkdir(parents=True, exist_ok=True)
    left = ("[0-9][0-9]-*.png", "*-report.pdf", "trust.pem", "tour.json", "stopped.png")
    for old in (path for pattern in left for path in directory.glob(pattern)):
        old.unlink(missing_ok=True)
    began = datetime.now(UTC).isoformat(timespec="seconds")
    record: dict[str, Any] = {"began": began, "home": str(home), "completed": False}
    try:
        _walk(application, directory, home, with_local_data, record)
    except TourStopped as stopped:
        record["stopped"] = str(stopped)
        print(f"The tour stopped: {stopped}.", file=sys.stderr)
        application.window.grab().save(str(directory / "stopped.png"))
    draft = directory / "tour.json.part"
    draft.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    shutil.move(draft, directory / "tour.json")
    if record["completed"]:
        stops, opinions = counted(len(record["stops"]), "screenshot"), counted(len(record["hospital"]), "opinion")
        print(f"The tour is complete: {stops}, {opinions} acknowledged. See {directory / 'tour.json'}.")
    return 0 if record["completed"] else 1


def _walk(
    application: RunningApplication, directory: Path, home: Path, with_local_data: bool, record: dict[str, Any]
) -> None:
    waited = 0.0
    while not application.is_ready and not application.failure:
        let_live(0.05)
        waited += 0.05
        if waited > START_PATIENCE_S:
            raise TourStopped("the program did not open")
    if application.failure:
        raise TourStopped(application.failure)
    # Views are imported only now: the window was to be painted first.
    from workstation.tour.itinerary import Tour

    account = application.account
    if account is None:
        raise TourStopped("there is no demo hospital")
    tour = Tour(application.window, directory, account.account_passphrase, account.key_pin)
    try:
        tour.see_worklist()
        visits = _local_visits(home) if with_local_data else _cohort_visits(home)
        for index, visit in enumerate(visits):
            tour.visit(visit, first=index == 0)
        if not with_local_data:
            tour.see_blocked_case(FOREIGN)
            tour.see_case_without_consent(NO_CONSENT)
    finally:
        record.update(tour.log.to_json())
    record["hospital"] = _ask_hospital(home, [visit.case_id for visit in visits], directory)
    record["completed"] = all(held["complete"] for held in record["hospital"].values()) and not tour.log.carried_over
    if not record["completed"]:
        raise TourStopped("the hospital does not hold what it should, see tour.json")


def _cohort_visits(home: Path) -> tuple[Visit, ...]:
    """The chest CT with its slide, then the brain MR; the measurements are made where the lesions are known to be."""
    from workstation.tour.itinerary import Aim, Visit

    truth = json.loads((demo_hospital_directory(home) / "truth.json").read_text(encoding="utf-8"))
    ct, mr = truth[CHEST]["study"], truth[BRAIN]["study"]
    return (
        Visit(
            CHEST,
            Aim(PatientPoint(*ct["nodule_centre"]), ct["nodule_diameter_mm"]),
            "Adenocarcinoma with irregular crowded glands; the nodule of the right upper lobe is solid and round.",
            "Solid nodule in the right upper lobe, measured. The biopsy shows irregular crowded glands.",
        ),
        Visit(
            BRAIN,
            Aim(PatientPoint(*mr["lesion_centre"]), mr["lesion_diameter_mm"]),
            "A single ring-enhancing lesion with oedema; metastasis is more likely than glioma.",
            "Ring-enhancing lesion in the left frontal white matter with surrounding oedema.",
        ),
    )


def _local_visits(home: Path) -> tuple[Visit, ...]:
    """Of the local cases: the largest CT (of the chest, if any is), the largest MR scan, the first Aperio slide."""
    from workstation.tour.itinerary import Visit

    cases = [case for case in _stored(home)[0] if case.case_id.startswith("LOCAL-")]
    by_ct = sorted(cases, key=_chest_images, reverse=True)
    slides = [
        case for case in cases if any(s.title.lower().endswith(".svs") or s.url.endswith(".svs") for s in case.slides)
    ]
    if not by_ct or _chest_images(by_ct[0])[1] == 0 or not slides:
        raise TourStopped("--data holds no CT series or no .svs slide to lead a tour through")
    largest = max(cases, key=_brain_images)
    mr = (
        [Visit(largest.case_id, None, "Demonstration reading of the MR.", "Length and region marked.")]
        if _brain_images(largest) > 1
        else []
    )
    return (
        Visit(
            by_ct[0].case_id, None, "Demonstration reading of the CT.", "Length and region marked on the axial images."
        ),
        *mr,
        Visit(slides[0].case_id, None, "Demonstration reading of the slide.", "Region outlined on the slide."),
    )


def _brain_images(case: Case) -> int:
    """How many MR images a case has that is of one MR series: a structural scan, not a mixed study."""
    entries = [entry for study in case.studies for entry in study.series]
    return entries[0].instance_count if len(entries) == 1 and entries[0].modality == "MR" else 0


def _chest_images(case: Case) -> tuple[bool, int]:
    """Whether a study of the case is called one of the chest, and how many CT images it has: what sorts the CTs."""
    words = " ".join(f"{study.description} {' '.join(e.description for e in study.series)}" for study in case.studies)
    is_chest = any(word in words.lower() for word in ("chest", "thorax", "lung"))
    count = sum(entry.instance_count for study in case.studies for entry in study.series if entry.modality == "CT")
    return is_chest and count > 0, count


def _stored(home: Path) -> tuple[tuple[Case, ...], bytes]:
    """The cases on this computer and the authority that the specialist's certificate is trusted by."""
    from sync.store.database import open_store

    store = open_store(profile_directory(home, DEMO_PROFILE), unlock=demo_unlock(), read_only=True)
    try:
        return store.cases.list_cases(), store.session.find_secret("trust.pem") or b""
    finally:
        store.close()


def _ask_hospital(home: Path, case_ids: list[str], directory: Path) -> dict[str, Any]:
    from sync.fhir.fhir_gateway import HttpFhirGateway
    from sync.hospital_connection import HospitalConnection
    from sync.hospital_profile import HospitalProfile
    from workstation.tour.evidence import evidence_of

    profile = HospitalProfile.load(hospital_profile_path(home, DEMO_PROFILE))
    cases, trust = _stored(home)
    (directory / "trust.pem").write_bytes(trust)  # whom `readingroom verify --trust` must know to judge the reports
    tasks: dict[str, str] = {case.case_id: case.task_reference for case in cases}
    connection = HospitalConnection(profile)
    try:
        gateway = HttpFhirGateway(connection)
        return {case: evidence_of(gateway, case, tasks[case], trust, directory) for case in case_ids}
    finally:
        connection.close()
