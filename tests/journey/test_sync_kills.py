"""The real `readingroom sync` killed at random instants while the hospital goes wrong: each opinion is there once.

READINGROOM_KILLS: how many kills (500 for the full run); without it as many as go into two minutes.
READINGROOM_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sync.records.case import CaseId
from sync.records.opinion import SignedOpinion
from sync.records.outbox_entry import OutboxKind, OutboxState
from sync.store.database import open_store
from sync.sync_round import run_sync_round
from tests.journey.demo_place import ENVIRONMENT
from tests.sync.conftest import hospital, hospital_server  # noqa: F401 - fixtures
from tests.sync.small_hospital import SmallHospital
from tests.sync.test_outbox import signed_opinion

pytestmark = [pytest.mark.journey, pytest.mark.timeout(3600)]

SLICE_S = float(os.environ.get("READINGROOM_KILL_SECONDS", "120"))
KILLS_A_CASE = 6
FAULTS = (
    "", "offline@3", "offline@6", "slow=0.2", "cut-with-length", "cut-without-length", "cut-chunked",
    "lost-response-after-commit", "lost-response-after-commit@2", "answer-401@4", "answer-409", "answer-412",
    "answer-422", "answer-429:write", "answer-500:write", "answer-503@5", "no-transaction", "no-conditional-create",
    "no-transaction,lost-response-after-commit",
)  # fmt: skip


def opinion_on(case_id: CaseId) -> SignedOpinion:
    first = signed_opinion()
    return replace(first, frozen=replace(first.frozen, case_id=case_id, opinion_identifier=f"{case_id}/1/v1"))


def start_sync(home: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "workstation", "sync", "--once", "--home", str(home), "--profile", "demo"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)


def deliver_in_peace(hospital: SmallHospital, home: Path, case_id: CaseId) -> None:  # noqa: F811
    """As a person would: what needs attention is retried; the line holds now."""
    hospital.faults.clear()
    store = open_store(home / "demo")
    try:
        for _ in range(12):
            if store.opinions.find_receipt(case_id) is not None:
                return
            for entry in store.outbox.list_entries():
                if entry.state is OutboxState.NEEDS_ATTENTION:
                    store.outbox.retry(entry.entry_id)
            run_sync_round(store, hospital.profile())
            threading.Event().wait(0.3)  # a Retry-After of one second may still hold
        raise AssertionError([(e.state, e.last_error) for e in store.outbox.list_entries()])
    finally:
        store.close()


def test_that_every_opinion_is_there_once_whenever_the_program_is_killed(
    hospital: SmallHospital,  # noqa: F811
    tmp_path: Path,
) -> None:
    wanted = int(os.environ.get("READINGROOM_KILLS", "0"))
    seed = int(os.environ.get("READINGROOM_SEED", str(random.randrange(2**32))))
    chance = random.Random(seed)
    home, began = tmp_path / "home", time.monotonic()
    hospital.profile().save(home / "demo" / "profile.json")
    kills = ended_before = cases = 0
    while (kills < wanted) if wanted else (time.monotonic() - began < SLICE_S):
        cases += 1
        case_id = CaseId(f"SO-{cases}")
        hospital.add_case(str(case_id), instances=2, status="in-progress")
        store = open_store(home / "demo")
        run_sync_round(store, hospital.profile())
        opinion = opinion_on(case_id)
        store.opinions.put_signed(opinion)
        store.close()
        for _ in range(KILLS_A_CASE):
            fault = chance.choice(FAULTS)
            hospital.faults.replace(fault) if fault else hospital.faults.clear()
            child = start_sync(home)
            try:
                child.wait(chance.uniform(0.3, 4.0))
                ended_before += 1
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                kills += 1
            store = open_store(home / "demo", read_only=True)
            try:
                kept = store.opinions.find_signed_by_identifier(opinion.frozen.opinion_identifier)
                assert kept is not None, f"lost after {fault!r}, seed {seed}"
                assert kept.frozen.envelope == opinion.frozen.envelope
                assert (kept.jws, kept.report_pdf) == (opinion.jws, opinion.report_pdf)
                assert store.audit.verify() is None
            finally:
                store.close()
        deliver_in_peace(hospital, home, case_id)
        held = [
            report.reference
            for report in hospital.state.list_resources("DiagnosticReport")
            if any(i.get("value") == f"{case_id}/1/v1" for i in report.json.get("identifier", ()))
        ]
        assert len(held) == 1, f"{case_id} is held {len(held)} times, seed {seed}"
        assert hospital.resource(f"Task/task-{case_id.lower()}")["status"] == "completed"
    assert hospital.count("ChargeItem") == hospital.count("Provenance") == cases, f"seed {seed}"
    store = open_store(home / "demo", read_only=True)
    opinions = [entry for entry in store.outbox.list_entries() if entry.kind is OutboxKind.OPINION]
    store.close()
    assert {entry.state for entry in opinions} == {OutboxState.DELIVERED}
    print(f"{kills} kills, {ended_before} runs that ended before theirs, {cases} opinions, seed {seed}")
    assert kills >= (wanted or 10)
