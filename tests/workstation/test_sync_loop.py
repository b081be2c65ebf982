"""When rounds of sync happen, what they tell, and in which words."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtWidgets import QApplication

import sync.sync_round
from sync.changes import Changes
from sync.records.case import CaseId
from sync.store.database import Store, open_store
from sync.sync_round import SyncReport
from sync.transfer.progress import SyncProgress, SyncStage
from tests.workstation.cases import NOW, make_case
from workstation.background import Background
from workstation.hospital_news import HospitalNews
from workstation.sync_loop import SyncLoop
from workstation.watched_store import watched

pytestmark = pytest.mark.qt


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "profile")
    yield opened
    opened.close()


@pytest.fixture
def background(qapp: QApplication) -> Iterator[Background]:
    lanes = Background()
    yield lanes
    lanes.shutdown()


def wait_for(qapp: QApplication, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        qapp.processEvents()
        time.sleep(0.002)


def test_that_a_wish_during_a_round_is_one_more_round_after_it(
    qapp: QApplication, background: Background, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[str] = []
    gate = threading.Event()

    def one_round(_store: Store, _profile: Any, **_named: Any) -> SyncReport:
        rounds.append(threading.current_thread().name)
        gate.wait(5)
        return SyncReport()

    monkeypatch.setattr(sync.sync_round, "run_sync_round", one_round)
    loop = SyncLoop(background, store, cast(Any, None))
    finished: list[SyncReport] = []
    loop.finished.connect(finished.append)
    loop.start(3600)
    loop.sync_now()
    loop.sync_now()
    gate.set()
    wait_for(qapp, lambda: len(finished) == 2)
    assert len(rounds) == 2
    assert all(name.startswith("network") for name in rounds)
    loop.stop()


def test_that_changes_of_a_round_reach_the_screens_gathered(
    qapp: QApplication, background: Background, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_round(passed: Store, _profile: Any, **_named: Any) -> SyncReport:
        for name in ("A", "B", "C"):
            passed.cases.put_case(make_case(case_id=CaseId(name)), [])
        return SyncReport()

    monkeypatch.setattr(sync.sync_round, "run_sync_round", one_round)
    loop = SyncLoop(background, store, cast(Any, None))
    heard: list[Changes] = []
    loop.changed.connect(heard.append)
    loop.start(3600)
    wait_for(qapp, lambda: not loop.is_running)
    assert [sorted(changes.cases) for changes in heard] == [["A", "B", "C"]]
    loop.stop()


def test_that_a_watched_store_passes_results_through_and_tells_changes_only(store: Store) -> None:
    heard: list[Changes] = []
    seen = watched(store, heard.append)
    assert seen.cases.list_cases() == ()
    seen.cases.put_case(make_case(), [])
    assert seen.directory == store.directory
    assert [sorted(changes.cases) for changes in heard] == [["SO-2026-00001"]]


class Screens:
    """Status line and worklist as the news see them."""

    def __init__(self) -> None:
        self.saying = 0
        self.sync: list[tuple[str, bool]] = []
        self.said: list[str] = []
        self.taken_back: list[str] = []
        self.rows: dict[str, str] = {}

    def show_sync(self, text: str, *, offline: bool = False) -> None:
        self.sync.append((text, offline))

    def show_outbox(self, text: str) -> None:
        pass

    def say(self, sentence: str, *, failure: bool = False) -> None:
        self.said.append(sentence)
        self.saying += 1

    def take_back(self, saying: int) -> None:
        self.taken_back += [self.said[saying - 1]] if saying else []

    def progressed(self, case_id: CaseId, text: str) -> None:
        self.rows[case_id] = text

    def sync_ran(self, running: bool) -> None:
        if not running:
            self.rows.clear()


def test_that_each_cases_progress_is_told_in_percent() -> None:
    screens = Screens()
    news = HospitalNews(screens, screens, "Lindenhof", lambda: NOW)
    news.began()
    news.progressed(SyncProgress(SyncStage.DOWNLOADING, CaseId("A"), 30, 120, 30, 200))
    assert screens.rows == {"A": "arriving: 25 %"}
    assert screens.sync[-1][0] == "Fetching files: 30 of 200"
    news.ended(SyncReport())
    assert screens.rows == {}
    assert screens.sync[-1] == ("Synced with Lindenhof at 09:00", False)


def test_that_being_offline_is_a_state_and_no_alarm() -> None:
    screens = Screens()
    news = HospitalNews(screens, screens, "Lindenhof", lambda: NOW)
    news.ended(SyncReport(problems=("Lindenhof cannot be reached.",), complete=False))
    assert screens.sync[-1] == ("Lindenhof cannot be reached.", True)
    assert screens.said == []


def test_that_the_same_problem_is_said_once_and_not_every_minute() -> None:
    screens = Screens()
    news = HospitalNews(screens, screens, "Lindenhof", lambda: NOW)
    for _ in range(3):
        news.ended(SyncReport(problems=("Case A: one image was rejected.",)))
    assert screens.said == ["Case A: one image was rejected."]


def test_that_a_good_round_takes_back_what_an_earlier_one_said_in_red() -> None:
    screens = Screens()
    news = HospitalNews(screens, screens, "Lindenhof", lambda: NOW)
    news.ended(SyncReport(problems=("Case A: one image was rejected.",)))
    news.ended(SyncReport(problems=("Lindenhof cannot be reached.",), complete=False))
    assert screens.taken_back == [], "a round that broke off has not seen whether it still holds"
    news.ended(SyncReport())
    assert screens.taken_back == ["Case A: one image was rejected."]
