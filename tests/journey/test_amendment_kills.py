"""SIGKILL while an amendment is signed and delivered: at its signing, at each request, at each durable write.

The first version is at the hospital already. Whatever the kill met, the hospital holds the second version once beside
the first, which is superseded once and otherwise untouched. With READINGROOM_KILLS set (`kill_plan`) every hospital
and kind is gone through, each request before and after it is carried out; without it the more telling ones.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from sync.records.amendment import AmendmentKind
from sync.records.outbox_entry import OutboxState
from sync.store.database import Store, open_store
from sync.sync_round import run_sync_round
from tests.journey.forked_program import DurableSteps
from tests.journey.kill_plan import WANTED
from tests.journey.mortal_program import Program
from tests.journey.test_step_kills import killing_at, let_live, live_until_settled, with_store
from tests.sync.conftest import hospital_server  # noqa: F401 - fixture
from tests.sync.request_watch import RequestWatch
from tests.sync.small_hospital import HospitalServer, SmallHospital
from tests.sync.test_amendments import amendment, assert_amended_once
from tests.sync.test_outbox import CASE, signed_opinion

pytestmark = [
    pytest.mark.journey,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and fork are POSIX"),
]

FIRST = signed_opinion()
KINDS = {AmendmentKind.CORRECTION: "replaces", AmendmentKind.ADDENDUM: "appends"}
SECONDS = {kind: amendment(kind.value) for kind in KINDS}
LACKING = ("", "no-transaction")
PLANS = [(lacking, kind) for lacking in LACKING for kind in KINDS]
REQUESTS = [(*plan, is_carried_out) for plan in PLANS for is_carried_out in (False, True)] if WANTED else [
    ("", AmendmentKind.ADDENDUM, True), ("no-transaction", AmendmentKind.CORRECTION, False),
]  # fmt: skip
WRITES = PLANS if WANTED else [("", AmendmentKind.CORRECTION)]


def prepare(hospital: SmallHospital, home: Path, kind: AmendmentKind, *, is_signed: bool = True) -> None:
    """A delivered opinion whose amendment is begun, and signed if *is_signed*."""
    hospital.add_case(instances=0)
    profile = hospital.profile()
    profile.save(home / "demo" / "profile.json")
    store = open_store(home / "demo")
    run_sync_round(store, profile)
    store.opinions.put_signed(FIRST)
    for _ in range(2):  # the second sends what the audit trail says of the first
        run_sync_round(store, profile)
    store.amendments.begin(CASE, kind, "The other lung was meant")
    if is_signed:
        store.opinions.put_signed(SECONDS[kind])
    store.close()


def assert_both_versions_are_there(hospital: SmallHospital, home: Path, kind: AmendmentKind, at: str) -> None:
    """And this computer knows it: both delivered, the receipt the second's, the trail whole."""

    def look(store: Store) -> None:
        assert [entry.state for entry in store.outbox.list_entries()] == [OutboxState.DELIVERED] * 2, at
        receipt = store.opinions.find_receipt(CASE)
        assert receipt is not None and receipt.opinion_identifier == SECONDS[kind].frozen.opinion_identifier, at
        assert store.opinions.find_signed(CASE) == SECONDS[kind], at
        assert store.amendments.find(CASE) is None, at
        assert store.audit.verify() is None, at

    with_store(home, look)
    try:
        assert_amended_once(hospital, KINDS[kind])
    except AssertionError as error:
        raise AssertionError(at) from error


def sign_in_a_process(home: Path, kind: AmendmentKind, dies_at_step: int) -> bool:
    """Sign the begun amendment in a process of its own; whether it was killed."""
    child = os.fork()
    if child == 0:
        status = 70
        try:
            store = open_store(home / "demo")
            DurableSteps(dies_at_step).watch()
            store.opinions.put_signed(SECONDS[kind])
            status = 0
        finally:
            os._exit(status)
    ended = os.waitpid(child, 0)[1]
    was_killed = os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGKILL
    assert was_killed or os.WEXITSTATUS(ended) == 0
    return was_killed


@pytest.mark.parametrize(("lacking", "kind", "is_carried_out"), REQUESTS)
def test_that_an_amendment_is_there_once_whichever_request_the_kill_met(
    hospital_server: HospitalServer,  # noqa: F811
    program: Program,
    tmp_path: Path,
    lacking: str,
    kind: AmendmentKind,
    is_carried_out: bool,
) -> None:
    number, met = 0, []
    while True:
        number += 1
        watch = RequestWatch()
        with hospital_server.hospital(tmp_path / f"hospital-{number}", watch.around) as hospital:
            home = tmp_path / f"home-{number}"
            prepare(hospital, home, kind)
            hospital.faults.add(lacking)
            watch.requests.clear()
            killing_at(watch, number, program, is_carried_out=is_carried_out)
            if not program.live(home):
                break
            met.append(str(watch.requests[-1]))
            let_live(watch)
            live_until_settled(program, home)
            assert_both_versions_are_there(hospital, home, kind, f"killed at request {number}, {met[-1]}")
    print(f"{len(met)} requests, a kill at each: {', '.join(met)}")
    assert sum(request.startswith(("POST", "PUT")) for request in met) >= (6 if lacking else 2)


@pytest.mark.parametrize(("lacking", "kind"), WRITES)
def test_that_an_amendment_is_there_once_whichever_write_to_the_disk_the_kill_met(
    hospital_server: HospitalServer,  # noqa: F811
    program: Program,
    tmp_path: Path,
    lacking: str,
    kind: AmendmentKind,
) -> None:
    step = 0
    while True:
        step += 1
        with hospital_server.hospital(tmp_path / f"hospital-{step}") as hospital:
            home = tmp_path / f"home-{step}"
            prepare(hospital, home, kind)
            hospital.faults.add(lacking)
            if not program.live(home, dies_at_step=step):
                break
            live_until_settled(program, home)
            assert_both_versions_are_there(hospital, home, kind, f"killed at durable step {step}")
    print(f"{step - 1} durable steps, a kill at each")
    assert step > 10


@pytest.mark.parametrize("kind", list(KINDS))
def test_that_a_kill_at_the_signing_leaves_a_signed_amendment_or_one_still_being_written(
    hospital_server: HospitalServer,  # noqa: F811
    program: Program,
    tmp_path: Path,
    kind: AmendmentKind,
) -> None:
    outcomes = []
    for step in range(1, 20):
        with hospital_server.hospital(tmp_path / f"hospital-{step}") as hospital:
            home = tmp_path / f"home-{step}"
            prepare(hospital, home, kind, is_signed=False)
            was_killed = sign_in_a_process(home, kind, step)
            store = open_store(home / "demo")
            is_signed = store.opinions.find_signed(CASE) == SECONDS[kind]
            is_begun = store.amendments.find(CASE) is not None
            waiting = sum(entry.state is OutboxState.WAITING for entry in store.outbox.list_entries())
            if not is_signed:  # the reader signs again
                assert store.opinions.find_signed(CASE) == FIRST
                store.opinions.put_signed(SECONDS[kind])
            store.close()
            assert (is_begun, waiting) == (not is_signed, int(is_signed)), f"killed at durable step {step}"
            live_until_settled(program, home)
            assert_both_versions_are_there(hospital, home, kind, f"signing killed at durable step {step}")
            outcomes.append(is_signed)
        if not was_killed:
            break
    assert outcomes[0] is False and outcomes[-1] is True and len(outcomes) > 2
