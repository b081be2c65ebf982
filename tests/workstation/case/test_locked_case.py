"""A case that is locked or gone does not open, and the refusal says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.case_custody import put_away_given_back, take_case_away
from sync.errors import CaseLocked
from sync.records.case import CaseStatus
from sync.records.conflict import ConflictKind
from sync.store.database import Store, open_store
from tests.workstation.cases import CASE_ID, NOW, make_case
from workstation.case.presenter import load_summary

WITHDRAWN = f"The patient has withdrawn the release for case {CASE_ID}; its records are deleted."


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "profile")
    opened.cases.put_case(make_case(), [])
    yield opened
    opened.close()


def refusal(store: Store) -> CaseLocked:
    with pytest.raises(CaseLocked) as caught:
        load_summary(store, CASE_ID, NOW)
    return caught.value


def test_that_a_shredded_case_is_refused_with_the_reason_also_after_the_reader_has_understood_it(store: Store) -> None:
    take_case_away(store, CASE_ID, ConflictKind.CONSENT_WITHDRAWN, WITHDRAWN, NOW)
    assert str(refusal(store)) == WITHDRAWN
    (conflict,) = store.conflicts.list_open()
    store.conflicts.settle(conflict.conflict_id, "understood")
    assert str(refusal(store)) == WITHDRAWN


def test_that_a_case_nobody_took_away_gets_no_other_cases_reason(store: Store) -> None:
    take_case_away(store, CASE_ID, ConflictKind.CONSENT_WITHDRAWN, WITHDRAWN, NOW)
    with pytest.raises(CaseLocked, match="Case SO-9 is not on this computer any more"):
        load_summary(store, type(CASE_ID)("SO-9"), NOW)


def test_that_what_the_hospital_took_is_told_apart_from_what_the_reader_gave_back(store: Store) -> None:
    take_case_away(store, CASE_ID, ConflictKind.REASSIGNED, "Given to somebody else.", NOW)
    assert not refusal(store).is_own_doing
    store.conflicts.release_case(CASE_ID)
    store.cases.put_case(make_case(status=CaseStatus.REJECTED), [])
    assert put_away_given_back(store, NOW) == (CASE_ID,)
    assert refusal(store).is_own_doing
