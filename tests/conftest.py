"""What every test runs under: no display, no network beyond loopback, nothing of the user's own data."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.real_data import DATA

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# The same examples each time, so that a change is judged by what it changed; READINGROOM_EXPLORE=1 looks for new ones.
# Nor does a busy machine make a test fail: no limit of time, neither for one example nor for finding them.
hypothesis.settings.register_profile(
    "same", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
if os.environ.get("READINGROOM_EXPLORE") != "1":
    hypothesis.settings.load_profile("same")
# Nothing of a test goes to the keyring of whoever runs it.
os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket to anywhere but this computer fails the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Each test has its own user data folder."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    yield home


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """A handler that a test leaves behind (the command line starts logging) would write to its closed capture."""
    root = logging.getLogger()
    before, level, complains = root.handlers[:], root.level, logging.raiseExceptions
    yield
    for handler in root.handlers[:]:
        if handler not in before:
            root.removeHandler(handler)
    root.setLevel(level)
    logging.raiseExceptions = complains


@pytest.fixture(scope="session")
def qapp() -> Any:
    """The one QApplication of the test process."""
    from PySide6.QtWidgets import QApplication

    return QApplication.instance() or QApplication([])


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    """Say how many tests on real data ran; in CI a skip is a failure where the data is."""
    ran = [r for r in terminalreporter.getreports("passed") if "real_data" in r.keywords and r.when == "call"]
    terminalreporter.write_line(f"real data: {len(ran)} ran, {DATA} {'present' if DATA.exists() else 'absent'}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With READINGROOM_SKIP_IS_FAILURE=when-data-present, a skipped test fails the run where the real data is."""
    if os.environ.get("READINGROOM_SKIP_IS_FAILURE") != "when-data-present" or not DATA.exists():
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("a test was skipped although the real data is present: that is a failure here")
        session.exitstatus = 1
