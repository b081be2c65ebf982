"""The trail at the hospital: every row, in order, known by its hash; and never a reason for a round to fail."""

from __future__ import annotations

from sync.audit import AuditAction
from sync.fhir.audit_mapping import audit_event
from sync.fhir.bundle_check import validation_faults
from sync.fhir.names import AUDIT_SYSTEM
from sync.records.case import CaseId
from sync.store.database import Store
from sync.sync_round import run_sync_round
from tests.sync.faulty_line import faulty_line
from tests.sync.scripted_server import reply
from tests.sync.small_hospital import SmallHospital

CASE = CaseId("SO-1")


def write_rows(store: Store) -> None:
    for action in AuditAction:
        store.audit.append(action, CASE, "case", "done", {"reason": "SECRET words"})


def hashes_at(hospital: SmallHospital) -> list[str]:
    return [
        identifier["value"]
        for event in sorted(hospital.state.list_resources("AuditEvent"), key=lambda one: one.last_updated)
        for entity in event.json["entity"]
        if (identifier := entity["what"].get("identifier", {})).get("system") == AUDIT_SYSTEM
    ]


def test_that_every_row_reaches_the_hospital_once_and_in_order(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=0, slide=False)
    write_rows(store)
    run_sync_round(store, hospital.profile())
    run_sync_round(store, hospital.profile())
    assert hashes_at(hospital) == [entry.hash for entry in store.audit.entries()]
    kept = repr([event.json for event in hospital.state.list_resources("AuditEvent")])
    assert "SECRET" not in kept
    assert "Patient/p-so-1" in kept
    assert store.audit.verify() is None


def test_that_a_row_whose_answer_was_lost_is_sent_again_under_the_same_identifier(
    hospital: SmallHospital, store: Store
) -> None:
    store.audit.append(AuditAction.LOCKED, None, "store", "done", {})
    with faulty_line(hospital.port) as line:
        line.cut = lambda first, answer: b"" if "AuditEvent" in first else answer
        assert not run_sync_round(store, hospital.profile(line.port)).complete
    run_sync_round(store, hospital.profile())
    assert set(hashes_at(hospital)) == {store.audit.entries()[0].hash}


def test_that_a_hospital_that_takes_no_audit_is_left_alone_and_the_round_is_complete(
    hospital: SmallHospital, store: Store
) -> None:
    write_rows(store)
    with faulty_line(hospital.port) as line:
        line.cut = lambda first, answer: reply("403 Forbidden") if "AuditEvent" in first else answer
        for _ in range(2):
            report = run_sync_round(store, hospital.profile(line.port))
            assert (report.complete, report.problems) == (True, ())
        assert len([first for first in line.lines if "AuditEvent" in first]) == 1


def test_that_each_event_is_valid_fhir(store: Store) -> None:
    write_rows(store)
    for entry in store.audit.entries():
        assert validation_faults(audit_event(entry, "Patient/p")) == [], entry.action
