"""What every FHIR gateway promises, asked of the fake in memory and of the demo hospital's real server alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from sync.errors import Refused, Superseded
from sync.fhir.elements import resources_in
from sync.fhir.fhir_gateway import FhirGateway, HttpFhirGateway
from sync.hospital_connection import HospitalConnection
from sync.hospital_profile import HospitalProfile
from tests.sync.fhir.fake_fhir import FakeFhirGateway
from tests.sync.scripted_server import reply, scripted_server
from tests.sync.small_hospital import HospitalServer

Json = dict[str, Any]


@dataclass
class Subject:
    """A gateway, and the hospital's own way to put something behind it."""

    gateway: FhirGateway
    put: Callable[[Json], object]


@pytest.fixture(params=["fake", "demo hospital"])
def subject(
    request: pytest.FixtureRequest, hospital_server: HospitalServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Subject]:
    if request.param == "fake":
        fake = FakeFhirGateway()
        yield Subject(fake, fake.put)
        return
    with hospital_server.hospital(tmp_path_factory.mktemp("hospital")) as hospital:
        connection = HospitalConnection(hospital.profile())
        yield Subject(HttpFhirGateway(connection), hospital.state.put_resource)
        connection.close()


def task(status: str = "in-progress", **elements: Any) -> Json:
    return {"resourceType": "Task", "id": "t1", "status": status, "intent": "order", **elements}


def test_that_a_read_gives_the_resource_with_version_and_time(subject: Subject) -> None:
    subject.put(task())
    subject.put(task(priority="urgent"))
    now = subject.gateway.read("Task/t1")
    assert (now["priority"], now["meta"]["versionId"]) == ("urgent", "2")
    assert now["meta"]["lastUpdated"]
    assert "priority" not in subject.gateway.read("Task/t1/_history/1")


def test_that_what_is_not_there_is_refused_with_its_status(subject: Subject) -> None:
    with pytest.raises(Refused) as caught:
        subject.gateway.read("Task/none")
    assert caught.value.http_status == 404


def test_that_a_task_is_changed_only_at_the_version_last_read(subject: Subject) -> None:
    subject.put(task())
    read = subject.gateway.read("Task/t1")
    saved = subject.gateway.update({**read, "status": "on-hold"}, "1")
    assert (saved["status"], saved["meta"]["versionId"]) == ("on-hold", "2")
    with pytest.raises(Superseded):
        subject.gateway.update({**read, "status": "in-progress"}, "1")
    assert subject.gateway.read("Task/t1")["status"] == "on-hold"


@pytest.mark.parametrize("page_size", [2, 50])
def test_that_a_search_gives_every_match_on_as_many_pages_as_it_takes(subject: Subject, page_size: int) -> None:
    for number in range(5):
        subject.put({**task(owner={"reference": "Practitioner/me"}), "id": f"t{number}"})
    subject.put({**task(owner={"reference": "Practitioner/other"}), "id": "foreign"})
    pages = list(subject.gateway.search(f"Task?owner=Practitioner/me&_count={page_size}"))
    found = [resource["id"] for page in pages for resource in resources_in(page.bundle)]
    assert sorted(found) == ["t0", "t1", "t2", "t3", "t4"]
    assert [page.next_url is None for page in pages] == [False] * (len(pages) - 1) + [True]
    assert all(page.bundle["meta"]["lastUpdated"] for page in pages)


def bundle(if_match: str) -> Json:
    identifier = {"system": "urn:s", "value": "v"}
    report = {"resourceType": "DiagnosticReport", "identifier": [identifier], "status": "final", "code": {"text": "x"}}
    report["presentedForm"] = [{"url": "urn:uuid:b"}]
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": "aGVsbG8="}
    output = [{"type": {"text": "opinion"}, "valueReference": {"reference": "urn:uuid:r"}}]
    condition = {"ifNoneExist": "identifier=urn:s|v"}
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"fullUrl": "urn:uuid:b", "resource": binary, "request": {"method": "POST", "url": "Binary"}},
            {
                "fullUrl": "urn:uuid:r",
                "resource": report,
                "request": {"method": "POST", "url": "DiagnosticReport", **condition},
            },
            {
                "fullUrl": "Task/t1",
                "resource": task("completed", output=output),
                "request": {"method": "PUT", "url": "Task/t1", "ifMatch": f'W/"{if_match}"'},
            },
        ],
    }


def test_that_a_transaction_links_its_entries_and_completes_the_task(subject: Subject) -> None:
    subject.put(task())
    subject.gateway.transaction(bundle("1"))
    done = subject.gateway.read("Task/t1")
    assert done["status"] == "completed"
    report = subject.gateway.read(done["output"][0]["valueReference"]["reference"])
    assert subject.gateway.read_binary(report["presentedForm"][0]["url"]) == b"hello"


def test_that_a_transaction_on_a_stale_task_leaves_nothing_behind(subject: Subject) -> None:
    subject.put(task())
    subject.put(task())
    with pytest.raises(Superseded):
        subject.gateway.transaction(bundle("1"))
    assert list(resources_in(next(iter(subject.gateway.search("DiagnosticReport?_count=9"))).bundle)) == []


def test_that_the_server_says_what_makes_an_upload_safe(subject: Subject) -> None:
    capability = subject.gateway.capability()
    assert capability.transaction
    assert capability.versioned_update
    assert {"DiagnosticReport", "QuestionnaireResponse"} <= capability.identifier_search
    assert subject.gateway.clock().tzinfo is not None


def http_gateway(profile: HospitalProfile) -> tuple[HospitalConnection, HttpFhirGateway]:
    connection = HospitalConnection(profile)
    return connection, HttpFhirGateway(connection)


def test_that_a_next_link_to_another_server_is_not_followed() -> None:
    with scripted_server(lambda line, headers: reply("200 OK", b"{}")) as other:
        body = b'{"resourceType":"Bundle","link":[{"relation":"next","url":"%s/fhir?p=2"}]}' % other.base.encode()
        with scripted_server(lambda line, headers: reply("200 OK", body)) as server:
            connection, gateway = http_gateway(server.profile)
            pages = gateway.search("Task?owner=x")
            assert next(pages).next_url is not None
            with pytest.raises(Exception, match="another server"):
                next(pages)
            connection.close()
        assert other.requests == []


def test_that_version_and_time_come_from_the_headers_where_the_body_has_none() -> None:
    answer = reply(
        "200 OK", b'{"resourceType":"Task","id":"t1"}', ETag='W/"7"', Last_Modified="Sun, 22 Nov 2026 10:00:00 GMT"
    )
    with scripted_server(lambda line, headers: answer) as server:
        connection, gateway = http_gateway(server.profile)
        meta = gateway.read("Task/t1")["meta"]
        connection.close()
    assert meta == {"versionId": "7", "lastUpdated": "2026-11-22T10:00:00+00:00"}
    assert server.requests[0][1]["accept"] == "application/fhir+json; fhirVersion=4.0"
