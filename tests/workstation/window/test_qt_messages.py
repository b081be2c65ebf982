"""What Qt says reaches the log at its level, and what a platform merely lacks does not reach the terminal."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from PySide6.QtCore import qInstallMessageHandler, qWarning

from workstation.window.qt_messages import log_qt_messages

pytestmark = pytest.mark.qt


@pytest.fixture(autouse=True)
def qt_is_logged() -> Iterator[None]:
    log_qt_messages()
    yield
    qInstallMessageHandler(None)


@pytest.mark.parametrize(
    ("message", "level"),
    [
        ("QPainter::begin: Paint device returned engine == 0", logging.WARNING),
        ("This plugin does not support propagateSizeHints()", logging.DEBUG),
    ],
)
def test_that_a_warning_of_qt_is_logged_and_a_lacking_platform_is_not_warned_of(
    message: str, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ui.qt")
    qWarning(message)
    assert [(r.levelno, r.getMessage()) for r in caplog.records if r.name == "ui.qt"] == [(level, message)]
