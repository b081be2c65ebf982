"""What the door lets in: the object asked for, whole; and what it says of another patient's."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from sync.errors import DamagedTransfer, ForeignObject
from sync.records.case import Patient
from sync.transfer.door import InstanceFacts, admit_instance, inspect_instance
from sync.transfer.patient_agreement import find_mismatch
from tests.real_data import real_data
from tests.sync.small_hospital import STUDY_UID, write_instance

PATIENT = Patient("Patient/p", "MRN-1", "Moreau", "Anne Louise", date(1961, 4, 5), "female")


@dataclass
class Bytes:
    """A file in memory."""

    content: bytes
    name: str = "test"

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content)


def instance(tmp_path: Path, **elements: Any) -> bytes:
    path = tmp_path / "one.dcm"
    write_instance(path, "MRN-1", 1, **elements)
    return path.read_bytes()


def rewritten(content: bytes, syntax: str, *, implicit: bool = False, little: bool = True, **elements: Any) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(content))
    dataset.file_meta.TransferSyntaxUID = syntax
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    out = io.BytesIO()
    # The encoding is given where it is not the one read; pydicom asks for both then.
    if not little or implicit:
        pydicom.dcmwrite(out, dataset, implicit_vr=implicit, little_endian=little, enforce_file_format=True)
    else:
        pydicom.dcmwrite(out, dataset, enforce_file_format=True)
    return out.getvalue()


def encapsulated(content: bytes, frames: int, fragments: int) -> bytes:
    data = encapsulate([b"\xff\xd8\xff\xd9"] * fragments, has_bot=True)
    dataset = pydicom.dcmread(io.BytesIO(content))
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.NumberOfFrames = frames
    dataset.PixelData = data
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    out = io.BytesIO()
    pydicom.dcmwrite(out, dataset, enforce_file_format=True)
    return out.getvalue()


def test_that_a_whole_image_tells_its_facts(tmp_path: Path) -> None:
    facts = inspect_instance(Bytes(instance(tmp_path)))
    assert (facts.complete, facts.problem, facts.proves_its_end) == (True, "", True)
    assert (facts.study_uid, facts.series_uid) == (STUDY_UID, f"{STUDY_UID}.1")
    assert (facts.patient_id, facts.patient_name, facts.birth_date) == ("MRN-1", "MOREAU^ANNE", date(1961, 4, 5))


@pytest.mark.parametrize("syntax", ["implicit", "deflated", "big endian", "encapsulated"])
def test_that_every_encoding_is_found_whole_and_found_cut(tmp_path: Path, syntax: str) -> None:
    plain = instance(tmp_path)
    content = {
        "implicit": lambda: rewritten(plain, ImplicitVRLittleEndian, implicit=True),
        "deflated": lambda: rewritten(plain, DeflatedExplicitVRLittleEndian),
        "big endian": lambda: rewritten(plain, ExplicitVRBigEndian, little=False),
        "encapsulated": lambda: encapsulated(plain, 3, 3),
    }[syntax]()
    whole = inspect_instance(Bytes(content))
    assert (whole.complete, whole.problem, whole.patient_id) == (True, "", "MRN-1")
    for missing in (2, 9, 20):
        cut = inspect_instance(Bytes(content[:-missing]))
        assert not cut.complete
        assert cut.problem


def test_that_an_image_cut_anywhere_is_never_admitted_from_an_unframed_reply(tmp_path: Path) -> None:
    content = instance(tmp_path)
    for length in range(0, len(content) - 1, 7):
        facts = inspect_instance(Bytes(content[:length]))
        with pytest.raises((DamagedTransfer, ForeignObject)):
            admit(facts, framed=False)


@pytest.mark.parametrize(
    ("frames", "fragments", "problem"), [(3, 2, "2 of 3 compressed frames"), (1, 4, ""), (1, 0, "0 of 1")]
)
def test_that_compressed_frames_are_counted(tmp_path: Path, frames: int, fragments: int, problem: str) -> None:
    facts = inspect_instance(Bytes(encapsulated(instance(tmp_path), frames, fragments)))
    assert problem in facts.problem
    assert facts.complete == (not problem)


@pytest.mark.parametrize(
    ("elements", "problem"),
    [
        ({"PixelData": b"\x00\x00" * 10}, "too short (20 of 512 bytes)"),
        ({"PixelData": None}, "its pixel data is missing"),
    ],
)
def test_that_pixels_that_are_not_there_are_named(tmp_path: Path, elements: dict[str, Any], problem: str) -> None:
    facts = inspect_instance(Bytes(instance(tmp_path, **elements)))
    assert not facts.complete
    assert problem in facts.problem


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 128 + b"DICM", b"\x00" * 4000, bytes(range(256)) * 9])
def test_that_what_is_not_dicom_is_a_problem_and_no_crash(content: bytes) -> None:
    facts = inspect_instance(Bytes(content))
    assert not facts.complete or not facts.sop_instance_uid


def test_that_a_report_without_pixels_is_whole_but_cannot_prove_it(tmp_path: Path) -> None:
    facts = inspect_instance(Bytes(instance(tmp_path, PixelData=None, Rows=None, Columns=None)))
    assert (facts.complete, facts.proves_its_end) == (True, False)
    assert admit(facts, framed=True) == ""
    with pytest.raises(DamagedTransfer, match="proves"):
        admit(facts, framed=False)


def admit(facts: InstanceFacts, framed: bool = True, **asked: str) -> str:
    uids = {"study_uid": STUDY_UID, "series_uid": f"{STUDY_UID}.1", "sop_uid": f"{STUDY_UID}.1.1", **asked}
    return admit_instance(facts, PATIENT, framed=framed, **uids)


@pytest.mark.parametrize("wrong", ["study_uid", "series_uid", "sop_uid"])
def test_that_another_object_than_the_one_asked_for_is_foreign(tmp_path: Path, wrong: str) -> None:
    facts = inspect_instance(Bytes(instance(tmp_path)))
    assert admit(facts) == ""
    with pytest.raises(ForeignObject, match="than asked for"):
        admit(facts, **{wrong: "1.2.3"})


def mismatch(patient_id: str = "MRN-1", name: str = "MOREAU^ANNE", birth: date | None = None) -> str:
    return find_mismatch(PATIENT, patient_id, name, birth)


@pytest.mark.parametrize(
    "name",
    ["", "MOREAU^ANNE", "moreau^anne louise", "Moreau^Anne^Louise", "MOREAU^ANNE^^DR", " MOREAU ^ ANNE ", "MOREAU",
     "ＭＯＲＥＡＵ^ANNE", "MOREAU^ANNE=莫^安", "^", "モロー^アンヌ=MOREAU^ANNE"],
)  # fmt: skip
def test_that_the_same_name_written_differently_agrees(name: str) -> None:
    assert mismatch(name=name) == ""


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"patient_id": "MRN-2"}, "The image is of patient MRN-2, the case of patient MRN-1."),
        ({"patient_id": "mrn-1"}, "The image is of patient mrn-1, the case of patient MRN-1."),
        ({"patient_id": ""}, "The image carries no patient ID; the case is of patient MRN-1."),
        ({"name": "MARTIN^ANNE"}, "The image is of “MARTIN ANNE”, the case of “Moreau, Anne Louise”."),
        ({"name": "MOREAU^JEAN"}, "The image is of “MOREAU JEAN”, the case of “Moreau, Anne Louise”."),
        ({"birth": date(1961, 4, 6)}, "The image says born 1961-04-06, the case 1961-04-05."),
    ],
)
def test_that_another_patient_is_said_in_one_sentence(facts: dict[str, Any], sentence: str) -> None:
    assert mismatch(**facts) == sentence


def test_that_a_case_without_identity_agrees_only_with_an_object_without_one() -> None:
    nobody = replace(PATIENT, patient_id=None)
    assert find_mismatch(nobody, "", "MOREAU^ANNE", None) == ""
    assert find_mismatch(nobody, "MRN-1", "MOREAU^ANNE", None) != ""


def test_that_a_name_is_read_in_its_own_characters(tmp_path: Path) -> None:
    content = instance(tmp_path, SpecificCharacterSet="ISO_IR 192", PatientName="Zürcher^Øyvind")
    assert inspect_instance(Bytes(content)).patient_name == "Zürcher^Øyvind"
    content = instance(tmp_path, SpecificCharacterSet="ISO_IR 100", PatientName="Zürcher^Öyvind")
    assert inspect_instance(Bytes(content)).patient_name == "Zürcher^Öyvind"


def test_that_a_name_in_several_character_sets_is_read_as_written(tmp_path: Path) -> None:
    """The example of DICOM PS3.5 H.3.2."""
    sets, name = ["ISO 2022 IR 13", "ISO 2022 IR 87"], "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"
    content = instance(tmp_path, SpecificCharacterSet=sets, PatientName=name)
    assert inspect_instance(Bytes(content)).patient_name == name


@pytest.mark.real_data
def test_that_every_readable_real_image_passes_and_no_bad_input_stops_the_door() -> None:
    checked = 0
    for path in sorted(real_data("dicom").rglob("*.dcm"))[:200]:
        facts = inspect_instance(Bytes(path.read_bytes(), path.name))
        reference = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        if facts.complete:
            assert facts.sop_instance_uid == str(reference.get("SOPInstanceUID", ""))
            assert facts.patient_name.rstrip("=^ ") == str(reference.get("PatientName", "")).rstrip("=^ ")
            checked += 1
    for path in sorted(real_data("bad_inputs").rglob("*")):
        if path.is_file() and path.stat().st_size < 50_000_000:
            inspect_instance(Bytes(path.read_bytes(), path.name))
    assert checked > 0
