"""From an empty computer to the worklist by keyboard: the hospital's address, a sign-in in the browser, the cases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListWidget, QWidget

from sync.hospital_profile import HospitalProfile
from tests.sync.authorization_doubles import MemoryKeyring, ScriptedBrowser
from tests.sync.small_hospital import HospitalServer, SmallHospital
from workstation.places import hospital_profile_path, list_profiles
from workstation.startup import RunningApplication, build_application
from workstation.window.sign_in_dialog import SignInDialog

pytestmark = [pytest.mark.qt, pytest.mark.journey]


@pytest.fixture(scope="module")
def hospital_server() -> Iterator[HospitalServer]:
    with HospitalServer() as server:
        yield server


@pytest.fixture
def hospital(hospital_server: HospitalServer, tmp_path: Path) -> Iterator[SmallHospital]:
    with hospital_server.hospital(tmp_path / "hospital") as hospital:
        hospital.add_case("SO-1", instances=1, slide=False)
        hospital.change("Practitioner/demo-specialist", name=[{"text": "Dr. Ilse Marwick"}])
        yield hospital


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    keyring = MemoryKeyring()
    for module in ("sync.secret_keeper", "sync.authorization.signed_in_account"):
        monkeypatch.setattr(f"{module}.SystemKeyring", lambda: keyring)
    return keyring


@pytest.fixture
def browser() -> Iterator[ScriptedBrowser]:
    browser = ScriptedBrowser()
    yield browser
    browser.close()


@pytest.fixture
def started(
    qapp: QApplication, tmp_path: Path, keyring: MemoryKeyring, browser: ScriptedBrowser
) -> Iterator[Callable[[str], RunningApplication]]:
    running: list[RunningApplication] = []

    def start(profile: str) -> RunningApplication:
        application = build_application(tmp_path / "home", profile)
        application.open_browser = browser
        running.append(application)
        return application

    yield start
    for application in running:
        application.close()
        application.window.deleteLater()


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, what
        QApplication.processEvents()
        time.sleep(0.005)


def find(name: str, kind: type[QWidget] = QWidget) -> QWidget | None:
    """The visible widget called *name*, in any window."""
    for window in QApplication.topLevelWidgets():
        for widget in [window, *window.findChildren(kind)]:
            if widget.objectName() == name and widget.isVisible():
                return widget
    return None


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    target = QApplication.focusWidget()
    assert target is not None, "no widget has the keyboard"
    QTest.keyClick(target, key, modifiers)


def address_of(running: RunningApplication) -> QLineEdit:
    """The field for the address in this very window, once it has the keyboard."""

    def has_keyboard() -> bool:
        field = QApplication.focusWidget()
        return field is not None and field.objectName() == "hospitals-address" and running.window.isAncestorOf(field)

    until(has_keyboard, "the address does not have the keyboard")
    field = QApplication.focusWidget()
    assert isinstance(field, QLineEdit)
    return field


def sign_in_first(running: RunningApplication, hospital: SmallHospital) -> None:
    """By keyboard alone: the address has the focus, Enter goes on."""
    address = address_of(running)
    QTest.keyClicks(address, f"127.0.0.1:{hospital.port}")
    press(Qt.Key.Key_Return)
    unlock(running)


def sign_in_of(keyring: MemoryKeyring) -> str:
    """The one refresh token in the keyring; the store's own secret may lie beside it."""
    (token,) = (secret for name, secret in keyring.secrets.items() if name.startswith("Practitioner/"))
    return token


def unlock(running: RunningApplication) -> None:
    """Go past the lock page, where there is one, to the worklist. A new store asks for its passphrase twice."""
    until(
        lambda: running.window.current_page == "worklist" or _is_word(QApplication.focusWidget()),
        f"the program did not open: {running.failure}",
    )
    while _is_word(field := QApplication.focusWidget()):
        assert field is not None
        QTest.keyClicks(field, "a passphrase of the test")
        press(Qt.Key.Key_Return)
        QApplication.processEvents()
        if QApplication.focusWidget() is field:
            break
    until(lambda: running.window.current_page == "worklist", f"the program did not open: {running.failure}")


def _is_word(widget: QWidget | None) -> bool:
    return widget is not None and widget.isEnabled() and widget.objectName() in ("lock-word", "lock-again")


def test_that_an_empty_computer_leads_to_the_worklist(
    started: Callable[[str], RunningApplication], hospital: SmallHospital, tmp_path: Path, keyring: MemoryKeyring
) -> None:
    running = started("")
    sign_in_first(running, hospital)
    profile = HospitalProfile.load(hospital_profile_path(tmp_path / "home", "lindenhof-demo-hospital"))
    assert profile.practitioner_name == "Dr. Ilse Marwick" and profile.token == ""
    refresh_token = sign_in_of(keyring)
    until(lambda: "Synced" in _text("status-sync"), "no round ended")
    on_disk = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    for secret in (refresh_token.encode(), sign_in_of(keyring).encode()):
        assert on_disk and all(secret not in path.read_bytes() for path in on_disk)


def test_that_a_sign_in_that_ran_out_is_asked_for_once_and_then_the_round_goes_on(
    started: Callable[[str], RunningApplication], hospital: SmallHospital, keyring: MemoryKeyring
) -> None:
    running = started("")
    sign_in_first(running, hospital)
    until(lambda: "Synced" in _text("status-sync"), "no round ended")
    revoked = {"token": sign_in_of(keyring)}
    requests.post(f"http://127.0.0.1:{hospital.port}/oauth/revoke", revoked, timeout=10)
    running.registry.run("sync.now")
    until(lambda: find("sign-in-dialog") is not None, "nobody was asked to sign in")
    until(lambda: isinstance(QApplication.activeWindow(), SignInDialog), "the dialog does not have the keyboard")
    press(Qt.Key.Key_Return)
    until(lambda: find("sign-in-dialog") is None, "the dialog stays")
    until(lambda: "Synced" in _text("status-sync"), "no round after the sign-in")


def test_that_later_is_taken_for_an_answer_and_cancel_leaves_everything(
    started: Callable[[str], RunningApplication], hospital: SmallHospital, keyring: MemoryKeyring, tmp_path: Path
) -> None:
    running = started("")
    sign_in_first(running, hospital)
    until(lambda: "Synced" in _text("status-sync"), "no round ended")
    running.registry.run("hospital.sign_out")
    until(lambda: "signed out" in _text("status-sentence"), "nothing is said of it")
    assert not any(name.startswith("Practitioner/") for name in keyring.secrets)
    running.registry.run("sync.now")
    until(lambda: "sign in" in _text("status-sync"), "the status line does not say it")
    assert find("sign-in-dialog") is None  # who signs out on purpose is not asked
    running.open_browser = lambda address: None
    running.registry.run("hospital.sign_in")
    dialog = find("sign-in-dialog")
    assert isinstance(dialog, SignInDialog)
    until(dialog.isActiveWindow, "the dialog does not have the keyboard")
    press(Qt.Key.Key_Escape)
    until(lambda: find("sign-in-dialog") is None, "Escape does not close it")
    running.registry.run("hospital.list")
    assert running.wants_hospitals
    again = started("")
    until(lambda: isinstance(QApplication.focusWidget(), QListWidget), "the list does not have the keyboard")
    press(Qt.Key.Key_Return)
    unlock(again)


def _text(name: str) -> str:
    """Whole, where there was room for a part only."""
    label = find(name, QLabel)
    return label.accessibleName() or label.text() if isinstance(label, QLabel) else ""


def test_that_an_address_that_is_no_hospital_is_said_on_the_page_and_can_be_mended(
    started: Callable[[str], RunningApplication], hospital: SmallHospital, tmp_path: Path
) -> None:
    running = started("")
    address = address_of(running)
    press(Qt.Key.Key_Return)
    until(lambda: "Please enter the address" in _text("hospitals-message"), "nothing is said")
    QTest.keyClicks(address, "http://hospital.example")
    press(Qt.Key.Key_Return)
    until(lambda: "plain http" in _text("hospitals-message"), "nothing is said")
    assert list_profiles(tmp_path / "home") == ()
    assert not running.failure


def test_that_without_a_keyring_the_reader_is_told_how_long_the_sign_in_lasts(
    started: Callable[[str], RunningApplication], hospital: SmallHospital, keyring: MemoryKeyring
) -> None:
    keyring.absent = True
    running = started("")
    sign_in_first(running, hospital)
    until(lambda: "lasts until Reading Room is closed" in _text("status-sentence"), "it is not said")
    running.registry.run("hospital.sign_in")
    dialog = find("sign-in-dialog")
    assert isinstance(dialog, SignInDialog)
    assert any("You are signed in as" in label.text() for label in dialog.findChildren(QLabel))
    dialog.reject()
