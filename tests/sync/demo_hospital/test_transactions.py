"""The opinion transaction: all or nothing, references rewritten, guarded by the Task's version."""

from __future__ import annotations

import base64
from typing import Any

from tests.sync.demo_hospital.conftest import Answering

Json = dict[str, Any]

REPORT, PDF, RESPONSE = (f"urn:uuid:00000000-0000-0000-0000-00000000000{n}" for n in (1, 2, 3))
OPINION = {"system": "https://readingroom.example/ids/opinion", "value": "SO-2026-00900/1/v1"}
CONDITION = f"identifier={OPINION['system']}|{OPINION['value']}"


def opinion(task: Json, version: str) -> Json:
    """A small opinion: report with its PDF, form, provenance, and the Task completed by it."""
    completed = {
        **task,
        "status": "completed",
        "output": [{"type": {"text": "opinion"}, "valueReference": {"reference": REPORT}}],
    }
    report = {
        "resourceType": "DiagnosticReport",
        "identifier": [OPINION],
        "status": "final",
        "code": {"text": "Second opinion"},
        "subject": {"reference": "Patient/p1"},
        "presentedForm": [{"contentType": "application/pdf", "url": PDF}],
    }
    response = {"resourceType": "QuestionnaireResponse", "identifier": OPINION, "status": "completed"}
    provenance = {
        "resourceType": "Provenance",
        "target": [{"reference": REPORT}, {"reference": PDF}, {"reference": RESPONSE}],
        "recorded": "2026-11-22T10:00:00Z",
        "agent": [{"who": {"reference": "Practitioner/demo-specialist"}}],
        "entity": [{"role": "source", "what": {"reference": "List/manifest-so-2026-00900/_history/1"}}],
    }
    pdf = {"resourceType": "Binary", "contentType": "application/pdf", "data": base64.b64encode(b"%PDF-").decode()}
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            # The provenance first: an entry may refer to one that comes later
            _post("urn:uuid:00000000-0000-0000-0000-000000000004", provenance, None),
            _post(RESPONSE, response, CONDITION),
            _post(REPORT, report, CONDITION),
            _post(PDF, pdf, None),
            {
                "fullUrl": "https://elsewhere.example/Task",
                "resource": completed,
                "request": {"method": "PUT", "url": f"Task/{task['id']}", "ifMatch": f'W/"{version}"'},
            },
        ],
    }


def _post(full_url: str, resource: Json, condition: str | None) -> Json:
    request = {"method": "POST", "url": resource["resourceType"]}
    if condition:
        request["ifNoneExist"] = condition
    return {"fullUrl": full_url, "resource": resource, "request": request}


def the_task(hospital: Answering) -> Json:
    task: Json = hospital.get("/fhir/Task/task-so-2026-00900").json()
    return task


def count(hospital: Answering, kind: str) -> int:
    return len(hospital.state.list_resources(kind))


def test_that_an_opinion_arrives_whole_with_its_references_rewritten(hospital: Answering) -> None:
    answer = hospital.post("/fhir", opinion(the_task(hospital), "1"))
    assert answer.status_code == 200, answer.text
    entries = answer.json()["entry"]
    assert [entry["response"]["status"][:3] for entry in entries] == ["201", "201", "201", "201", "200"]
    assert entries[4]["response"]["etag"] == 'W/"2"'
    report_id = entries[2]["response"]["location"].split("/")[1]
    report = hospital.get(f"/fhir/DiagnosticReport/{report_id}").json()
    pdf_url = report["presentedForm"][0]["url"]
    assert pdf_url.startswith("Binary/")
    assert hospital.get(f"/fhir/{pdf_url}").content == b"%PDF-"
    task = the_task(hospital)
    assert task["status"] == "completed"
    assert task["output"][0]["valueReference"]["reference"] == f"DiagnosticReport/{report_id}"
    found = hospital.get(f"/fhir/Provenance?target=DiagnosticReport/{report_id}").json()
    assert found["total"] == 1
    assert "urn:uuid" not in str(found["entry"][0]["resource"]["target"])
    assert found["entry"][0]["resource"]["target"][1]["reference"] == pdf_url


def test_that_an_identifier_is_not_rewritten_like_a_reference(hospital: Answering) -> None:
    bundle = opinion(the_task(hospital), "1")
    bundle["entry"][2]["resource"]["identifier"] = [OPINION, {"system": "urn:ietf:rfc:3986", "value": PDF}]
    answer = hospital.post("/fhir", bundle)
    report = hospital.get("/fhir/" + answer.json()["entry"][2]["response"]["location"]).json()
    assert report["identifier"][1]["value"] == PDF


def test_that_a_stale_task_version_leaves_nothing_of_the_opinion(hospital: Answering) -> None:
    task = the_task(hospital)
    hospital.state.put_resource({**task, "businessStatus": {"text": "changed meanwhile"}})
    answer = hospital.post("/fhir", opinion(task, "1"))
    assert answer.status_code == 412
    issue = answer.json()["issue"][0]
    assert issue["expression"] == ["Bundle.entry[4]"]
    assert [count(hospital, kind) for kind in ("DiagnosticReport", "Provenance", "Binary")] == [0, 0, 0]
    assert the_task(hospital)["status"] == "in-progress"


def test_that_one_bad_entry_undoes_all_others(hospital: Answering) -> None:
    task = the_task(hospital)
    spoiled: list[tuple[int, Json]] = []
    unknown = opinion(task, "1")
    unknown["entry"][0]["resource"]["target"].append({"reference": "DiagnosticReport/nowhere"})
    spoiled.append((422, unknown))
    dangling = opinion(task, "1")
    dangling["entry"][2]["resource"]["presentedForm"] = []
    dangling["entry"][0]["resource"]["target"].append({"reference": "urn:uuid:99999999-0000-0000-0000-000000000000"})
    spoiled.append((400, dangling))
    unguarded = opinion(task, "1")
    del unguarded["entry"][4]["request"]["ifMatch"]
    spoiled.append((428, unguarded))
    forbidden = opinion(task, "1")
    forbidden["entry"].append(_post("", {"resourceType": "Patient"}, None))
    spoiled.append((403, forbidden))
    for status, bundle in spoiled:
        answer = hospital.post("/fhir", bundle)
        assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")
    assert [count(hospital, kind) for kind in ("DiagnosticReport", "Provenance", "Binary")] == [0, 0, 0]
    assert the_task(hospital)["meta"]["versionId"] == "1"


def test_that_the_same_opinion_twice_is_one_opinion(hospital: Answering) -> None:
    task = the_task(hospital)
    assert hospital.post("/fhir", opinion(task, "1")).status_code == 200
    assert hospital.post("/fhir", opinion(task, "1")).status_code == 412
    without_task = opinion(task, "1")
    del without_task["entry"][4]
    again = hospital.post("/fhir", without_task).json()["entry"]
    assert [entry["response"]["status"][:3] for entry in again] == ["201", "200", "200", "201"]
    assert again[2]["response"]["etag"] == 'W/"1"'
    assert count(hospital, "DiagnosticReport") == 1


def test_that_a_conditional_create_outside_a_transaction_answers_200_the_second_time(hospital: Answering) -> None:
    report = opinion(the_task(hospital), "1")["entry"][2]["resource"]
    del report["presentedForm"]
    first = hospital.post("/fhir/DiagnosticReport", report, **{"If-None-Exist": CONDITION})
    second = hospital.post("/fhir/DiagnosticReport", report, **{"If-None-Exist": CONDITION})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.headers["Location"] == second.headers["Location"]


def test_that_a_batch_answers_each_get_on_its_own(hospital: Answering) -> None:
    urls = ["Patient/p1", "Patient/p9", "Consent?patient=Patient/p1&status=active", "Task?colour=red"]
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"request": {"method": "GET", "url": u}} for u in urls],
    }
    entries = hospital.post("/fhir", bundle).json()["entry"]
    assert [entry["response"]["status"][:3] for entry in entries] == ["200", "404", "200", "400"]
    assert entries[2]["resource"]["total"] == 1
