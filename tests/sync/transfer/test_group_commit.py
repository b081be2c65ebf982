"""Arrivals of several threads are committed together; nobody waits for the disk, and no failure is lost."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, cast

import pytest

from sync.errors import StoreUnavailable
from sync.records.stored_object import Integrity, StoredObject
from sync.store.arrival_store import Arrival
from sync.store.database import Store
from sync.transfer.group_commit import MOST_WAITING, GroupCommit
from tests.sync.sample_records import AT, CASE


def test_that_who_comes_while_another_commits_goes_on_and_is_taken_along_next() -> None:
    groups: list[Sequence[Arrival]] = []
    kept: list[Arrival] = []
    first_is_in, go_on = threading.Event(), threading.Event()

    def keep_all(arrivals: Sequence[Arrival]) -> None:
        groups.append(list(arrivals))
        first_is_in.set()
        go_on.wait(5)

    commit = GroupCommit(keep_all, kept.append)
    first = threading.Thread(target=commit.take, args=(cast(Any, 0),))
    first.start()
    assert first_is_in.wait(5)
    for number in range(1, 6):
        commit.take(cast(Any, number))  # returns although the first is not durable yet
    assert kept == []
    go_on.set()
    commit.wait()
    first.join(5)
    assert groups == [[0], [1, 2, 3, 4, 5]]
    assert kept == [0, 1, 2, 3, 4, 5]


def test_that_no_more_than_a_few_wait_for_the_disk() -> None:
    is_in, go_on = threading.Event(), threading.Event()

    def keep_all(arrivals: Sequence[Arrival]) -> None:
        assert len(arrivals) <= MOST_WAITING
        is_in.set()
        go_on.wait(5)

    commit = GroupCommit(keep_all)
    first = threading.Thread(target=commit.take, args=(cast(Any, 0),))
    first.start()
    assert is_in.wait(5)
    taken: list[int] = []

    def bring() -> None:
        for number in range(MOST_WAITING + 1):
            commit.take(cast(Any, number))
            taken.append(number)

    bringer = threading.Thread(target=bring)
    bringer.start()
    bringer.join(0.2)
    assert len(taken) == MOST_WAITING
    go_on.set()
    bringer.join(5)
    first.join(5)
    assert len(taken) == MOST_WAITING + 1


def test_that_a_failure_reaches_who_commits_who_waits_and_whoever_comes_later() -> None:
    kept: list[Arrival] = []

    def keep_all(arrivals: Sequence[Arrival]) -> None:
        raise StoreUnavailable("The disk is full.")

    commit = GroupCommit(keep_all, kept.append)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="disk is full"):
            commit.take(cast(Any, 1))
    with pytest.raises(StoreUnavailable, match="disk is full"):
        commit.wait()
    assert kept == []


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
