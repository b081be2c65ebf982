"""Storing DICOM objects over HTTP: every object has a result, what is said to be stored is there byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sync.demo_hospital.conftest import Answering
from tests.sync.demo_hospital.dicom_files import ROOT, write_dicom

Json = dict[str, Any]

STUDY = f"{ROOT}.1"


def make(folder: Path, number: int, **values: Any) -> bytes:
    path = folder / f"made-{number}.dcm"
    write_dicom(path, number=number, **values)
    return path.read_bytes()


def store(hospital: Answering, contents: list[bytes], study: str = f"/{STUDY}", **headers: str) -> requests.Response:
    """Post the objects as a client does."""
    body = b"".join(b"--edge\r\nContent-Type: application/dicom\r\n\r\n" + one + b"\r\n" for one in contents)
    sent = {
        **hospital.headers,
        "Content-Type": 'multipart/related; type="application/dicom"; boundary=edge',
        "Accept": "application/dicom+json",
        **headers,
    }
    url = f"{hospital.origin}/dicom-web/studies{study}"
    return requests.post(url, data=body + b"--edge--\r\n", headers=sent, timeout=10)


def results(answer: requests.Response, sequence: str, element: str) -> dict[str, int | None]:
    """SOP Instance UID to the value of an element of a result sequence."""
    items = answer.json().get(sequence, {}).get("Value", [])
    return {
        item.get("00081155", {}).get("Value", [""])[0]: item.get(element, {}).get("Value", [None])[0] for item in items
    }


def stored(answer: requests.Response) -> dict[str, int | None]:
    return results(answer, "00081199", "00081196")


def failed(answer: requests.Response) -> dict[str, int | None]:
    return results(answer, "00081198", "00081197")


def test_that_stored_objects_are_found_and_fetched_byte_for_byte(hospital: Answering, tmp_path: Path) -> None:
    contents = [make(tmp_path, 1), make(tmp_path, 2)]
    answer = store(hospital, contents)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/dicom+json")
    assert stored(answer) == {f"{ROOT}.1.1.1": None, f"{ROOT}.1.1.2": None}
    assert failed(answer) == {}
    assert answer.json()["00081190"]["Value"] == [f"{hospital.origin}/dicom-web/studies/{STUDY}"]
    for item, content in zip(answer.json()["00081199"]["Value"], contents, strict=True):
        assert hospital.get(item["00081190"]["Value"][0]).content == content
    found = hospital.get(f"/dicom-web/studies/{STUDY}/instances").json()
    assert len(found) == 2
    assert [path.suffix for path in (hospital.state.state_dir / "received").iterdir()] == [".dcm", ".dcm"]


def test_that_the_same_object_again_is_stored_and_another_under_its_uid_is_not(
    hospital: Answering, tmp_path: Path
) -> None:
    content = make(tmp_path, 1)
    assert store(hospital, [content]).status_code == 200
    assert store(hospital, [content]).status_code == 200
    other = store(hospital, [make(tmp_path, 1, PatientName="Other^One")])
    assert (other.status_code, failed(other)) == (409, {f"{ROOT}.1.1.1": 0xB00E})
    url = f"/dicom-web/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1"
    assert hospital.get(url).content == content


def test_that_each_object_of_a_mixed_request_has_its_own_result(hospital: Answering, tmp_path: Path) -> None:
    foreign, cut = make(tmp_path, 7, study=2), make(tmp_path, 8)[:-40]
    answer = store(hospital, [make(tmp_path, 1), foreign, cut, b"rubbish"])
    assert answer.status_code == 202
    assert list(stored(answer)) == [f"{ROOT}.1.1.1"]
    reasons = [item["00081197"]["Value"][0] for item in answer.json()["00081198"]["Value"]]
    assert reasons == [0xA901, 0xA900, 0xC000]
    assert len(hospital.get("/dicom-web/instances").json()) == 1


def test_that_nothing_stored_is_a_conflict(hospital: Answering, tmp_path: Path) -> None:
    answer = store(hospital, [make(tmp_path, 7, study=2)])
    assert (answer.status_code, "00081199" in answer.json()) == (409, False)
    assert store(hospital, [make(tmp_path, 7, study=2)], study="").status_code == 200, "no study was named"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 415),
        ({"Content-Type": 'multipart/related; type="application/dicom+xml"; boundary=edge'}, 415),
        ({"Content-Type": 'multipart/related; type="application/dicom"'}, 400),
        ({"Content-Type": 'multipart/related; type="application/dicom"; boundary=other'}, 400),
        ({"Accept": "application/dicom+xml"}, 406),
    ],
)
def test_that_a_request_that_is_no_store_is_refused(
    hospital: Answering, tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    answer = store(hospital, [make(tmp_path, 1)], **headers)
    assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")
    assert hospital.get("/dicom-web/instances").json() == []


def test_that_a_body_without_its_closing_boundary_stores_nothing(hospital: Answering, tmp_path: Path) -> None:
    body = b"--edge\r\nContent-Type: application/dicom\r\n\r\n" + make(tmp_path, 1)
    headers = {**hospital.headers, "Content-Type": "multipart/related; boundary=edge"}
    url = f"{hospital.origin}/dicom-web/studies"
    assert requests.post(url, data=body, headers=headers, timeout=10).status_code == 400
    assert hospital.get("/dicom-web/instances").json() == []


def test_that_an_archive_may_warn_refuse_or_have_it_already(hospital: Answering, tmp_path: Path) -> None:
    one, two, three = (make(tmp_path, number) for number in (1, 2, 3))
    hospital.faults.replace("stow-202")
    warned = store(hospital, [one])
    assert (warned.status_code, stored(warned)) == (202, {f"{ROOT}.1.1.1": 0xB000})
    partly = store(hospital, [one, two])
    assert (partly.status_code, failed(partly)) == (202, {f"{ROOT}.1.1.2": 0x0110})
    hospital.faults.replace("stow-duplicate")
    before = store(hospital, [two])
    assert (before.status_code, failed(before)) == (409, {f"{ROOT}.1.1.2": 0xB00E})
    assert hospital.state.find_instance(f"{ROOT}.1.1.2") is not None
    hospital.faults.replace("stow-refused")
    refused = store(hospital, [three])
    assert (refused.status_code, failed(refused)) == (409, {f"{ROOT}.1.1.3": 0x0122})
    assert hospital.state.find_instance(f"{ROOT}.1.1.3") is None


def test_that_a_store_whose_answer_is_lost_was_carried_out(hospital: Answering, tmp_path: Path) -> None:
    hospital.faults.add("lost-response-after-commit:stow@1")
    with pytest.raises(requests.ConnectionError):
        store(hospital, [make(tmp_path, 1)])
    again = store(hospital, [make(tmp_path, 1)])
    assert (again.status_code, list(stored(again))) == (200, [f"{ROOT}.1.1.1"])
