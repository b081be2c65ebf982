"""Locking and unlocking the window: part of the composition, between the lock page, the store and the screens.

To lock: what is being worked on is saved, every page is put away and covered, every dialog closed, and when the last
write is done the store forgets its keys. To unlock: the keys come back, then the same case and page.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from sync.errors import StoreUnavailable
from sync.vault.key_record import has_record, keyring_entry
from sync.vault.keys import Unlock
from workstation.actions.action import Action
from workstation.actions.registry import ActionRegistry
from workstation.background import Background
from workstation.idle_watch import IdleWatch
from workstation.session_watch import SessionWatch
from workstation.unlocking import keeper_for
from workstation.window.curtain import Curtain
from workstation.window.lock_page import LockPage
from workstation.window.lock_presenter import LockPresenter, LockQuestion, first_question, locked_question
from workstation.window.main_window import MainWindow

if TYPE_CHECKING:
    from sync.store.database import Store
    from workstation.case_room import CaseRoom

log = logging.getLogger("ui.lock")

STAYS_POSSIBLE = "app.quit"


class LockRoom(QObject):
    """One for a window. Nobody is asked anything until `ask_at_start` or `lock`."""

    locked = Signal()
    """The keys are out of memory."""
    unlocked = Signal()

    def __init__(self, window: MainWindow, background: Background, registry: ActionRegistry) -> None:
        super().__init__(window)
        self._window = window
        self._background = background
        self._registry = registry
        self._page = LockPage()
        self._presenter = LockPresenter(self._page, background)
        self._page.answered.connect(self._presenter.answered)
        self._curtain = Curtain(window)
        self._covers = False
        self._hint = ""
        self._store: Store | None = None
        self._room: CaseRoom | None = None
        self._idle: IdleWatch | None = None
        self._session = SessionWatch(self)
        self._place: tuple[Any, str] = (None, "")

    def ask_at_start(
        self,
        directory: Path,
        attempt: Callable[[Unlock], Any],
        opened: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Before there is a store: *attempt* opens the one in *directory*, for a new passphrase where it has none;

        *opened* gets what it brings, *failed* what no other answer would cure.
        """

        def uncover(result: Any) -> None:
            self._uncover()
            opened(result)

        def fail(error: Exception) -> None:
            self._uncover()
            failed(error)

        def ask(question: LockQuestion) -> None:
            self._cover()
            self._presenter.ask(question, lambda: keeper_for(directory), attempt, uncover, fail)

        if has_record(directory):
            ask(locked_question(_is_in_keyring(directory)))
        else:
            self._background.store_lane(
                lambda: keeper_for(directory), lambda keeper: ask(first_question(keeper is not None)), failed
            )

    def watch(self, store: Store, room: CaseRoom, idle_after_s: float, hint: str) -> None:
        """From now on lock by itself. *hint* is shown on the lock page: the demo announces its passphrase."""
        self._store, self._room, self._hint = store, room, hint
        self._idle = IdleWatch(idle_after_s, self)
        self._idle.idle.connect(self._leave)
        self._session.away.connect(self._leave)
        self._idle.start()
        self._session.start(int(self._window.winId()))

    def stop(self) -> None:
        """The program ends."""
        if self._idle is not None:
            self._idle.stop()

    @property
    def is_locked(self) -> bool:
        """The window shows the lock page and nothing else."""
        return self._covers

    def lock(self) -> None:
        """Save, cover, forget the keys. Harmless while locked and before there is a store."""
        store, room = self._store, self._room
        if store is None or room is None or self.is_locked:
            return
        if self._idle is not None:
            self._idle.stop()
        self._curtain.draw()
        self._place = room.pause()
        self._cover()
        directory = store.directory
        self._presenter.ask(
            locked_question(_is_in_keyring(directory), self._hint),
            lambda: keeper_for(directory),
            store.unlock,
            self._unlocked,
            self._presenter_failed,
        )
        # After everything that was handed to this lane: answers and marks are written before the keys go.
        self._background.store_lane(store.lock, lambda _nothing: self.locked.emit(), self._presenter_failed)

    def action(self) -> Action:
        """Locking by hand."""
        return Action("app.lock", "&Lock", self.lock, "&Case", "Ctrl+L", lambda: self._store is not None, icon="lock")

    def _leave(self, why: str) -> None:
        if self._store is not None and not self.is_locked:
            log.info("the window locks: %s", why)
            self.lock()

    def _unlocked(self, _nothing: None) -> None:
        assert self._room is not None
        self._uncover()
        self._room.resume(*self._place)
        self._curtain.open()
        if self._idle is not None:
            self._idle.start()
        self.unlocked.emit()

    def _presenter_failed(self, error: Exception) -> None:
        self._background.failed.emit(str(error))

    def _cover(self) -> None:
        self._registry.suspend(STAYS_POSSIBLE)
        self._window.status.say("")
        self._covers = True
        self._window.cover_with(self._page)
        self._page.focus_field()

    def _uncover(self) -> None:
        self._covers = False
        self._window.cover_with(None)
        self._registry.resume()


def _is_in_keyring(directory: Path) -> bool:
    """Half of the store's key lies in the keyring, so that a PIN may open it. A damaged record: opening it says so."""
    with suppress(StoreUnavailable):
        return bool(keyring_entry(directory))
    return False
