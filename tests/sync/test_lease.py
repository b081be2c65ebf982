"""Without contact for longer than the site allows the cases are locked, whatever is done to the clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from sync.errors import CaseLocked
from sync.lease import Moment, find_lease_sentence, note_contact, note_time
from sync.store.database import Store
from sync.sync_round import run_sync_round
from tests.sync.sample_records import CASE, sample_case
from tests.sync.small_hospital import SmallHospital
from workstation.case.presenter import load_summary
from workstation.worklist.presenter import load_rows

HOSPITAL = datetime(2026, 11, 25, 12, tzinfo=UTC)
WALL = datetime(2026, 11, 25, 9, tzinfo=UTC)
"""This computer's clock is three hours slow."""
DAY_S = 86_400.0


def later(days: float, *, wall_days: float | None = None, steady_s: float | None = None) -> Moment:
    wall = WALL + timedelta(days=days if wall_days is None else wall_days)
    return Moment(wall, 1000.0 + days * DAY_S if steady_s is None else steady_s)


@pytest.fixture
def met(store: Store) -> Store:
    note_contact(store, HOSPITAL, Moment(WALL, 1000.0))
    return store


def test_that_nothing_is_locked_before_the_first_contact(store: Store) -> None:
    note_time(store, later(400))
    assert find_lease_sentence(store, later(400)) == ""


def test_that_the_lease_runs_fourteen_days_and_begins_anew_with_each_contact(met: Store) -> None:
    assert find_lease_sentence(met, later(13.9)) == ""
    assert "more than 14 days" in find_lease_sentence(met, later(14.1))
    note_contact(met, HOSPITAL + timedelta(days=14.1), later(14.1))
    assert find_lease_sentence(met, later(28)) == ""


def test_that_the_site_may_set_it(met: Store) -> None:
    (met.directory / "site.json").write_text(json.dumps({"lease_days": 1}))
    assert "more than 1 day;" in find_lease_sentence(met, later(1.1))


def test_that_a_clock_set_back_gains_nothing(met: Store) -> None:
    assert find_lease_sentence(met, later(15, wall_days=-300)) != "", "the steady clock went on"
    note_time(met, later(14.1))
    assert find_lease_sentence(met, later(0, wall_days=-300, steady_s=5.0)) != "", "noted before the restart"


def test_that_time_switched_on_adds_up_over_restarts_with_a_false_clock(met: Store) -> None:
    for _ in range(3):
        note_time(met, later(0, wall_days=0, steady_s=0.0))  # started anew
        note_time(met, later(0, wall_days=0, steady_s=5 * DAY_S))
    assert find_lease_sentence(met, later(0, wall_days=0, steady_s=5 * DAY_S)) != ""


def test_that_a_locked_store_shows_no_name_and_opens_no_case(met: Store) -> None:
    met.cases.put_case(sample_case(), [])
    note_contact(met, datetime.now(UTC) - timedelta(days=15), Moment(datetime.now(UTC) - timedelta(days=15), 0.0))
    with pytest.raises(CaseLocked, match="has not heard from the hospital"):
        load_summary(met, CASE, datetime.now(UTC))
    (row,) = load_rows(met, datetime.now(UTC), None)
    assert sample_case().patient.family not in repr(row)


def test_that_a_good_round_ends_the_lock(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=0)
    run_sync_round(store, hospital.profile())
    long_ago = datetime.now(UTC) - timedelta(days=15)
    note_contact(store, long_ago, Moment(long_ago, 0.0))
    run_sync_round(store, hospital.profile(1))
    assert find_lease_sentence(store) != ""
    run_sync_round(store, hospital.profile())
    assert find_lease_sentence(store) == ""
