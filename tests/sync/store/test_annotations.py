"""The journal of marks."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from sync.errors import SigningRefused
from sync.fhir.audit_mapping import audit_event
from sync.records.case import CaseId
from sync.store.database import Store
from tests.sync.sample_records import CASE, sample_revision, sample_signed


def test_that_the_latest_revision_of_each_living_mark_is_current(store: Store) -> None:
    for revision in (
        sample_revision("a", 1),
        sample_revision("b", 1),
        sample_revision("a", 2, payload='{"mm":8}'),
        sample_revision("b", 2, deleted=True),
        sample_revision("c", 1),
        sample_revision("a", 1, case_id=CaseId("other")),
    ):
        assert store.annotations.append(revision).annotations == {revision.case_id}
    assert store.annotations.list_current(CASE) == (
        sample_revision("a", 2, payload='{"mm":8}'),
        sample_revision("c", 1),
    )
    assert [r.revision for r in store.annotations.list_history(CASE)] == [1, 1, 2, 2, 1]


def test_that_a_deleted_mark_can_come_back(store: Store) -> None:
    for revision, deleted in ((1, False), (2, True), (3, False)):
        store.annotations.append(sample_revision("a", revision, deleted=deleted))
    assert store.annotations.list_current(CASE) == (sample_revision("a", 3),)


@pytest.mark.parametrize("revision", [0, 1, 3])
def test_that_only_the_next_revision_is_taken(store: Store, revision: int) -> None:
    store.annotations.append(sample_revision("a", 1))
    with pytest.raises(ValueError, match="revision"):
        store.annotations.append(sample_revision("a", revision))


def test_that_marks_cannot_change_after_signing(store: Store) -> None:
    store.annotations.append(sample_revision("a", 1))
    store.opinions.put_signed(sample_signed())
    for revision in (sample_revision("a", 2), sample_revision("b", 1), sample_revision("a", 2, deleted=True)):
        with pytest.raises(SigningRefused, match="signed"):
            store.annotations.append(revision)
    assert store.annotations.list_history(CASE) == (sample_revision("a", 1),)
    store.annotations.append(sample_revision("a", 1, case_id=CaseId("other")))


def test_that_the_database_itself_refuses_to_rewrite_the_journal(store: Store) -> None:
    store.annotations.append(sample_revision())
    with pytest.raises(IntegrityError, match="written once"), store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE annotation_revision SET payload = ''")
    assert store.annotations.list_current(CASE) == (sample_revision(),)


def test_that_each_revision_is_audited_by_digest_and_not_by_content(store: Store) -> None:
    store.annotations.append(sample_revision(payload='{"text":"spiculated"}'))
    (row,) = store.audit.entries()
    assert (row.action, row.object, row.detail["revision"]) == ("mark made", "a1", 1)
    assert "spiculated" not in str(row)


def test_that_the_trail_tells_a_mark_made_from_one_revised_and_one_deleted(store: Store) -> None:
    for revision, deleted in ((1, False), (2, False), (3, True), (4, False)):
        store.annotations.append(sample_revision("a", revision, deleted=deleted))
    rows = store.audit.entries()
    assert [row.action for row in rows] == ["mark made", "mark revised", "mark deleted", "mark revised"]
    assert {row.outcome for row in rows} == {"done"}
    events = [audit_event(row, "Patient/p") for row in rows]
    assert [(event["action"], event["outcome"]) for event in events] == [("C", "0"), ("U", "0"), ("D", "0"), ("U", "0")]
