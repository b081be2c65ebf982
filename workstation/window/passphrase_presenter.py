"""What is asked before the store opens with another passphrase or PIN, and what becomes of the answer. No Qt here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sync.errors import KeyringUnavailable, SyncError
from sync.vault.key_record import SHORTEST_PASSPHRASE, SHORTEST_WITH_KEYRING
from sync.vault.keys import SecretKeeper, Unlock
from workstation.lanes import Lanes
from workstation.unlocking import unlock_with
from workstation.window.lock_presenter import RULE_WITH_KEYRING

RULE_ALONE = f"At least {SHORTEST_PASSPHRASE} characters: nothing else protects your cases."
BUSY = "Setting it: this takes a moment, so that guessing takes years…"
CHANGED = "The {word} is changed; the next unlock asks for the new one."
BROKE_OFF = "It could not be changed; what opened your cases before still does."


class PassphraseView(Protocol):
    """The dialog."""

    def show_ways(self, *, with_keyring: bool, can_choose: bool) -> None:
        """How the store opens now, and whether this computer offers the other way too."""

    def show_rule(self, rule: str) -> None:
        """What the new one must be like."""

    def show_busy(self, sentence: str) -> None:
        """It is being changed: take no other answer."""

    def show_problem(self, sentence: str) -> None:
        """Why it was not changed; the next answer is taken."""


class PassphrasePresenter:
    """One change. *needs_keyring*, *find_keyring* and *change_unlock* run on the store lane; *changed* is told once."""

    def __init__(
        self,
        view: PassphraseView,
        lanes: Lanes,
        needs_keyring: Callable[[], bool],
        find_keyring: Callable[[], SecretKeeper | None],
        change_unlock: Callable[[Unlock, Unlock], None],
        changed: Callable[[str], None],
    ) -> None:
        self._view = view
        self._lanes = lanes
        self._needs_keyring = needs_keyring
        self._find_keyring = find_keyring
        self._change_unlock = change_unlock
        self._changed = changed
        self._is_busy = True
        self._with_keyring = False

    def begin(self) -> None:
        """Find out how the store opens now; the same way is kept unless another is chosen."""
        self._lanes.store_lane(
            lambda: (self._needs_keyring(), self._find_keyring() is not None), self._begun, self._refused
        )

    def choose(self, with_keyring: bool) -> None:
        """Half of the new key in the keyring, or the passphrase alone."""
        self._with_keyring = with_keyring
        self._view.show_rule(RULE_WITH_KEYRING if with_keyring else RULE_ALONE)

    def change(self, present: str, new: str, again: str) -> None:
        """The person typed these."""
        if self._is_busy:
            return
        shortest = SHORTEST_WITH_KEYRING if self._with_keyring else SHORTEST_PASSPHRASE
        if not present:
            self._view.show_problem("Please enter what opens your cases now.")
        elif len(new) < shortest:
            self._view.show_problem(f"The new one is too short: at least {shortest} characters are needed.")
        elif new != again:
            self._view.show_problem("The new one and its repetition are not the same.")
        elif new == present:
            self._view.show_problem("The new one is the same as the present one; choose another.")
        else:
            self._is_busy = True
            self._view.show_busy(BUSY)
            with_keyring = self._with_keyring
            self._lanes.store_lane(lambda: self._work(present, new, with_keyring), self._done, self._refused)

    def _work(self, present: str, new: str, with_keyring: bool) -> str:
        """On the store lane; the word for what opens the store from now on."""
        keyring = self._find_keyring()
        if keyring is None and (with_keyring or self._needs_keyring()):
            raise KeyringUnavailable(f"The keyring of this computer does not answer. {BROKE_OFF}")
        new_unlock = unlock_with(new, keyring if with_keyring else None)
        self._change_unlock(unlock_with(present, keyring if self._needs_keyring() else None), new_unlock)
        return "PIN" if new_unlock.pin else "passphrase"

    def _begun(self, found: tuple[bool, bool]) -> None:
        self._is_busy = False
        is_needed, is_there = found
        self._view.show_ways(with_keyring=is_needed, can_choose=is_needed or is_there)
        self.choose(is_needed)

    def _done(self, word: str) -> None:
        self._changed(CHANGED.format(word=word))

    def _refused(self, error: Exception) -> None:
        self._is_busy = False
        self._view.show_problem(str(error) if isinstance(error, SyncError) else BROKE_OFF)
