"""What waits, in which order, and what an attempt does to it."""

from __future__ import annotations

import pytest

from sync.records.case import CaseId
from sync.records.outbox_entry import OutboxState
from sync.store.database import Store
from tests.sync.sample_records import CASE, sample_receipt, sample_signed

OTHER = CaseId("SO-2026-00043")


def waiting(store: Store) -> list[tuple[str, str]]:
    return [(entry.case_id, entry.subject) for entry in store.outbox.list_waiting()]


def test_that_entries_wait_in_the_order_of_queueing(store: Store) -> None:
    assert store.outbox.enqueue_move(CASE, "accepted").outbox == {CASE}
    store.outbox.enqueue_move(OTHER, "accepted")
    store.outbox.enqueue_move(CASE, "in-progress")
    store.opinions.put_signed(sample_signed())
    assert waiting(store) == [
        (CASE, "accepted"),
        (OTHER, "accepted"),
        (CASE, "in-progress"),
        (CASE, f"{CASE}/1/v1"),
    ]


def test_that_a_repeated_wish_is_queued_once(store: Store) -> None:
    store.outbox.enqueue_move(CASE, "accepted")
    assert not store.outbox.enqueue_move(CASE, "accepted")
    (entry,) = store.outbox.list_entries()
    store.outbox.record_delivered(entry.entry_id)
    store.outbox.enqueue_move(CASE, "in-progress")
    assert store.outbox.enqueue_move(CASE, "accepted")
    assert waiting(store) == [(CASE, "in-progress"), (CASE, "accepted")]


def test_that_attempts_are_counted_with_their_error(store: Store) -> None:
    store.outbox.enqueue_move(CASE, "accepted")
    entry_id = store.outbox.list_entries()[0].entry_id
    store.outbox.record_attempt(entry_id, None)
    assert store.outbox.record_attempt(entry_id, "The hospital is busy.").outbox == {CASE}
    (entry,) = store.outbox.list_waiting()
    assert (entry.attempts, entry.last_error, entry.state) == (2, "The hospital is busy.", OutboxState.WAITING)
    assert entry.last_attempt_at is not None
    assert entry.last_attempt_at >= entry.queued_at


def test_that_a_move_waits_behind_one_that_needs_attention_and_an_opinion_does_not(store: Store) -> None:
    for case_id, status in ((CASE, "accepted"), (CASE, "in-progress"), (OTHER, "accepted")):
        store.outbox.enqueue_move(case_id, status)
    store.opinions.put_signed(sample_signed())
    store.outbox.record_attempt(store.outbox.list_entries()[0].entry_id, "Refused.", needs_attention=True)
    assert waiting(store) == [(OTHER, "accepted"), (CASE, f"{CASE}/1/v1")]
    store.outbox.record_attempt(store.outbox.list_entries()[0].entry_id, None)
    assert len(waiting(store)) == 4


def test_that_a_delivered_entry_stays_delivered_and_counts_the_try_that_delivered_it(store: Store) -> None:
    store.outbox.enqueue_move(CASE, "accepted")
    (entry,) = store.outbox.list_entries()
    assert store.outbox.record_delivered(entry.entry_id)
    assert not store.outbox.record_delivered(entry.entry_id)
    assert not store.outbox.record_attempt(entry.entry_id, "late answer", needs_attention=True)
    (entry,) = store.outbox.list_entries()
    assert (entry.state, entry.last_error, entry.attempts) == (OutboxState.DELIVERED, "", 1)


def test_that_only_a_receipt_delivers_an_opinion(store: Store) -> None:
    store.opinions.put_signed(sample_signed())
    (entry,) = store.outbox.list_entries()
    with pytest.raises(ValueError, match="receipt"):
        store.outbox.record_delivered(entry.entry_id)
    store.opinions.put_receipt(sample_receipt())
    assert not store.outbox.record_delivered(entry.entry_id)
