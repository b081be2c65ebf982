"""Work leaves the UI thread and its results come back on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QApplication

from sync.errors import Offline
from workstation.background import Background

pytestmark = pytest.mark.qt


@pytest.fixture
def background(qapp: QApplication) -> Iterator[Background]:
    lanes = Background()
    yield lanes
    assert lanes.shutdown()


def wait_for(qapp: QApplication, condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "nothing came back"
        qapp.processEvents()
        time.sleep(0.002)


def test_that_results_are_delivered_on_the_ui_thread(qapp: QApplication, background: Background) -> None:
    seen: list[tuple[int, int]] = []
    background.cpu_lane(threading.get_ident, lambda worker: seen.append((worker, threading.get_ident())))
    wait_for(qapp, lambda: background.is_idle)
    worker, receiver = seen[0]
    assert receiver == threading.get_ident() != worker


def test_that_the_store_lane_keeps_the_order_of_what_it_was_given(qapp: QApplication, background: Background) -> None:
    order: list[int] = []

    def work(n: int) -> Callable[[], None]:
        def step() -> None:
            time.sleep(0.01 if n == 0 else 0)
            order.append(n)

        return step

    for n in range(20):
        background.store_lane(work(n))
    wait_for(qapp, lambda: background.is_idle)
    assert order == list(range(20))


def test_that_a_failure_reaches_its_own_listener(qapp: QApplication, background: Background) -> None:
    failures: list[Exception] = []

    def work() -> None:
        raise Offline("The hospital cannot be reached.")

    background.store_lane(work, failed=failures.append)
    wait_for(qapp, lambda: background.is_idle)
    assert str(failures[0]) == "The hospital cannot be reached."


def test_that_an_unexpected_failure_without_listener_is_logged_and_told_as_a_sentence(
    qapp: QApplication, background: Background, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    background.failed.connect(told.append)

    def work() -> None:
        raise ZeroDivisionError

    background.cpu_lane(work)
    wait_for(qapp, lambda: background.is_idle)
    assert "inside the program (ZeroDivisionError)" in told[0]
    assert "work on the cpu lane failed" in caplog.text


def test_that_a_cancelled_piece_of_work_is_not_heard(qapp: QApplication, background: Background) -> None:
    heard: list[str] = []
    gate = threading.Event()

    def work(cancelled: Callable[[], bool]) -> str:
        gate.wait(2)
        return "cancelled" if cancelled() else "whole"

    ticket = background.network_lane(work, heard.append)
    ticket.cancel()
    gate.set()
    wait_for(qapp, lambda: background.is_idle)
    assert heard == []


def test_that_shutdown_finishes_accepted_writes_and_takes_no_more(qapp: QApplication) -> None:
    lanes = Background()
    written: list[int] = []

    def write() -> None:
        time.sleep(0.02)
        written.append(1)

    for _ in range(5):
        lanes.store_lane(write)
    assert lanes.shutdown()
    lanes.store_lane(write)
    assert len(written) == 5


def test_that_shutdown_does_not_wait_for_a_hanging_network(qapp: QApplication) -> None:
    lanes = Background()
    under_way, release = threading.Event(), threading.Event()

    def hang(_cancelled: Callable[[], bool]) -> None:
        under_way.set()
        release.wait(20)

    lanes.network_lane(hang)
    under_way.wait(5)
    started = time.monotonic()
    assert not lanes.shutdown()
    assert time.monotonic() - started < 4
    release.set()


def test_that_a_slow_write_is_waited_for_although_the_network_hangs(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workstation.background.JOIN_TIMEOUT_S", 0.05)
    release, written = threading.Event(), threading.Event()
    lanes = Background()
    lanes.network_lane(lambda _cancelled: release.wait(5.0))

    def write() -> None:
        time.sleep(0.2)
        written.set()

    lanes.store_lane(write)
    lanes.shutdown()
    assert written.is_set()
    release.set()


def test_that_what_an_unexpected_failure_held_is_not_logged(
    qapp: QApplication, background: Background, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        raise ValueError("ASHGROVE^ELINOR 1.2.840.99")

    caplog.set_level("INFO")
    background.cpu_lane(work, failed=lambda _error: None)
    wait_for(qapp, lambda: background.is_idle)
    told = caplog.text + capfd.readouterr().err
    assert "ValueError" in told
    assert "test_background.py" in told
    assert "ASHGROVE" not in told
    assert "1.2.840" not in told
