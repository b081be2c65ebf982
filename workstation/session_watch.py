"""Hears from the desktop that the session is locked or the computer goes to sleep.

Linux: login1 on the system bus (PrepareForSleep, Lock) and the desktop's screen saver on the session bus. Windows: the
session notifications of the window's own thread (written, untried). macOS tells nothing here; `idle_watch` notices
sleep and idleness everywhere.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import SLOT, QAbstractNativeEventFilter, QObject, Signal, Slot
from PySide6.QtDBus import QDBusConnection
from PySide6.QtWidgets import QApplication

log = logging.getLogger("ui.lock")

WM_POWERBROADCAST, PBT_APMSUSPEND = 0x0218, 0x0004
WM_WTSSESSION_CHANGE, WTS_SESSION_LOCK = 0x02B1, 0x7

LOGIN = "org.freedesktop.login1"
SCREEN_SAVERS = ("org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver", "org.mate.ScreenSaver")


class SessionWatch(QObject):
    """From `start` on. Where there is no such bus it hears nothing, and says so in the log."""

    away = Signal(str)
    """The person leaves; why, for the log."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._windows_filter: _WindowsFilter | None = None

    def start(self, window_id: int) -> None:
        """Listen; *window_id* is the window that Windows tells its news to."""
        if sys.platform == "win32":
            self._windows_filter = _WindowsFilter(self.away.emit)
            app = QApplication.instance()
            if app is not None:
                app.installNativeEventFilter(self._windows_filter)
            ctypes.windll.wtsapi32.WTSRegisterSessionNotification(window_id, 0)
        elif sys.platform != "darwin":
            heard = self.listen(QDBusConnection.systemBus(), QDBusConnection.sessionBus())
            log.info("the desktop tells of %d kinds of leaving", heard)

    def listen(self, system: QDBusConnection, session: QDBusConnection) -> int:
        """Subscribe on the two buses; how many subscriptions there are."""
        heard = 0
        if system.isConnected():
            heard += self._hear(system, f"{LOGIN}.Manager", "PrepareForSleep", "on_sleep(bool)")
            heard += self._hear(system, f"{LOGIN}.Session", "Lock", "on_lock()")
        if session.isConnected():
            for name in SCREEN_SAVERS:
                heard += self._hear(session, name, "ActiveChanged", "on_screen_saver(bool)")
        return heard

    def _hear(self, bus: Any, interface: str, signal: str, slot: str) -> bool:
        # Any: PySide's stub asks for bytes here, and its code for what SLOT gives, a text.
        return bool(bus.connect("", "", interface, signal, self, SLOT(slot)))

    @Slot(bool)
    def on_sleep(self, begins: bool) -> None:
        """login1: the computer goes to sleep (True) or has woken (False); either way nobody is sure who is there."""
        self.away.emit("the computer goes to sleep" if begins else "the computer slept")

    @Slot()
    def on_lock(self) -> None:
        """login1: the session is to be locked."""
        self.away.emit("the session was locked")

    @Slot(bool)
    def on_screen_saver(self, active: bool) -> None:
        """The desktop's screen saver began or ended."""
        if active:
            self.away.emit("the screen was locked")


class _WindowsFilter(QAbstractNativeEventFilter):
    def __init__(self, away: Callable[[str], object]) -> None:
        super().__init__()
        self._away = away

    def nativeEventFilter(self, _kind: object, message: int) -> tuple[bool, int]:
        from ctypes import wintypes

        told = wintypes.MSG.from_address(int(message))
        leaving = (WM_POWERBROADCAST, PBT_APMSUSPEND), (WM_WTSSESSION_CHANGE, WTS_SESSION_LOCK)
        if (told.message, told.wParam) in leaving:
            self._away("the session was locked")
        return False, 0
