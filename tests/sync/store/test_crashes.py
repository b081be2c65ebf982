"""Store and outbox as a state machine in which the program may be killed between any two steps, and inside one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sync.errors import SigningRefused
from sync.records.case import CaseId
from sync.records.outbox_entry import OutboxKind, OutboxState
from sync.store.database import Store, open_store
from tests.sync.sample_records import sample_draft, sample_receipt, sample_revision, sample_signed
from tests.sync.store.conftest import killed_copy

CASES = st.sampled_from([CaseId("SO-1"), CaseId("SO-2")])
MARKS = st.sampled_from(["a", "b"])


class Killed(BaseException):
    """The program ended here."""


class StoreWithCrashes(RuleBasedStateMachine):
    """The model is what was acknowledged: a call that returned."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="crashes"))
        self.lives = 0
        self.store: Store = open_store(self.root / "0")
        self.marks: dict[tuple[CaseId, str], int] = {}
        self.drafts: dict[CaseId, str] = {}
        self.signed: set[CaseId] = set()
        self.received: set[CaseId] = set()
        self.moves: dict[CaseId, list[str]] = {}

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.root)

    def rise_again(self) -> None:
        """Go on with what the killed program left on the disk."""
        dead = self.store
        self.lives += 1
        self.store = open_store(killed_copy(dead.directory, self.root / str(self.lives)))
        dead.close()
        shutil.rmtree(dead.directory)

    def do(self, deed: Callable[[], object], *, killed_inside: bool) -> bool:
        """Whether *deed* was acknowledged. A kill inside comes after its rows, before its commit."""
        if not killed_inside:
            deed()
            return True

        def kill(*arguments: object) -> None:
            self.lives += 1
            killed_copy(self.store.directory, self.root / str(self.lives))
            raise Killed

        self.store.audit.append_within = kill  # type: ignore[method-assign, assignment]
        with pytest.raises(Killed):
            deed()
        dead = self.store
        dead.close()
        self.store = open_store(self.root / str(self.lives))
        return False

    @rule()
    def kill(self) -> None:
        self.rise_again()

    @rule(case=CASES, mark=MARKS, killed_inside=st.booleans())
    def revise(self, case: CaseId, mark: str, killed_inside: bool) -> None:
        revision = self.marks.get((case, mark), 0) + 1

        def deed() -> None:
            self.store.annotations.append(sample_revision(mark, revision, case_id=case))

        if case in self.signed:
            with pytest.raises(SigningRefused):
                deed()
        elif self.do(deed, killed_inside=killed_inside):
            self.marks[case, mark] = revision

    @rule(case=CASES, text=st.text(max_size=3))
    def write_draft(self, case: CaseId, text: str) -> None:
        if case in self.signed:
            with pytest.raises(SigningRefused):
                self.store.opinions.put_draft(sample_draft(text, case))
        else:
            self.store.opinions.put_draft(sample_draft(text, case))
            self.drafts[case] = text

    @rule(case=CASES, killed_inside=st.booleans())
    def sign(self, case: CaseId, killed_inside: bool) -> None:
        if case in self.signed:
            with pytest.raises(SigningRefused):
                self.store.opinions.put_signed(sample_signed(case_id=case))
        elif self.do(lambda: self.store.opinions.put_signed(sample_signed(case_id=case)), killed_inside=killed_inside):
            self.signed.add(case)

    @rule(case=CASES, status=st.sampled_from(["accepted", "in-progress"]))
    def wish(self, case: CaseId, status: str) -> None:
        queue = self.moves.setdefault(case, [])
        if self.store.outbox.enqueue_move(case, status):
            queue.append(status)
        else:
            assert queue[-1] == status

    @rule()
    def deliver_a_move(self) -> None:
        for entry in self.store.outbox.list_waiting():
            if entry.kind is OutboxKind.TASK_MOVE:
                self.store.outbox.record_attempt(entry.entry_id, None)
                self.store.outbox.record_delivered(entry.entry_id)
                assert self.moves[entry.case_id].pop(0) == entry.subject
                return

    @rule(case=CASES)
    def fail_an_attempt(self, case: CaseId) -> None:
        for entry in self.store.outbox.list_waiting():
            self.store.outbox.record_attempt(entry.entry_id, "The hospital cannot be reached.")

    @rule(case=CASES, killed_inside=st.booleans(), already_there=st.booleans())
    def receive(self, case: CaseId, killed_inside: bool, already_there: bool) -> None:
        receipt = sample_receipt(case_id=case, already_there=already_there)
        if case not in self.signed:
            with pytest.raises(ValueError, match="unknown opinion"):
                self.store.opinions.put_receipt(receipt)
        elif case in self.received:
            assert not self.store.opinions.put_receipt(receipt)
        elif self.do(lambda: self.store.opinions.put_receipt(receipt), killed_inside=killed_inside):
            self.received.add(case)

    @invariant()
    def nothing_acknowledged_is_lost(self) -> None:
        for case in (CaseId("SO-1"), CaseId("SO-2")):
            found = {(case, mark.annotation_id): mark.revision for mark in self.store.annotations.list_current(case)}
            assert found == {key: revision for key, revision in self.marks.items() if key[0] == case}
            draft = self.store.opinions.find_draft(case)
            assert draft == (sample_draft(self.drafts[case], case) if case in self.drafts else None)
            assert self.store.opinions.find_signed(case) == (
                sample_signed(case_id=case) if case in self.signed else None
            )
            assert (self.store.opinions.find_receipt(case) is not None) == (case in self.received)

    @invariant()
    def a_signed_opinion_is_in_the_outbox_exactly_once(self) -> None:
        entries = [entry for entry in self.store.outbox.list_entries() if entry.kind is OutboxKind.OPINION]
        assert sorted(entry.case_id for entry in entries) == sorted(self.signed)
        delivered = {entry.case_id for entry in entries if entry.state is OutboxState.DELIVERED}
        assert delivered == self.received

    @invariant()
    def moves_wait_in_order(self) -> None:
        waiting: dict[CaseId, list[str]] = {}
        for entry in self.store.outbox.list_waiting():
            if entry.kind is OutboxKind.TASK_MOVE:
                waiting.setdefault(entry.case_id, []).append(entry.subject)
        assert waiting == {case: queue for case, queue in self.moves.items() if queue}

    @invariant()
    def the_audit_chain_is_whole(self) -> None:
        assert self.store.audit.verify() is None


TestStoreWithCrashes = StoreWithCrashes.TestCase
TestStoreWithCrashes.settings = settings(
    max_examples=10,
    stateful_step_count=16,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
