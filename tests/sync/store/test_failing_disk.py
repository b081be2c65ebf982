"""Store, vault and outbox on a disk that fills and fails, in a program that is killed: nothing signed is lost.

The model holds what was acknowledged. A call that failed has done all or nothing; which, is read back and then holds.
READINGROOM_CRASH_EXAMPLES sets how many lives are lived (60 by default, the same each time; more are random).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sync.case_custody import shred_case
from sync.conflict_choices import sign_again
from sync.errors import SigningRefused, StoreUnavailable
from sync.records.case import CaseId
from sync.records.opinion import SignedOpinion
from sync.records.outbox_entry import OutboxKind, OutboxState
from sync.store.database import open_store
from tests.sync.sample_records import sample_case, sample_receipt, sample_signed
from tests.sync.store.conftest import killed_copy
from tests.sync.store.failing_disk import Disk, Killed, Trouble, VaultStep, behaving

ONE, TWO = CaseId("SO-1"), CaseId("SO-2")
CASES = st.sampled_from([ONE, TWO])
FILES = st.sampled_from([b"", b"a letter", b"x" * 70_000, bytes(range(256)) * 600])


TROUBLES = st.builds(
    Trouble,
    disk=st.sampled_from(Disk),
    vault_step=st.sampled_from(VaultStep),
    room_bytes=st.sampled_from([0, 40, 3_000, 30_000, 65_700, 120_000]),
    step=st.integers(1, 8),
)


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

    def attempt(self, trouble: Trouble, deed: Callable[[], object]) -> bool:
        """Whether it was acknowledged. Where the program was killed meanwhile, it goes on with what it left."""
        self.lives += 1
        try:
            with behaving(self.store, trouble, self.root / str(self.lives)):
                deed()
        except StoreUnavailable:
            return False
        except Killed as killed:
            self.rise_again(killed.directory)
            return False
        return True

    def rise_again(self, directory: Path) -> None:
        dead = self.store
        self.store = open_store(directory)
        dead.close()
        shutil.rmtree(dead.directory)

    @rule()
    def kill(self) -> None:
        """The program ends; what is on the disk is all there is."""
        self.lives += 1
        self.rise_again(killed_copy(self.store.directory, self.root / str(self.lives)))

    @rule(case=CASES, content=FILES, trouble=TROUBLES)
    def keep_a_file(self, case: CaseId, content: bytes, trouble: Trouble) -> None:
        kept: list[str] = []

        def deed() -> None:
            writer = self.store.vault.begin(case)
            try:
                writer.write(content)
                kept.append(writer.commit())
            except BaseException:
                writer.abort()
                raise

        if self.attempt(trouble, deed):
            self.files[case][kept[0]] = content

    @rule(case=CASES, trouble=TROUBLES)
    def sign(self, case: CaseId, trouble: Trouble) -> None:
        versions = self.signed[case]
        opinion = sample_signed(len(versions) + 1, case)
        opinion = replace(opinion, report_pdf=b"%PDF " + bytes([len(versions)]) * 9000)
        standing = versions and self.state[versions[-1].frozen.opinion_identifier] is OutboxState.WAITING
        try:
            acknowledged = self.attempt(trouble, lambda: self.store.opinions.put_signed(opinion))
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

    @rule(case=CASES, trouble=TROUBLES)
    @precondition(lambda self: any(self.signed.values()))
    def make_void(self, case: CaseId, trouble: Trouble) -> None:
        acknowledged = self.attempt(trouble, lambda: sign_again(self.store, case))
        self.read_back(case, OutboxState.VOID, acknowledged)

    @rule(case=CASES, trouble=TROUBLES)
    @precondition(lambda self: any(self.signed.values()))
    def receive(self, case: CaseId, trouble: Trouble) -> None:
        if self.signed[case]:
            receipt = sample_receipt(len(self.signed[case]), case)
            acknowledged = self.attempt(trouble, lambda: self.store.opinions.put_receipt(receipt))
            self.read_back(case, OutboxState.DELIVERED, acknowledged)

    @rule(case=CASES, trouble=TROUBLES)
    def fail_an_attempt(self, case: CaseId, trouble: Trouble) -> None:
        for entry in self.store.outbox.list_waiting():
            entry_id = entry.entry_id
            self.attempt(trouble, lambda entry_id=entry_id: self.store.outbox.record_attempt(entry_id, "Offline."))  # type: ignore[misc]

    @rule(case=CASES, trouble=TROUBLES)
    def shred(self, case: CaseId, trouble: Trouble) -> None:
        """The one deed that may take a signed opinion away; it is done again until it succeeds, as each round does."""
        before = self.store.opinions.list_signed(case)
        if not self.attempt(trouble, lambda: shred_case(self.store, case, "It was given away.")):
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
        with behaving(store, Trouble(Disk.FAILS_AFTER), tmp_path / "grave"), pytest.raises(StoreUnavailable):
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
