"""The list of hospitals joined to the program: what the page asks for is done off the UI thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from sync.errors import SyncError
from workstation.background import Background, Ticket
from workstation.failure_words import sentence_for
from workstation.hospital_list import HospitalAddress, OpenedHospital, add_hospital, list_hospitals, remove_hospital
from workstation.window.browser_pane import open_in_browser
from workstation.window.hospitals_page import HospitalsPage


class HospitalChoice(QObject):
    """Lives as long as the page is shown. *chosen* is called once, with the hospital to open."""

    def __init__(
        self,
        home: Path,
        page: HospitalsPage,
        background: Background,
        chosen: Callable[[OpenedHospital], None],
        open_browser: Callable[[str], object] = open_in_browser,
    ) -> None:
        super().__init__(page)
        self._home = home
        self._page = page
        self._background = background
        self._chosen = chosen
        self._open_browser = open_browser
        self._adding: Ticket | None = None
        page.open_requested.connect(lambda name: chosen(OpenedHospital(name)))
        page.add_requested.connect(self._add)
        page.remove_requested.connect(self._remove)
        page.cancel_requested.connect(self._cancel)

    def refresh(self) -> None:
        """Read the list again."""
        home = self._home
        self._background.store_lane(lambda: list_hospitals(home), self._page.show_hospitals)

    def _add(self, wanted: HospitalAddress) -> None:
        from sync.secret_keeper import SystemKeyring

        home, deliver = self._home, self._background.deliver

        def show(address: str) -> None:
            deliver(lambda: self._show_browser(address))

        self._page.show_looking()
        self._adding = self._background.network_lane(
            lambda cancelled: add_hospital(home, wanted, SystemKeyring(), show, cancelled), self._added, self._refused
        )

    def _show_browser(self, address: str) -> None:
        if self._adding is not None:
            self._page.show_waiting(address)
            self._open_browser(address)

    def _added(self, opened: OpenedHospital) -> None:
        self._adding = None
        self._chosen(opened)

    def _refused(self, error: Exception) -> None:
        self._adding = None
        self._page.show_sentence(sentence_for(error))

    def _cancel(self) -> None:
        if self._adding is not None:
            self._adding.cancel()
            self._adding = None
        self._page.show_form()

    def _remove(self, profile_name: str) -> None:
        from sync.secret_keeper import SystemKeyring

        home = self._home

        def remove(_cancelled: Callable[[], bool]) -> str:
            try:
                return remove_hospital(home, profile_name, SystemKeyring())
            except OSError as error:
                raise SyncError(f"The hospital's folder cannot be removed ({error.strerror}).") from error

        def removed(sentence: str) -> None:
            self._page.show_sentence(sentence, failure=False)
            self.refresh()

        self._background.network_lane(remove, removed, self._refused)
