"""The audit trail knows which record was looked at and for how long, counted only while it was in front."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.store.database import Store, open_store
from tests.workstation.lanes import ImmediateLanes
from workstation.record_views import RecordViews


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "profile")
    yield opened
    opened.close()


def test_that_each_record_viewed_is_a_row_with_the_time_it_was_in_front(store: Store) -> None:
    clock = [100.0]
    views = RecordViews(store, ImmediateLanes(), lambda: clock[0])
    views.shown("case", 0, "SO-1", "DocumentReference/first")
    clock[0] += 50  # its page is not in front yet
    views.page_turned("case")
    clock[0] += 7
    views.shown("case", 0, "SO-1", "DocumentReference/second")
    clock[0] += 3
    views.page_turned("reading")
    views.shown("reading", 1, "SO-1", "series:1.2.3")
    clock[0] += 20
    views.page_turned("case")
    clock[0] += 2
    views.shown("case", 0, "", "")
    views.put_away("reading")
    seen = [(entry.object, entry.detail["duration_s"]) for entry in store.audit.entries()]
    assert seen == [
        ("DocumentReference/first", 7.0),
        ("DocumentReference/second", 3.0),
        ("series:1.2.3", 20.0),
        ("DocumentReference/second", 2.0),
    ]
    assert {(entry.action, entry.case_id, entry.outcome) for entry in store.audit.entries()} == {
        ("record viewed", "SO-1", "done")
    }
