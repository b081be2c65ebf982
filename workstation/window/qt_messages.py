"""What Qt itself has to say goes to the log, under the topic ui.qt; the terminal is for our sentences."""

from __future__ import annotations

import logging

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

log = logging.getLogger("ui.qt")

LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
LACKS = "This plugin does not support "
"""How a platform without a window system, such as offscreen, says that there is nothing it could do with a wish."""


def log_qt_messages() -> None:
    """From now on Qt's messages are logged at their own level, and what the platform merely lacks at DEBUG."""
    qInstallMessageHandler(_pass_on)


def _pass_on(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
    log.log(logging.DEBUG if message.startswith(LACKS) else LEVELS[kind], "%s", message)
