"""QIDO-RS and WADO-RS: what the archive lists, and that it hands out exactly the bytes it holds."""

from __future__ import annotations

import base64
import hashlib
from email import message_from_bytes
from pathlib import Path

import pytest
from pydicom import Dataset

from sync.demo_hospital.multipart_body import find_boundary, split_parts
from tests.sync.demo_hospital.conftest import Answering
from tests.sync.demo_hospital.dicom_files import ROOT, write_dicom

STUDY, SERIES = f"{ROOT}.1", f"{ROOT}.1.1"
INSTANCE = f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/{SERIES}.2"


@pytest.fixture
def archive(hospital: Answering, tmp_path: Path) -> Answering:
    """Three slices of one series (numbered against the file names), one of a second, one of another study."""
    for index, (study, series, number, implicit) in enumerate(
        [(1, 1, 3, False), (1, 1, 2, True), (1, 1, 1, False), (1, 2, 1, False), (2, 1, 1, False)]
    ):
        path = tmp_path / f"{index}.dcm"
        write_dicom(path, study=study, series=series, number=number, implicit=implicit)
        hospital.state.put_instance(path)
    return hospital


def test_that_instances_are_listed_in_order_and_in_pages(archive: Answering) -> None:
    path = f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances"
    whole = archive.get(path).json()
    assert [one["00080018"]["Value"][0] for one in whole] == [f"{SERIES}.{n}" for n in (1, 2, 3)]
    pages = [archive.get(f"{path}?limit=2&offset={offset}").json() for offset in (0, 2, 4)]
    assert [len(page) for page in pages] == [2, 1, 0]
    assert pages[0] + pages[1] == whole
    assert whole[0]["00081190"]["Value"] == [f"{archive.origin}{path}/{SERIES}.1"]


def test_that_studies_and_series_are_counted(archive: Answering) -> None:
    studies = archive.get("/dicom-web/studies").json()
    assert [one["00201208"]["Value"][0] for one in studies] == [4, 1]
    series = archive.get(f"/dicom-web/studies/{STUDY}/series").json()
    assert [(one["00080060"]["Value"][0], one["00201209"]["Value"][0]) for one in series] == [("CT", 3), ("CT", 1)]


def test_that_keys_match_by_uid_and_unknown_keys_are_refused(archive: Answering) -> None:
    found = archive.get(f"/dicom-web/studies/{STUDY}/instances?SOPInstanceUID={SERIES}.2").json()
    assert [one["00080018"]["Value"][0] for one in found] == [f"{SERIES}.2"]
    assert len(archive.get(f"/dicom-web/studies?0020000D={STUDY}").json()) == 1
    assert archive.get("/dicom-web/studies?PatientName=Testf*").json() != []
    assert archive.get("/dicom-web/studies?PatientID=other").json() == []
    assert archive.get("/dicom-web/studies?Colour=red").status_code == 400


def test_that_includefield_adds_what_was_asked_for(archive: Answering) -> None:
    path = f"/dicom-web/studies/{STUDY}/instances"
    assert "00280101" not in archive.get(path).json()[0]
    assert archive.get(f"{path}?includefield=BitsStored,00080060").json()[0]["00280101"]["Value"] == [16]
    assert "00280102" in archive.get(f"{path}?includefield=all").json()[0]


def test_that_an_instance_is_handed_out_byte_for_byte(archive: Answering, tmp_path: Path) -> None:
    stored = (tmp_path / "1.dcm").read_bytes()
    answer = archive.get(INSTANCE, Accept="application/dicom; transfer-syntax=*")
    assert answer.content == stored
    assert answer.headers["Content-Type"] == "application/dicom; transfer-syntax=1.2.840.10008.1.2"
    for accept in ("application/dicom", "*/*", "application/dicom; transfer-syntax=1.2.840.10008.1.2"):
        assert archive.get(INSTANCE, Accept=accept).content == stored


def test_that_multipart_carries_the_same_bytes(archive: Answering, tmp_path: Path) -> None:
    accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    answer = archive.get(INSTANCE, Accept=accept)
    head = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode()
    (part,) = message_from_bytes(head + answer.content).get_payload()
    assert part["Content-Type"] == "application/dicom; transfer-syntax=1.2.840.10008.1.2"
    assert answer.content.split(b"\r\n\r\n", 1)[1].startswith((tmp_path / "1.dcm").read_bytes())
    series = archive.get(f"/dicom-web/studies/{STUDY}/series/{SERIES}", Accept=accept)
    for index in (0, 1, 2):
        assert (tmp_path / f"{index}.dcm").read_bytes() in series.content


def test_that_a_whole_study_comes_as_one_closed_multipart(archive: Answering, tmp_path: Path) -> None:
    answer = archive.get(f"/dicom-web/studies/{STUDY}", Accept='multipart/related; type="application/dicom"')
    media_type, part_type, boundary = find_boundary(answer.headers["Content-Type"])
    assert (media_type, part_type) == ("multipart/related", "application/dicom")
    sent = sorted(part.content for part in split_parts(answer.content, boundary))
    assert sent == sorted((tmp_path / f"{index}.dcm").read_bytes() for index in range(4))


def test_that_an_instance_names_its_digest_when_asked(archive: Answering, tmp_path: Path) -> None:
    digest = base64.b64encode(hashlib.sha256((tmp_path / "1.dcm").read_bytes()).digest()).decode()
    wanted = archive.get(INSTANCE, **{"Want-Repr-Digest": "sha-512=3, sha-256=10"})
    assert wanted.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    for unwanted in ({}, {"Want-Repr-Digest": "sha-256=0"}, {"Want-Repr-Digest": "sha-512=10"}):
        assert "Repr-Digest" not in archive.get(INSTANCE, **unwanted).headers


def test_that_a_transfer_syntax_it_has_not_is_refused_with_the_reason(archive: Answering) -> None:
    answer = archive.get(INSTANCE, Accept="application/dicom; transfer-syntax=1.2.840.10008.1.2.4.90")
    assert answer.status_code == 406
    assert "1.2.840.10008.1.2, not 1.2.840.10008.1.2.4.90" in answer.json()["issue"][0]["diagnostics"]
    assert archive.get(INSTANCE, Accept="image/jpeg").status_code == 406
    fallback = "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.90, application/dicom; q=0.5; transfer-syntax=*"
    assert archive.get(INSTANCE, Accept=fallback).status_code == 200


def test_that_metadata_is_the_header_without_pixels(archive: Answering) -> None:
    objects = archive.get(f"/dicom-web/studies/{STUDY}/metadata").json()
    assert len(objects) == 4
    assert "7FE00010" not in objects[0]
    assert Dataset.from_json(objects[0]).PatientName == "Testfall^Anna"
    assert len(archive.get(INSTANCE + "/metadata").json()) == 1


def test_that_what_is_not_there_is_not_found_and_what_changed_is_gone(archive: Answering, tmp_path: Path) -> None:
    assert archive.get(INSTANCE + "9").status_code == 404
    (tmp_path / "1.dcm").write_bytes(b"shorter")
    assert archive.get(INSTANCE).status_code == 410
