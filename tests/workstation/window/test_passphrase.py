"""Changing what opens the store: what the dialog asks, refuses and says, and that it goes by keyboard."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sync.errors import UnlockRefused
from sync.store.database import open_store
from sync.vault.keys import Unlock
from tests.sync.vault.keyring_in_memory import KeyringInMemory
from tests.workstation.lanes import ImmediateLanes
from workstation.background import Background
from workstation.passphrase_desk import PassphraseDesk
from workstation.tour.hands import let_live
from workstation.window.main_window import MainWindow
from workstation.window.passphrase_dialog import PassphraseDialog
from workstation.window.passphrase_presenter import BROKE_OFF, RULE_ALONE, PassphrasePresenter

PRESENT, NEXT = "correct horse battery", "another long passphrase"


class Face:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.rule = ""
        self.ways: tuple[bool, bool] | None = None

    def show_ways(self, *, with_keyring: bool, can_choose: bool) -> None:
        self.ways = with_keyring, can_choose

    def show_rule(self, rule: str) -> None:
        self.rule = rule

    def show_busy(self, sentence: str) -> None:
        self.said.append(sentence)

    def show_problem(self, sentence: str) -> None:
        self.said.append(sentence)


class Sheet:
    """One dialog over a store that opens with PRESENT, or with the keyring and a PIN."""

    def __init__(self, *, needs_keyring: bool = False, keyring: KeyringInMemory | None = None) -> None:
        self.face, self.lanes = Face(), ImmediateLanes()
        self.changes: list[tuple[Unlock, Unlock]] = []
        self.done: list[str] = []
        self.error: Exception | None = None
        self.keyring = keyring
        self.presenter = PassphrasePresenter(
            self.face, self.lanes, lambda: needs_keyring, lambda: self.keyring, self._change, self.done.append
        )
        self.presenter.begin()

    def _change(self, old: Unlock, new: Unlock) -> None:
        if self.error is not None:
            raise self.error
        self.changes.append((old, new))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (("", NEXT, NEXT), "Please enter what opens"),
        ((PRESENT, "elevenchars", "elevenchars"), "at least 12"),
        ((PRESENT, NEXT, NEXT + "x"), "not the same"),
        ((PRESENT, PRESENT, PRESENT), "choose another"),
    ],
)
def test_that_what_cannot_be_right_is_said_before_a_try_is_made(typed: tuple[str, str, str], sentence: str) -> None:
    sheet = Sheet()
    sheet.presenter.change(*typed)
    assert sentence in sheet.face.said[-1]
    assert not sheet.changes


def test_that_the_way_the_store_opens_is_kept_and_no_other_offered_without_a_keyring() -> None:
    sheet = Sheet()
    assert (sheet.face.ways, sheet.face.rule) == ((False, False), RULE_ALONE)
    sheet.presenter.change(PRESENT, NEXT, NEXT)
    assert sheet.changes == [(Unlock(passphrase=PRESENT), Unlock(passphrase=NEXT))]
    assert sheet.done == ["The passphrase is changed; the next unlock asks for the new one."]


def test_that_a_keyring_that_came_later_can_be_chosen_and_left_again() -> None:
    keyring = KeyringInMemory()
    sheet = Sheet(keyring=keyring)
    assert sheet.face.ways == (False, True)
    sheet.presenter.choose(True)
    sheet.presenter.change(PRESENT, "493817", "493817")
    assert sheet.changes == [(Unlock(passphrase=PRESENT), Unlock(pin="493817", keeper=keyring))]
    assert sheet.done[0].startswith("The PIN is changed")
    back = Sheet(needs_keyring=True, keyring=keyring)
    assert back.face.ways == (True, True)
    back.presenter.choose(False)
    back.presenter.change("493817", NEXT, NEXT)
    assert back.changes == [(Unlock(pin="493817", keeper=keyring), Unlock(passphrase=NEXT))]


def test_that_a_refusal_is_said_and_the_next_answer_taken_and_two_at_once_are_not() -> None:
    sheet = Sheet()
    sheet.error = UnlockRefused("That is not the passphrase or PIN of this store; 4 tries are left.")
    sheet.presenter.change("not this one", NEXT, NEXT)
    assert "4 tries are left" in sheet.face.said[-1]
    sheet.error = None
    sheet.lanes.is_held = True
    sheet.presenter.change(PRESENT, NEXT, NEXT)
    sheet.presenter.change(PRESENT, NEXT, NEXT)
    assert sheet.lanes.waiting == 1
    sheet.lanes.release()
    assert len(sheet.changes) == 1


def test_that_a_keyring_that_went_away_changes_nothing_and_is_said() -> None:
    sheet = Sheet(needs_keyring=True, keyring=KeyringInMemory())
    sheet.keyring = None
    sheet.presenter.change("493817", "112233", "112233")
    assert BROKE_OFF in sheet.face.said[-1]
    assert not sheet.changes


def until_idle(background: Background) -> None:
    deadline = time.monotonic() + 30
    while not background.is_idle:
        assert time.monotonic() < deadline
        let_live(0.01)


@pytest.fixture
def window(qapp: QApplication) -> Iterator[MainWindow]:
    window = MainWindow()
    window.show()
    yield window
    window.close()
    window.deleteLater()


@pytest.mark.qt
def test_that_the_passphrase_of_an_open_store_is_changed_by_keyboard(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workstation.passphrase_desk.usable_keyring", lambda: None)
    store = open_store(tmp_path / "profile", unlock=Unlock(passphrase=PRESENT))
    background = Background()
    desk = PassphraseDesk(window, background, store)
    desk.action(lambda: True).run()
    (dialog,) = window.findChildren(PassphraseDialog)
    until_idle(background)
    for field, word in ((dialog.present, PRESENT), (dialog.new, NEXT), (dialog.again, NEXT)):
        QTest.keyClicks(field, word)
    QTest.keyClick(dialog.again, Qt.Key.Key_Return)
    assert not dialog.accept_button.isEnabled(), "it says that it works, and takes no second answer"
    dialog.reject()
    assert dialog.isVisible(), "half-way there is no way out"
    until_idle(background)
    assert not any(left.isVisible() for left in window.findChildren(PassphraseDialog))
    store.lock()
    with pytest.raises(UnlockRefused):
        store.unlock(Unlock(passphrase=PRESENT))
    store.unlock(Unlock(passphrase=NEXT))
    background.shutdown()
    store.close()
