"""Cases with the raw resources behind them."""

from __future__ import annotations

import pytest

from sync.changes import Changes
from sync.errors import StoreUnavailable
from sync.records.case import CaseId, CaseStatus
from sync.store.database import Store
from tests.sync.sample_records import CASE, sample_case

TASK = {"resourceType": "Task", "id": "t1", "meta": {"versionId": "3"}, "extension": [{"unknown": 1.50}]}


def test_that_a_case_comes_back_whole(store: Store) -> None:
    assert store.cases.put_case(sample_case(), [TASK]) == Changes(cases=frozenset({CASE}))
    assert store.cases.get_case(CASE) == sample_case()
    assert store.cases.find_resource("Task/t1") == TASK
    assert store.cases.find_resource("Task/other") is None


def test_that_an_unchanged_case_reports_no_change(store: Store) -> None:
    store.cases.put_case(sample_case(), [TASK])
    assert not store.cases.put_case(sample_case(), [TASK])
    assert store.cases.put_case(sample_case(status=CaseStatus.ACCEPTED), [{**TASK, "status": "accepted"}])
    assert store.cases.get_case(CASE).status is CaseStatus.ACCEPTED
    found = store.cases.find_resource("Task/t1")
    assert found is not None
    assert found["status"] == "accepted"


def test_that_cases_are_listed_by_number(store: Store) -> None:
    for name in ("SO-2", "SO-1"):
        store.cases.put_case(sample_case(CaseId(name)), [])
    assert [case.case_id for case in store.cases.list_cases()] == ["SO-1", "SO-2"]


def test_that_a_missing_case_is_a_sentence(store: Store) -> None:
    assert store.cases.find_case(CASE) is None
    with pytest.raises(StoreUnavailable, match=CASE):
        store.cases.get_case(CASE)


def test_that_a_withdrawn_case_keeps_its_reason_until_it_comes_again(store: Store) -> None:
    store.cases.put_case(sample_case(), [])
    assert store.cases.mark_withdrawn(CASE, "The patient withdrew the consent.")
    assert not store.cases.mark_withdrawn(CASE, "The patient withdrew the consent.")
    assert store.cases.find_withdrawal(CASE) == "The patient withdrew the consent."
    assert [row.action for row in store.audit.entries()] == ["case withdrawn"]
    assert store.cases.put_case(sample_case(), [])
    assert store.cases.find_withdrawal(CASE) is None


def test_that_the_sync_token_is_kept_and_forgotten(store: Store) -> None:
    assert store.cases.find_sync_token() is None
    store.cases.put_sync_token({"high_water": "2026-11-22T10:00:00Z", "page_url": None})
    store.cases.put_sync_token({"high_water": "2026-11-23T10:00:00Z", "page_url": None})
    assert store.cases.find_sync_token() == {"high_water": "2026-11-23T10:00:00Z", "page_url": None}
    store.cases.put_sync_token(None)
    assert store.cases.find_sync_token() is None
