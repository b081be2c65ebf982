"""The running program at a small hospital, and hands on it: for journeys that show one thing on the screen.

Pictures go to the folder in READINGROOM_PICTURES, where it is set.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QPushButton, QTableView, QTableWidget, QWidget

from sync.demo_hospital.case_resources import OWNER
from sync.records.opinion import OpinionDraft
from sync.signing.gate import enrol
from sync.store.database import Store, open_store
from sync.sync_round import run_sync_round
from tests.sync.signing.own_authority import PIN, Authority
from tests.sync.small_hospital import SmallHospital
from tests.sync.test_outbox import CASE, signed_opinion
from workstation.startup import RunningApplication, build_application
from workstation.tour.hands import Hands, let_live

CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
PASSPHRASE = "correct horse battery"


class Screen:
    """The running program and hands on it."""

    def __init__(self, running: RunningApplication) -> None:
        self.running = running
        self.hands = Hands()

    @property
    def window(self) -> QWidget:
        return self.running.window

    @property
    def store(self) -> Store:
        assert self.running._store is not None
        return self.running._store

    def conflict(self) -> QDialog:
        return self.hands.wait_for("conflict-dialog", QDialog)

    def sentence(self) -> str:
        return self.hands.wait_for("conflict-sentence", QLabel).text()

    def choices(self) -> list[str]:
        buttons = self.conflict().findChildren(QPushButton)
        return [button.text().replace("&", "") for button in buttons]

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Pressed where the focus is: at the dialog while there is one."""
        dialog = self.hands.look_for("conflict-dialog", QDialog)
        self.hands.key(dialog or self.window, key, modifier)

    def wait_for_no_dialog(self) -> None:
        self.hands.wait_until(lambda: self.hands.look_for("conflict-dialog", QDialog) is None, "the dialog to go")

    def waiting(self) -> str:
        """What the status line says of what waits to leave."""
        words = self.hands.look_for("status-outbox", QLabel)
        return words.text() if words is not None else ""

    def leaving(self) -> list[str]:
        """The rows of what waits to leave, on the transfers page."""
        self.key(Qt.Key.Key_F7)
        let_live(0.3)
        table = self.hands.look_for("leaving-table", QTableWidget)
        if table is None:
            return []
        cells = [[table.item(row, column) for column in range(table.columnCount())] for row in range(table.rowCount())]
        return [" | ".join(cell.text() for cell in row if cell is not None) for row in cells]

    def cases_in_worklist(self) -> int:
        self.key(Qt.Key.Key_F2)
        table = self.hands.look_for("worklist-table", QTableView)
        return table.model().rowCount() if table is not None else 0

    def state_in_worklist(self) -> str:
        """The pill of the case in the worklist."""
        self.key(Qt.Key.Key_F2)
        table = self.hands.find("worklist-table", QTableView)
        return str(table.model().index(0, 0).data())

    def opinion_status(self) -> str:
        """The pill and the line of the opinion page, and whatever else they say."""
        self.key(Qt.Key.Key_F6)
        self.hands.wait_until(lambda: self.hands.look_for("opinion-status", QLabel) is not None, "the opinion page")
        return self.hands.find("opinion-status", QLabel).text()

    def open_case(self) -> None:
        from workstation.worklist.page import WorklistPage

        self.key(Qt.Key.Key_F2)
        page = self.hands.wait_for("page-worklist", WorklistPage)
        page.open_requested.emit(str(CASE))
        self.hands.wait_until(lambda: "Moreau" in self.identity(), "the case to open")

    def identity(self) -> str:
        name = self.hands.look_for("patient-strip-name", QLabel)
        return name.text() if name is not None else ""

    def photograph(self, name: str) -> None:
        """The window with the dialog over it, where there is one."""
        folder = os.environ.get("READINGROOM_PICTURES")
        if folder:
            let_live(0.4)
            picture = self.window.grab()
            dialog = self.hands.look_for("conflict-dialog", QDialog)
            if dialog is not None:
                painter = QPainter(picture)
                painter.drawPixmap(dialog.pos() - self.window.pos(), dialog.grab())
                painter.end()
            assert picture.save(str(Path(folder) / f"{name}.png"))

    def photograph_worklist(self, name: str) -> None:
        self.key(Qt.Key.Key_F2)
        self.photograph(name)

    def sign_by_keyboard(self, diagnosis: str, name: str) -> None:
        """From wherever the reader is: the form, its one question, the signing dialog, and both secrets."""
        self.key(Qt.Key.Key_F6)
        self.hands.wait_until(
            lambda: any("Only on this computer until you sign it" in t for t in self.hands.texts()), "the form open"
        )
        line = self.hands.wait_for("item:opinion.dx", QWidget)
        self.hands.overwrite(line, diagnosis)
        self.photograph(f"{name}-d-form")
        self.key(Qt.Key.Key_G, CONTROL | SHIFT)
        dialog = self.hands.wait_for("signing-dialog", QDialog)
        confirm = self.hands.find("signing-confirm", QPushButton)
        self.hands.wait_until(confirm.isEnabled, "the pages to be drawn", 40)
        self.photograph_dialog(dialog, f"{name}-e-signing")
        self.hands.write(self.hands.find("signing-passphrase", QLineEdit), PASSPHRASE)
        self.hands.key(dialog, Qt.Key.Key_Tab)
        self.hands.write(self.hands.find("signing-pin", QLineEdit), PIN)
        self.hands.key(self.hands.find("signing-pin", QLineEdit), Qt.Key.Key_Return)
        self.hands.wait_until(lambda: self.hands.look_for("signing-dialog", QDialog) is None, "the signature", 40)

    def photograph_dialog(self, dialog: QDialog, name: str) -> None:
        folder = os.environ.get("READINGROOM_PICTURES")
        if folder:
            let_live(0.4)
            assert dialog.grab().save(str(Path(folder) / f"{name}.png"))


Begin = Callable[..., Screen]
BeginAgain = Callable[[Screen], Screen]


@pytest.fixture
def begin(hospital: SmallHospital, tmp_path: Path, qapp: Any, authority: Authority) -> Iterator[Begin]:
    """Opens the program on a case that is here, *signed* or not, with so many images, after *change* happened at the
    hospital."""
    running: list[RunningApplication] = []

    def start(signed: bool, change: Callable[[], object] = lambda: None, instances: int = 0) -> Screen:
        home = tmp_path / "home"
        hospital.add_case(instances=instances, status="in-progress")
        hospital.profile().save(home / "demo" / "profile.json")
        store = open_store(home / "demo")
        assert run_sync_round(store, hospital.profile()).complete
        binding = {"pin": PIN, "practitioner_reference": OWNER}
        enrol(store, authority.identity("Dr. Ilse Marwick"), authority.pem, PASSPHRASE, **binding)
        if signed:
            store.opinions.put_draft(OpinionDraft(CASE, signed_opinion().frozen.response, datetime.now(UTC)))
            store.opinions.put_signed(signed_opinion())
        store.close()
        change()
        application = build_application(home, "demo")
        running.append(application)
        screen = Screen(application)
        screen.hands.wait_until(lambda: application.is_ready or bool(application.failure), "the program", 40)
        assert not application.failure
        return screen

    yield start
    for application in running:
        application.close()


@pytest.fixture
def begin_again(tmp_path: Path) -> Iterator[BeginAgain]:
    """Ends the program and starts it anew on what it left on the disk."""
    running: list[RunningApplication] = []

    def start(former: Screen) -> Screen:
        former.running.close()
        running.append(build_application(tmp_path / "home", "demo"))
        screen = Screen(running[-1])
        screen.hands.wait_until(lambda: running[-1].is_ready or bool(running[-1].failure), "the program", 40)
        assert not running[-1].failure
        return screen

    yield start
    for application in running:
        application.close()
