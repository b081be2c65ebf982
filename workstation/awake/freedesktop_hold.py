"""Holds off idle sleep on Linux: logind's idle lock, and beside it the desktop's own power manager where it has one.

Both are asked, because either may be the one that puts an idle computer to sleep. `org.freedesktop.ScreenSaver` is not
asked: its inhibition also keeps the screen from being locked, which no transfer is worth. GNOME's session manager is
not either: its call takes unsigned numbers, which PySide cannot send; logind is all there.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from itertools import count
from typing import Any

from PySide6.QtCore import SLOT, QObject, Slot
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher, QDBusUnixFileDescriptor

log = logging.getLogger("ui.awake")

LOGIN, LOGIN_PATH, LOGIN_INTERFACE = (
    "org.freedesktop.login1",
    "/org/freedesktop/login1",
    "org.freedesktop.login1.Manager",
)
POWER = "org.freedesktop.PowerManagement.Inhibit"
POWER_PATH = "/org/freedesktop/PowerManagement/Inhibit"
BUS, BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
WHO, WHY = "Reading Room", "Images are arriving, or work is leaving"
ANSWER_WITHIN_MS = 3000
_numbers = count(1)

Connect = Callable[[str], QDBusConnection]
"""Opens a connection of its own under that name; it need not be connected."""


def own_session_bus(name: str) -> QDBusConnection:
    """A connection to the desktop that ends with its name."""
    return QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, name)


class FreedesktopHold(QObject):
    """A `SleepHold`. logind's lock is an open file; the power manager's is a connection, which is hung up."""

    def __init__(
        self,
        system: Callable[[], QDBusConnection] = QDBusConnection.systemBus,
        session: Callable[[], QDBusConnection] = QDBusConnection.sessionBus,
        own_session: Connect = own_session_bus,
    ) -> None:
        super().__init__()
        self._buses = (system, session)
        self._own_session = own_session
        self._line = ""
        self._file: int | None = None
        self._granted: set[str] = set()
        self._calls: list[QDBusPendingCallWatcher] = []
        self._unanswered = 0
        self._taking = 0
        self._is_listening = False
        self._answered: Callable[[bool], None] = lambda _holds: None
        self._lost: Callable[[], None] = lambda: None

    def take(self, answered: Callable[[bool], None], lost: Callable[[], None]) -> None:
        self.release()
        self._calls.clear()
        self._answered, self._lost = answered, lost
        system, session = (bus() for bus in self._buses)
        self._listen(system, session)
        if system.isConnected():
            self._ask(system, LOGIN, LOGIN_PATH, LOGIN_INTERFACE, ["idle", WHO, WHY, "block"])
        if session.isConnected():
            self._line = f"awake-{next(_numbers)}"
            self._ask(self._own_session(self._line), POWER, POWER_PATH, POWER, [WHO, WHY])
        if not self._unanswered:
            answered(False)

    def release(self) -> None:
        self._taking += 1
        self._unanswered = 0
        self._granted.clear()
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._line:
            QDBusConnection.disconnectFromBus(self._line)
            self._line = ""

    def _listen(self, system: QDBusConnection, session: QDBusConnection) -> None:
        """On the connections that stay. On the one that is hung up nobody of ours may listen: Qt's own thread would
        have to ask Python while it closes it."""
        if self._is_listening:
            return
        self._is_listening = True
        for bus, gone in ((system, "on_system_gone()"), (session, "on_session_gone()")):
            news: Any = bus  # PySide's stub asks for bytes where its code takes what SLOT gives, a text
            news.connect(
                BUS, BUS_PATH, BUS, "NameOwnerChanged", self, SLOT("on_owner_changed(QString,QString,QString)")
            )
            news.connect("", f"{BUS_PATH}/Local", f"{BUS}.Local", "Disconnected", self, SLOT(gone))

    def _ask(self, bus: QDBusConnection, service: str, path: str, interface: str, arguments: list[str]) -> None:
        self._unanswered += 1
        call = QDBusMessage.createMethodCall(service, path, interface, "Inhibit")
        call.setArguments(arguments)
        taking = self._taking
        waiting = QDBusPendingCallWatcher(bus.asyncCall(call, ANSWER_WITHIN_MS))
        waiting.finished.connect(lambda: self._replied(taking, service, waiting.reply()))
        self._calls.append(waiting)

    def _replied(self, taking: int, service: str, reply: QDBusMessage) -> None:
        given = reply.arguments()[:1] if reply.type() == QDBusMessage.MessageType.ReplyMessage else []
        file = given[0].takeFileDescriptor() if given and isinstance(given[0], QDBusUnixFileDescriptor) else None
        if taking != self._taking:  # released meanwhile
            if file is not None:
                os.close(file)
            return
        self._unanswered -= 1
        if given:
            self._granted.add(service)
            self._file = file if file is not None else self._file
        else:
            log.info("%s does not keep the computer awake (%s)", service, reply.errorName() or "an empty answer")
        if not self._unanswered:
            self._answered(bool(self._granted))

    @Slot(str, str, str)
    def on_owner_changed(self, service: str, _before: str, _after: str) -> None:
        """A program on a bus came or went; a new owner of the name knows nothing of our lock either."""
        self._gone(service)

    @Slot()
    def on_system_gone(self) -> None:
        """The bus of logind died."""
        self._gone(LOGIN)

    @Slot()
    def on_session_gone(self) -> None:
        """The desktop's bus died."""
        self._gone(POWER)

    def _gone(self, service: str) -> None:
        if service not in self._granted:
            return
        self._granted.discard(service)
        if not self._granted and not self._unanswered:
            self._lost()
