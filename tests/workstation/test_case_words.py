"""Due, state, completeness and identity in words: what a reader is told of a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from sync.records.case import CaseId, CaseStatus, ConsentState
from sync.records.outbox_entry import OutboxEntry, OutboxKind, OutboxState
from tests.workstation.cases import CASE_ID, NOW, PATIENT, REPORT, make_case, make_file, make_image
from workstation.case_state import state_of
from workstation.completeness import completeness_of
from workstation.due import due_words
from workstation.hospital_news import outbox_words
from workstation.window.patient_identity import identity_of
from workstation.withheld_cases import withheld_sentence


@pytest.mark.parametrize(
    ("days", "text", "tone"),
    [
        (-2, "overdue by 2 days", "danger"),
        (-0.1, "overdue since today", "danger"),
        (0.1, "today", "warning"),
        (1, "tomorrow", "warning"),
        (3, "in 3 days", "warning"),
        (10, "in 10 days", ""),
    ],
)
def test_that_due_is_relative_to_now_and_loud_when_late(days: float, text: str, tone: str) -> None:
    words = due_words(NOW + timedelta(days=days), NOW)
    assert (words.text, words.tone) == (text, tone)


def test_that_a_finished_case_is_never_overdue() -> None:
    assert due_words(NOW - timedelta(days=5), NOW, finished=True).tone == ""


def test_that_what_was_signed_here_counts_before_the_hospital_says_so() -> None:
    assert state_of(make_case(status=CaseStatus.IN_PROGRESS), signed=True).text == "Waits to leave"
    assert state_of(make_case(), signed=True, stuck=True).text == "Needs attention"
    assert state_of(make_case(), signed=True, stuck=True, delivered=True).text == "Delivered"
    assert state_of(make_case(), signed=True, delivered=True).text == "Delivered"
    assert state_of(make_case(status=CaseStatus.COMPLETED), signed=True).text == "Waits to leave", "an amendment"
    assert state_of(make_case(status=CaseStatus.COMPLETED), signed=True, left_unsent=True).text == "Already there"


def test_that_a_delivered_case_says_that_its_amendment_is_being_written() -> None:
    words = state_of(make_case(status=CaseStatus.COMPLETED), amending=True, signed=True, delivered=True)
    assert (words.text, words.pill) == ("Delivered · amendment in progress", "Delivered · amending")


def test_that_withheld_cases_are_named_with_their_reason() -> None:
    cases = [make_case(case_id=CaseId("SO-1"), consent=ConsentState.MISSING)]
    assert withheld_sentence(cases) == "1 case is withheld: SO-1 (no release)"
    cases.append(make_case(case_id=CaseId("SO-2"), consent=ConsentState.EXPIRED))
    assert withheld_sentence(cases).startswith("2 cases are withheld: SO-1 (")
    assert withheld_sentence(cases).endswith("SO-2 (release not in force)")
    assert withheld_sentence([]) == ""


def test_that_a_withdrawn_case_says_so_whatever_else_happened() -> None:
    assert state_of(make_case(), draft=True, signed=True, withdrawn=True).text == "Withdrawn"


def test_that_counts_name_what_is_here_of_what_there_is() -> None:
    here = completeness_of(make_case(), [make_image(1)], [])
    assert here.words() == "1 of 2 images · 0 of 1 slide · 0 of 1 document"
    assert not here.is_whole


def test_that_an_image_fetched_twice_counts_once() -> None:
    assert completeness_of(make_case(), [make_image(1), make_image(1)], []).images.here == 1


def test_that_a_case_without_consent_says_that_nothing_was_downloaded() -> None:
    assert completeness_of(make_case(consent=ConsentState.MISSING), [], []).words() == "withheld: no release"


def test_that_a_foreign_object_is_found_among_the_complete_ones() -> None:
    objects = [make_image(1), make_image(2, mismatch="It is of patient P-2."), make_file(REPORT)]
    assert [o.sop_instance_uid for o in completeness_of(make_case(), objects, []).foreign] == ["1.2.3.4.2"]


def test_that_identity_names_sex_birth_date_with_age_id_and_case() -> None:
    identity = identity_of(make_case(), date(2026, 3, 3))
    assert identity.line == "Thornbury, Ada · female · born 1961-03-04 (64 years) · ID P-1 · case SO-2026-00001"
    assert identity.missing == ""


def test_that_an_infant_is_counted_in_months() -> None:
    infant = make_case(patient=replace(PATIENT, birth_date=date(2026, 1, 20)))
    assert "(9 months)" in identity_of(infant, date(2026, 11, 19)).details


def test_that_a_missing_patient_id_is_said_and_warned_of() -> None:
    identity = identity_of(make_case(patient=replace(PATIENT, patient_id=None)), NOW.date())
    assert "ID missing" in identity.details
    assert identity.missing.startswith("Identity missing")


def entry(kind: OutboxKind, state: OutboxState = OutboxState.WAITING) -> OutboxEntry:
    return OutboxEntry(1, CASE_ID, kind, "x", state, 0, "The hospital refused it.", NOW, None)


def test_that_what_waits_to_leave_is_counted_and_trouble_said_first() -> None:
    assert outbox_words([entry(OutboxKind.OPINION)]) == "1 opinion waits to leave"
    assert outbox_words([entry(OutboxKind.TASK_MOVE, OutboxState.DELIVERED)]) == ""
    words = outbox_words([entry(OutboxKind.OPINION), entry(OutboxKind.TASK_MOVE, OutboxState.NEEDS_ATTENTION)])
    assert words == "1 needs attention (F7) · 1 opinion waits to leave"


def test_that_asking_for_records_of_a_new_case_counts_as_one_thing_and_only_messages_are_called_so() -> None:
    acceptance = on_hold = entry(OutboxKind.TASK_MOVE)
    message = entry(OutboxKind.MESSAGE)
    assert outbox_words([acceptance, on_hold]) == "1 thing waits to leave"
    assert outbox_words([acceptance, on_hold, message]) == "2 things wait to leave"
    assert outbox_words([message]) == "1 message waits to leave"
    assert outbox_words([message, message]) == "2 messages wait to leave"
    elsewhere = replace(on_hold, case_id=CaseId("SO-2026-00002"))
    assert outbox_words([acceptance, on_hold, elsewhere]) == "2 things wait to leave"
