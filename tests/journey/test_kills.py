"""Killed at any instant, the program loses nothing that is a second old, and the hospital holds one opinion.

The kills between signing and receipt at random instants are the window's part of the full run (`kill_plan`).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sync.records.case import CaseId
from sync.records.outbox_entry import OutboxKind, OutboxState
from sync.signing.gate import SigningGate
from sync.store.database import Store, open_store
from tests.journey.demo_place import ENVIRONMENT, copy_place, drive, point_profile, serving, told
from tests.journey.kill_plan import TIME_LIMIT_S, WINDOW_SHARE, KillPlan

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

CHEST = "SO-2026-00101"


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose demo hospital has its cohort and whose workstation has fetched it."""
    home = tmp_path_factory.mktemp("place") / "home"
    with serving(home / "demo" / "hospital") as announced:
        point_profile(home, announced)
        _enrol(home, announced)
        done = _readingroom(home, "sync", "--once", "--json")
        assert done.returncode == 0, done.stderr
    yield home
    shutil.rmtree(home.parent)


@pytest.fixture(scope="module")
def filled(synced: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with the form of the chest case filled and ready to be signed."""
    home = tmp_path_factory.mktemp("filled") / "home"
    copy_place(synced, home)
    with serving(home / "demo" / "hospital") as announced:
        point_profile(home, announced)
        child = drive(home, "fill")
        told(child, "acted")
        _kill(child)
        assert _readingroom(home, "sync", "--once").returncode == 0
    return home


def test_that_a_mark_survives_a_kill_one_second_later(synced: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    copy_place(synced, home)
    with serving(home / "demo" / "hospital") as announced:
        point_profile(home, announced)
        child = drive(home, "mark")
        told(child, "acted")
        time.sleep(1)
        _kill(child)
        seen = _look(home)
        audit = json.loads(_readingroom(home, "audit", "--json").stdout)
    opened = {entry["object"].partition(":")[0] for entry in audit["entries"] if entry["action"] == "record opened"}
    assert audit["whole"] and {"series", "slide"} <= opened, "what stood before the reader is known after a kill"
    assert "mark made" in {entry["action"] for entry in audit["entries"]}
    assert seen["marks"] == "1"
    assert seen["page"] == "reading"
    assert CHEST in seen["identity"]


def test_that_a_keystroke_survives_a_kill_one_second_later(synced: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    copy_place(synced, home)
    with serving(home / "demo" / "hospital") as announced:
        point_profile(home, announced)
        child = drive(home, "keystroke", "Solid nodule x")
        told(child, "acted")
        time.sleep(1)
        _kill(child)
        seen = _look(home)
    assert seen["findings"] == "Solid nodule x"
    assert seen["page"] == "opinion"
    assert CHEST in seen["identity"]


@dataclass
class Window:
    """How long it takes here to come from the signature to the receipt: now longer, now shorter."""

    width_s: float


@pytest.fixture(scope="module")
def window(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Window:
    """From the signature on disk to the receipt, when nobody kills anything."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    copy_place(filled, home)
    with serving(home / "demo" / "hospital") as announced:
        point_profile(home, announced)
        child = _press_sign(home, announced)
        signed = _wait_for(home, lambda store: store.opinions.find_signed(CaseId(CHEST)))
        received = _wait_for(home, lambda store: store.opinions.find_receipt(CaseId(CHEST)))
        _kill(child)
    return Window(received - signed)


LANDED: list[bool] = []
"""For each kill so far: whether it came before the receipt."""


@pytest.mark.parametrize("tenth", range(10))
def test_that_the_hospital_holds_one_opinion_after_a_kill_between_signing_and_receipt(
    filled: Path, window: Window, tmp_path: Path, tenth: int
) -> None:
    home = tmp_path / "home"
    copy_place(filled, home)
    with serving(home / "demo" / "hospital") as announced:
        point_profile(home, announced)
        child = _press_sign(home, announced)
        _wait_for(home, lambda store: store.opinions.find_signed(CaseId(CHEST)))
        time.sleep(window.width_s * tenth / 10)
        _kill(child)
        LANDED.append(_find(home, lambda store: store.opinions.find_receipt(CaseId(CHEST))) is None)
        if not LANDED[-1]:
            window.width_s /= 2  # it was shorter than measured: the next kills come earlier
        child = drive(home, "deliver")
        told(child, "delivered")
        _kill(child)
        assert [report["status"] for report in _opinions(home)] == ["final"]
        assert [entry["state"] for entry in _outbox(home)] == ["delivered"]


def test_that_the_kills_came_between_signing_and_receipt() -> None:
    if len(LANDED) < 10:
        pytest.fail("this looks back on the ten kills above: run the whole file")
    assert sum(LANDED) >= 6, LANDED


KILLS_AN_OPINION = 6
LONGEST_SIGNING_S, LONGEST_OPENING_S = 1.0, 4.0
"""From the press of the button, and from the start of the program, to well after the receipt where all is sound."""


@pytest.mark.timeout(TIME_LIMIT_S)
def test_that_the_hospital_holds_one_opinion_however_often_the_window_is_killed_on_whatever_line(
    filled: Path, tmp_path: Path
) -> None:
    """Signed in the window, killed, opened again, killed while it delivers by itself, and so on until the receipt."""
    plan, opinions = KillPlan(WINDOW_SHARE), 0
    while not plan.is_full:
        opinions += 1
        home = tmp_path / f"home-{opinions}"
        copy_place(filled, home)
        with serving(home / "demo" / "hospital") as announced:
            point_profile(home, announced)
            for _ in range(KILLS_AN_OPINION):
                if _find(home, lambda store: store.opinions.find_receipt(CaseId(CHEST))) is None:
                    _live_and_die(plan, home, announced)
            _put_faults(announced, "")
            _retry_as_a_person_would(home)
            if _find(home, lambda store: store.opinions.find_signed(CaseId(CHEST))) is None:
                told(child := _press_sign(home, announced), "confirmed")
            else:
                child = drive(home, "deliver")
            _wait_for(home, lambda store: store.opinions.find_receipt(CaseId(CHEST)))
            _kill(child)
            assert [report["status"] for report in _opinions(home)] == ["final"], f"seed {plan.seed}"
            assert [entry["state"] for entry in _outbox(home)] == ["delivered"], f"seed {plan.seed}"
        shutil.rmtree(home)
        print(f"{plan.kills} kills of the window, {opinions} opinions", flush=True)
    print(f"sign → deliver in the window: {plan}")
    print(f"  {opinions} opinions, each held once")
    assert plan.kills >= (plan.wanted or 2)


def _live_and_die(plan: KillPlan, home: Path, announced: dict[str, Any]) -> None:
    """One life of the window on a line of its own, ended at a random instant; what was signed is whole after it."""
    before = _find(home, lambda store: store.opinions.find_signed(CaseId(CHEST)))
    condition, script = plan.draw_condition()
    if before is None:
        child = _press_sign(home, announced)  # the preview is laid out in peace; then the line goes wrong
        _put_faults(announced, script)
        if _find(home, lambda store: SigningGate(store).tries_left() <= 1):
            # A kill in the midst of the check counts as a wrong try, or it would be a way to have tries for nothing.
            _wait_for(home, lambda store: store.opinions.find_signed(CaseId(CHEST)))
        time.sleep(plan.chance.uniform(0, LONGEST_SIGNING_S))
    else:
        _put_faults(announced, script)
        child = drive(home, "deliver", stderr=subprocess.DEVNULL)
        time.sleep(plan.chance.uniform(0.5, LONGEST_OPENING_S))
    if child.poll() is None:
        received = _find(home, lambda store: store.opinions.find_receipt(CaseId(CHEST))) is not None
        _kill(child)
        signed = _find(home, lambda store: store.opinions.find_signed(CaseId(CHEST)))
        moment = "after the receipt" if received else "between signature and receipt" if signed else "while signing"
        plan.count(condition, moment)
    else:
        plan.ended_before += 1
    after = _find(home, lambda store: store.opinions.find_signed(CaseId(CHEST)))
    assert before is None or after == before, f"the signed opinion changed, seed {plan.seed}"
    assert _find(home, lambda store: store.audit.verify()) is None, f"seed {plan.seed}"
    waiting = _find(home, lambda store: store.outbox.list_entries())
    assert isinstance(waiting, tuple)
    assert sum(entry.kind is OutboxKind.OPINION for entry in waiting) == (after is not None), f"seed {plan.seed}"


def _put_faults(announced: dict[str, Any], script: str) -> None:
    address = announced["fhir_base"].removesuffix("/fhir") + "/faults"
    request = urllib.request.Request(address, script.encode(), method="PUT")
    request.add_header("Authorization", f"Bearer {announced['token']}")
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200


def _retry_as_a_person_would(home: Path) -> None:
    store = open_store(home / "demo")
    try:
        for entry in store.outbox.list_entries():
            if entry.state is OutboxState.NEEDS_ATTENTION:
                store.outbox.retry(entry.entry_id)
    finally:
        store.close()


def _press_sign(home: Path, announced: dict[str, Any]) -> subprocess.Popen[str]:
    child = drive(home, "sign", announced["account_passphrase"], announced["key_pin"])
    told(child, "confirming")
    return child


def _find(home: Path, ask: Callable[[Store], object]) -> object:
    store = open_store(home / "demo", read_only=True)
    try:
        return ask(store)
    finally:
        store.close()


def _wait_for(home: Path, ask: Callable[[Store], object]) -> float:
    """When *ask* first found something, by the clock of this process."""
    store = open_store(home / "demo", read_only=True)
    try:
        deadline = time.monotonic() + 60
        while not ask(store):
            assert time.monotonic() < deadline, "waited a minute in vain"
            time.sleep(0.002)
        return time.monotonic()
    finally:
        store.close()


def _kill(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.wait()
    assert child.stdout is not None
    child.stdout.close()


def _look(home: Path) -> dict[str, str]:
    child = drive(home, "look")
    seen: dict[str, str] = json.loads(told(child, "seen"))
    _kill(child)
    return seen


def _readingroom(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workstation", *arguments, "--home", str(home)]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False, timeout=240)


def _outbox(home: Path) -> list[dict[str, Any]]:
    done = _readingroom(home, "outbox", "--all", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    entries: list[dict[str, Any]] = found if isinstance(found, list) else found["entries"]
    return [entry for entry in entries if entry["what"] == "opinion"]


def _opinions(home: Path) -> list[dict[str, Any]]:
    from sync.fhir.fhir_gateway import HttpFhirGateway
    from sync.hospital_connection import HospitalConnection
    from sync.hospital_profile import HospitalProfile

    connection = HospitalConnection(HospitalProfile.load(home / "demo" / "profile.json"))
    try:
        pages = HttpFhirGateway(connection).search("DiagnosticReport?status=final")
        found = [entry["resource"] for page in pages for entry in page.bundle.get("entry", ())]
    finally:
        connection.close()
    ours = "https://readingroom.example/ids/opinion"
    return [r for r in found if any(i.get("system") == ours for i in r.get("identifier", ()))]


def _enrol(home: Path, announced: dict[str, Any]) -> None:
    from workstation.demo_mode import DemoAccount, enrol_demo_identity

    store = open_store(home / "demo")
    try:
        enrol_demo_identity(home, store, DemoAccount(**announced))
    finally:
        store.close()
