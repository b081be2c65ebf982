"""Drafts until signing, one signature, one outbox entry, one receipt."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError

from sync.errors import SigningRefused
from sync.records.case import CaseId
from sync.records.opinion import SignedOpinion
from sync.records.outbox_entry import OutboxKind, OutboxState
from sync.store.database import Store
from tests.sync.sample_records import CASE, sample_draft, sample_marks, sample_receipt, sample_signed


def test_that_the_last_draft_counts(store: Store) -> None:
    assert store.opinions.find_draft(CASE) is None
    store.opinions.put_draft(sample_draft("first"))
    assert store.opinions.put_draft(sample_draft("second")).opinions == {CASE}
    assert store.opinions.find_draft(CASE) == sample_draft("second")


def test_that_a_signed_opinion_comes_back_byte_for_byte(store: Store) -> None:
    signed = sample_signed()
    marks = (sample_marks(b"\0\xff{}"), sample_marks(b""))
    signed = dataclasses.replace(signed, frozen=dataclasses.replace(signed.frozen, marks=marks))
    changes = store.opinions.put_signed(signed)
    assert changes.outbox == changes.opinions == {CASE}
    assert store.opinions.find_signed(CASE) == signed
    assert store.opinions.find_signed_by_identifier(f"{CASE}/1/v1") == signed
    assert store.opinions.find_signed(CaseId("other")) is None


def test_that_signing_puts_exactly_one_entry_into_the_outbox(store: Store) -> None:
    store.opinions.put_signed(sample_signed())
    with pytest.raises(SigningRefused, match="signed already"):
        store.opinions.put_signed(sample_signed())
    (entry,) = store.outbox.list_entries()
    assert (entry.kind, entry.subject, entry.state) == (OutboxKind.OPINION, f"{CASE}/1/v1", OutboxState.WAITING)


def test_that_of_two_signatures_at_once_one_wins(store: Store) -> None:
    def sign(_: int) -> bool:
        try:
            store.opinions.put_signed(sample_signed())
        except SigningRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(sign, range(4))) == [False, False, False, True]
    assert len(store.outbox.list_entries()) == 1


def test_that_a_draft_cannot_change_after_signing(store: Store) -> None:
    store.opinions.put_draft(sample_draft("final"))
    store.opinions.put_signed(sample_signed())
    with pytest.raises(SigningRefused, match="its form can no longer be changed"):
        store.opinions.put_draft(sample_draft("afterthought"))
    assert store.opinions.find_draft(CASE) == sample_draft("final")


@pytest.mark.parametrize("version", [0, 2, 3])
def test_that_versions_are_signed_in_order(store: Store, version: int) -> None:
    with pytest.raises(SigningRefused, match="not the next"):
        store.opinions.put_signed(sample_signed(version))


def test_that_an_amendment_is_a_second_opinion_beside_the_first(store: Store) -> None:
    store.opinions.put_signed(sample_signed(1))
    store.opinions.put_receipt(sample_receipt(1))
    store.opinions.put_signed(sample_signed(2))
    assert store.opinions.find_signed(CASE) == sample_signed(2)
    assert store.opinions.find_receipt(CASE) is None
    store.opinions.put_receipt(sample_receipt(2))
    assert store.opinions.find_receipt(CASE) == sample_receipt(2)


def test_that_a_failure_half_way_leaves_neither_opinion_nor_entry(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(store.audit, "append_within", fail)
    with pytest.raises(RuntimeError):
        store.opinions.put_signed(sample_signed())
    assert store.opinions.find_signed(CASE) is None
    assert store.outbox.list_entries() == ()


def test_that_the_receipt_delivers_the_entry_once(store: Store) -> None:
    store.opinions.put_signed(sample_signed())
    assert store.opinions.find_receipt(CASE) is None
    assert store.opinions.put_receipt(sample_receipt())
    assert not store.opinions.put_receipt(sample_receipt(already_there=True))
    assert store.opinions.find_receipt(CASE) == sample_receipt()
    assert [entry.state for entry in store.outbox.list_entries()] == [OutboxState.DELIVERED]
    assert store.outbox.list_waiting() == ()


def test_that_a_receipt_needs_its_opinion(store: Store) -> None:
    with pytest.raises(ValueError, match="unknown opinion"):
        store.opinions.put_receipt(sample_receipt())


def test_that_the_database_itself_refuses_to_change_a_signed_opinion(store: Store) -> None:
    store.opinions.put_signed(sample_signed())
    for statement in ("UPDATE signed_opinion SET jws = ''", "UPDATE marks_file SET content = ''"):
        with pytest.raises(IntegrityError, match="written once"), store._database.writing() as connection:
            connection.exec_driver_sql(statement)
    found: SignedOpinion | None = store.opinions.find_signed(CASE)
    assert found == sample_signed()


def test_that_signing_and_receipt_are_audited(store: Store) -> None:
    store.audit.actor = "Practitioner/x"
    store.opinions.put_signed(sample_signed())
    store.opinions.put_receipt(sample_receipt())
    assert [(row.action, row.actor, row.object) for row in store.audit.entries()] == [
        ("opinion signed", "Practitioner/x", f"{CASE}/1/v1"),
        ("receipt", "Practitioner/x", f"{CASE}/1/v1"),
    ]
