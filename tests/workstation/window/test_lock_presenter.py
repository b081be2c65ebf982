"""What the lock page asks, and what it answers to a wrong, a weak and a right passphrase."""

from __future__ import annotations

from typing import Any

import pytest

from sync.errors import UnlockRefused
from sync.vault.keys import Unlock
from tests.sync.vault.keyring_in_memory import KeyringInMemory
from tests.workstation.lanes import ImmediateLanes
from workstation.window.lock_presenter import LockPresenter, LockQuestion, first_question, locked_question


class Face:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.question: LockQuestion | None = None

    def show_question(self, question: LockQuestion) -> None:
        self.question = question

    def show_problem(self, sentence: str) -> None:
        self.said.append(sentence)

    def show_busy(self, sentence: str) -> None:
        self.said.append(sentence)


class Door:
    """Takes one word."""

    def __init__(self, error: Exception | None = None) -> None:
        self.given: list[Unlock] = []
        self.opened: list[Any] = []
        self.failed: list[Exception] = []
        self.error = error

    def attempt(self, unlock: Unlock) -> str:
        self.given.append(unlock)
        if self.error is not None:
            raise self.error
        if unlock.word != "correct horse battery":
            raise UnlockRefused("That is not it; 4 tries are left.")
        return "open"


def ask(question: LockQuestion, door: Door, keeper: KeyringInMemory | None = None) -> tuple[LockPresenter, Face]:
    face = Face()
    presenter = LockPresenter(face, ImmediateLanes())
    presenter.ask(question, lambda: keeper, door.attempt, door.opened.append, door.failed.append)
    return presenter, face


def test_that_a_wrong_word_is_told_and_the_right_one_opens() -> None:
    door = Door()
    presenter, face = ask(locked_question(with_keyring=False), door)
    presenter.answered("wrong", "")
    assert (face.said[-1], door.opened) == ("That is not it; 4 tries are left.", [])
    presenter.answered("correct horse battery", "")
    assert door.opened == ["open"]
    presenter.answered("correct horse battery", "")
    assert len(door.given) == 2  # the question is answered


def test_that_a_new_word_is_typed_twice_alike() -> None:
    door = Door()
    presenter, face = ask(first_question(False), door)
    presenter.answered("correct horse battery", "correct horse batery")
    assert (face.said, door.given) == (["The two are not the same."], [])
    presenter.answered("correct horse battery", "correct horse battery")
    assert door.opened == ["open"]


@pytest.mark.parametrize(("with_keyring", "is_pin"), [(False, False), (True, True)])
def test_that_digits_are_a_pin_only_beside_a_keyring(with_keyring: bool, is_pin: bool) -> None:
    door = Door()
    presenter, _ = ask(first_question(False), door, KeyringInMemory() if with_keyring else None)
    presenter.answered("123456", "123456")
    (given,) = door.given
    assert bool(given.pin) is is_pin and (given.keeper is not None) is with_keyring


def test_that_what_no_other_word_cures_is_handed_on() -> None:
    door = Door(OSError("gone"))
    presenter, _ = ask(locked_question(with_keyring=False), door)
    presenter.answered("correct horse battery", "")
    assert door.failed == [door.error]


def test_that_the_rule_for_a_new_word_is_said_before_it_is_broken() -> None:
    assert "12 characters" in first_question(False).text
    assert "6 digits" in first_question(True).text


def test_that_a_pin_is_asked_for_only_where_one_can_have_been_set() -> None:
    assert locked_question(with_keyring=False).field == "Passphrase"
    assert locked_question(with_keyring=True).field == "Passphrase or PIN"
