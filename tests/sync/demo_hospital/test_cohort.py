"""The invented cases: built whole or not at all, valid FHIR, and each with the trait it is there for."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from pydicom import dcmread

from sync.demo_hospital.cohort import COHORT_VERSION, build_cohort, move_due_dates_along
from sync.demo_hospital.cohort_images import CohortFailed, ImageJob, _add_stray, image_jobs, write_images
from sync.demo_hospital.documents import AboutPatient, write_letter
from sync.demo_hospital.image_copies import copy_study
from sync.demo_hospital.phantoms import PhantomPatient
from sync.demo_hospital.phantoms.ct_chest import write_ct_chest
from sync.demo_hospital.state import BASE_PLACEHOLDER, HospitalState
from sync.demo_hospital.stories import STORIES
from sync.demo_hospital.story import Images, Progress
from tests.sync.demo_hospital.dicom_files import write_dicom
from tests.sync.demo_hospital.tiny_cohort import write_badly, write_small, write_tiny_images

Json = dict[str, Any]

KINDS = (
    "Binary", "Communication", "CommunicationRequest", "Condition", "Consent", "DiagnosticReport", "DocumentReference",
    "Endpoint", "ImagingStudy", "List", "Observation", "Organization", "Patient", "Practitioner", "PractitionerRole",
    "Questionnaire", "ServiceRequest", "Task",
)  # fmt: skip


def silent(text: str, done: float) -> None:
    """Progress nobody watches."""


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state_dir = tmp_path_factory.mktemp("cohort")
    build_cohort(state_dir, silent, write_tiny_images)
    return state_dir


def resources(state_dir: Path, kind: str) -> dict[str, Json]:
    with HospitalState(state_dir) as state:
        return {
            one.id: json.loads(one.text.replace(f'"{BASE_PLACEHOLDER}', '"http://127.0.0.1:1'))
            for one in state.list_resources(kind)
        }


@pytest.mark.parametrize("kind", KINDS)
def test_that_every_resource_is_well_formed_r4(cohort: Path, kind: str) -> None:
    held = resources(cohort, kind)
    assert held
    for resource in held.values():
        get_fhir_model_class(kind).model_validate(resource)


def test_that_every_reference_leads_somewhere(cohort: Path) -> None:
    references = {f"{kind}/{one}" for kind in KINDS for one in resources(cohort, kind)}
    for kind in KINDS:
        for resource in resources(cohort, kind).values():
            for reference in _references(resource):
                assert reference in references, f"{kind} refers to {reference}"


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [found for item in value.values() for found in _references(item)]
    return [found for item in value for found in _references(item)] if isinstance(value, list) else []


def test_that_only_the_fourth_and_the_last_patient_do_not_release_the_records(cohort: Path) -> None:
    consents = resources(cohort, "Consent")
    states = {one: consents[one]["status"] for one in sorted(consents)}
    assert list(states.values()) == ["active"] * 3 + ["proposed"] + ["active"] * 5 + ["inactive"]
    source = consents["consent-so-2026-00101"]["sourceReference"]["reference"]
    url = resources(cohort, "DocumentReference")[source.split("/")[1]]["content"][0]["attachment"]["url"]
    pdf = base64.b64decode(resources(cohort, "Binary")[url.split("/")[1]]["data"])
    assert pdf.startswith(b"%PDF-")


def test_that_only_the_third_study_holds_a_stranger(cohort: Path) -> None:
    with HospitalState(cohort) as state:
        patients: dict[str, set[str]] = {}
        for instance in state.list_instances(""):
            patients.setdefault(instance.study_uid, set()).add(instance.attributes["00100020"]["Value"][0])
    assert sorted(len(ids) for ids in patients.values()) == [1, 1, 1, 1, 1, 1, 2]
    assert {"LD-630508", "LD-551130"} in patients.values()


def test_that_the_first_case_has_images_slide_reports_results_and_release(cohort: Path) -> None:
    items = [e["item"]["reference"].split("/")[0] for e in resources(cohort, "List")["manifest-so-2026-00101"]["entry"]]
    assert {kind: items.count(kind) for kind in set(items)} == {
        "ImagingStudy": 1, "DocumentReference": 5, "DiagnosticReport": 2, "Observation": 7, "Condition": 1,
    }  # fmt: skip
    slide = resources(cohort, "DocumentReference")["so-2026-00101-slide"]
    assert slide["content"][0]["attachment"]["url"] == "http://127.0.0.1:1/files/so-2026-00101-slide"
    assert len(resources(cohort, "ServiceRequest")["sr-so-2026-00101"]["note"]) == 2


def test_that_due_dates_lie_ahead_of_the_first_build_and_differ(cohort: Path) -> None:
    tasks = resources(cohort, "Task").values()
    due = [datetime.fromisoformat(task["restriction"]["period"]["end"]) for task in tasks]
    assert len(set(due)) >= 8
    assert all(one > datetime.now(UTC) for one in due)
    assert {task["priority"] for task in tasks} == {"routine", "urgent", "asap", "stat"}


def test_that_a_second_start_builds_nothing_and_keeps_what_readers_wrote(cohort: Path) -> None:
    with HospitalState(cohort) as state:
        task = state.find_resource("Task", "task-so-2026-00102")
        assert task is not None
        state.put_resource({**task.json, "status": "accepted"})

    def refuse(folder: Path, jobs: Any, on_progress: Any) -> Json:
        raise AssertionError("images were written again")

    build_cohort(cohort, silent, refuse)
    assert resources(cohort, "Task")["task-so-2026-00102"]["status"] == "accepted"


@pytest.mark.parametrize("moment", ["while writing images", "before the database"])
def test_that_a_build_cut_short_leaves_nothing_that_counts(
    tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCut(BaseException):
        """Nobody catches it."""

    def cut(*_: Any) -> Any:
        raise PowerCut

    def half(folder: Path, jobs: Any, on_progress: Any) -> Json:
        (folder / "half.dcm").write_bytes(b"half")
        raise PowerCut

    monkeypatch.setattr("sync.demo_hospital.cohort.STORIES", STORIES[3:4])
    with monkeypatch.context() as patched:
        if moment == "before the database":
            patched.setattr("sync.demo_hospital.cohort._fill", cut)
        with pytest.raises(PowerCut):
            build_cohort(tmp_path, silent, half if moment == "while writing images" else write_tiny_images)
    assert resources(tmp_path, "Task") == {}
    build_cohort(tmp_path, silent, write_tiny_images)
    assert list(resources(tmp_path, "Task")) == ["task-so-2026-00104"]
    assert [path.name for path in tmp_path.glob("building-*")] == []
    assert not list((tmp_path / "objects").glob("half.dcm"))


PATIENT = PhantomPatient("P", "A^B", "19700101", "F", "CT", "1")
SMALL_JOB = ImageJob("SO-1", "chest", 3, Images.CHEST_CT_PART, PATIENT, None)


def test_that_images_are_written_by_other_processes_and_their_truths_come_back(tmp_path: Path) -> None:
    told: list[float] = []
    truths = write_images(tmp_path, [SMALL_JOB], lambda _, done: told.append(done), write_small)
    assert truths == {"SO-1": {"what": "chest"}}
    assert told == [0.5, 1.0]
    assert (tmp_path / "chest").exists()


def test_that_a_process_that_dies_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(CohortFailed, match="chest"):
        write_images(tmp_path, [SMALL_JOB], silent, write_badly)


def test_that_the_work_is_one_study_each_and_a_slide() -> None:
    jobs = image_jobs()
    assert sorted(job.what for job in jobs if job.case_id == "SO-2026-00101") == ["biopsy slide", "chest CT, whole"]
    assert [job.what for job in jobs if job.case_id > "SO-2026-00104"] == [], "the further cases are painted for nobody"
    copies = sorted(copy.case_id for job in jobs for copy in job.copies)
    assert copies == ["SO-2026-00105", "SO-2026-00107", "SO-2026-00108"]


def test_that_a_stray_image_differs_in_patient_only(tmp_path: Path) -> None:
    write_dicom(tmp_path / "a.dcm", ImagePositionPatient=[0, 0, 10], SliceThickness=2)
    stranger = STORIES[2].foreign_patient
    assert stranger is not None
    _add_stray(tmp_path / "a.dcm", tmp_path / "b.dcm", stranger)
    own, stray = dcmread(tmp_path / "a.dcm"), dcmread(tmp_path / "b.dcm")
    assert own.SeriesInstanceUID == stray.SeriesInstanceUID
    assert own.SOPInstanceUID != stray.SOPInstanceUID
    assert stray.PatientID == stranger.patient_id
    assert list(stray.ImagePositionPatient) == [0, 0, 12]
    assert stray.PixelData == own.PixelData


def test_that_a_letter_is_a_pdf_with_its_words_in_it() -> None:
    about = AboutPatient("Testfall, Anna", "3 February 1970", "female", "P1", "A1")
    pdf = write_letter(about, "Report", "Radiology", "Dr. No", datetime(2026, 1, 2, tzinfo=UTC), (("A", "b"),), "c")
    assert pdf.startswith(b"%PDF-")
    assert b"%%EOF" in pdf[-10:]


def test_that_a_hospital_without_its_database_fills_it_from_the_images_it_has(tmp_path: Path) -> None:
    build_cohort(tmp_path, lambda _text, _done: None, write_tiny_images)
    truth = (tmp_path / "truth.json").read_bytes()
    for left in tmp_path.glob("hospital.db*"):
        left.unlink()

    def must_not_write(_folder: Path, _jobs: object, _on_progress: object) -> dict[str, object]:
        raise AssertionError("the images are there already")

    build_cohort(tmp_path, lambda _text, _done: None, must_not_write)
    assert (tmp_path / "truth.json").read_bytes() == truth
    with HospitalState(tmp_path) as state:
        assert state.find_fact("cohort") == COHORT_VERSION


def test_that_long_values_in_a_letters_patient_box_stay_in_their_columns() -> None:
    import pypdfium2

    about = AboutPatient(
        "Featherstonehaugh-Cholmondeley, Bartholomew",
        "27 September 1982",
        "female",
        "LD-8209270011",
        "LD-26-10533-0001",
    )
    pdf = write_letter(about, "Report", "Radiology", "Dr. No", datetime(2026, 1, 2, tzinfo=UTC), (("A", "b"),), "c")
    page = pypdfium2.PdfDocument(pdf)[0].get_textpage()
    found = []
    for words in (about.name, about.born, about.sex, about.patient_id, about.accession):
        place = page.search(words).get_next()
        assert place is not None, words
        boxes = [page.get_charbox(index) for index in range(place[0], sum(place))]
        found.append((min(box[0] for box in boxes), max(box[2] for box in boxes)))
    for (_left, right), (left, _right) in pairwise(found):
        assert right + 3 < left


def test_that_every_state_of_an_assignment_is_in_the_cohort(cohort: Path) -> None:
    tasks, consents = resources(cohort, "Task"), resources(cohort, "Consent")
    assert len(tasks) == len(STORIES) == 10
    found = {story.progress: tasks[f"task-{story.case_id.lower()}"] for story in STORIES}
    assert set(found) == set(Progress)
    statuses = {
        progress: (task["status"], task["businessStatus"]["coding"][0]["code"]) for progress, task in found.items()
    }
    assert statuses == {
        Progress.REQUESTED: ("requested", "records-complete"),
        Progress.ACCEPTED: ("accepted", "records-complete"),
        Progress.ON_HOLD: ("on-hold", "records-missing"),
        Progress.CANCELLED: ("cancelled", "records-complete"),
        Progress.CONSENT_WITHDRAWN: ("requested", "consent-withdrawn"),
    }
    assert found[Progress.CANCELLED]["statusReason"]["text"].startswith("The patient has been operated")
    assert consents["consent-so-2026-00110"]["status"] == "inactive"
    with HospitalState(cohort) as state:
        assert [one.json["status"] for one in state.list_versions("Consent", "consent-so-2026-00110")][1] == "active"
        held = state.list_versions("Task", "task-so-2026-00106")
        assert [one.json["status"] for one in held] == ["on-hold", "in-progress", "requested"]


def test_that_a_case_that_waits_says_for_what(cohort: Path) -> None:
    (asked,) = resources(cohort, "CommunicationRequest").values()
    assert asked["about"] == [{"reference": "Task/task-so-2026-00106"}]
    assert len(asked["payload"]) == 1 + 2, "the reason, and each wanted record on its own"
    (answered,) = resources(cohort, "Communication").values()
    assert answered["basedOn"] == asked["basedOn"] == [{"reference": "ServiceRequest/sr-so-2026-00106"}]


def test_that_one_case_is_due_tomorrow_on_every_day_until_it_is_accepted(tmp_path: Path) -> None:
    build_cohort(tmp_path, silent, write_tiny_images)
    with HospitalState(tmp_path) as state:
        for days in (0, 3):
            today = datetime.now(UTC) + timedelta(days=days)
            move_due_dates_along(state, today)
            task = state.find_resource("Task", "task-so-2026-00108")
            assert task is not None
            due = datetime.fromisoformat(task.json["restriction"]["period"]["end"])
            assert due.date() == today.date() + timedelta(days=1)
        state.put_resource({**task.json, "status": "accepted"})
        move_due_dates_along(state, today + timedelta(days=5))
        kept = state.find_resource("Task", "task-so-2026-00108")
    assert kept is not None
    assert kept.json["restriction"] == task.json["restriction"]


def test_that_a_copied_study_is_another_patients_with_the_same_pixels(tmp_path: Path) -> None:
    truth = write_ct_chest(tmp_path / "a", PATIENT, slices=3)
    other = PhantomPatient("Q", "C^D", "19800101", "M", "CT again", "2")
    copied = copy_study(tmp_path / "a", truth, tmp_path / "b", other)
    assert copied.files == truth.files
    assert {copied.study_uid, copied.series_uid} & {truth.study_uid, truth.series_uid} == set()
    for name in truth.files:
        ours, theirs = dcmread(tmp_path / "a" / name), dcmread(tmp_path / "b" / name)
        assert (theirs.PatientID, theirs.PatientSex, theirs.StudyInstanceUID) == ("Q", "M", copied.study_uid)
        assert theirs.SOPInstanceUID == theirs.file_meta.MediaStorageSOPInstanceUID != ours.SOPInstanceUID
        assert theirs.PixelData == ours.PixelData
        assert theirs.ImagePositionPatient == ours.ImagePositionPatient
