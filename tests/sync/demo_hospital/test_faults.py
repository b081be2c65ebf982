"""Scripted faults, each over a real connection: what the client sees, and what the hospital has done meanwhile."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from urllib3.exceptions import ReadTimeoutError as Urllib3ReadTimeout

from sync.demo_hospital.faults import FAULTS, FaultKind, FaultScript, FaultsNotUnderstood, describe_faults
from sync.demo_hospital.faulty_answers import EVENTS
from sync.demo_hospital.request_places import PLACES, request_places
from tests.sync.demo_hospital.conftest import Answering
from tests.sync.demo_hospital.dicom_files import write_dicom
from workstation.cli import main

Json = dict[str, Any]

TASK = "/fhir/Task/task-so-2026-00900"
CONTENT = bytes(range(256)) * 1000
REPORT = {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "x"}}


@pytest.fixture
def slide(hospital: Answering, tmp_path: Path) -> str:
    """The address of a file of 256 000 bytes."""
    (tmp_path / "slide").write_bytes(CONTENT)
    hospital.state.put_file(tmp_path / "slide", "image/x-test", "slide")
    return "/files/slide"


@pytest.fixture
def instance(hospital: Answering, tmp_path: Path) -> str:
    """The address of one DICOM instance."""
    write_dicom(tmp_path / "1.dcm")
    hospital.state.put_instance(tmp_path / "1.dcm")
    root = "1.2.826.0.1.3680043.8.498.1"
    return f"/dicom-web/studies/{root}.1/series/{root}.1.1/instances/{root}.1.1.1"


def test_that_every_fault_is_listed_with_its_sentence() -> None:
    listed = describe_faults()
    for fault in FAULTS.values():
        assert fault.name in listed
        assert fault.sentence in listed
        assert fault.sentence.endswith(".")
        assert fault.where in PLACES or fault.kind is FaultKind.LACKING
    assert {name for name, fault in FAULTS.items() if fault.kind is FaultKind.EVENT} == set(EVENTS)


@pytest.mark.parametrize(
    "spec", ["fire", "offline@0", "offline=3", "slow=soon", "offline:moon", "no-include@2", "answer-418", "offline@x"]
)
def test_that_a_fault_that_does_not_exist_is_refused_with_a_sentence(spec: str) -> None:
    with pytest.raises(FaultsNotUnderstood, match=r"\.$"):
        FaultScript(f"offline,{spec}")


@pytest.mark.parametrize(
    ("at", "struck"), [("", "1234"), ("@2", "2"), ("@2-", "234"), ("@2-3", "23"), ("@1", "1"), ("@9", "")]
)
def test_that_requests_are_counted_from_one_and_only_those_of_the_place(at: str, struck: str) -> None:
    script = FaultScript(f"answer-500:task{at}")
    met = []
    for number in "1234":
        script.meet("GET", "/fhir/Task/t")
        if script.meet("PUT", "/fhir/Task/t"):
            met.append(number)
    assert "".join(met) == struck


@pytest.mark.parametrize(
    ("request_line", "places"),
    [
        ("GET /fhir/metadata", {"fhir", "metadata"}),
        ("GET /fhir/Task", {"fhir", "search"}),
        ("GET /fhir", {"fhir", "page"}),
        ("GET /fhir/Task/t/_history/2", {"fhir", "read"}),
        ("GET /fhir/Binary/b", {"fhir", "binary", "bytes"}),
        ("POST /fhir", {"fhir", "write", "transaction"}),
        ("POST /fhir/AuditEvent", {"fhir", "write", "create"}),
        ("PUT /fhir/Task/t", {"fhir", "write", "task"}),
        ("GET /dicom-web/studies/1/series", {"dicomweb", "query"}),
        ("GET /dicom-web/partitions/p/studies/1", {"dicomweb", "instance", "bytes"}),
        ("GET /dicom-web/studies/1/series/2/instances/3", {"dicomweb", "instance", "bytes"}),
        ("GET /dicom-web/studies/1/series/2/metadata", {"dicomweb", "query"}),
        ("POST /dicom-web/studies/1", {"dicomweb", "stow"}),
        ("GET /files/f", {"file", "bytes"}),
    ],
)
def test_that_a_request_is_known_by_its_address(request_line: str, places: set[str]) -> None:
    method, _, path = request_line.partition(" ")
    assert request_places(method, path) == places | {"all", "everywhere"}
    assert request_places("GET", "/enrolment/trust.pem") == {"everywhere"}
    for path in ("/oauth/token", "/fhir/.well-known/smart-configuration"):
        assert request_places("POST", path) == {"everywhere", "signin"}


def test_that_an_offline_hospital_closes_the_line_and_comes_back(hospital: Answering) -> None:
    hospital.faults.add("offline@1-2")
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            hospital.get(TASK)
    assert hospital.get(TASK).status_code == 200
    assert hospital.faults.struck == (("offline@1-2", f"GET {TASK}"),) * 2


def test_that_a_silent_hospital_lets_its_client_wait(hospital: Answering) -> None:
    hospital.faults.add("silent@1")
    with pytest.raises(requests.ReadTimeout):
        requests.get(hospital.origin + TASK, headers=hospital.headers, timeout=0.3)
    assert hospital.get(TASK).status_code == 200


def test_that_a_slow_answer_is_late_and_whole(hospital: Answering, slide: str) -> None:
    hospital.faults.add("slow=0.2@1")
    begun = time.monotonic()
    assert hospital.get(slide).content == CONTENT
    assert time.monotonic() - begun > 0.2 + 0.25 * (len(CONTENT) // 65536)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 412, 422, 429, 500, 503])
def test_that_a_refusal_on_purpose_changes_nothing(hospital: Answering, status: int) -> None:
    hospital.faults.add(f"answer-{status}:write@1")
    answer = hospital.post("/fhir/DiagnosticReport", REPORT)
    assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")
    assert answer.headers.get("Retry-After") == ("1" if status in (429, 503) else None)
    assert ("WWW-Authenticate" in answer.headers) is (status == 401)
    assert hospital.state.list_resources("DiagnosticReport") == []
    assert hospital.post("/fhir/DiagnosticReport", REPORT).status_code == 201


def test_that_a_busy_hospital_says_for_how_long(hospital: Answering) -> None:
    hospital.faults.add("answer-503=7@1")
    assert hospital.get(TASK).headers["Retry-After"] == "7"


def test_that_a_lost_response_is_of_a_request_that_was_carried_out(hospital: Answering) -> None:
    hospital.faults.add("lost-response-after-commit")
    with pytest.raises(requests.ConnectionError):
        hospital.post("/fhir/DiagnosticReport", REPORT)
    assert len(hospital.state.list_resources("DiagnosticReport")) == 1
    task = hospital.get(TASK).json()
    with pytest.raises(requests.ConnectionError):
        hospital.put(TASK, {**task, "status": "on-hold"}, **{"If-Match": 'W/"1"'})
    assert hospital.get(TASK).json()["status"] == "on-hold"
    assert hospital.put(TASK, task, **{"If-Match": 'W/"1"'}).status_code == 412, "a refusal is answered"


def test_that_a_body_cut_with_its_length_known_is_seen_as_cut(hospital: Answering, slide: str) -> None:
    hospital.faults.add("cut-with-length=70000@1")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="70000 bytes read"):
        hospital.get(slide)
    assert hospital.get(slide).content == CONTENT


def test_that_a_body_cut_between_chunks_is_seen_as_cut(hospital: Answering, slide: str) -> None:
    hospital.faults.add("cut-chunked@1")
    with requests.get(hospital.origin + slide, headers=hospital.headers, timeout=5, stream=True) as answer:
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert "Content-Length" not in answer.headers
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            assert len(answer.content) < len(CONTENT)


def test_that_a_stalled_body_stops_with_its_line_open(hospital: Answering, slide: str) -> None:
    hospital.faults.add("stalled=1000@1")
    with requests.get(hospital.origin + slide, headers=hospital.headers, timeout=0.3, stream=True) as answer:
        assert answer.raw.read(1000) == CONTENT[:1000]
        with pytest.raises(Urllib3ReadTimeout):
            answer.raw.read(1)
    assert hospital.get(slide).content == CONTENT


def test_that_an_archive_may_send_multipart_only(hospital: Answering, instance: str) -> None:
    hospital.faults.add("only-multipart")
    assert hospital.get(instance, Accept="application/dicom; transfer-syntax=*").status_code == 406
    multipart = hospital.get(instance, Accept='multipart/related; type="application/dicom"; transfer-syntax=*')
    assert multipart.headers["Content-Type"].startswith("multipart/related")


def test_that_a_further_case_can_arrive(hospital: Answering) -> None:
    hospital.faults.add("new-case@2")
    worklist = "/fhir/Task?owner=Practitioner/demo-specialist&_include=Task:focus&_include=Task:patient"
    assert hospital.get(worklist).json()["total"] == 1
    bundle = hospital.get(worklist).json()
    assert bundle["total"] == 2
    assert "Patient/so-2026-00199-patient" in {entry["fullUrl"].split("/fhir/")[1] for entry in bundle["entry"]}


@pytest.mark.parametrize("address", ["slide", "instance"])
def test_that_a_body_cut_without_a_length_looks_complete(
    hospital: Answering, address: str, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(address)
    whole = hospital.get(path).content
    hospital.faults.add("cut-without-length@1")
    cut = hospital.get(path)
    assert cut.status_code == 200
    assert not cut.headers.keys() & {"Content-Length", "Transfer-Encoding"}
    assert cut.content == whole[: len(whole) // 2]
    assert hospital.get(path).content == whole


def test_that_a_damaged_byte_keeps_length_and_digest(hospital: Answering, slide: str) -> None:
    digest = hospital.get(slide).headers["Repr-Digest"]
    hospital.faults.add("damaged-bytes@1,wrong-digest@2")
    damaged, misnamed = hospital.get(slide), hospital.get(slide)
    assert [at for at, (a, b) in enumerate(zip(damaged.content, CONTENT, strict=True)) if a != b] == [128_000]
    assert damaged.headers["Repr-Digest"] == digest
    assert misnamed.content == CONTENT
    assert misnamed.headers["Repr-Digest"] != digest


def test_that_a_changed_etag_makes_a_resumed_file_start_again(hospital: Answering, slide: str) -> None:
    etag = hospital.get(slide).headers["ETag"]
    resume = {"Range": "bytes=1000-", "If-Range": etag}
    assert hospital.get(slide, **resume).status_code == 206
    hospital.faults.add("changed-etag")
    again = hospital.get(slide, **resume)
    assert (again.status_code, again.content) == (200, CONTENT)
    assert again.headers["ETag"] != etag


def test_that_pages_can_be_small_lead_elsewhere_or_expire(hospital: Answering) -> None:
    task = hospital.get(TASK).json()
    for number in range(4):
        hospital.state.put_resource({**task, "id": f"t{number}"})
    hospital.faults.replace("small-pages")
    page = hospital.get("/fhir/Task?_count=50").json()
    assert len(page["entry"]) == 2
    following = page["link"][1]["url"]
    assert len(hospital.get(following).json()["entry"]) == 2
    hospital.faults.replace("expired-page@1")
    assert hospital.get(following).status_code == 410
    assert hospital.get(following).status_code == 200
    hospital.faults.replace("next-link-to-another-host")
    links = {link["relation"]: link["url"] for link in hospital.get("/fhir/Patient").json()["link"]}
    assert links["next"].startswith("http://another-host.invalid/")


def test_that_unknown_elements_stand_in_every_resource(hospital: Answering) -> None:
    hospital.faults.add("unknown-elements")
    task = hospital.get(TASK).json()
    assert (task["status"], task["unheardOf"]["number"]) == ("in-progress", 1.5)
    bundle = hospital.get("/fhir/Task?_include=Task:patient").json()
    assert all("unheardOf" in entry["resource"] for entry in bundle["entry"])
    accepted = hospital.put(TASK, {**task, "status": "on-hold"}, **{"If-Match": 'W/"1"'})
    assert accepted.status_code == 200, "a client sends the whole raw resource back"


def test_that_images_of_another_patient_differ_in_the_patient_only(hospital: Answering, instance: str) -> None:
    own = hospital.get(instance).content
    hospital.faults.add("wrong-patient")
    other = hospital.get(instance).content
    assert b"Testfall^Anna" in own
    assert b"Testfall^Anna" not in other
    assert b"ELSEWHERE^Person" in other
    assert own[-128:] == other[-128:]
    hospital.faults.clear()
    assert hospital.get(instance).content == own


def test_that_a_hospital_without_transactions_says_so_and_takes_none(hospital: Answering) -> None:
    hospital.faults.add("no-transaction,no-conditional-create,no-include,no-versioned-update")
    rest = hospital.get("/fhir/metadata").json()["rest"][0]
    by_type = {resource["type"]: resource for resource in rest["resource"]}
    assert {"code": "transaction"} not in rest["interaction"]
    assert by_type["DiagnosticReport"]["conditionalCreate"] is False
    assert by_type["Task"]["searchInclude"] == []
    assert by_type["Task"]["versioning"] == "versioned"
    assert hospital.post("/fhir", {"resourceType": "Bundle", "type": "transaction"}).status_code == 501
    conditional = {"If-None-Exist": "identifier=x|y"}
    assert hospital.post("/fhir/DiagnosticReport", REPORT, **conditional).status_code == 400
    found = hospital.get("/fhir/Task?_include=Task:focus").json()["entry"]
    assert [entry["resource"]["resourceType"] for entry in found] == ["Task"]
    task = hospital.get(TASK).json()
    assert hospital.put(TASK, {**task, "status": "on-hold"}, **{"If-Match": 'W/"9"'}).status_code == 200


def test_that_an_assignment_is_given_to_somebody_else_just_before_the_request(hospital: Answering) -> None:
    task = hospital.get(TASK).json()
    hospital.faults.add("reassigned:write@1")
    answer = hospital.put(TASK, {**task, "status": "on-hold"}, **{"If-Match": 'W/"1"'})
    assert answer.status_code == 412
    now = hospital.get(TASK).json()
    assert (now["owner"]["reference"], now["status"]) == ("Practitioner/referrer-person", "in-progress")
    hospital.put(TASK, now, **{"If-Match": 'W/"2"'})
    assert len(hospital.faults.struck) == 1, "it happens once"


@pytest.mark.parametrize(
    ("event", "reference", "path", "before", "after"),
    [
        ("cancelled", "Task/task-so-2026-00900", "status", "in-progress", "cancelled"),
        ("consent-withdrawn", "Consent/consent-so-2026-00900", "status", "active", "inactive"),
        ("due-changed", "Task/task-so-2026-00900", "restriction.period.end",
         "2026-11-15T09:00:00Z", "2026-11-12T09:00:00Z"),
    ],
)  # fmt: skip
def test_that_what_happens_to_a_case_shows_in_its_records(
    hospital: Answering, event: str, reference: str, path: str, before: str, after: str
) -> None:
    def value() -> Any:
        found: Any = hospital.get(f"/fhir/{reference}").json()
        for name in path.split("."):
            found = found[name]
        return found

    assert value() == before
    hospital.faults.add(f"{event}=SO-2026-00900")
    assert value() == after
    assert hospital.get(TASK).headers["ETag"] == 'W/"2"', "the Task tells that something changed"
    assert value() == after


def test_that_a_release_runs_out_by_its_own_date_and_is_renewed(hospital: Answering) -> None:
    def end_s() -> float:
        found: Any = hospital.get("/fhir/Consent/consent-so-2026-00900").json()
        assert found["status"] == "active", "nobody withdrew it"
        return (datetime.fromisoformat(found["provision"]["period"]["end"]) - datetime.now(UTC)).total_seconds()

    hospital.faults.add("release-ends=SO-2026-00900")
    assert 30 < end_s() <= 61
    hospital.faults.add("release-renewed=SO-2026-00900")
    assert end_s() > 29 * 86_400
    assert hospital.get(TASK).headers["ETag"] == 'W/"1"', "only the release tells of it"


def test_that_the_question_and_the_records_can_change(hospital: Answering) -> None:
    items = [{"item": {"reference": "Patient/p1"}}, {"item": {"reference": "Organization/lindenhof"}}]
    manifest = hospital.get("/fhir/List/manifest-so-2026-00900").json()
    hospital.state.put_resource({**manifest, "entry": items})
    hospital.faults.add("question-changed,records-changed")
    question = hospital.get("/fhir/ServiceRequest/sr-so-2026-00900").json()["note"][0]["text"]
    assert question.startswith("Changed by the referring doctor")
    assert hospital.get("/fhir/List/manifest-so-2026-00900").json()["entry"] == items[:1]
    assert hospital.get("/fhir/List/manifest-so-2026-00900/_history/2").json()["entry"] == items


def test_that_a_case_on_hold_goes_on_when_its_records_arrive(hospital: Answering) -> None:
    task = hospital.get(TASK).json()
    hospital.state.put_resource({**task, "status": "on-hold"})
    hospital.faults.add("records-arrived")
    now = hospital.get(TASK).json()
    assert (now["status"], now["businessStatus"]["coding"][0]["code"]) == ("in-progress", "records-complete")
    assert now["restriction"]["period"]["end"] > task["restriction"]["period"]["end"]


def test_that_the_hospital_writes_to_the_reader_and_leaves_the_assignment_as_it_is(hospital: Answering) -> None:
    before = hospital.get(TASK).json()
    hospital.faults.add("message@1")
    found = hospital.get(f"/fhir/Communication?based-on={before['focus']['reference']}").json()
    (message,) = [entry["resource"] for entry in found["entry"]]
    assert message["about"] == [{"reference": f"Task/{before['id']}"}]
    assert message["payload"][0]["contentString"].startswith("Thank you.")
    assert hospital.get(TASK).json() == before


def test_that_an_opinion_from_another_computer_completes_the_assignment(hospital: Answering) -> None:
    hospital.faults.add("already-answered")
    task = hospital.get(TASK).json()
    assert task["status"] == "completed"
    report = hospital.get("/fhir/" + task["output"][0]["valueReference"]["reference"]).json()
    number = {"system": "https://readingroom.example/ids/opinion", "value": "SO-2026-00900/1/v1"}
    assert report["identifier"] == [number]
    pdf = hospital.get("/fhir/" + report["presentedForm"][0]["url"]).content
    assert len(pdf) == report["presentedForm"][0]["size"]
    found = hospital.get(f"/fhir/DocumentReference?identifier={number['system']}|{number['value']}").json()
    assert found["total"] == 1


def test_that_faults_of_a_running_hospital_are_changed_over_http(hospital: Answering) -> None:
    address = hospital.origin + "/faults"
    assert requests.put(address, data="offline", timeout=5).status_code == 401
    assert requests.put(address, data="fire", headers=hospital.headers, timeout=5).status_code == 400
    assert requests.put(address, data="answer-500:read", headers=hospital.headers, timeout=5).status_code == 200
    assert hospital.get(TASK).status_code == 500
    shown = hospital.get("/faults").json()
    assert shown == {"spec": "answer-500:read", "struck": [["answer-500:read", f"GET {TASK}"]]}
    requests.put(address, data="", headers=hospital.headers, timeout=5)
    assert hospital.get(TASK).status_code == 200


def test_that_the_command_line_lists_the_faults_and_refuses_unknown_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["hospital", "serve", "--faults", "help"])
    assert (ended.value.code, "lost-response-after-commit" in capsys.readouterr().out) == (0, True)
    assert main(["hospital", "serve", "--port", "0", "--faults", "fire"]) == 1
    assert capsys.readouterr().err == "fire is not a fault of the demo hospital; --faults help lists them.\n"
