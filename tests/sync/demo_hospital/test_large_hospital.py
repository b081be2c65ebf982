"""A hospital of thousands of cases answers as quickly as a small one; its large files are what they are said to be."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from tests.sync.demo_hospital.conftest import Answering
from tests.sync.large_hospital import add_cases, add_file, add_series


def test_that_a_search_by_patient_does_not_slow_down_with_the_number_of_cases(hospital: Answering) -> None:
    add_cases(hospital.state, 1500)
    search = "/fhir/Consent?patient=Patient/big-{:05d}&status=active"
    assert hospital.get(search.format(1)).json()["total"] == 1
    begun = time.process_time()
    for number in range(2, 32):
        assert hospital.get(search.format(number)).json()["total"] == 1
    assert (time.process_time() - begun) / 30 < 0.05, "the server runs in this very process"
    page = hospital.get("/fhir/Task?owner=Practitioner/demo-specialist&_count=500&_include=Task:focus").json()
    assert (page["total"], len(page["entry"])) == (1501, 1000)


def test_that_the_index_follows_what_is_written_and_what_is_undone(hospital: Answering) -> None:
    search = "/fhir/Communication?subject=Patient/p1"
    assert hospital.get(search).json()["total"] == 0
    message = {
        "resourceType": "Communication",
        "id": "c1",
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
    }
    hospital.state.put_resource(message)
    assert hospital.get(search).json()["total"] == 1
    assert hospital.get(search.replace("Patient/p1", f"{hospital.origin}/fhir/Patient/p1")).json()["total"] == 1
    assert hospital.get("/fhir/Communication?subject=p1").json()["total"] == 1
    hospital.state.put_resource({**message, "subject": {"reference": "Patient/p2"}})
    assert hospital.get(search).json()["total"] == 0
    try:
        with hospital.state.transaction():
            hospital.state.put_resource(message)
            raise RuntimeError
    except RuntimeError:
        assert hospital.get(search).json()["total"] == 0


def test_that_a_large_file_is_what_its_digest_says(hospital: Answering, tmp_path: Path) -> None:
    stored = add_file(hospital.state, tmp_path / "large.svs", 3_000_001)
    content = hospital.get("/files/large").content
    assert (len(content), hashlib.sha256(content).hexdigest()) == (3_000_001, stored.sha256)


def test_that_a_long_series_is_listed_and_differs_slice_by_slice(hospital: Answering, tmp_path: Path) -> None:
    study = add_series(hospital.state, tmp_path, 40, rows=64)
    listed = hospital.get(f"/dicom-web/studies/{study}/instances").json()
    assert [one["00200013"]["Value"][0] for one in listed] == list(range(1, 41))
    contents = {hospital.get(one["00081190"]["Value"][0]).content for one in listed}
    assert len(contents) == 40
