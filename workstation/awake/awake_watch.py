"""Joins the rounds of sync to `keep_awake`, and looks once a second while something is held. UI thread only."""

from __future__ import annotations

import sys
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from sync.transfer.progress import SyncProgress
from workstation.awake.battery import read_charge_percent
from workstation.awake.keep_awake import KeepAwake, SleepHold
from workstation.lanes import Lanes
from workstation.sync_loop import SyncLoop

LOOK_MS = 1000


def system_hold() -> SleepHold:
    """The one of this operating system."""
    if sys.platform == "win32":
        from workstation.awake.windows_hold import WindowsHold

        return WindowsHold()
    if sys.platform == "darwin":
        from workstation.awake.macos_hold import MacHold

        return MacHold()
    from workstation.awake.freedesktop_hold import FreedesktopHold

    return FreedesktopHold()


class AwakeWatch(QObject):
    """Keeps the computer awake while *sync* moves something; *say* gets the words for the reader."""

    def __init__(self, sync: SyncLoop, lanes: Lanes, hold: SleepHold, say: Callable[[str], None]) -> None:
        super().__init__()

        def ask_battery(answer: Callable[[float | None], None]) -> None:
            lanes.cpu_lane(read_charge_percent, answer)

        self._sync = sync
        self._keep = KeepAwake(hold, ask_battery, say, is_paused=lambda: sync.control.is_paused)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)
        sync.progressed.connect(self._progressed)
        sync.finished.connect(lambda _report: self.rest())
        sync.failed.connect(lambda _error: self.rest())

    def want(self, wanted: bool) -> None:
        """The setting, or the site's rule."""
        self._keep.is_wanted = wanted

    def outbox_is(self, waits: bool) -> None:
        """Whether something waits to leave."""
        self._keep.outbox_is(waits)

    def rest(self) -> None:
        """Nothing moves: the round ended, or the window is being locked or closed."""
        self._keep.round_ended()
        self._timer.stop()

    def _progressed(self, progress: SyncProgress) -> None:
        if not self._sync.is_running:
            return  # the last word of a round that was stopped
        self._keep.progressed(progress)
        self._look_on()

    def _look(self) -> None:
        self._keep.look()
        self._look_on()

    def _look_on(self) -> None:
        if not self._keep.is_moving:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()
