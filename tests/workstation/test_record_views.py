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


def rows(store: Store) -> list[tuple[str, str, float | None]]:
    return [(entry.action, entry.object, entry.detail.get("duration_s")) for entry in store.audit.entries()]


def test_that_each_record_viewed_is_a_row_with_the_time_it_was_in_front(store: Store) -> None:
    clock = [100.0]
    views = RecordViews(store, ImmediateLanes(), lambda: clock[0])
    views.shown("case", "SO-1", ("DocumentReference/first",))
    clock[0] += 50  # its page is not in front yet
    views.page_turned("case")
    clock[0] += 7
    views.shown("case", "SO-1", ("DocumentReference/second",))
    clock[0] += 3
    views.page_turned("reading")
    views.shown("reading", "SO-1", ("series:1.2.3",))
    clock[0] += 20
    views.page_turned("case")
    clock[0] += 2
    views.shown("case", "", ("",))
    views.shown("reading", "", ())
    seen = [(record, duration_s) for action, record, duration_s in rows(store) if action == "record viewed"]
    assert seen == [
        ("DocumentReference/first", 7.0),
        ("DocumentReference/second", 3.0),
        ("series:1.2.3", 20.0),
        ("DocumentReference/second", 2.0),
    ]
    assert {(entry.case_id, entry.outcome) for entry in store.audit.entries()} == {("SO-1", "done")}


def test_that_what_comes_before_the_eyes_is_a_row_at_once_and_once(store: Store) -> None:
    """A kill while it is looked at loses how long, and never that it was."""
    views = RecordViews(store, ImmediateLanes(), lambda: 0.0)
    views.shown("reading", "SO-1", ("series:1", "slide:2"))
    assert rows(store) == []  # behind another page nobody sees it
    views.page_turned("reading")
    assert rows(store) == [("record opened", "series:1", None), ("record opened", "slide:2", None)]
    views.page_turned("case")
    views.page_turned("reading")
    views.shown("reading", "SO-1", ("slide:2", "series:3"))
    assert [record for action, record, _ in rows(store) if action == "record opened"] == [
        "series:1", "slide:2", "series:3",
    ]  # fmt: skip


def test_that_the_same_record_of_another_case_is_another_look(store: Store) -> None:
    views = RecordViews(store, ImmediateLanes(), lambda: 0.0)
    views.page_turned("reading")
    views.shown("reading", "SO-1", ("series:1",))
    views.shown("reading", "SO-2", ("series:1",))
    assert [(entry.action, entry.case_id) for entry in store.audit.entries()] == [
        ("record opened", "SO-1"), ("record viewed", "SO-1"), ("record opened", "SO-2"),
    ]  # fmt: skip
