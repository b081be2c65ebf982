"""What the lock page asks and what becomes of the answer: a first passphrase, or the one that opens the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sync.errors import SyncError
from sync.vault.key_record import SHORTEST_PASSPHRASE, SHORTEST_WITH_KEYRING
from sync.vault.keys import SecretKeeper, Unlock
from workstation.lanes import Lanes
from workstation.unlocking import unlock_with

RULE_WITH_KEYRING = (
    f"At least {SHORTEST_WITH_KEYRING} digits or characters: the other half is in this computer's keyring."
)


@dataclass(frozen=True, slots=True)
class LockQuestion:
    """What the page shows. *twice*: a new word is asked for, and once more."""

    title: str
    text: str
    field: str
    button: str
    twice: bool
    hint: str = ""


class LockView(Protocol):
    """The page."""

    def show_question(self, question: LockQuestion) -> None:
        """Ask, with empty fields."""

    def show_problem(self, sentence: str) -> None:
        """Say why not, empty the fields and take the next answer."""

    def show_busy(self, sentence: str) -> None:
        """An answer is being tried: take no other."""


class LockPresenter:
    """One answer at a time. *find_keeper* and the attempt run on the store lane: a keyring may ask questions too."""

    def __init__(self, view: LockView, lanes: Lanes) -> None:
        self._view = view
        self._lanes = lanes
        self._find_keeper: Callable[[], SecretKeeper | None] = lambda: None
        self._question: LockQuestion | None = None
        self._attempt: Callable[[Unlock], Any] | None = None
        self._opened: Callable[[Any], None] = lambda _result: None
        self._failed: Callable[[Exception], None] = lambda _error: None

    def ask(
        self,
        question: LockQuestion,
        find_keeper: Callable[[], SecretKeeper | None],
        attempt: Callable[[Unlock], Any],
        opened: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Show *question*; each answer is tried with *attempt*. *failed* hears of what no other answer would cure."""
        self._question, self._find_keeper = question, find_keeper
        self._attempt, self._opened, self._failed = attempt, opened, failed
        self._view.show_question(question)

    def answered(self, word: str, again: str) -> None:
        """The person typed *word* (and, for a new one, *again*)."""
        attempt, question = self._attempt, self._question
        if attempt is None or question is None or not word:
            return
        if question.twice and word != again:
            self._view.show_problem("The two are not the same.")
            return
        find_keeper = self._find_keeper

        def work() -> Any:
            return attempt(unlock_with(word, find_keeper()))

        self._attempt = None
        self._view.show_busy("Setting the passphrase…" if question.twice else "Opening…")
        self._lanes.store_lane(work, self._done, lambda error: self._refused(error, attempt))

    def _done(self, result: Any) -> None:
        self._question = None
        self._opened(result)

    def _refused(self, error: Exception, attempt: Callable[[Unlock], Any]) -> None:
        self._attempt = attempt
        if isinstance(error, SyncError):
            self._view.show_problem(str(error))
        else:
            self._failed(error)


def first_question(with_keyring: bool) -> LockQuestion:
    """Before anything is kept on this computer."""
    if not with_keyring:
        rule = f"At least {SHORTEST_PASSPHRASE} characters: this computer has no keyring that could hold a second half."
    else:
        rule = RULE_WITH_KEYRING
    return LockQuestion(
        "Protect your cases",
        "What the hospital sends is kept encrypted on this computer. Choose what opens it. Nobody can tell you it "
        f"later: without it, what was not sent yet is lost.\n\n{rule}",
        "PIN or passphrase" if with_keyring else "Passphrase",
        "Set and open",
        twice=True,
    )


def locked_question(with_keyring: bool, hint: str = "") -> LockQuestion:
    """At a start, and after the window was locked. Only *with_keyring* can a PIN have been set."""
    return LockQuestion(
        "Reading Room is locked",
        "Your cases are encrypted on this computer. Work in progress was saved.",
        "Passphrase or PIN" if with_keyring else "Passphrase",
        "Unlock",
        twice=False,
        hint=hint,
    )
