"""From an empty computer to the worklist by keyboard: the hospital's address, a sign-in in the browser, the cases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListWidget, QPushButton, QWidget

from sync.hospital_profile import HospitalProfile
from tests.sync.authorization_doubles import MemoryKeyring, ScriptedBrowser
from tests.sync.small_hospital import HospitalServer, SmallHospital
from workstation.cli import main
from workstation.hospital_list import list_hospitals, remove_hospital
from workstation.places import free_profile_name, hospital_profile_path, list_profiles
from workstation.startup import RunningApplication, build_application
from workstation.window.browser_pane import BrowserPane
from workstation.window.hospitals_page import HospitalsPage
from workstation.window.sign_in_dialog import SignInDialog

pytestmark = pytest.mark.qt


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


def sign_in_first(running: RunningApplication, hospital: SmallHospital) -> None:
    """By keyboard alone: the address has the focus, Enter goes on."""
    until(lambda: isinstance(QApplication.focusWidget(), QLineEdit), "the address does not have the keyboard")
    address = QApplication.focusWidget()
    assert address is not None and address.objectName() == "hospitals-address"
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


def test_that_the_window_opens_again_at_the_list_until_it_is_closed_for_good(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[str] = []

    class Window:
        def __init__(self, profile: str) -> None:
            self.wants_hospitals = profile == "clinic"

    def build(home: Path, profile: str, **_named: object) -> Window:
        opened.append(profile)
        return Window(profile)

    monkeypatch.setattr("workstation.startup.build_application", build)
    monkeypatch.setattr("workstation.commands.workstation_command.stay_open", lambda _window: 0)
    assert main(["--home", str(tmp_path)]) == 0
    assert main(["--home", str(tmp_path), "--profile", "clinic"]) == 0
    assert opened == ["", "clinic", ""]


def _text(name: str) -> str:
    label = find(name, QLabel)
    return label.text() if isinstance(label, QLabel) else ""


def test_that_an_address_that_is_no_hospital_is_said_on_the_page_and_can_be_mended(
    started: Callable[[str], RunningApplication], hospital: SmallHospital, tmp_path: Path
) -> None:
    running = started("")
    until(lambda: isinstance(QApplication.focusWidget(), QLineEdit), "the address does not have the keyboard")
    address = QApplication.focusWidget()
    assert address is not None
    press(Qt.Key.Key_Return)
    assert "Please enter the address" in _text("hospitals-message")
    QTest.keyClicks(address, "http://hospital.example")
    press(Qt.Key.Key_Return)
    until(lambda: "plain http" in _text("hospitals-message"), "nothing is said")
    assert list_profiles(tmp_path / "home") == ()
    assert not running.failure


def test_that_a_browser_that_did_not_open_can_be_helped_and_a_wait_cancelled(qapp: QApplication) -> None:
    pane = BrowserPane()
    cancelled: list[bool] = []
    pane.cancelled.connect(lambda: cancelled.append(True))
    pane.show_waiting("https://login.hospital.example/authorize?x=1")
    pane.show()
    copy, cancel = pane.findChild(QPushButton, "browser-copy"), pane.findChild(QPushButton, "browser-cancel")
    assert isinstance(copy, QPushButton) and isinstance(cancel, QPushButton)
    copy.click()
    assert QApplication.clipboard().text() == "https://login.hospital.example/authorize?x=1"
    cancel.click()
    assert cancelled == [True]
    pane.deleteLater()


def test_that_a_hospital_is_removed_only_after_a_second_question(qapp: QApplication, tmp_path: Path) -> None:
    _write(tmp_path, "one")
    _write(tmp_path, "two")
    page = HospitalsPage()
    page.show()
    page.show_hospitals(list_hospitals(tmp_path))
    asked: list[str] = []
    page.remove_requested.connect(asked.append)
    page.remove.click()
    box = QApplication.activeModalWidget()
    assert box is not None
    QTest.keyClick(box, Qt.Key.Key_Return)  # Cancel is what Enter means
    assert asked == []
    remove_hospital(tmp_path, "one", MemoryKeyring())
    assert [hospital.profile_name for hospital in list_hospitals(tmp_path)] == ["two"]
    assert not (tmp_path / "one").exists()
    page.deleteLater()


def test_that_names_of_profiles_are_plain_and_never_taken_twice(tmp_path: Path) -> None:
    assert free_profile_name(tmp_path, "St. Üxample / Klinik") == "st-xample-klinik"
    assert free_profile_name(tmp_path, "Demo") == "demo-2"
    _write(tmp_path, "clinic")
    assert free_profile_name(tmp_path, "Clinic") == "clinic-2"
    assert free_profile_name(tmp_path, "∅") == "hospital"


def _write(home: Path, name: str) -> None:
    HospitalProfile(
        name=name, hospital_name=name, fhir_base="http://127.0.0.1:1/fhir", dicomweb_base="http://127.0.0.1:1/d",
        files_base="http://127.0.0.1:1/f", token="", practitioner_reference="Practitioner/me",
        practitioner_name="Dr Me",
    ).save(hospital_profile_path(home, name))  # fmt: skip
