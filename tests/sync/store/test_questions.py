"""A question that changed under an answer is kept until the reader's word, and no clinical word stands in the audit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.records.case import CaseId
from sync.records.opinion import OpinionDraft
from sync.store.database import Store, open_store
from tests.sync.test_outbox import CASE, signed_opinion

OLD, NEW, NEWER = ("Is it benign?",), ("Is it malignant?",), ("Has it grown?",)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "profile")
    yield opened
    opened.close()


def begin(store: Store) -> None:
    store.opinions.put_draft(OpinionDraft(CASE, {"item": []}, datetime.now(UTC)))


def told(store: Store) -> list[tuple[str, str]]:
    return [(row.action, row.outcome) for row in store.audit.entries() if row.action.startswith("question")]


def test_that_a_change_is_noted_only_while_an_answer_is_being_written(store: Store) -> None:
    assert not store.questions.note_changed(CASE, OLD, NEW), "nobody has begun"
    begin(store)
    assert not store.questions.note_changed(CASE, OLD, OLD)
    assert store.questions.note_changed(CASE, OLD, NEW)
    found = store.questions.find_changed(CASE)
    assert found is not None and found.before == OLD
    assert store.questions.find_changed(CaseId("SO-2")) is None


def test_that_the_question_the_answer_was_begun_for_stays_until_confirmed(store: Store) -> None:
    begin(store)
    store.questions.note_changed(CASE, OLD, NEW)
    store.questions.note_changed(CASE, NEW, NEWER)
    found = store.questions.find_changed(CASE)
    assert found is not None and found.before == OLD
    assert store.questions.confirm(CASE)
    assert store.questions.find_changed(CASE) is None
    assert not store.questions.confirm(CASE), "a second time nothing happens"
    assert told(store) == [
        ("question changed", "raised"),
        ("question changed", "again"),
        ("question confirmed", "done"),
    ]
    assert not any("benign" in str(row) or "malignant" in str(row) for row in store.audit.entries())


def test_that_a_question_asked_again_as_it_was_is_no_change(store: Store) -> None:
    begin(store)
    store.questions.note_changed(CASE, OLD, NEW)
    store.questions.note_changed(CASE, NEW, OLD)
    assert store.questions.find_changed(CASE) is None
    assert told(store)[-1] == ("question changed", "as before")


def test_that_signing_ends_it_and_the_audit_says_that_nobody_confirmed(store: Store) -> None:
    begin(store)
    store.questions.note_changed(CASE, OLD, NEW)
    store.opinions.put_signed(signed_opinion())
    assert store.questions.find_changed(CASE) is None
    assert told(store)[-1] == ("question changed", "signed unconfirmed")
    assert not store.questions.note_changed(CASE, NEW, NEWER), "what is signed is sealed"
