"""Store, vault and outbox on a disk that fills and fails, in a program that is killed: nothing signed is lost.

The model holds what was acknowledged. A call that failed has done all or nothing; which, is read back and then holds.
READINGROOM_CRASH_EXAMPLES sets how many lives are lived (60 by default, the same each time; more are random).
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from enum import Enum, auto
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import Connection

from sync.case_custody import shred_case
from sync.errors import SigningRefused, StoreUnavailable
from sync.outbox import sign_again
from sync.records.case import CaseId
from sync.records.opinion import SignedOpinion
from sync.records.outbox_entry import OutboxKind, OutboxState
from sync.store.database import Store, open_store
from tests.sync.sample_records import sample_case, sample_receipt, sample_signed
from tests.sync.store.conftest import killed_copy

ONE, TWO = CaseId("SO-1"), CaseId("SO-2")
CASES = st.sampled_from([ONE, TWO])
FILES = st.sampled_from([b"", b"a letter", b"x" * 70_000, bytes(range(256)) * 600])


class Disk(Enum):
    """How the disk behaves during one call."""

    SOUND = auto()
    FULL = auto()
    """ENOSPC at the next write that needs room, in the database and in the vault."""
    FAILS_BEFORE = auto()
    """EIO before the commit, at every flush and rename."""
    FAILS_AFTER = auto()
    """EIO reported for a commit that is on the disk."""


DISKS = st.sampled_from(list(Disk))


@contextmanager
def behaving(store: Store, disk: Disk) -> Iterator[None]:
    """*store* on a disk like that."""
    database = store._database
    sound = database.writing

    @contextmanager
    def writing() -> Iterator[Connection]:
        with sound() as connection:
            if disk is Disk.FULL:
                pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
                connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            try:
                yield connection
            finally:
                if disk is Disk.FULL:
                    connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")
            if disk is Disk.FAILS_BEFORE:
                raise StoreUnavailable("The store could not be used (disk I/O error).")
        if disk is Disk.FAILS_AFTER:
            raise StoreUnavailable("The store could not be used (disk I/O error).")

    if disk is Disk.SOUND:
        yield
        return
    number = errno.ENOSPC if disk is Disk.FULL else errno.EIO

    def fail(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    with patch.object(database, "writing", writing), patch("os.fsync", fail), patch.object(Path, "replace", fail):
        yield


class FailingDisk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="failing-disk"))
        self.lives = 0
        self.store = open_store(self.root / "0")
        self.signed: dict[CaseId, list[SignedOpinion]] = {ONE: [], TWO: []}
        self.state: dict[str, OutboxState] = {}
        self.files: dict[CaseId, dict[str, bytes]] = {ONE: {}, TWO: {}}
        for case_id in (ONE, TWO):
            self.store.cases.put_case(sample_case(case_id), [])

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.root)

    def attempt(self, disk: Disk, deed: Callable[[], object]) -> bool:
        """Whether it was acknowledged."""
        with behaving(self.store, disk):
            try:
                deed()
            except StoreUnavailable:
                return False
        return True

    @rule()
    def kill(self) -> None:
        """The program ends; what is on the disk is all there is."""
        dead = self.store
        self.lives += 1
        self.store = open_store(killed_copy(dead.directory, self.root / str(self.lives)))
        dead.close()
        shutil.rmtree(dead.directory)

    @rule(case=CASES, content=FILES, disk=DISKS)
    def keep_a_file(self, case: CaseId, content: bytes, disk: Disk) -> None:
        kept: list[str] = []

        def deed() -> None:
            writer = self.store.vault.begin(case)
            try:
                writer.write(content)
                kept.append(writer.commit())
            except BaseException:
                writer.abort()
                raise

        if self.attempt(disk, deed):
            self.files[case][kept[0]] = content

    @rule(case=CASES, disk=DISKS)
    def sign(self, case: CaseId, disk: Disk) -> None:
        versions = self.signed[case]
        opinion = sample_signed(len(versions) + 1, case)
        opinion = replace(opinion, report_pdf=b"%PDF " + bytes([len(versions)]) * 9000)
        standing = versions and self.state[versions[-1].frozen.opinion_identifier] is OutboxState.WAITING
        try:
            acknowledged = self.attempt(disk, lambda: self.store.opinions.put_signed(opinion))
        except SigningRefused:
            assert standing, "only what still waits stands in the way"
            return
        assert not (standing and acknowledged)
        found = self.store.opinions.find_signed_by_identifier(opinion.frozen.opinion_identifier)
        assert found in (None, opinion), "all or nothing"
        assert found is not None or not acknowledged
        if found is not None:
            versions.append(opinion)
            self.state[opinion.frozen.opinion_identifier] = OutboxState.WAITING

    @rule(case=CASES, disk=DISKS)
    @precondition(lambda self: any(self.signed.values()))
    def make_void(self, case: CaseId, disk: Disk) -> None:
        acknowledged = self.attempt(disk, lambda: sign_again(self.store, case))
        self.read_back(case, OutboxState.VOID, acknowledged)

    @rule(case=CASES, disk=DISKS)
    @precondition(lambda self: any(self.signed.values()))
    def receive(self, case: CaseId, disk: Disk) -> None:
        if self.signed[case]:
            receipt = sample_receipt(len(self.signed[case]), case)
            acknowledged = self.attempt(disk, lambda: self.store.opinions.put_receipt(receipt))
            self.read_back(case, OutboxState.DELIVERED, acknowledged)

    @rule(case=CASES, disk=DISKS)
    def fail_an_attempt(self, case: CaseId, disk: Disk) -> None:
        for entry in self.store.outbox.list_waiting():
            entry_id = entry.entry_id
            self.attempt(disk, lambda entry_id=entry_id: self.store.outbox.record_attempt(entry_id, "Offline."))  # type: ignore[misc]

    @rule(case=CASES, disk=DISKS)
    def shred(self, case: CaseId, disk: Disk) -> None:
        """The one deed that may take a signed opinion away; it is done again until it succeeds, as each round does."""
        before = self.store.opinions.list_signed(case)
        if not self.attempt(disk, lambda: shred_case(self.store, case, "It was given away.")):
            assert self.store.opinions.list_signed(case) in (before, ()), "all or nothing"
            shred_case(self.store, case, "It was given away.")
        assert not any(
            self.store.vault.contains(digest) for digest in set(self.files[case]) - set(self.files[other(case)])
        )
        for opinion in self.signed[case]:
            del self.state[opinion.frozen.opinion_identifier]
        self.signed[case], self.files[case] = [], {}
        self.store.cases.put_case(sample_case(case), [])

    def read_back(self, case: CaseId, wanted: OutboxState, acknowledged: bool) -> None:
        if not self.signed[case]:
            return
        identifier = self.signed[case][-1].frozen.opinion_identifier
        found = next(e.state for e in self.store.outbox.list_entries() if e.subject == identifier)
        was = self.state[identifier]
        is_final = was is OutboxState.DELIVERED or (was is OutboxState.VOID and wanted is OutboxState.VOID)
        assert found in (was, wanted)
        assert found is wanted or not acknowledged or is_final
        assert found is was or not is_final
        self.state[identifier] = found

    @invariant()
    def every_signed_byte_is_there(self) -> None:
        for case, opinions in self.signed.items():
            assert self.store.opinions.list_signed(case) == tuple(opinions)

    @invariant()
    def each_is_in_the_outbox_exactly_once_and_as_it_was_left(self) -> None:
        entries = [entry for entry in self.store.outbox.list_entries() if entry.kind is OutboxKind.OPINION]
        assert len({entry.subject for entry in entries}) == len(entries)
        assert {entry.subject: entry.state for entry in entries} == self.state

    @invariant()
    def every_kept_file_reads_as_it_was_written(self) -> None:
        for digest, content in {**self.files[ONE], **self.files[TWO]}.items():
            assert self.store.vault.read_bytes(digest) == content

    @invariant()
    def the_audit_chain_is_whole(self) -> None:
        assert self.store.audit.verify() is None


def test_that_a_case_shredded_on_a_disk_that_fails_after_writing_is_gone(tmp_path: Path) -> None:
    """Found by the machine below: the key was destroyed, but the vault still knew it."""
    with closing(open_store(tmp_path / "store")) as store:
        store.cases.put_case(sample_case(ONE), [])
        writer = store.vault.begin(ONE)
        writer.write(b"pixels")
        digest = writer.commit()
        with behaving(store, Disk.FAILS_AFTER), pytest.raises(StoreUnavailable):
            shred_case(store, ONE, "It was given away.")
        assert not store.vault.contains(digest)
        shred_case(store, ONE, "It was given away.")
        assert store.cases.find_case(ONE) is None


def other(case: CaseId) -> CaseId:
    return TWO if case == ONE else ONE


TestFailingDisk = pytest.mark.soak(FailingDisk.TestCase)
TestFailingDisk.settings = settings(
    max_examples=int(os.environ.get("READINGROOM_CRASH_EXAMPLES", "60")),
    derandomize="READINGROOM_CRASH_EXAMPLES" not in os.environ,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
