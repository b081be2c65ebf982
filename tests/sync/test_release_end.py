"""A release that runs out takes the records with it, a new one brings them back, and what the reader wrote stays."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sync.errors import CaseLocked
from sync.lease import Moment, known_time, note_contact
from sync.records.annotation_record import AnnotationRevision
from sync.records.case import Case, CaseId, CaseStatus, ConsentState
from sync.records.conflict import ConflictKind
from sync.records.opinion import OpinionDraft
from sync.records.outbox_entry import OutboxKind, OutboxState
from sync.release_end import as_released, withhold_ended_releases
from sync.store.database import Store
from sync.sync_round import run_sync_round
from tests.sync.small_hospital import SmallHospital
from tests.sync.test_outbox import assert_held_once, signed_opinion
from workstation.case.presenter import load_summary
from workstation.worklist.presenter import load_rows

NOW = datetime.now(UTC)
CASE = CaseId("SO-1")
DAY = timedelta(days=1)


def set_period(hospital: SmallHospital, end: datetime) -> None:
    provision = hospital.resource("Consent/consent-so-1")["provision"]
    period = {"start": "2020-01-01", "end": end.isoformat()}
    hospital.change("Consent/consent-so-1", provision={**provision, "period": period})


def fetched(hospital: SmallHospital, store: Store, end: datetime = NOW + DAY, status: str = "in-progress") -> Case:
    hospital.add_case(consented=True, status=status)
    set_period(hospital, end)
    assert run_sync_round(store, hospital.profile()).problems == ()
    assert len(store.objects.list_objects(CASE)) == 5
    return store.cases.get_case(CASE)


def write_something(store: Store) -> None:
    store.opinions.put_draft(OpinionDraft(CASE, {"resourceType": "QuestionnaireResponse"}, NOW))
    store.annotations.append(AnnotationRevision(CASE, "mark-1", 1, "slide:ab", "Practitioner/x", NOW, False, "{}"))


def files_on_disk(store: Store) -> int:
    return len(list((store.directory / "vault").glob("*.rre")))


def open_kinds(store: Store) -> list[ConflictKind]:
    return [found.kind for found in store.conflicts.list_open()]


def test_that_a_release_that_ran_out_leaves_no_file_and_the_reader_is_told_once(
    hospital: SmallHospital, store: Store
) -> None:
    fetched(hospital, store)
    set_period(hospital, NOW - timedelta(hours=1))
    for _ in range(2):
        run_sync_round(store, hospital.profile())
        assert store.objects.list_objects(CASE) == ()
        assert files_on_disk(store) == 0
        assert open_kinds(store) == [ConflictKind.RELEASE_ENDED]
    (conflict,) = store.conflicts.list_open()
    store.conflicts.settle(conflict.conflict_id, "understood")
    run_sync_round(store, hospital.profile())
    assert open_kinds(store) == []
    summary = load_summary(store, CASE, NOW)
    assert not summary.has_images
    assert summary.labs == () and summary.reports == ()
    assert "ended on" in summary.missing[0].text
    (row,) = load_rows(store, NOW, None)
    assert row.here.startswith("withheld: release ended")
    assert not row.is_incomplete


def test_that_the_hospital_gets_a_receipt_for_the_files(hospital: SmallHospital, store: Store) -> None:
    fetched(hospital, store)
    set_period(hospital, NOW - timedelta(hours=1))
    run_sync_round(store, hospital.profile())
    entries = [e for e in store.outbox.list_case_entries(CASE) if e.kind is OutboxKind.DELETION]
    assert [entry.state for entry in entries] == [OutboxState.DELIVERED]
    assert entries[0].payload["summary"].startswith("5 files deleted")
    assert any(event.json.get("action") == "D" for event in hospital.state.list_resources("AuditEvent"))
    assert store.audit.verify() is None


def test_that_draft_and_marks_outlast_it_and_a_new_release_brings_everything_back(
    hospital: SmallHospital, store: Store
) -> None:
    before = fetched(hospital, store)
    write_something(store)
    set_period(hospital, NOW - timedelta(hours=1))
    run_sync_round(store, hospital.profile())
    assert files_on_disk(store) == 0
    assert store.opinions.find_draft(CASE) is not None
    assert len(store.annotations.list_current(CASE)) == 1
    set_period(hospital, NOW + 30 * DAY)
    run_sync_round(store, hospital.profile())
    assert len(store.objects.list_objects(CASE)) == 5
    assert open_kinds(store) == []
    assert load_summary(store, CASE, NOW).has_images
    after = store.cases.get_case(CASE)
    assert replace(after, release_until=before.release_until) == before
    assert store.opinions.find_draft(CASE) is not None


def test_that_without_a_line_the_date_alone_withholds_even_the_keys_and_deletes_nothing(
    hospital: SmallHospital, store: Store
) -> None:
    fetched(hospital, store)
    write_something(store)
    digest = store.objects.list_objects(CASE)[0].sha256
    assert not withhold_ended_releases(store, known_time(store))
    assert store.vault.read_bytes(digest)
    late = NOW + 2 * DAY  # perhaps only this computer thinks so
    assert withhold_ended_releases(store, late).cases == {CASE}
    assert not withhold_ended_releases(store, late), "once"
    with pytest.raises(CaseLocked, match="records of case SO-1 are withheld"):
        store.vault.read_bytes(digest)
    assert not load_summary(store, CASE, NOW).has_images
    assert files_on_disk(store) == 5
    # The hospital says that the release holds: this computer's clock was wrong, and nothing has to come again.
    report = run_sync_round(store, hospital.profile())
    assert (report.objects_fetched, open_kinds(store)) == (0, [])
    assert store.vault.read_bytes(digest)
    assert load_summary(store, CASE, NOW).has_images
    assert store.opinions.find_draft(CASE) is not None


def test_that_pages_withhold_from_the_moment_on_before_anything_was_noted(
    hospital: SmallHospital, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched(hospital, store)
    late = Moment(datetime.now(UTC) + 2 * DAY, time.monotonic() + 5)
    monkeypatch.setattr("sync.lease.this_moment", lambda: late)
    assert not load_summary(store, CASE, NOW).has_images
    (row,) = load_rows(store, NOW, None)
    assert row.here.startswith("withheld: release ended")


def test_that_a_clock_set_back_gains_nothing(hospital: SmallHospital, store: Store) -> None:
    fetched(hospital, store)
    note_contact(store, NOW, Moment(NOW, 1000.0))
    back = Moment(NOW - 300 * DAY, 1000.0 + 2 * DAY.total_seconds())
    assert withhold_ended_releases(store, known_time(store, back)).cases == {CASE}


def test_that_the_end_itself_still_holds() -> None:
    from tests.sync.sample_records import sample_case

    case = replace(sample_case(), consent=ConsentState.ACTIVE, release_until=NOW)
    assert as_released(case, NOW) is case
    ended = as_released(case, NOW + timedelta(milliseconds=1))
    assert (ended.consent, ended.lab_results, ended.prior_reports) == (ConsentState.EXPIRED, (), ())
    assert as_released(replace(case, release_until=None), NOW + 9999 * DAY).consent is ConsentState.ACTIVE


def test_that_an_opinion_signed_while_it_held_still_leaves(hospital: SmallHospital, store: Store) -> None:
    fetched(hospital, store)
    signed = signed_opinion()
    earlier = replace(signed, frozen=replace(signed.frozen, signed_at=NOW - timedelta(hours=2)))
    store.opinions.put_signed(earlier)
    set_period(hospital, NOW - timedelta(hours=1))
    withhold_ended_releases(store, NOW + 2 * DAY)
    assert run_sync_round(store, hospital.profile()).problems == ()
    assert_held_once(hospital)
    assert files_on_disk(store) == 0
    assert store.opinions.find_receipt(CASE) is not None


def test_that_an_opinion_signed_after_the_end_does_not_leave(hospital: SmallHospital, store: Store) -> None:
    fetched(hospital, store)
    store.opinions.put_signed(signed_opinion())
    set_period(hospital, NOW - timedelta(hours=1))
    (problem,) = run_sync_round(store, hospital.profile()).problems
    assert problem == "The patient's release for case SO-1 has run out; nothing was sent."
    assert hospital.count("DiagnosticReport") == 0
    assert store.opinions.find_signed(CASE) is not None


@pytest.mark.parametrize("noted", [False, True])
def test_that_asking_for_an_extension_and_closing_the_case_leave_without_a_release(
    hospital: SmallHospital, store: Store, noted: bool
) -> None:
    fetched(hospital, store)
    set_period(hospital, NOW - timedelta(hours=1))
    if noted:
        withhold_ended_releases(store, NOW + 2 * DAY)
    store.outbox.enqueue_message(CASE, "SO-1/1/message/1", "Can it be extended?")
    store.outbox.enqueue_move(CASE, CaseStatus.FAILED.value, {"reason": "The release ended."})
    assert run_sync_round(store, hospital.profile()).problems == ()
    assert hospital.count("Communication") == 1
    assert hospital.resource("Task/task-so-1")["status"] == "failed"


def test_that_a_release_withdrawn_after_it_ran_out_still_shreds_everything(
    hospital: SmallHospital, store: Store
) -> None:
    fetched(hospital, store)
    write_something(store)
    withhold_ended_releases(store, NOW + 2 * DAY)
    hospital.change("Consent/consent-so-1", status="inactive")
    run_sync_round(store, hospital.profile())
    assert store.opinions.find_draft(CASE) is None
    assert files_on_disk(store) == 0
    assert ConflictKind.CONSENT_WITHDRAWN in open_kinds(store)


def test_that_a_delivered_case_loses_its_files_and_asks_nothing(hospital: SmallHospital, store: Store) -> None:
    fetched(hospital, store)
    store.opinions.put_signed(signed_opinion())
    assert run_sync_round(store, hospital.profile()).problems == ()
    assert_held_once(hospital)
    assert files_on_disk(store) == 5
    set_period(hospital, NOW - timedelta(hours=1))
    withhold_ended_releases(store, NOW + 2 * DAY)
    run_sync_round(store, hospital.profile())
    assert files_on_disk(store) == 0
    assert open_kinds(store) == []
    assert store.opinions.find_signed(CASE) is not None
    assert store.opinions.find_receipt(CASE) is not None


def test_that_a_kill_between_key_and_rows_is_made_good(hospital: SmallHospital, store: Store) -> None:
    fetched(hospital, store)
    set_period(hospital, NOW - timedelta(hours=1))
    withhold_ended_releases(store, NOW + 2 * DAY)
    store.vault.remove_case(CASE)
    assert store.objects.list_objects(CASE)
    run_sync_round(store, hospital.profile())
    assert store.objects.list_objects(CASE) == ()


def test_that_a_patient_changed_over_withheld_files_has_them_come_again_through_the_door(
    hospital: SmallHospital, store: Store
) -> None:
    fetched(hospital, store)
    withhold_ended_releases(store, NOW + 2 * DAY)
    hospital.change("Patient/p-so-1", birthDate="1970-01-01")
    report = run_sync_round(store, hospital.profile())
    assert report.objects_fetched == 5
    assert files_on_disk(store) == 5
