"""Offline is a state with words, growing pauses and a way back; a case that comes is told without a name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtNetwork import QNetworkInformation
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QSystemTrayIcon

from sync.sync_round import SyncReport
from tests.workstation.cases import NOW
from workstation.case_notices import CaseNotices
from workstation.hospital_news import HospitalNews
from workstation.network_return import NetworkReturn
from workstation.offline_words import case_notice
from workstation.sync_pace import LONGEST_PAUSE_S, SyncPace
from workstation.window.offline_pane import OfflinePane

OFFLINE = SyncReport(problems=("Lindenhof cannot be reached.",), complete=False, offline=True)


class Screens:
    def __init__(self) -> None:
        self.saying = 0
        self.band: list[str] = []
        self.status: list[str] = []

    def show_offline(self, text: str) -> None:
        self.band.append(text)

    def show_sync(self, text: str, *, offline: bool = False) -> None:
        self.status.append(text)

    def show_outbox(self, text: str) -> None:
        pass

    def say(self, sentence: str, *, failure: bool = False) -> None:
        self.saying += 1

    def take_back(self, saying: int) -> None:
        pass

    def progressed(self, case_id: Any, text: str) -> None:
        pass

    def sync_ran(self, running: bool) -> None:
        pass


def test_that_offline_says_since_when_what_goes_on_and_when_it_is_tried_again() -> None:
    screens, now = Screens(), [NOW]
    news = HospitalNews(screens, screens, "Lindenhof", lambda: now[0], offline=screens, next_round_in_s=lambda: 20.0)
    news.ended(SyncReport())
    now[0] += timedelta(minutes=5)
    news.ended(OFFLINE)
    now[0] += timedelta(minutes=5)
    news.ended(OFFLINE)
    assert screens.band[-1] == (
        "Offline since 09:05: Lindenhof cannot be reached. Reading, marking and signing go on; what you sign leaves by "
        "itself. Next try at 09:10:20."
    )
    assert screens.status[-1] == "Lindenhof cannot be reached. Last synced at 09:00."
    news.ended(SyncReport())
    assert screens.band[-1] == ""


def test_that_pauses_grow_while_offline_and_a_hospital_that_asks_for_a_pause_gets_it() -> None:
    pace = SyncPace(60)
    waits = [pace.wait_after(OFFLINE) for _ in range(7)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (10.0, LONGEST_PAUSE_S)
    assert pace.wait_after(SyncReport()) == 60
    assert pace.wait_after(OFFLINE) == 10.0
    assert pace.wait_after(SyncReport(complete=False, retry_after_s=600)) == 600


def test_that_coming_back_to_a_network_is_told_once() -> None:
    came: list[str] = []
    network = NetworkReturn(lambda: came.append("back"))
    states = QNetworkInformation.Reachability
    for state in (states.Online, states.Disconnected, states.Local, states.Online, states.Site):
        network.reachability_changed(state)
    assert came == ["back"]


@pytest.mark.parametrize(
    ("new", "changed", "words"),
    [
        (1, 0, "A new case has been assigned to you."),
        (3, 2, "3 new cases have been assigned to you."),
        (0, 1, "A case has changed at the hospital."),
        (0, 0, ""),
    ],
)
def test_that_a_notice_tells_how_many_and_never_who(new: int, changed: int, words: str) -> None:
    assert case_notice(new, changed) == words


@pytest.mark.qt
def test_that_a_notice_is_shown_only_where_there_is_a_tray_and_it_is_wanted(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda _self, _title, words, *_rest: shown.append(words))
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: False))
    notices = CaseNotices(lambda: None)
    notices.round_ended(SyncReport(new_cases=1))
    assert shown == []
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: True))
    notices.is_wanted = False
    notices.round_ended(SyncReport(new_cases=1))
    assert shown == []
    notices.is_wanted = True
    notices.round_ended(SyncReport())
    notices.round_ended(SyncReport(new_cases=1))
    assert shown == ["A new case has been assigned to you."]
    notices.close()


@pytest.mark.qt
def test_that_the_band_is_there_only_while_offline_and_asks_at_a_press(qapp: QApplication) -> None:
    pane = OfflinePane()
    asked: list[bool] = []
    pane.retry_requested.connect(lambda: asked.append(True))
    assert pane.isHidden()
    pane.show_offline("Offline since 09:05.")
    text, button = pane.findChild(QLabel, "offline-text"), pane.findChild(QPushButton, "offline-retry")
    assert text is not None and button is not None
    assert (text.text(), pane.isHidden()) == ("Offline since 09:05.", False)
    button.click()
    assert asked == [True]
    pane.show_offline("")
    assert pane.isHidden()
    pane.deleteLater()
