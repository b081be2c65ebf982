"""The computer is really kept awake: a logind and a power manager of the test's own hold the lock, on a bus of its own.

They speak D-Bus through jeepney, another implementation than the program's.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from PySide6.QtDBus import QDBusConnection
from PySide6.QtWidgets import QApplication

from workstation.awake.freedesktop_hold import LOGIN, POWER, FreedesktopHold
from workstation.tour.hands import let_live

pytestmark = pytest.mark.qt


@dataclass
class _Bus:
    daemon: subprocess.Popen[str]
    address: str
    services: list[threading.Thread] = field(default_factory=list)

    def connect(self, name: str) -> QDBusConnection:
        return QDBusConnection.connectToBus(self.address, name)

    def has(self, name: str) -> bool:
        from jeepney import message_bus
        from jeepney.io.blocking import open_dbus_connection

        with open_dbus_connection(self.address) as connection:
            return bool(connection.send_and_get_reply(message_bus.NameHasOwner(name)).body[0])


@pytest.fixture
def bus() -> Iterator[_Bus]:
    program = shutil.which("dbus-daemon")
    if program is None:
        pytest.skip("there is no dbus-daemon on this computer")
    daemon = subprocess.Popen(
        [program, "--session", "--nofork", "--print-address"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert daemon.stdout is not None
    bus = _Bus(daemon, daemon.stdout.readline().strip())
    yield bus
    daemon.kill()
    daemon.wait(10)
    for service in bus.services:
        service.join(10)
    daemon.stdout.close()


@dataclass
class _Service:
    """Answers Inhibit as logind (a file that is the lock) or as a desktop's power manager (a number)."""

    bus: _Bus
    name: str
    consents: bool = True
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    caller: str = ""
    lock: int = -1
    _ready: threading.Event = field(default_factory=threading.Event)
    _connection: Any = None

    def __post_init__(self) -> None:
        thread = threading.Thread(target=self._serve, daemon=True)
        self.bus.services.append(thread)
        thread.start()
        assert self._ready.wait(10)

    def _serve(self) -> None:
        from jeepney import HeaderFields, message_bus, new_error, new_method_return
        from jeepney.io.blocking import open_dbus_connection

        connection = self._connection = open_dbus_connection(self.bus.address, enable_fds=True)
        connection.send_and_get_reply(message_bus.RequestName(self.name))
        self._ready.set()
        try:
            while True:
                call = connection.receive()
                if call.header.message_type.name != "method_call":
                    continue
                self.caller = call.header.fields[HeaderFields.sender]
                self.asked.append(call.body)
                if not self.consents:
                    connection.send(new_error(call, "org.freedesktop.DBus.Error.AccessDenied", "s", ("no",)))
                elif self.name == LOGIN:
                    if self.lock >= 0:
                        os.close(self.lock)
                    self.lock, theirs = os.pipe()
                    connection.send(new_method_return(call, "h", (theirs,)))
                    os.close(theirs)
                else:
                    connection.send(new_method_return(call, "u", (7,)))
        except (OSError, EOFError):
            connection.close()
            if self.lock >= 0:
                os.close(self.lock)

    def is_lock_released(self) -> bool:
        """The other end of the pipe is closed everywhere."""
        readable, _, _ = select.select([self.lock], [], [], 0)
        return bool(readable) and os.read(self.lock, 1) == b""

    def leave(self) -> None:
        from jeepney import message_bus

        self._connection.send(message_bus.ReleaseName(self.name))


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        let_live(0.005)


@dataclass
class _Answers:
    taken: list[bool] = field(default_factory=list)
    lost: int = 0

    def was_lost(self) -> None:
        self.lost += 1


@pytest.fixture
def hold(qapp: QApplication, bus: _Bus) -> Iterator[FreedesktopHold]:
    pytest.importorskip("jeepney")
    # Qt keeps a closed connection's name for a while, so each test has names of its own.
    names = [f"{side} of {bus.address}" for side in ("system", "session")]
    system, session = (bus.connect(name) for name in names)
    hold = FreedesktopHold(lambda: system, lambda: session, bus.connect)
    yield hold
    hold.release()
    for name in names:
        QDBusConnection.disconnectFromBus(name)


def test_that_logind_holds_off_idle_sleep_alone_until_released(bus: _Bus, hold: FreedesktopHold) -> None:
    logind, answers = _Service(bus, LOGIN), _Answers()
    for _time in range(2):
        hold.take(answers.taken.append, answers.was_lost)
        _until(lambda: bool(answers.taken))
        what, who, why, mode = logind.asked.pop()
        assert (what, who, mode) == ("idle", "Reading Room", "block") and why
        assert answers.taken.pop() and not logind.is_lock_released()
        hold.release()
        _until(logind.is_lock_released)
    assert not answers.lost


def test_that_where_logind_refuses_the_desktops_power_manager_is_enough(bus: _Bus, hold: FreedesktopHold) -> None:
    logind, power, answers = _Service(bus, LOGIN, consents=False), _Service(bus, POWER), _Answers()
    hold.take(answers.taken.append, answers.was_lost)
    _until(lambda: bool(answers.taken))
    assert answers.taken == [True] and logind.asked and power.asked
    power.leave()
    _until(lambda: answers.lost == 1)


def test_that_the_power_manager_sees_the_holder_gone_after_the_release(bus: _Bus, hold: FreedesktopHold) -> None:
    power, answers = _Service(bus, POWER), _Answers()
    hold.take(answers.taken.append, answers.was_lost)
    _until(lambda: bool(answers.taken))
    assert bus.has(power.caller)
    hold.release()
    _until(lambda: not bus.has(power.caller))


def test_that_a_refusal_of_all_is_told(bus: _Bus, hold: FreedesktopHold) -> None:
    _logind, answers = _Service(bus, LOGIN, consents=False), _Answers()
    hold.take(answers.taken.append, answers.was_lost)
    _until(lambda: bool(answers.taken))
    assert answers.taken == [False]


def test_that_a_logind_that_goes_is_noticed(bus: _Bus, hold: FreedesktopHold) -> None:
    logind, answers = _Service(bus, LOGIN), _Answers()
    hold.take(answers.taken.append, answers.was_lost)
    _until(lambda: bool(answers.taken))
    logind.leave()
    _until(lambda: answers.lost == 1)
    hold.release()
    _until(logind.is_lock_released)


def test_that_a_bus_that_dies_is_noticed(bus: _Bus, hold: FreedesktopHold) -> None:
    _logind, answers = _Service(bus, LOGIN), _Answers()
    hold.take(answers.taken.append, answers.was_lost)
    _until(lambda: bool(answers.taken))
    bus.daemon.kill()
    _until(lambda: answers.lost == 1)


def test_that_what_is_granted_after_the_release_is_not_kept(bus: _Bus, hold: FreedesktopHold) -> None:
    logind, answers = _Service(bus, LOGIN), _Answers()
    hold.take(answers.taken.append, answers.was_lost)
    hold.release()
    _until(lambda: bool(logind.asked) and logind.lock >= 0)
    _until(logind.is_lock_released)
    assert not answers.taken


def test_that_without_any_bus_the_answer_is_no(qapp: QApplication) -> None:
    nowhere = QDBusConnection("nowhere")
    hold, answers = FreedesktopHold(lambda: nowhere, lambda: nowhere), _Answers()
    hold.take(answers.taken.append, answers.was_lost)
    assert answers.taken == [False]
    hold.release()
