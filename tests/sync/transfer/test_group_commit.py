"""Arrivals of several threads are committed together, and each thread knows what came of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, cast

import pytest

from sync.errors import StoreUnavailable
from sync.records.stored_object import Integrity, StoredObject
from sync.store.arrival_store import Arrival
from sync.store.database import Store
from sync.transfer.group_commit import GroupCommit
from tests.sync.sample_records import AT, CASE


def test_that_who_comes_while_another_commits_is_taken_along_by_the_next() -> None:
    groups: list[int] = []
    first_is_in, go_on = threading.Event(), threading.Event()

    def keep_all(arrivals: Sequence[Arrival]) -> None:
        groups.append(len(arrivals))
        first_is_in.set()
        go_on.wait(5)

    commit = GroupCommit(keep_all)
    threads = [threading.Thread(target=commit.keep, args=(cast(Any, number),)) for number in range(6)]
    threads[0].start()
    assert first_is_in.wait(5)
    for thread in threads[1:]:
        thread.start()
    while len(commit._waiting) < 5:
        threading.Event().wait(0.001)
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert groups == [1, 5]


def test_that_a_failure_is_everybodys_of_the_group_and_nobody_elses() -> None:
    def keep_all(arrivals: Sequence[Arrival]) -> None:
        raise StoreUnavailable("The disk is full.")

    commit = GroupCommit(keep_all)
    with pytest.raises(StoreUnavailable, match="disk is full"):
        commit.keep(cast(Any, 1))
    kept: list[Sequence[Arrival]] = []
    commit._keep_all = kept.append
    commit.keep(cast(Any, 2))
    assert kept == [[2]]


def arrival(store: Store, content: bytes, sop_uid: str) -> Arrival:
    writer = store.vault.begin(CASE)
    writer.write(content)
    entry = writer.flush()
    obj = StoredObject(
        CASE, "ImagingStudy/1", entry.sha256, entry.size_bytes, "application/dicom", sop_uid, Integrity.STRUCTURE, AT,
        "1.2", "1.2.3", sop_uid,
    )  # fmt: skip
    return Arrival(entry, obj, b"facts")


def test_that_arrivals_are_found_and_read_back(store: Store) -> None:
    store.arrivals.keep([arrival(store, b"one" * 50_000, "1"), arrival(store, b"two", "2")])
    found = store.objects.list_objects(CASE)
    assert [obj.sop_instance_uid for obj in found] == ["1", "2"]
    assert [store.vault.read_bytes(obj.sha256) for obj in found] == [b"one" * 50_000, b"two"]


def test_that_the_same_content_twice_in_one_group_is_one_file(store: Store) -> None:
    store.arrivals.keep([arrival(store, b"same", "1"), arrival(store, b"same", "2")])
    store.arrivals.keep([arrival(store, b"same", "3")])
    assert len(store.objects.list_objects(CASE)) == 3
    store.vault.sweep()
    assert len(list((store.directory / "vault").glob("*.rre"))) == 1
    assert store.vault.read_bytes(store.objects.list_objects(CASE)[0].sha256) == b"same"


def test_that_what_was_flushed_and_not_kept_is_swept(store: Store) -> None:
    arrival(store, b"lost", "1")
    assert list((store.directory / "vault").glob("*.rre"))
    store.vault.sweep()
    assert not list((store.directory / "vault").iterdir())
