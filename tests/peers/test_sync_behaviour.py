"""Whole rounds of sync with the demo hospital and with real servers: we hold what lies there, byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.audit import AuditAction
from sync.outbox import deliver_outbox
from sync.records.case import CaseId, CaseStatus
from sync.store.database import Store, open_store
from sync.sync_round import run_sync_round
from sync.transfer.hospital import connect_hospital
from tests.peers.opinions import signed_opinion
from tests.peers.site import Site
from tests.sync.small_hospital import PDF, SLIDE


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "profile")
    yield store
    store.close()


def read_back(store: Store, sha256: str) -> bytes:
    source = store.vault.source(sha256, "")
    with source.open() as opened:
        return opened.read()


def test_that_the_vault_gives_back_what_the_archive_holds(site: Site, store: Store) -> None:
    case_id = site.add_case(instances=12)
    report = run_sync_round(store, site.profile())
    assert (report.problems, report.complete) == ((), True)
    objects = store.objects.list_objects(CaseId(case_id))
    images = {
        o.sop_instance_uid: hashlib.sha256(read_back(store, o.sha256)).hexdigest() for o in objects if o.study_uid
    }
    assert images == site.archive_digests()
    assert len(images) == 12
    files = sorted(read_back(store, o.sha256) for o in objects if not o.study_uid)
    assert files == sorted([PDF, SLIDE])


def test_that_a_second_round_fetches_nothing_again(site: Site, store: Store) -> None:
    site.add_case(instances=2)
    run_sync_round(store, site.profile())
    report = run_sync_round(store, site.profile())
    assert (report.objects_fetched, report.bytes_fetched, report.problems) == (0, 0, ())


def test_that_a_signed_opinion_arrives_once_and_its_receipt_comes_back(site: Site, store: Store) -> None:
    case_id = CaseId(site.add_case(instances=0))
    run_sync_round(store, site.profile())
    store.outbox.enqueue_move(case_id, "accepted")
    store.outbox.enqueue_move(case_id, "in-progress")
    store.opinions.put_signed(signed_opinion(case_id))
    before = site.count("DiagnosticReport")
    hospital = connect_hospital(site.profile())
    try:
        assert deliver_outbox(store, hospital).problems == []
        assert deliver_outbox(store, hospital).problems == []
    finally:
        hospital.close()
    receipt = store.opinions.find_receipt(case_id)
    assert receipt is not None
    assert receipt.opinion_identifier == f"{case_id}/1/v1"
    assert site.count("DiagnosticReport") == before + 1
    assert site.resource(store.cases.get_case(case_id).task_reference)["status"] == "completed"
    assert store.cases.get_case(case_id).status is CaseStatus.COMPLETED


def test_that_a_case_given_to_somebody_else_is_locked(site: Site, store: Store) -> None:
    case_id = CaseId(site.add_case(instances=0))
    run_sync_round(store, site.profile())
    site.change(store.cases.get_case(case_id).task_reference, owner={"reference": "Practitioner/other"})
    run_sync_round(store, site.profile())
    assert store.cases.find_withdrawal(case_id) is not None


def test_that_a_question_put_differently_at_the_hospital_is_read_anew(site: Site, store: Store) -> None:
    case_id = CaseId(site.add_case(instances=0))
    run_sync_round(store, site.profile())
    request = store.cases.get_case(case_id).service_request_reference
    site.change(request, note=[{"text": "Is it malignant?"}])
    run_sync_round(store, site.profile())
    assert store.cases.get_case(case_id).questions == ("Is it malignant?",)


def test_that_a_release_taken_back_takes_the_records_away(site: Site, store: Store) -> None:
    case_id = CaseId(site.add_case(instances=0))
    run_sync_round(store, site.profile())
    site.change(store.cases.get_case(case_id).consent_reference or "", status="inactive")
    run_sync_round(store, site.profile())
    assert store.cases.find_case(case_id) is None
    assert store.objects.list_objects(case_id) == ()


def test_that_records_added_later_are_fetched(site: Site, store: Store) -> None:
    case_id = CaseId(site.add_case(instances=0, slide=False))
    run_sync_round(store, site.profile())
    manifest = store.cases.get_case(case_id).manifest_reference.partition("/_history")[0]
    letter = site.resource(f"DocumentReference/report-{case_id.lower()}")
    other = site.add_case(instances=0, slide=True)
    assert len(store.objects.list_objects(case_id)) == 1
    slide = f"DocumentReference/slide-{other.lower()}"
    entries = [{"item": {"reference": f"DocumentReference/{letter['id']}"}}, {"item": {"reference": slide}}]
    site.change(manifest, entry=entries)
    run_sync_round(store, site.profile())
    assert {o.source for o in store.objects.list_objects(case_id)} == {f"DocumentReference/{letter['id']}", slide}


def test_that_the_audit_trail_reaches_the_hospital(site: Site, store: Store) -> None:
    site.add_case(instances=0)
    before = site.count("AuditEvent")
    run_sync_round(store, site.profile())
    store.audit.append(AuditAction.SIGNED, None, "x", "done", {})
    report = run_sync_round(store, site.profile())
    assert report.problems == ()
    assert site.count("AuditEvent") > before
