"""SIGKILL at every step of the outbox: before and after each request of a delivery, and at each durable write.

What leaves: three moves of the Task, a message, the opinion (as one transaction, or part by part) and the audit trail.
After each kill two undisturbed lives have to bring everything to the hospital, the opinion exactly once. With
READINGROOM_KILLS set (`kill_plan`) every hospital is gone through, without it the more telling ones.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from sync.fhir.names import AUDIT_SYSTEM
from sync.records.outbox_entry import OutboxState
from sync.store.database import Store, open_store
from sync.sync_round import run_sync_round
from tests.journey.kill_plan import WANTED
from tests.journey.mortal_program import Program
from tests.sync.conftest import hospital_server  # noqa: F401 - fixture
from tests.sync.request_watch import RequestWatch
from tests.sync.small_hospital import HospitalServer, SmallHospital
from tests.sync.test_outbox import CASE, assert_held_once, signed_opinion

pytestmark = [
    pytest.mark.journey,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and fork are POSIX"),
]

HOSPITALS = ("", "no-transaction", "no-transaction,no-conditional-create")
SIGNED = signed_opinion()
MOVES = ["requested", "accepted", "on-hold", "in-progress", "completed"]


def prepare(hospital: SmallHospital, home: Path) -> None:
    """A case that is here, with moves, a message and a signed opinion waiting to leave."""
    hospital.add_case(instances=0)
    profile = hospital.profile()
    profile.save(home / "demo" / "profile.json")
    store = open_store(home / "demo")
    run_sync_round(store, profile)
    store.outbox.enqueue_move(CASE, "accepted")
    store.outbox.enqueue_move(CASE, "on-hold", {"reason": "The slides are missing.", "wanted": ["Slide B"]})
    store.outbox.enqueue_move(CASE, "in-progress")
    store.outbox.enqueue_message(CASE, "message-1", "It will be Thursday.")
    store.opinions.put_signed(SIGNED)
    store.close()


def assert_everything_is_there(hospital: SmallHospital, home: Path, at: str) -> None:
    """Each thing once. A Binary and a row of the audit trail may be there twice: nothing tells one from its repeat, or
    its identifier does."""
    with_store(home, lambda store: assert_all_delivered(store, hospital, at))
    assert_held_once(hospital)
    assert (hospital.count("Communication"), hospital.count("CommunicationRequest")) == (1, 1), at
    versions = [hospital.state.find_resource("Task", "task-so-1", n) for n in range(1, len(MOVES) + 1)]
    assert [version.json["status"] for version in versions if version] == MOVES, at
    assert hospital.resource("Task/task-so-1")["meta"]["versionId"] == str(len(MOVES)), at
    parts = Counter(repr(found.json["data"]) for found in hospital.state.list_resources("Binary"))
    assert sum(count - 1 for count in parts.values()) <= 1, at


def assert_all_delivered(store: Store, hospital: SmallHospital, at: str) -> None:
    assert {entry.state for entry in store.outbox.list_entries()} == {OutboxState.DELIVERED}, at
    assert store.opinions.find_receipt(CASE) is not None, at
    assert store.opinions.find_signed(CASE) == SIGNED, at
    assert store.audit.verify() is None, at
    there = Counter(
        identifier["value"]
        for event in hospital.state.list_resources("AuditEvent")
        for entity in event.json["entity"]
        if (identifier := entity["what"].get("identifier", {})).get("system") == AUDIT_SYSTEM
    )
    assert set(there) == {row.hash for row in store.audit.entries()}, at
    assert sum(there.values()) <= len(there) + 1, at


def with_store(home: Path, look: Callable[[Store], object]) -> None:
    store = open_store(home / "demo", read_only=True)
    try:
        look(store)
    finally:
        store.close()


@pytest.mark.parametrize("is_carried_out", [False, True], ids=["before-the-hospital-has-it", "before-the-answer"])
@pytest.mark.parametrize("lacking", HOSPITALS if WANTED else HOSPITALS[:2])
def test_that_everything_arrives_and_the_opinion_once_whichever_request_the_kill_met(
    hospital_server: HospitalServer,  # noqa: F811
    program: Program,
    tmp_path: Path,
    lacking: str,
    is_carried_out: bool,
) -> None:
    number = first_request_of_the_outbox(hospital_server, program, tmp_path, lacking)
    met: list[str] = []
    while True:
        watch = RequestWatch()
        with hospital_server.hospital(tmp_path / f"hospital-{number}", watch.around) as hospital:
            hospital.faults.add(lacking)
            home = tmp_path / f"home-{number}"
            prepare(hospital, home)
            watch.requests.clear()
            killing_at(watch, number, program, is_carried_out=is_carried_out)
            was_killed = program.live(home)
            if not was_killed:
                break
            at = f"killed at request {number}, {watch.requests[-1]}"
            assert len(watch.requests) == number, at
            met.append(str(watch.requests[-1]))
            let_live(watch)
            live_until_settled(program, home)
            assert_everything_is_there(hospital, home, at)
        number += 1
    print(f"{len(met)} requests, a kill at each: {', '.join(met)}")
    assert sum(request.startswith(("POST", "PUT")) for request in met) >= (16 if lacking else 8)


@pytest.mark.parametrize("lacking", HOSPITALS[:2] if WANTED else HOSPITALS[:1])
def test_that_everything_arrives_and_the_opinion_once_whichever_write_to_the_disk_the_kill_met(
    hospital_server: HospitalServer,  # noqa: F811
    program: Program,
    tmp_path: Path,
    lacking: str,
) -> None:
    step = 0
    while True:
        step += 1
        with hospital_server.hospital(tmp_path / f"hospital-{step}") as hospital:
            hospital.faults.add(lacking)
            home = tmp_path / f"home-{step}"
            prepare(hospital, home)
            if not program.live(home, dies_at_step=step):
                break
            live_until_settled(program, home)
            assert_everything_is_there(hospital, home, f"killed at durable step {step}")
    print(f"{step - 1} durable steps, a kill at each")
    assert step > 20


def first_request_of_the_outbox(server: HospitalServer, program: Program, folder: Path, lacking: str) -> int:
    """Its number in a life that nobody ends; afterwards nothing is sent any more."""
    watch = RequestWatch()
    with server.hospital(folder / "hospital", watch.around) as hospital:
        hospital.faults.add(lacking)
        prepare(hospital, folder / "home")
        watch.requests.clear()
        assert not program.live(folder / "home")
        first = [str(request) for request in watch.requests].index("GET /fhir/Task/task-so-1") + 1
        live_until_settled(program, folder / "home")
        assert_everything_is_there(hospital, folder / "home", "undisturbed")
        watch.requests.clear()
        assert not program.live(folder / "home")
        assert {request.method for request in watch.requests} == {"GET"}, "sent again"
    return first


def killing_at(watch: RequestWatch, number: int, program: Program, *, is_carried_out: bool) -> None:
    def before(request: int) -> bool:
        if request == number:
            program.kill()
        return request != number

    def after(request: int) -> None:
        if request == number:
            program.kill()

    if is_carried_out:
        watch.after = after
    else:
        watch.before = before


def let_live(watch: RequestWatch) -> None:
    watch.before, watch.after = lambda _request: True, lambda _request: None


def live_until_settled(program: Program, home: Path) -> None:
    """Two lives in peace: what the first writes into the audit trail after sending it, the second sends."""
    assert not program.live(home)
    assert not program.live(home)
