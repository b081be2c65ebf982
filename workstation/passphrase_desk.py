"""Changing what opens the store, from the window: joins the dialog, its presenter and the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from sync.vault.key_record import needs_keyring
from workstation.actions.action import Action
from workstation.background import Background
from workstation.unlocking import usable_keyring
from workstation.window.main_window import MainWindow
from workstation.window.passphrase_dialog import PassphraseDialog
from workstation.window.passphrase_presenter import PassphrasePresenter

if TYPE_CHECKING:
    from sync.store.database import Store


class PassphraseDesk(QObject):
    """One dialog at a time; whatever closes it, what was typed goes with it."""

    def __init__(self, window: MainWindow, background: Background, store: Store) -> None:
        super().__init__(window)
        self._window = window
        self._background = background
        self._store = store

    def action(self, enabled_when: Callable[[], bool]) -> Action:
        """The demo announces its passphrase and must open with it, so *enabled_when* is not always."""
        return Action(
            "app.passphrase", "Change pass&phrase or PIN…", self.ask, "&Case", enabled_when=enabled_when, icon="lock"
        )

    def ask(self) -> None:
        """Show the dialog, empty."""
        store, directory = self._store, self._store.directory
        dialog = PassphraseDialog(self._window)
        presenter = PassphrasePresenter(
            dialog,
            self._background,
            lambda: needs_keyring(directory),
            usable_keyring,
            store.change_unlock,
            lambda sentence: self._changed(dialog, sentence),
        )
        dialog.change_requested.connect(presenter.change)
        dialog.way_chosen.connect(presenter.choose)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        presenter.begin()

    def _changed(self, dialog: PassphraseDialog, sentence: str) -> None:
        dialog.accept()
        self._window.status.say(sentence)
