"""The opinion page with real lanes, real clicks and a real signature."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QListWidget, QPushButton, QScrollArea, QWidget

from sync.records.opinion import Receipt
from sync.records.questionnaire import Questionnaire
from sync.store.database import Store
from tests.sync.signing.own_authority import PIN
from tests.workstation.opinion.cases import some_case
from tests.workstation.opinion.conftest import PASSPHRASE, complete_response
from workstation.background import Background
from workstation.clock import local_now
from workstation.opinion.marks_export import export_marks
from workstation.opinion.opinion_desk import draft_of, load_desk
from workstation.opinion.page import OpinionPage
from workstation.opinion.presenter import OpinionPresenter
from workstation.opinion.signing_dialog import SigningDialog
from workstation.window.patient_identity import PatientIdentity

pytestmark = pytest.mark.qt

CASE = some_case().case_id


@dataclass(frozen=True)
class Page:
    width_px: int
    height_px: int
    stride_bytes: int
    pixels: bytes


def blank_pages(_pdf: bytes, width_px: int) -> Sequence[Page]:
    return [Page(width_px, 40, width_px * 4, b"\xff" * (width_px * 4 * 40))]


class Desk:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.background = Background()
        self.rendered: list[bytes] = []
        self.syncs: list[bool] = []

        def render(pdf: bytes, width_px: int) -> Sequence[Page]:
            self.rendered.append(pdf)
            return blank_pages(pdf, width_px)

        self.presenter = OpinionPresenter(
            store,
            self.background,
            now=local_now,
            changed=lambda _changes: None,
            sync_requested=lambda: self.syncs.append(True),
            export_marks=export_marks,
            draw_key_images=None,
            app_version="0.1.0",
        )
        self.page = OpinionPage(self.presenter, self.background, render)
        self.page.resize(1600, 900)
        self.page.show()

    def wait(self, until: Callable[[], bool] = lambda: True) -> None:
        deadline = time.monotonic() + 20
        while not (until() and self.background.is_idle):
            assert time.monotonic() < deadline, "nothing came"
            QApplication.processEvents()
            time.sleep(0.002)
        QApplication.processEvents()

    def find(self, kind: type[QWidget], name: str) -> QWidget:
        found: QWidget | None = self.page.findChild(kind, name)
        assert found is not None, name
        return found

    def text(self, name: str) -> str:
        label = self.find(QLabel, name)
        assert isinstance(label, QLabel)
        return label.text()

    def click(self, name: str) -> None:
        QTest.mouseClick(self.find(QPushButton, name), Qt.MouseButton.LeftButton)

    def enter(self, passphrase: str, pin: str) -> None:
        for name, text in (("signing-passphrase", passphrase), ("signing-pin", pin)):
            line = self.find(QLineEdit, name)
            line.setFocus()
            QTest.keyClicks(line, text)
        self.wait(self.find(QPushButton, "signing-confirm").isEnabled)
        self.click("signing-confirm")

    def open_complete(self, form: Questionnaire) -> None:
        draft = draft_of(load_desk(self.store, CASE), complete_response(form), datetime.now(UTC))
        self.store.opinions.put_draft(draft)
        self.presenter.open_case(CASE)
        self.wait(lambda: self.page.form.widget() is not None and self.presenter.case_id == CASE)


@pytest.fixture
def desk(qapp: QApplication, store: Store) -> Iterator[Desk]:
    made = Desk(store)
    yield made
    made.page.close()
    assert made.background.shutdown()
    made.page.deleteLater()
    QApplication.sendPostedEvents(None, 52)  # DeferredDelete


def test_that_a_missing_answer_opens_no_dialog_and_puts_the_cursor_there(desk: Desk) -> None:
    desk.presenter.open_case(CASE)
    desk.wait(lambda: desk.presenter.case_id == CASE)
    desk.click("opinion-sign")
    desk.wait(lambda: QApplication.focusWidget() is not None)
    assert desk.page.findChild(QDialog, "signing-dialog") is None
    assert QApplication.focusWidget().objectName() == "item:q.answer.text[0]"
    checks = desk.find(QListWidget, "checks-list")
    assert isinstance(checks, QListWidget)
    lines = [checks.item(row).text() for row in range(checks.count())]
    assert lines[:2] == ["1 Clinical question", "Answers 1 › Answer is not answered."]
    assert lines[lines.index("8 Limitations of this opinion") + 1] == "Not answered."


def test_that_the_keyboard_goes_from_a_check_to_its_question(desk: Desk) -> None:
    desk.presenter.open_case(CASE)
    desk.wait(lambda: desk.presenter.case_id == CASE)
    checks = desk.find(QListWidget, "checks-list")
    assert isinstance(checks, QListWidget)
    checks.setFocus()
    heads = [row for row in range(checks.count()) if not checks.item(row).flags() & Qt.ItemFlag.ItemIsEnabled]
    checks.setCurrentRow(heads[-1] - 1)
    QTest.keyClick(checks, Qt.Key.Key_Down)
    assert checks.currentRow() == heads[-1] + 1, "a section's name takes no key"
    QTest.keyClick(checks, Qt.Key.Key_Return)
    desk.wait(lambda: QApplication.focusWidget() is not checks)
    assert QApplication.focusWidget().objectName() == "item:lim"


def test_that_signing_asks_for_both_secrets_refuses_wrong_ones_and_then_seals(
    desk: Desk, form: Questionnaire, store: Store
) -> None:
    desk.open_complete(form)
    assert desk.text("opinion-status") == "Draft"
    desk.click("opinion-sign")
    desk.wait(lambda: desk.page.findChild(QDialog, "signing-dialog") is not None and bool(desk.rendered))
    desk.enter(PASSPHRASE, "")
    assert "Both are needed" in desk.text("signing-message")
    desk.find(QLineEdit, "signing-passphrase").clear()  # type: ignore[attr-defined]
    desk.enter("wrong", PIN)
    desk.wait(lambda: "4 tries" in desk.text("signing-message"))
    assert store.opinions.find_signed(CASE) is None
    desk.enter(PASSPHRASE, PIN)
    desk.wait(lambda: desk.text("opinion-status") == "Signed, waiting to leave")
    signed = store.opinions.find_signed(CASE)
    assert signed is not None
    assert signed.frozen.envelope in _attached(desk.rendered[0])
    assert desk.syncs == [True]
    assert not desk.find(QPushButton, "opinion-sign").isVisible()

    receipt = Receipt(CASE, signed.frozen.opinion_identifier, "DiagnosticReport/77", "9", datetime.now(UTC), False)
    desk.presenter.changes_happened(store.opinions.put_receipt(receipt))
    desk.wait(lambda: desk.text("opinion-status") == "Delivered")
    assert desk.find(QWidget, "receipt-panel").isVisible()
    assert "DiagnosticReport/77" in desk.text("receipt-text")
    assert "(hospital time)" in desk.text("receipt-text")


def test_that_the_dialog_bears_the_patient_is_driven_by_keys_and_says_nothing_stale(
    desk: Desk, form: Questionnaire, store: Store
) -> None:
    desk.open_complete(form)
    desk.click("opinion-sign")
    desk.wait(lambda: desk.page.findChild(QDialog, "signing-dialog") is not None and bool(desk.rendered))
    desk.wait(lambda: desk.find(QPushButton, "signing-confirm").isEnabled())
    patient = some_case().patient
    assert desk.text("signing-patient-name") == patient.display_name
    assert patient.birth_date is not None
    for words in (patient.sex, patient.birth_date.isoformat(), patient.patient_id, CASE):
        assert str(words) in desk.text("signing-patient-identity")

    passphrase, pin = desk.find(QLineEdit, "signing-passphrase"), desk.find(QLineEdit, "signing-pin")
    bar = desk.find(QScrollArea, "signing-preview").verticalScrollBar()  # type: ignore[attr-defined]
    bar.setRange(0, 1000)
    passphrase.setFocus()
    QTest.keyClick(passphrase, Qt.Key.Key_PageDown)
    assert bar.value() > 0
    QTest.keyClicks(passphrase, "wrong")
    QTest.keyClick(passphrase, Qt.Key.Key_Return)
    assert QApplication.focusWidget() is pin
    QTest.keyClicks(pin, PIN)
    QTest.keyClick(pin, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is desk.find(QPushButton, "signing-confirm")
    QTest.keyClick(pin, Qt.Key.Key_Return)
    desk.wait(lambda: "4 tries" in desk.text("signing-message"))
    assert QApplication.focusWidget() is passphrase
    QTest.keyClicks(passphrase, "x")
    assert desk.text("signing-message") == ""
    QTest.keyClick(passphrase, Qt.Key.Key_Escape)
    desk.wait()
    assert store.opinions.find_signed(CASE) is None


def test_that_nothing_can_be_signed_before_its_pages_are_seen(qapp: QApplication) -> None:
    identity = PatientIdentity("Testfall, Anna", "female · born 1970-02-03 · ID P1", "case C1")
    dialog = SigningDialog(
        None, identity=identity, title="Sign it", signer="Dr. No", meaning="Author", moment="now", hint=""
    )
    asked: list[tuple[str, str]] = []
    dialog.sign_requested.connect(lambda *secrets: asked.append(secrets))
    dialog.show()
    QTest.keyClicks(dialog.pin, "1234")
    QTest.keyClick(dialog.pin, Qt.Key.Key_Return)
    assert (asked, dialog.confirm.isEnabled()) == ([], False)
    assert "not drawn yet" in dialog.message.text()
    dialog.show_pages(blank_pages(b"", 100))
    assert dialog.confirm.isEnabled()
    dialog.finish()
    dialog.deleteLater()


def test_that_escape_in_the_dialog_signs_nothing_and_lets_the_form_be_changed_again(
    desk: Desk, form: Questionnaire, store: Store
) -> None:
    desk.open_complete(form)
    desk.click("opinion-sign")
    desk.wait(lambda: desk.page.findChild(QDialog, "signing-dialog") is not None and bool(desk.rendered))
    QTest.keyClick(desk.find(QDialog, "signing-dialog"), Qt.Key.Key_Escape)
    desk.wait()
    limits = desk.find(QWidget, "item:lim")
    limits.setFocus()
    QTest.keyClicks(limits, "Also: ")
    desk.wait()
    draft = store.opinions.find_draft(CASE)
    assert draft is not None
    assert "Also: " in str(draft.response)
    assert store.opinions.find_signed(CASE) is None


def test_that_pages_that_cannot_be_drawn_cannot_be_signed(
    desk: Desk, form: Questionnaire, monkeypatch: pytest.MonkeyPatch
) -> None:
    from viewers.errors import UnreadableFile

    def broken(_pdf: bytes, _width: int) -> Sequence[Page]:
        raise UnreadableFile("The report could not be shown.")

    monkeypatch.setattr(desk.page, "_render_pages", broken)
    desk.open_complete(form)
    desk.click("opinion-sign")
    desk.wait(lambda: desk.page.findChild(QDialog, "signing-dialog") is not None)
    assert not desk.find(QPushButton, "signing-confirm").isEnabled()


def test_that_turning_to_no_case_takes_everything_of_the_former_off_the_page(desk: Desk, form: Questionnaire) -> None:
    desk.open_complete(form)
    desk.presenter.open_case(None)
    QApplication.sendPostedEvents(None, 52)  # DeferredDelete
    shown = [label.text() for label in desk.page.findChildren(QLabel) if label.isVisible()]
    assert shown == ["Open a case from the worklist to write its opinion."]
    assert desk.page.findChild(QWidget, "item:lim") is None


def _attached(pdf: bytes) -> bytes:
    """All attachments of a PDF, one after the other."""
    import io

    from pyhanko.pdf_utils.reader import PdfFileReader

    from sync.signing.embedded_files import read_embedded_files

    return b"".join(read_embedded_files(PdfFileReader(io.BytesIO(pdf))).values())
