"""The desktop's signals that the person leaves reach the program: sent on a bus of the test's own."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtDBus import QDBusConnection, QDBusMessage
from PySide6.QtWidgets import QApplication

from sync.vault import unlock_tries
from workstation import idle_watch
from workstation.idle_watch import IdleWatch
from workstation.session_watch import SessionWatch
from workstation.tour.hands import let_live

pytestmark = pytest.mark.qt


@pytest.fixture
def bus_address() -> Iterator[str]:
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
    yield daemon.stdout.readline().strip()
    daemon.terminate()
    daemon.wait(10)
    daemon.stdout.close()


@pytest.mark.parametrize(
    ("interface", "signal", "arguments", "told"),
    [
        ("org.freedesktop.login1.Manager", "PrepareForSleep", [True], ["the computer goes to sleep"]),
        ("org.freedesktop.login1.Manager", "PrepareForSleep", [False], ["the computer slept"]),
        ("org.freedesktop.login1.Session", "Lock", [], ["the session was locked"]),
        ("org.freedesktop.ScreenSaver", "ActiveChanged", [True], ["the screen was locked"]),
        ("org.gnome.ScreenSaver", "ActiveChanged", [False], []),
    ],
)
def test_that_a_leaving_person_is_noticed(
    qapp: QApplication, bus_address: str, interface: str, signal: str, arguments: list[bool], told: list[str]
) -> None:
    # Qt keeps a closed connection's name for a while, so each test has names of its own.
    names = [f"{side} of {bus_address}" for side in ("ours", "theirs")]
    ours, theirs = (QDBusConnection.connectToBus(bus_address, name) for name in names)
    try:
        watch, heard = SessionWatch(), []
        watch.away.connect(heard.append)
        assert watch.listen(ours, ours) == 5
        ours.interface().isServiceRegistered("org.test")  # answered after the subscriptions were
        message = QDBusMessage.createSignal("/org/test", interface, signal)
        message.setArguments(arguments)
        assert theirs.send(message)
        last = QDBusMessage.createSignal("/org/test", "org.freedesktop.login1.Session", "Lock")
        assert theirs.send(last)
        deadline = time.monotonic() + 10
        while "the session was locked" not in heard[len(told) :]:
            assert time.monotonic() < deadline, heard
            let_live(0.01)
        assert heard == [*told, "the session was locked"]
    finally:
        for name in names:
            QDBusConnection.disconnectFromBus(name)


def test_that_without_a_bus_nothing_is_heard_and_nothing_fails(qapp: QApplication) -> None:
    nowhere = QDBusConnection("nowhere")
    assert SessionWatch().listen(nowhere, nowhere) == 0


def test_that_idleness_and_sleep_are_noticed_and_activity_is_not(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = {"up": 1000.0, "awake": 1000.0}
    monkeypatch.setattr(idle_watch, "uptime_s", lambda: now["up"])
    monkeypatch.setattr(idle_watch.time, "monotonic", lambda: now["awake"])
    watch, heard = IdleWatch(600.0), []
    watch.idle.connect(heard.append)
    watch.start()
    now["up"] = now["awake"] = 1599.0
    watch.look()
    assert heard == []
    now["up"] = now["awake"] = 1600.0
    watch.look()
    assert heard == ["nobody was active"]
    watch.start()
    now["up"] += 30.0  # 30 s passed of which the computer was awake for none
    watch.look()
    assert heard == ["nobody was active", "the computer slept"]
    watch.stop()
    assert isinstance(watch, QObject) and not watch.findChildren(QTimer)[0].isActive()
    assert unlock_tries.uptime_s() > 0
