"""A release that ends is met at its end, said before, and met anew after any leap of the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sync.changes import Changes
from sync.lease import Moment, note_contact
from sync.records.case import ConsentState
from sync.store.database import Store, open_store
from tests.sync.sample_records import CASE, sample_case
from tests.workstation.lanes import ImmediateLanes
from workstation.release_watch import LOOK_AGAIN_S, ReleaseWatch
from workstation.release_words import ends_words, withheld_sentence, withheld_words

START = datetime(2026, 11, 28, 11, 0, tzinfo=UTC)
END = START + timedelta(hours=2)


class Time:
    """The two clocks of this computer, and what is to be called later."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self.calls: list[tuple[float, Callable[[], None]]] = []

    def moment(self) -> Moment:
        return Moment(START + timedelta(seconds=self.passed_s), 1000.0 + self.passed_s)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self.calls.append((seconds, call))

    def pass_(self) -> float:
        """Until the next call, which is made; how long that was."""
        seconds, call = self.calls.pop(0)
        self.passed_s += seconds
        call()
        return seconds


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "profile")
    yield store
    store.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, store: Store) -> Time:
    made = Time()
    monkeypatch.setattr("sync.lease.this_moment", made.moment)
    note_contact(store, START, made.moment())
    return made


def watching(store: Store, clock: Time, changed: list[Changes], said: list[str]) -> ReleaseWatch:
    watch = ReleaseWatch(
        store, ImmediateLanes(), lambda: clock.moment().wall, clock.later, changed=changed.append, said=said.append
    )
    case = sample_case(consent=ConsentState.ACTIVE, release_until=END)
    store.cases.put_case(case, ())
    watch.start()
    watch.watch(case)
    return watch


def test_that_the_open_cases_release_is_met_at_its_very_end(store: Store, clock: Time) -> None:
    changed: list[Changes] = []
    said: list[str] = []
    watching(store, clock, changed, said)
    assert said[-1] == "The patient's release ends in 2 hours (today 13:00)"
    while not changed:
        assert clock.passed_s <= timedelta(hours=2).total_seconds()
        assert clock.pass_() <= LOOK_AGAIN_S
    assert clock.passed_s == pytest.approx(7200, abs=0.1)
    assert "The patient's release ends in a minute (today 13:00)" in said
    assert changed == [Changes(cases=frozenset({CASE}))]
    assert store.cases.get_case(CASE).consent is ConsentState.EXPIRED
    assert said[-1] == ""


def test_that_after_stop_nothing_is_looked_at_or_said(store: Store, clock: Time) -> None:
    changed: list[Changes] = []
    said: list[str] = []
    watch = watching(store, clock, changed, said)
    watch.stop()
    assert said[-1] == ""
    clock.passed_s = 10_000
    heard = len(said)
    while clock.calls:
        clock.pass_()
    assert (changed, len(said)) == ([], heard)
    watch.start()
    assert changed, "back from the lock, it is met at once"


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(hours=25), ""),
        (timedelta(hours=20), "ends in 20 hours (tomorrow 08:00)"),
        (timedelta(hours=2), "ends in 2 hours (today 14:00)"),
        (timedelta(minutes=89), "ends in 89 minutes (today 13:29)"),
        (timedelta(seconds=61), "ends in 2 minutes (today 12:01)"),
        (timedelta(seconds=20), "ends in a minute (today 12:00)"),
        (timedelta(seconds=-1), ""),
    ],
)
def test_that_the_end_is_said_from_a_day_before_in_the_readers_time(left: timedelta, words: str) -> None:
    now = START.astimezone(ZoneInfo("Europe/Berlin"))
    said = ends_words(START + left, START, now)
    assert said == (f"The patient's release {words}" if words else "")


def test_that_a_clock_ahead_of_the_hospitals_changes_when_it_ends_for_nobody() -> None:
    """What is left is counted by the hospital's clock, not by this computer's."""
    assert "in 2 hours" in ends_words(END, START, (START + timedelta(minutes=50)).astimezone(UTC))


def test_that_withheld_records_say_why_and_what_brings_them_back() -> None:
    ended = sample_case(consent=ConsentState.EXPIRED, release_until=datetime(2026, 11, 3, 12, tzinfo=UTC))
    assert withheld_words(ended) == "withheld: release ended 3 November"
    assert "ended on 3 November 2026 at" in withheld_sentence(ended)
    assert "Ctrl+M" in withheld_sentence(ended)
    assert withheld_words(sample_case(consent=ConsentState.EXPIRED)) == "withheld: release not in force"
    assert withheld_sentence(sample_case(consent=ConsentState.ACTIVE)) == ""
