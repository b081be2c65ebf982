"""Notices that nobody is there: no key, wheel or mouse for a while, or the computer slept."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from sync.vault.unlock_tries import uptime_s

ACTIVE = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseButtonDblClick,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TabletPress,
        QEvent.Type.TabletMove,
    }
)
LOOK_MS = 1000
SLEPT_S = 5.0


class IdleWatch(QObject):
    """From `start` to `stop` it looks once a second; sleep counts as idle time, whatever the wall clock says."""

    idle = Signal(str)
    """Nobody is there; why, for the log."""

    def __init__(self, after_s: float, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._after_s = after_s
        self._active_at_s = uptime_s()
        self._asleep_s = _asleep_s()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Begin anew, as if somebody had just moved."""
        self._active_at_s, self._asleep_s = uptime_s(), _asleep_s()
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)
        self._timer.start()

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)

    def look(self) -> None:
        """Say so if nobody is there now."""
        if _asleep_s() - self._asleep_s > SLEPT_S:
            self.idle.emit("the computer slept")
        elif uptime_s() - self._active_at_s >= self._after_s:
            self.idle.emit("nobody was active")

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Every event of the program passes here and is let through."""
        if event.type() in ACTIVE:
            self._active_at_s = uptime_s()
        return False


def _asleep_s() -> float:
    """How long the computer slept since it was started, where the system tells; else 0."""
    return max(0.0, uptime_s() - time.monotonic())
