"""Reading, searching and changing single resources over HTTP."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from sync.demo_hospital.fhir_parameters import PARAMETERS
from sync.demo_hospital.fhir_search import KEPT_FOR_S, FhirSearch
from sync.demo_hospital.refusals import Refusal
from tests.sync.demo_hospital.conftest import Answering

TASK = "/fhir/Task/task-so-2026-00900"


@pytest.mark.parametrize("path", [TASK, "/dicom-web/studies", "/files/x", "/enrolment/trust.pem", "/"])
def test_that_nothing_is_answered_without_the_token(hospital: Answering, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {hospital.token}"}):
        answer = requests.get(hospital.origin + path, headers=headers, timeout=10)
        assert (answer.status_code, answer.json()["issue"][0]["code"]) == (401, "login")


def test_that_a_task_change_needs_the_version_it_is_based_on(hospital: Answering) -> None:
    task = hospital.get(TASK).json()
    accepted = {**task, "status": "on-hold"}
    assert hospital.put(TASK, accepted).status_code == 428
    first = hospital.put(TASK, accepted, **{"If-Match": 'W/"1"'})
    assert (first.status_code, first.headers["ETag"]) == (200, 'W/"2"')
    stale = hospital.put(TASK, {**task, "status": "in-progress"}, **{"If-Match": 'W/"1"'})
    assert stale.status_code == 412
    assert hospital.get(TASK).json()["status"] == "on-hold"
    assert hospital.get(TASK + "/_history/1").json()["status"] == "in-progress"
    assert hospital.get(TASK + "/_history/9").status_code == 404


def test_that_a_reader_cannot_move_a_task_the_hospital_alone_moves(hospital: Answering) -> None:
    task = hospital.get(TASK).json()
    match = {"If-Match": 'W/"1"'}
    assert hospital.put(TASK, {**task, "status": "cancelled"}, **match).status_code == 422
    assert (
        hospital.put(TASK, {**task, "owner": {"reference": "Practitioner/referrer-person"}}, **match).status_code == 422
    )
    assert hospital.put(TASK, {**task, "status": "completed"}, **match).status_code == 422, "there is no opinion"
    assert hospital.put(TASK, {**task, "status": "failed"}, **match).status_code == 422, "there is no reason"


def test_that_the_worklist_search_brings_question_and_patient_along(hospital: Answering) -> None:
    query = (
        "owner=Practitioner/demo-specialist&status=requested,in-progress&_lastUpdated=ge2026-01-01T00:00:00Z"
        "&_sort=_lastUpdated&_count=50&_include=Task:focus&_include=Task:patient"
    )
    bundle = hospital.get(f"/fhir/Task?{query}").json()
    assert [(e["resource"]["resourceType"], e["search"]["mode"]) for e in bundle["entry"]] == [
        ("Task", "match"),
        ("ServiceRequest", "include"),
        ("Patient", "include"),
    ]
    assert bundle["meta"]["lastUpdated"]
    assert hospital.get("/fhir/Task?owner=Practitioner/demo-specialist&_lastUpdated=ge2999").json()["total"] == 0
    assert hospital.get("/fhir/Task?status=completed").json()["total"] == 0


def test_that_an_unknown_search_parameter_is_refused_rather_than_ignored(hospital: Answering) -> None:
    for query in ("Task?colour=red", "Task?owner:Practitioner=x", "Task?_sort=owner", "Task?_include=Task:colour"):
        answer = hospital.get(f"/fhir/{query}")
        assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome"), query
    assert hospital.get("/fhir/Spaceship").status_code == 404


def test_that_pages_show_every_match_once_even_while_tasks_change(hospital: Answering) -> None:
    task = hospital.get(TASK).json()
    for number in range(5):
        hospital.state.put_resource({**task, "id": f"t{number}"})
    page = hospital.get("/fhir/Task?_sort=_lastUpdated&_count=2").json()
    seen = [entry["resource"]["id"] for entry in page["entry"]]
    hospital.state.put_resource(task)
    while following := [link["url"] for link in page["link"] if link["relation"] == "next"]:
        page = hospital.get(following[0]).json()
        seen += [entry["resource"]["id"] for entry in page["entry"]]
    assert sorted(seen) == ["t0", "t1", "t2", "t3", "t4", "task-so-2026-00900"]
    assert hospital.get("/fhir?_page=forgotten&_offset=2").status_code == 410


def test_that_the_pages_of_a_search_expire(hospital: Answering) -> None:
    now_s = 1000.0
    search = FhirSearch(hospital.state, lambda: now_s)
    for number in range(3):
        hospital.state.put_resource({"resourceType": "Patient", "id": f"x{number}"})
    page = search.search("Patient", [("_count", "1")], "b")
    following = dict(parse_qsl(urlsplit(page["link"][1]["url"]).query))
    assert search.next_page(following["_page"], 1, "b")["total"] == 4
    now_s += KEPT_FOR_S + 1
    with pytest.raises(Refusal) as refused:
        search.next_page(following["_page"], 1, "b")
    assert refused.value.http_status == 410


def test_that_a_history_holds_every_version_newest_first(hospital: Answering) -> None:
    task = hospital.get(TASK).json()
    hospital.put(TASK, {**task, "status": "on-hold"}, **{"If-Match": 'W/"1"'})
    history = hospital.get(f"{TASK}/_history").json()
    assert (history["type"], history["total"]) == ("history", 2)
    assert [entry["resource"]["status"] for entry in history["entry"]] == ["on-hold", "in-progress"]
    assert [entry["request"]["method"] for entry in history["entry"]] == ["PUT", "POST"]
    assert [entry["response"]["etag"] for entry in history["entry"]] == ['W/"2"', 'W/"1"']
    assert len(hospital.get(f"{TASK}/_history?_count=1").json()["entry"]) == 1
    assert hospital.get(f"{TASK}/_history?_since=2999-01-01").json()["total"] == 0
    assert hospital.get(f"{TASK}/_history?colour=red").status_code == 400
    assert hospital.get("/fhir/Task/nobody/_history").status_code == 404


def test_that_an_included_study_brings_its_endpoint_only_when_iterated(hospital: Answering) -> None:
    study = {"resourceType": "ImagingStudy", "id": "s1", "endpoint": [{"reference": "Endpoint/dicomweb"}]}
    hospital.state.put_resource(study)
    manifest = hospital.get("/fhir/List/manifest-so-2026-00900").json()
    hospital.state.put_resource({**manifest, "entry": [{"item": {"reference": "ImagingStudy/s1"}}]})
    search = "/fhir/List?_id=manifest-so-2026-00900&_include=List:item"
    for iterate, kinds in (("", ["List", "ImagingStudy"]), (":iterate", ["List", "ImagingStudy", "Endpoint"])):
        found = hospital.get(f"{search}&_include{iterate}=ImagingStudy:endpoint").json()["entry"]
        assert [entry["resource"]["resourceType"] for entry in found] == kinds


def test_that_last_updated_after_an_instant_leaves_out_that_instant(hospital: Answering) -> None:
    at = hospital.get(TASK).json()["meta"]["lastUpdated"]
    for prefix, total in (("ge", 1), ("gt", 0), ("le", 1), ("lt", 0)):
        assert hospital.get(f"/fhir/Task?_lastUpdated={prefix}{at}").json()["total"] == total, prefix


def test_that_messages_and_audit_events_are_taken_and_found(hospital: Answering) -> None:
    request = "ServiceRequest/sr-so-2026-00900"
    for kind in ("Communication", "CommunicationRequest"):
        message = {
            "resourceType": kind, "status": "active", "identifier": [{"system": "s", "value": "m1"}],
            "basedOn": [{"reference": request}], "payload": [{"contentString": "The prior CT, please."}],
        }  # fmt: skip
        assert hospital.post(f"/fhir/{kind}", message).status_code == 201
        found = hospital.get(f"/fhir/{kind}?based-on={request}&_lastUpdated=ge2026-01-01").json()
        assert found["entry"][0]["resource"]["payload"] == message["payload"]
    event = {"resourceType": "AuditEvent", "entity": [{"what": {"reference": "Patient/p1"}}]}
    assert hospital.post("/fhir/AuditEvent", event).status_code == 201
    assert hospital.get("/fhir/AuditEvent?entity=Patient/p1").json()["total"] == 1


def test_that_a_conditional_create_is_refused_where_several_match(hospital: Answering) -> None:
    report = {"resourceType": "DiagnosticReport", "status": "final", "identifier": [{"system": "s", "value": "v"}]}
    for _ in range(2):
        assert hospital.post("/fhir/DiagnosticReport", report).status_code == 201
    again = hospital.post("/fhir/DiagnosticReport", report, **{"If-None-Exist": "identifier=s|v"})
    assert (again.status_code, again.json()["issue"][0]["code"]) == (412, "multiple-matches")


def test_that_elements_leaves_only_what_was_asked_for(hospital: Answering) -> None:
    bundle = hospital.get("/fhir/Task?_id=task-so-2026-00900,other&_elements=id,meta,status,owner").json()
    assert set(bundle["entry"][0]["resource"]) == {"resourceType", "id", "meta", "status", "owner"}


def test_that_a_token_search_knows_system_and_code(hospital: Answering) -> None:
    system = "https://readingroom.example/ids/case"
    for value, total in (
        (f"{system}|SO-2026-00900", 1),
        ("SO-2026-00900", 1),
        ("other|SO-2026-00900", 0),
        (f"{system}|", 1),
    ):
        assert hospital.get(f"/fhir/ServiceRequest?identifier={value}").json()["total"] == total, value


def test_that_the_opinion_form_is_found_by_its_canonical(hospital: Answering) -> None:
    url = "https://readingroom.example/fhir/Questionnaire/second-opinion"
    assert hospital.get(f"/fhir/Questionnaire?url={url}&version=1.1.0").json()["total"] == 1
    assert hospital.get(f"/fhir/Questionnaire?url={url}&version=9").json()["total"] == 0


def test_that_a_binary_is_raw_or_json_as_asked(hospital: Answering) -> None:
    made = requests.post(
        f"{hospital.origin}/fhir/Binary",
        data=b"\x00raw",
        headers={**hospital.headers, "Content-Type": "image/x-test"},
        timeout=10,
    )
    path = made.headers["Location"].split("/_history")[0]
    raw = hospital.get(path)
    assert (raw.content, raw.headers["Content-Type"]) == (b"\x00raw", "image/x-test")
    assert hospital.get(path, Accept="application/fhir+json").json()["data"] == "AHJhdw=="


def test_that_the_capability_statement_names_what_the_code_runs_on(hospital: Answering) -> None:
    rest = hospital.get("/fhir/metadata").json()["rest"][0]
    assert {"code": "transaction"} in rest["interaction"]
    by_type = {resource["type"]: resource for resource in rest["resource"]}
    assert set(by_type) == set(PARAMETERS)
    assert by_type["Task"]["versioning"] == "versioned-update"
    assert by_type["DiagnosticReport"]["conditionalCreate"] is True
    assert by_type["Provenance"]["conditionalCreate"] is False
    assert {"code": "create"} not in by_type["Patient"]["interaction"]


def test_that_an_address_of_the_hospital_follows_its_port(hospital: Answering) -> None:
    endpoint = hospital.get("/fhir/Endpoint/dicomweb").json()
    assert endpoint["address"] == f"{hospital.origin}/dicom-web"
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"url": f"{hospital.origin}/files/f1"}}],
    }
    stored = hospital.post("/fhir/DocumentReference", document).json()
    assert stored["content"][0]["attachment"]["url"] == f"{hospital.origin}/files/f1"
    held = hospital.state.find_resource("DocumentReference", stored["id"])
    assert held is not None
    assert hospital.origin not in held.text


def test_that_rubbish_is_refused_with_a_sentence(hospital: Answering) -> None:
    answer = requests.post(f"{hospital.origin}/fhir", data=b"{", headers=hospital.headers, timeout=10)
    assert (answer.status_code, answer.json()["issue"][0]["diagnostics"]) == (400, "the body is not JSON")
    assert hospital.post("/fhir", {"resourceType": "Bundle", "type": "history"}).status_code == 400
    assert requests.delete(hospital.origin + TASK, headers=hospital.headers, timeout=10).status_code == 405
