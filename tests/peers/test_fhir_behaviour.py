"""What the program relies on in a FHIR server, asked of the demo hospital and of an independent one alike."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.errors import Refused, Superseded
from sync.fhir.fhir_gateway import HttpFhirGateway
from sync.fhir.opinion_mapping import opinion_bundle
from sync.fhir.searches import questionnaire, reconciliation, records, worklist
from sync.hospital_connection import HospitalConnection
from sync.records.case import Case, CaseId
from sync.store.database import Store, open_store
from sync.sync_round import run_sync_round
from tests.peers.opinions import signed_opinion
from tests.peers.site import Site
from tests.sync.small_hospital import PDF

AROUND_A_TASK = ("Task:focus", "Task:patient")
ON_A_MANIFEST = ("List:item", "ImagingStudy:endpoint")


@pytest.fixture
def fhir(site: Site) -> Iterator[HttpFhirGateway]:
    connection = HospitalConnection(site.profile())
    yield HttpFhirGateway(connection)
    connection.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "profile")
    yield store
    store.close()


def task_of(case_id: str) -> str:
    return f"Task/task-{case_id.lower()}"


def found(fhir: HttpFhirGateway, url: str) -> list[dict[str, object]]:
    return [entry["resource"] for page in fhir.search(url) for entry in page.bundle.get("entry", ())]


def test_that_the_server_says_it_can_take_an_opinion_exactly_once(fhir: HttpFhirGateway) -> None:
    capability = fhir.capability()
    assert capability.transaction
    assert capability.versioned_update
    assert "DiagnosticReport" in capability.identifier_search


def test_that_a_worklist_page_brings_the_request_the_patient_and_the_servers_time(
    site: Site, fhir: HttpFhirGateway
) -> None:
    case_id = site.add_case(instances=0)
    slug = case_id.lower()
    pages = list(fhir.search(worklist("Practitioner/demo-specialist", None, AROUND_A_TASK)))
    references = {f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in pages[0].bundle["entry"]}
    assert references == {f"Task/task-{slug}", f"ServiceRequest/sr-{slug}", f"Patient/p-{slug}"}
    assert pages[0].bundle["meta"]["lastUpdated"]


def test_that_a_search_since_a_moment_to_come_is_empty_and_since_a_past_one_is_not(
    site: Site, fhir: HttpFhirGateway
) -> None:
    site.add_case(instances=0)
    assert found(fhir, worklist("Practitioner/demo-specialist", "2999-01-01T00:00:00+00:00", AROUND_A_TASK)) == []
    assert found(fhir, worklist("Practitioner/demo-specialist", "2020-01-01T00:00:00+00:00", AROUND_A_TASK))


def test_that_pages_bring_every_task_once(site: Site, fhir: HttpFhirGateway) -> None:
    cases = [site.add_case(instances=0, slide=False) for _ in range(5)]
    pages = list(fhir.search("Task?owner=Practitioner/demo-specialist&_sort=_lastUpdated&_count=2"))
    tasks = [f"Task/{entry['resource']['id']}" for page in pages for entry in page.bundle["entry"]]
    assert tasks == [task_of(case_id) for case_id in cases]
    assert len(pages) == 3


def test_that_reconciliation_finds_the_asked_tasks_with_owner_and_status(site: Site, fhir: HttpFhirGateway) -> None:
    case_id = site.add_case(instances=0)
    site.add_case(instances=0)
    tasks = found(fhir, reconciliation([task_of(case_id).partition("/")[2], "not-there"]))
    assert [(t["id"], t["status"], t["owner"]) for t in tasks if t["resourceType"] == "Task"] == [
        (task_of(case_id).partition("/")[2], "requested", {"reference": "Practitioner/demo-specialist"})
    ]


def test_that_the_manifest_is_found_by_its_id(site: Site, fhir: HttpFhirGateway) -> None:
    manifest = f"manifest-{site.add_case(instances=0).lower()}"
    lists = [r for r in found(fhir, records(manifest, ON_A_MANIFEST)) if r["resourceType"] == "List"]
    assert [r["id"] for r in lists] == [manifest]


def test_that_the_form_is_among_what_its_search_brings(site: Site, fhir: HttpFhirGateway) -> None:
    site.add_case(instances=0)
    canonical = "https://readingroom.example/fhir/Questionnaire/second-opinion"
    forms = [r for r in found(fhir, questionnaire(f"{canonical}|1.1.0")) if r.get("url") == canonical]
    assert [(r["version"], r["status"]) for r in forms] == [("1.1.0", "active")]


def test_that_an_update_needs_the_current_version(site: Site, fhir: HttpFhirGateway) -> None:
    task = fhir.read(task_of(site.add_case(instances=0)))
    version = task["meta"]["versionId"]
    saved = fhir.update({**task, "status": "accepted"}, version)
    assert saved["status"] == "accepted"
    assert saved["meta"]["versionId"] != version
    with pytest.raises(Superseded):
        fhir.update({**task, "status": "in-progress"}, version)
    assert fhir.read(task_of(task["identifier"][0]["value"].partition("/")[0]))["status"] == "accepted"


def test_that_an_earlier_version_can_still_be_read(site: Site, fhir: HttpFhirGateway) -> None:
    reference = task_of(site.add_case(instances=0))
    before = fhir.read(reference)
    fhir.update({**before, "status": "accepted"}, before["meta"]["versionId"])
    earlier = fhir.read(f"{reference}/_history/{before['meta']['versionId']}")
    assert earlier["status"] == "requested"


def test_that_what_is_not_there_is_refused_as_absent(fhir: HttpFhirGateway) -> None:
    with pytest.raises(Refused) as refusal:
        fhir.read("Task/not-there")
    assert refusal.value.http_status == 404


def test_that_a_binary_comes_back_byte_for_byte_however_it_is_served(site: Site, fhir: HttpFhirGateway) -> None:
    slug = site.add_case(instances=0).lower()
    assert fhir.read_binary(f"Binary/b-{slug}") == PDF


def synced_case(site: Site, store: Store) -> Case:
    case_id = site.add_case(instances=0)
    site.change(task_of(case_id), status="in-progress")
    report = run_sync_round(store, site.profile())
    assert report.problems == ()
    return store.cases.get_case(CaseId(case_id))


def test_that_the_opinions_transaction_creates_everything_and_completes_the_task(
    site: Site, fhir: HttpFhirGateway, store: Store
) -> None:
    case = synced_case(site, store)
    task = fhir.read(case.task_reference)
    signed = signed_opinion(case.case_id)
    fhir.transaction(opinion_bundle(signed, case, task, fhir.capability().identifier_search))
    done = fhir.read(case.task_reference)
    assert done["status"] == "completed"
    outputs = {o["type"]["coding"][0]["code"]: o["valueReference"]["reference"] for o in done["output"]}
    report = fhir.read(outputs["opinion"].removeprefix(site.profile().fhir_base + "/"))
    assert report["identifier"][0]["value"] == signed.frozen.opinion_identifier
    assert base64.b64decode(report["presentedForm"][0]["hash"]) == hashlib.sha1(signed.report_pdf).digest()


def test_that_the_report_can_be_read_from_what_the_server_keeps(
    site: Site, fhir: HttpFhirGateway, store: Store
) -> None:
    case = synced_case(site, store)
    signed = signed_opinion(case.case_id)
    bundle = opinion_bundle(signed, case, fhir.read(case.task_reference), fhir.capability().identifier_search)
    fhir.transaction(bundle)
    output = fhir.read(case.task_reference)["output"][0]["valueReference"]["reference"]
    form = fhir.read(output)["presentedForm"][0]
    assert base64.b64decode(form["data"]) == signed.report_pdf
    if not form["url"].startswith("urn:uuid:"):
        assert fhir.read_binary(form["url"]) == signed.report_pdf


def test_that_a_transaction_on_an_outdated_task_creates_nothing(
    site: Site, fhir: HttpFhirGateway, store: Store
) -> None:
    case = synced_case(site, store)
    outdated = fhir.read(case.task_reference)
    fhir.update({**outdated, "status": "on-hold"}, outdated["meta"]["versionId"])
    kinds = ("DiagnosticReport", "QuestionnaireResponse", "Binary", "Provenance", "ChargeItem")
    before = [site.count(kind) for kind in kinds]
    with pytest.raises(Superseded):
        fhir.transaction(
            opinion_bundle(signed_opinion(case.case_id), case, outdated, fhir.capability().identifier_search)
        )
    assert [site.count(kind) for kind in kinds] == before


def test_that_a_report_under_the_same_number_is_not_created_twice(
    site: Site, fhir: HttpFhirGateway, store: Store
) -> None:
    case = synced_case(site, store)
    bundle = opinion_bundle(
        signed_opinion(case.case_id), case, fhir.read(case.task_reference), fhir.capability().identifier_search
    )
    before = site.count("DiagnosticReport")
    fhir.transaction(bundle)
    # The hospital opens the assignment again; somebody sends the same once more.
    site.change(case.task_reference, status="in-progress")
    bundle["entry"][-1]["request"]["ifMatch"] = f'W/"{fhir.read(case.task_reference)["meta"]["versionId"]}"'
    fhir.transaction(bundle)
    assert site.count("DiagnosticReport") == before + 1
