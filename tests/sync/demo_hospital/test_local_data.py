"""What becomes of a folder of files: cases, duplicates, and reasons for everything else."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from sync.demo_hospital.dicom_index import read_entry
from sync.demo_hospital.hospital_resources import put_hospital_resources
from sync.demo_hospital.local_data import offer_local_data
from sync.demo_hospital.local_patient import patient_resource
from sync.demo_hospital.slide_file import UnusableSlide, check_slide
from sync.demo_hospital.state import HospitalState
from tests.real_data import real_data
from tests.sync.demo_hospital.dicom_files import ROOT, write_dicom
from tests.viewers.pathology import vendor_slides

Json = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir()
    return path


def offer(state: HospitalState, folder: Path) -> Json:
    put_hospital_resources(state)
    return offer_local_data(state, folder, lambda text, done: None)


def held(state: HospitalState, kind: str, resource_id: str) -> Json:
    found = state.find_resource(kind, resource_id)
    assert found is not None, f"{kind}/{resource_id}"
    return found.json


def write_slide(path: Path, seed: int = 1) -> None:
    pixels = np.random.default_rng(seed).integers(0, 255, (256, 256, 3), dtype=np.uint8)
    tifffile.imwrite(path, pixels, tile=(128, 128), photometric="rgb")


def test_that_one_case_is_made_of_each_study_and_patient_and_of_each_slide(tmp_path: Path, folder: Path) -> None:
    write_dicom(folder / "a" / "1.dcm", number=1)
    write_dicom(folder / "z" / "2.dcm", number=2)
    write_dicom(folder / "b.dcm", study=2)
    write_slide(folder / "c.tiff")
    with HospitalState(tmp_path / "state") as state:
        report = offer(state, folder)
        assert [(c["case_id"], c["first"], c["files"]) for c in report["cases"]] == [
            ("LOCAL-0001", "a/1.dcm", 2),
            ("LOCAL-0002", "b.dcm", 1),
            ("LOCAL-0003", "c.tiff", 1),
        ]
        study = held(state, "ImagingStudy", "local-0001-study")
        assert (study["numberOfInstances"], study["identifier"][0]["value"]) == (2, f"urn:oid:{ROOT}.1")
        assert held(state, "Task", "task-local-0001")["status"] == "requested"
        assert held(state, "Consent", "consent-local-0001")["status"] == "active"
        note = held(state, "ServiceRequest", "sr-local-0001")["note"][0]["text"]
        assert note.startswith("Local study opened for demonstration: CT Test, 2 images in 1 series.")
        assert held(state, "DocumentReference", "local-0003-slide")["category"][0]["coding"][0]["code"] == "wsi"
        (instance, _) = state.list_instances("", f"{ROOT}.1")
        assert instance.path == folder / "a" / "1.dcm", "files stay where they are"


def test_that_two_patients_in_one_study_are_two_cases_kept_apart(tmp_path: Path, folder: Path) -> None:
    write_dicom(folder / "1.dcm", number=1)
    write_dicom(folder / "2.dcm", number=2, PatientID="P2", PatientName="Andere^Eva")
    with HospitalState(tmp_path / "state") as state:
        assert len(offer(state, folder)["cases"]) == 2
        for number, slug in ((1, "local-0001"), (2, "local-0002")):
            instances = state.list_instances(slug, f"{ROOT}.1")
            assert [one.sop_uid for one in instances] == [f"{ROOT}.1.1.{number}"]
            assert held(state, "Endpoint", f"dicomweb-{slug}")["address"].endswith(f"/dicom-web/partitions/{slug}")


def test_that_of_files_with_one_uid_the_first_by_path_is_kept(tmp_path: Path, folder: Path) -> None:
    for name in ("b", "a", "c"):
        write_dicom(folder / f"{name}.dcm")
    with HospitalState(tmp_path / "state") as state:
        report = offer(state, folder)
        assert [(d["path"], d["kept"]) for d in report["duplicates"]] == [("b.dcm", "a.dcm"), ("c.dcm", "a.dcm")]
        assert report["cases"][0]["files"] == 1


def test_that_a_patient_without_an_id_is_marked_as_without_identity(tmp_path: Path, folder: Path) -> None:
    write_dicom(folder / "1.dcm", study=1)
    write_dicom(folder / "2.dcm", study=2, PatientID="  ", PatientName=None)
    write_slide(folder / "3.tiff")
    with HospitalState(tmp_path / "state") as state:
        offer(state, folder)
        assert held(state, "Task", "task-local-0001")["for"]["reference"] == "Patient/local-0001-patient"
        assert held(state, "Patient", "local-0001-patient")["identifier"][0]["value"] == "P1"
        for number, case in ((1, "0002"), (2, "0003")):
            reference = f"unidentified-{number}"
            assert held(state, "Task", f"task-local-{case}")["for"]["reference"] == f"Patient/{reference}"
            patient = held(state, "Patient", reference)
            assert "identifier" not in patient
            assert patient["meta"]["tag"][0]["code"] == "identity-missing"
            assert patient["name"][0]["family"] == reference


def test_that_what_cannot_be_used_is_listed_with_the_reason(tmp_path: Path, folder: Path) -> None:
    write_dicom(folder / "good.dcm")
    write_dicom(folder / "no_sop.dcm", SOPInstanceUID=None)
    write_dicom(folder / "no_study.dcm", number=5, StudyInstanceUID=None)
    write_dicom(folder / "no_rows.dcm", number=6, Rows=None)
    write_dicom(folder / "no_pixels.dcm", number=8, PixelData=None)
    write_dicom(folder / "short.dcm", number=7, PixelData=b"\0" * 100)
    whole = (folder / "good.dcm").read_bytes()
    (folder / "cut.dcm").write_bytes(whole[:-40])
    (folder / "bare.dcm").write_bytes(whole[132:])
    (folder / "text.dcm").write_text("hello")
    (folder / "empty.dcm").write_bytes(b"")
    (folder / "notes.txt").write_text("hello")
    (folder / "fake.svs").write_text("hello")
    (folder / "several.mrxs").write_text("hello")
    write_slide(folder / "slide.tif")
    slide = (folder / "slide.tif").read_bytes()
    (folder / "cut.tif").write_bytes(slide[: len(slide) // 2])
    (folder / "broken.tif").write_bytes(slide[:8] + b"\xff" * 64)
    with HospitalState(tmp_path / "state") as state:
        report = offer(state, folder)
        reasons = {one["path"]: one["reason"] for one in report["unusable"]}
        assert [case["first"] for case in report["cases"]] == ["good.dcm", "slide.tif"]
    expected = {
        "bare.dcm": "no DICOM file header", "broken.tif": "no reader can open", "cut.dcm": "truncated",
        "cut.tif": "truncated|no reader", "empty.dcm": "no DICOM file header", "fake.svs": "not a TIFF",
        "no_pixels.dcm": "without pixel data",
        "no_rows.dcm": "no rows", "no_sop.dcm": "no SOP Instance UID", "no_study.dcm": "no Study Instance UID",
        "notes.txt": "neither DICOM nor a slide", "several.mrxs": "MIRAX", "short.dcm": "100 of 128 bytes",
        "text.dcm": "no DICOM file header",
    }  # fmt: skip
    assert set(reasons) == set(expected)
    for path, words in expected.items():
        assert any(word in reasons[path] for word in words.split("|")), f"{path}: {reasons[path]}"


@pytest.mark.parametrize(
    ("name", "write"), [("slide.ndpi", vendor_slides.write_ndpi), ("slide.tiff", vendor_slides.write_philips)]
)
def test_that_a_scanners_own_dialect_is_offered(tmp_path: Path, name: str, write: Callable[[Path], None]) -> None:
    write(tmp_path / name)
    check_slide(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(UnusableSlide):
        check_slide(tmp_path / name)


def test_that_objects_that_are_no_images_stay_with_their_study(tmp_path: Path, folder: Path) -> None:
    write_dicom(folder / "1.dcm")
    sr = "1.2.840.10008.5.1.4.1.1.88.33"
    write_dicom(folder / "2.dcm", series=2, SOPClassUID=sr, Modality="SR", PixelData=None, Rows=None)
    with HospitalState(tmp_path / "state") as state:
        assert len(offer(state, folder)["cases"]) == 1
        study = held(state, "ImagingStudy", "local-0001-study")
        assert [series["modality"]["code"] for series in study["series"]] == ["CT", "SR"]


def test_that_a_case_keeps_its_number_and_its_progress_when_files_are_added(tmp_path: Path, folder: Path) -> None:
    write_dicom(folder / "m.dcm", study=5)
    with HospitalState(tmp_path / "state") as state:
        offer(state, folder)
        state.put_resource({**held(state, "Task", "task-local-0001"), "status": "in-progress"})
        asked = held(state, "ServiceRequest", "sr-local-0001")
        write_dicom(folder / "a.dcm", study=6)
        report = offer(state, folder)
        numbered = {case["first"]: case["case_id"] for case in report["cases"]}
        assert numbered == {"a.dcm": "LOCAL-0002", "m.dcm": "LOCAL-0001"}
        assert held(state, "Task", "task-local-0001")["status"] == "in-progress"
        assert held(state, "ServiceRequest", "sr-local-0001") == asked, "nothing changed, so no new version"


def test_that_a_case_whose_files_are_gone_is_cancelled_and_asked_again_when_they_return(
    tmp_path: Path, folder: Path
) -> None:
    for study in (1, 2, 3):
        write_dicom(folder / f"{study}.dcm", study=study)
    with HospitalState(tmp_path / "state") as state:
        offer(state, folder)
        state.put_resource({**held(state, "Task", "task-local-0003"), "status": "completed"})
        aside = tmp_path / "aside"
        aside.mkdir()
        for study in (2, 3):
            (folder / f"{study}.dcm").rename(aside / f"{study}.dcm")
        offer(state, folder)
        assert [held(state, "Task", f"task-local-000{n}")["status"] for n in (1, 2, 3)] == [
            "requested", "cancelled", "completed",
        ]  # fmt: skip
        assert state.list_instances("", f"{ROOT}.2") == []
        (aside / "2.dcm").rename(folder / "2.dcm")
        offer(state, folder)
        assert held(state, "Task", "task-local-0002")["status"] == "requested"


def test_that_only_files_that_changed_are_looked_at_again(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sync.demo_hospital import local_scan

    looked: list[str] = []
    look_at = local_scan._look_at
    monkeypatch.setattr(local_scan, "_look_at", lambda f, p: looked.append(p.name) or look_at(f, p))
    write_dicom(folder / "1.dcm", number=1)
    write_dicom(folder / "2.dcm", number=2)
    with HospitalState(tmp_path / "state") as state:
        offer(state, folder)
        offer(state, folder)
        write_dicom(folder / "2.dcm", number=3, StudyDescription="Another length")
        report = offer(state, folder)
    assert looked == ["1.dcm", "2.dcm", "2.dcm"]
    assert report["cases"][0]["files"] == 2


@pytest.mark.parametrize(
    ("charset", "name", "family", "given"),
    [
        ("ISO_IR 192", "Müller^Jörg", "Müller", ["Jörg"]),
        ("ISO_IR 100", "Müller^Jörg^Karl^Dr.^MD", "Müller", ["Jörg", "Karl"]),
        ("ISO_IR 144", "Люкceмбypг", "Люкceмбypг", None),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada", ["Tarou"]),
    ],
)
def test_that_names_are_read_in_their_character_set(
    tmp_path: Path, charset: Any, name: str, family: str, given: list[str] | None
) -> None:
    write_dicom(tmp_path / "1.dcm", SpecificCharacterSet=charset, PatientName=name)
    human = patient_resource("x", read_entry(tmp_path / "1.dcm"), None)["name"][0]
    assert (human["family"], human.get("given")) == (family, given)


@pytest.mark.real_data
def test_that_the_real_data_becomes_cases_quickly(tmp_path: Path) -> None:
    data = real_data()
    with HospitalState(tmp_path / "state") as state:
        started = time.monotonic()
        report = offer(state, data)
        assert time.monotonic() - started < 15
        by_first = {case["first"].rsplit("/", 1)[0]: case for case in report["cases"]}
        assert by_first["dicom/ct_chest_56sl_LungDx-A0001"]["files"] == 56
        assert by_first["dicom/mr_brain_t1_56sl_slab"]["files"] == 56
        assert by_first["wsi/aperio_svs"]["files"] == 1
        assert by_first["wsi/dicom_wsi_CMU-1-Small-Region"]["files"] == 8
        reasons = {one["path"]: one["reason"] for one in report["unusable"]}
        assert reasons["dicom/pydicom_testfiles/MR_truncated.dcm"].startswith("truncated")
        turned = {path for path, reason in reasons.items() if "stored turned or mirrored" in reason}
        assert turned == {f"wsi/large_image_tiffs/test_orient{n}.tif" for n in range(2, 9)}
        assert reasons["wsi/openslide_python_fixtures/unopenable.tiff"] == "a TIFF that no reader can open"
        kept = sum(case["files"] for case in report["cases"])
        assert kept + len(report["duplicates"]) + len(report["unusable"]) == report["files"]


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("chrArab", "قباني"),
        ("chrGreek", "Διονυσιος"),
        ("chrRuss", "Люкceмбypг"),
        ("chrH31", "Yamada"),
        ("chrX1", "Wang"),
    ],
)
def test_that_real_names_keep_their_script(name: str, family: str) -> None:
    entry = read_entry(real_data("dicom", "charsets_pydicom", f"{name}.dcm"))
    assert patient_resource("x", entry, None)["name"][0]["family"] == family
