"""Two hospitals on one computer, in the window: each shows its own cases alone, under a passphrase of its own.

By keyboard, from a computer that knows no hospital; and what stands in the way of opening is said in the window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidget

from sync.errors import UnlockRefused
from sync.store.database import open_store
from sync.vault.keys import Unlock
from tests.sync.authorization_doubles import MemoryKeyring
from tests.sync.small_hospital import HospitalServer, SmallHospital
from tests.sync.store.profile_holder import held_by_another_program
from tests.workstation.test_signing_in import (  # noqa: F401 - fixtures
    browser,
    find,
    hospital,
    hospital_server,
    keyring,
    press,
    started,
    until,
)
from workstation.places import list_profiles, profile_directory
from workstation.startup import RunningApplication
from workstation.tour.hands import Hands

pytestmark = [pytest.mark.qt, pytest.mark.journey, pytest.mark.timeout(120)]

Start = Callable[[str], RunningApplication]
PINS = {"first": "a passphrase for the first", "second": "another one for the second"}


@pytest.fixture
def other_hospital(tmp_path: Path) -> Iterator[SmallHospital]:
    with HospitalServer() as server, server.hospital(tmp_path / "other") as other:
        other.add_case("SO-77", instances=1, slide=False)
        other.change("Practitioner/demo-specialist", name=[{"text": "Dr. Ilse Marwick"}])
        yield other


def type_word(running: RunningApplication, word: str) -> None:
    """Past the lock page, which asks a new store's word twice."""
    while running.window.current_page != "worklist":
        field = QApplication.focusWidget()
        asked = isinstance(field, QLineEdit) and field.objectName().startswith("lock-") and field.isEnabled()
        if isinstance(field, QLineEdit) and asked and not field.text():
            QTest.keyClicks(field, word)
            press(Qt.Key.Key_Return)
        QApplication.processEvents()
    until(lambda: running.is_ready, "the pages")


def cases_shown() -> set[str]:
    """The numbers in the worklist on the screen."""
    shown = "\n".join(Hands().texts())
    return {number for number in ("SO-1", "SO-77") if f"{number}\n" in f"{shown}\n" or f"{number} " in shown}


def add(running: RunningApplication, hospital: SmallHospital, word: str) -> None:  # noqa: F811
    until(lambda: find("hospitals-address") is not None, "no list of hospitals")
    address = find("hospitals-address")
    assert address is not None
    Hands().write(address, f"127.0.0.1:{hospital.port}")
    press(Qt.Key.Key_Return)
    until(lambda: find("lock-again") is not None, f"no lock page: {running.failure}")
    type_word(running, word)


def test_that_two_hospitals_stand_side_by_side_and_never_mix(
    started: Start,  # noqa: F811
    hospital: SmallHospital,  # noqa: F811
    other_hospital: SmallHospital,
    tmp_path: Path,
    keyring: MemoryKeyring,  # noqa: F811
) -> None:
    keyring.absent = True  # each store under its passphrase alone
    first = started("")
    add(first, hospital, PINS["first"])
    until(lambda: cases_shown() == {"SO-1"}, "not the first hospital's case alone")
    first.registry.run("hospital.list")
    assert first.wants_hospitals
    second = started("")
    add(second, other_hospital, PINS["second"])
    until(lambda: cases_shown() == {"SO-77"}, f"not the second hospital's case alone: {Hands().texts()}")
    second.registry.run("hospital.list")

    home = tmp_path / "home"
    names = list_profiles(home)
    assert len(names) == 2
    again = started("")
    until(lambda: find("hospitals-list") is not None, "no list of hospitals")
    known = find("hospitals-list")
    assert isinstance(known, QListWidget) and known.count() == 2
    press(Qt.Key.Key_Return)
    until(lambda: find("lock-word") is not None, "no lock page")
    type_word(again, PINS["first"])
    until(lambda: cases_shown() == {"SO-1"}, "the first hospital's case is not back alone")
    again.close()
    for name, own in zip(names, PINS.values(), strict=True):
        foreign = next(word for word in PINS.values() if word != own)
        store = open_store(profile_directory(home, name), unlock=Unlock(passphrase=own), read_only=True)
        assert {case.case_id for case in store.cases.list_cases()} == ({"SO-1"} if own == PINS["first"] else {"SO-77"})
        store.close()
        with pytest.raises(UnlockRefused):
            open_store(profile_directory(home, name), unlock=Unlock(passphrase=foreign), read_only=True)


def test_that_the_window_says_who_has_the_hospital_open_already(started: Start, tmp_path: Path) -> None:  # noqa: F811
    with held_by_another_program(profile_directory(tmp_path / "home", "clinic")) as holder:
        second = started("clinic")
        until(lambda: bool(second.failure), "the second window opened")
        assert "“clinic”" in second.failure and f"process {holder}" in second.failure
        assert any(second.failure in text for text in Hands().texts()), "the sentence is not in the window"
