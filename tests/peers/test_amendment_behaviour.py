"""Amendments with the demo hospital and with real servers: a later version beside the earlier one, each there once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sync.errors import Superseded
from sync.fhir.fhir_gateway import HttpFhirGateway
from sync.fhir.opinion_mapping import HeldVersion, opinion_bundle
from sync.fhir.searches import by_identifier
from sync.outbox import deliver_outbox
from sync.records.amendment import AmendmentKind
from sync.records.case import CaseId
from sync.records.opinion import SignedOpinion
from sync.store.database import Store, open_store
from sync.sync_round import run_sync_round
from sync.transfer.hospital import Hospital, connect_hospital
from tests.peers.opinions import signed_opinion
from tests.peers.site import Site

OPINION = "https://readingroom.example/ids/opinion"
REASON = "The other lung was meant."


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "profile")
    yield store
    store.close()


@pytest.fixture
def hospital(site: Site) -> Iterator[Hospital]:
    connected = connect_hospital(site.profile())
    yield connected
    connected.close()


def amendment_of(first: SignedOpinion, kind: AmendmentKind) -> SignedOpinion:
    envelope = {
        "replaces": hashlib.sha256(first.frozen.envelope).hexdigest(),
        "amendment": {"opinion": first.frozen.opinion_identifier, "kind": kind.value, "reason": REASON},
    }
    number = first.frozen.opinion_identifier.removesuffix("1") + "2"
    frozen = replace(
        first.frozen, opinion_identifier=number, version=2, envelope=json.dumps(envelope).encode(), marks=()
    )
    return replace(first, frozen=frozen, report_pdf=b"%PDF-1.7 the later report")


def delivered(site: Site, store: Store, hospital: Hospital) -> SignedOpinion:
    """A first version that the hospital holds."""
    case_id = CaseId(site.add_case(instances=0))
    site.change(f"Task/task-{case_id.lower()}", status="in-progress")
    assert run_sync_round(store, site.profile()).problems == ()
    first = signed_opinion(case_id)
    store.opinions.put_signed(first)
    assert deliver_outbox(store, hospital).problems == []
    assert store.opinions.find_receipt(case_id) is not None
    return first


def held(hospital: Hospital, kind: str, number: str) -> list[dict[str, Any]]:
    """What the hospital holds under that opinion's number; searched for, as the program does."""
    pages = hospital.fhir.search(by_identifier(kind, OPINION, number))
    found = [entry["resource"] for page in pages for entry in page.bundle.get("entry", ())]
    return [one for one in found if one["resourceType"] == kind]


@pytest.mark.parametrize(("kind", "status", "relation"), [
    (AmendmentKind.CORRECTION, "corrected", "replaces"), (AmendmentKind.ADDENDUM, "appended", "appends"),
])  # fmt: skip
def test_that_an_amendment_stands_beside_what_it_amends_and_each_is_there_once(
    site: Site, store: Store, hospital: Hospital, kind: AmendmentKind, status: str, relation: str
) -> None:
    first = delivered(site, store, hospital)
    case, charges = store.cases.get_case(first.frozen.case_id), site.count("ChargeItem")
    store.amendments.begin(case.case_id, kind, REASON)
    second = amendment_of(first, kind)
    store.opinions.put_signed(second)
    assert deliver_outbox(store, hospital).problems == []
    assert deliver_outbox(store, hospital).problems == []

    receipt = store.opinions.find_receipt(case.case_id)
    assert receipt is not None
    assert receipt.opinion_identifier == second.frozen.opinion_identifier
    earlier, later = (
        [held(hospital, of, one.frozen.opinion_identifier) for of in ("DiagnosticReport", "DocumentReference")]
        for one in (first, second)
    )
    assert [len(found) for found in (*earlier, *later)] == [1, 1, 1, 1]
    assert [report[0]["status"] for report in (earlier[0], later[0])] == ["final", status]
    assert [document[0]["status"] for document in (earlier[1], later[1])] == ["superseded", "current"]
    target = {"reference": f"DocumentReference/{earlier[1][0]['id']}"}
    (related,) = later[1][0]["relatesTo"]
    assert related["code"] == relation
    assert related["target"]["reference"].removeprefix(f"{site.profile().fhir_base}/") == target["reference"]
    task = site.resource(case.task_reference)
    assert task["status"] == "completed"
    reports = [o["valueReference"]["reference"].rpartition("/")[2] for o in task["output"]]
    assert reports == [earlier[0][0]["id"], later[0][0]["id"]]
    assert site.count("ChargeItem") == charges, "an assignment is charged for once"


def test_that_an_amendment_of_a_document_that_changed_meanwhile_changes_nothing(
    site: Site, store: Store, hospital: Hospital
) -> None:
    first = delivered(site, store, hospital)
    case = store.cases.get_case(first.frozen.case_id)
    number = first.frozen.opinion_identifier
    (document,), (report,) = (held(hospital, kind, number) for kind in ("DocumentReference", "DiagnosticReport"))
    reference = f"DocumentReference/{document['id']}"
    outdated = hospital.fhir.read(reference)
    site.change(reference, description="Renamed by the hospital")
    second = amendment_of(first, AmendmentKind.CORRECTION)
    amended = HeldVersion(outdated, f"DiagnosticReport/{report['id']}")
    assert isinstance(hospital.fhir, HttpFhirGateway)
    searchable = hospital.fhir.capability().conditional_create
    bundle = opinion_bundle(second, case, hospital.fhir.read(case.task_reference), searchable, amended)
    with pytest.raises(Superseded):
        hospital.fhir.transaction(bundle)
    assert held(hospital, "DiagnosticReport", second.frozen.opinion_identifier) == []
    assert site.resource(reference)["status"] == "current"
    assert len(site.resource(case.task_reference)["output"]) == 1
