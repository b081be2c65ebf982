"""Tells of new and changed cases through the system's tray, where there is one and the reader wants it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QSystemTrayIcon

from workstation.offline_words import case_notice
from workstation.window.icons import icon

if TYPE_CHECKING:
    from sync.sync_round import SyncReport

SHOWN_MS = 10_000


class CaseNotices:
    """One icon for the program's life, shown with the first notice. *opened* brings the window to the front."""

    def __init__(self, opened: Callable[[], None]) -> None:
        self.is_wanted = True
        self._opened = opened
        self._tray: QSystemTrayIcon | None = None

    def round_ended(self, report: SyncReport) -> None:
        """Say what came with this round; nothing where nothing did, or where there is no tray."""
        words = case_notice(report.new_cases, report.changed_cases)
        if not words or not self.is_wanted or not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(icon("worklist", "accent"))
            self._tray.setToolTip("Reading Room")
            self._tray.messageClicked.connect(self._opened)
            self._tray.activated.connect(lambda _reason: self._opened())
            self._tray.show()
        self._tray.showMessage("Reading Room", words, QSystemTrayIcon.MessageIcon.Information, SHOWN_MS)

    def close(self) -> None:
        """Take the icon away."""
        if self._tray is not None:
            self._tray.hide()
            self._tray.deleteLater()
            self._tray = None
