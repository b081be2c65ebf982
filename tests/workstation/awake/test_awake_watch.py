"""The rounds of sync keep the computer awake, and the transfers page says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QLabel

from sync.records.case import CaseId
from sync.transfer.control import TransferControl
from sync.transfer.progress import SyncProgress, SyncStage
from tests.workstation.lanes import ImmediateLanes
from workstation.awake.awake_watch import AwakeWatch
from workstation.sync_loop import SyncLoop
from workstation.transfers.page import TransfersPage

pytestmark = pytest.mark.qt
ARRIVING = SyncProgress(SyncStage.DOWNLOADING, CaseId("SO-1"), 1, 10, bytes_fetched=5)


class _Rounds(QObject):
    """What the watch sees of a `SyncLoop`."""

    progressed = Signal(object)
    finished = Signal(object)
    failed = Signal(object)
    is_running = True

    def __init__(self) -> None:
        super().__init__()
        self.control = TransferControl()


class _Hold:
    is_held = False

    def take(self, answered: Callable[[bool], None], lost: Callable[[], None]) -> None:
        self.is_held = True
        answered(True)

    def release(self) -> None:
        self.is_held = False


def test_that_the_page_says_while_the_computer_is_kept_awake(qapp: QApplication) -> None:
    rounds, hold, page = _Rounds(), _Hold(), TransfersPage()
    watch = AwakeWatch(cast(SyncLoop, rounds), ImmediateLanes(), hold, page.show_awake)
    words, timer = page.findChild(QLabel, "transfers-awake"), watch.findChild(QTimer)
    assert words.isHidden()
    rounds.progressed.emit(ARRIVING)
    assert hold.is_held and not words.isHidden() and "Keeping the computer awake" in words.text() and timer.isActive()
    rounds.control.pause()
    timer.timeout.emit()
    assert not hold.is_held and words.isHidden() and not timer.isActive()
    rounds.control.resume()
    rounds.progressed.emit(ARRIVING)
    rounds.failed.emit(OSError())
    assert not hold.is_held and not timer.isActive()


def test_that_the_last_word_of_a_stopped_round_keeps_nobody_awake(qapp: QApplication) -> None:
    rounds, hold = _Rounds(), _Hold()
    watch = AwakeWatch(cast(SyncLoop, rounds), ImmediateLanes(), hold, lambda _words: None)
    rounds.progressed.emit(ARRIVING)
    rounds.is_running = False
    watch.rest()
    rounds.progressed.emit(ARRIVING)
    assert not hold.is_held
    rounds.is_running = True
    watch.want(False)
    rounds.progressed.emit(ARRIVING)
    assert not hold.is_held
