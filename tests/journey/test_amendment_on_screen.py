"""A delivered opinion is amended from the screen, by keyboard: the reason asked for, the form open again, signed, sent.

The whole program against a small hospital.
"""

from __future__ import annotations

import hashlib
import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel, QPlainTextEdit, QPushButton, QRadioButton

from tests.journey.screen_at_a_hospital import ALT, CONTROL, SHIFT, Begin, Screen, begin  # noqa: F401 - fixture
from tests.sync.conftest import hospital, hospital_server  # noqa: F401 - fixtures
from tests.sync.signing.conftest import authority  # noqa: F401 - fixture
from tests.sync.small_hospital import SmallHospital
from tests.sync.test_amendments import SECOND, assert_amended_once
from tests.sync.test_outbox import CASE, IDENTIFIER

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
REASON = "The biopsy was read after the first version."


def begin_to_amend(screen: Screen) -> QDialog:
    """The opinion is delivered; its page, and the question over it."""
    screen.hands.wait_until(lambda: screen.store.opinions.find_receipt(CASE) is not None, "the first receipt", 40)
    screen.open_case()
    screen.key(Qt.Key.Key_F6)
    amend = screen.hands.wait_for("opinion-amend", QPushButton)
    screen.hands.wait_until(amend.isVisible, "the delivered opinion")
    screen.photograph("6-amend-a-delivered")
    screen.key(Qt.Key.Key_A, CONTROL | SHIFT)
    return screen.hands.wait_for("amendment-dialog", QDialog)


@pytest.mark.parametrize(("kind", "status", "relation"), [
    ("correction", "corrected", "replaces"), ("addendum", "appended", "appends"),
])  # fmt: skip
def test_that_a_delivered_opinion_is_amended_by_keyboard_and_delivered_once(
    hospital: SmallHospital,  # noqa: F811
    begin: Begin,  # noqa: F811
    kind: str,
    status: str,
    relation: str,
) -> None:
    screen = begin(signed=True)
    dialog = begin_to_amend(screen)
    reason = screen.hands.find("amendment-reason", QPlainTextEdit)
    screen.hands.key(reason, Qt.Key.Key_Tab)
    screen.hands.key(screen.hands.find("amendment-confirm", QPushButton), Qt.Key.Key_Return)
    message = screen.hands.find("amendment-message", QLabel)
    assert "Say why" in message.text(), "without a reason nothing is opened"
    assert screen.store.amendments.find(CASE) is None
    screen.photograph_dialog(dialog, "6-amend-b-no-reason")
    if kind == "addendum":
        screen.hands.key(dialog, Qt.Key.Key_A, ALT)
        screen.hands.wait_until(screen.hands.find("amendment-addendum", QRadioButton).isChecked, "the other choice")
    screen.hands.overwrite(reason, REASON)
    screen.photograph_dialog(dialog, f"6-amend-c-{kind}")
    screen.hands.key(screen.hands.find("amendment-confirm", QPushButton), Qt.Key.Key_Return)
    screen.sign_by_keyboard("Carcinoma", f"6-amend-{kind}")
    screen.hands.wait_until(
        lambda: screen.store.opinions.find_receipt_of(SECOND) is not None, "the receipt of the amendment", 40
    )
    screen.hands.wait_until(lambda: any(f"Opinion {SECOND}" in t for t in screen.hands.texts()), "it on the screen")
    screen.photograph(f"6-amend-{kind}-f-delivered")
    screen.photograph_worklist(f"6-amend-{kind}-g-worklist")
    assert_amended_once(hospital, relation)
    first, second = screen.store.opinions.list_signed(CASE)
    envelope = json.loads(second.frozen.envelope)
    assert envelope["replaces"] == hashlib.sha256(first.frozen.envelope).hexdigest()
    assert envelope["amendment"] == {"opinion": IDENTIFIER, "kind": kind, "reason": REASON}
    reports = {r.json["identifier"][0]["value"]: r.json for r in hospital.state.list_resources("DiagnosticReport")}
    assert reports[SECOND]["status"] == status
    assert reports[SECOND]["conclusion"] == "Carcinoma"
    assert reports[IDENTIFIER]["conclusion"] == "Hamartoma", "what was delivered first is as it was"


def test_that_an_amendment_that_is_dropped_leaves_the_delivered_opinion_as_it_was(
    hospital: SmallHospital,  # noqa: F811
    begin: Begin,  # noqa: F811
) -> None:
    screen = begin(signed=True)
    begin_to_amend(screen)
    screen.hands.overwrite(screen.hands.find("amendment-reason", QPlainTextEdit), REASON)
    screen.hands.key(screen.hands.find("amendment-confirm", QPushButton), Qt.Key.Key_Return)
    drop = screen.hands.wait_for("opinion-drop-amendment", QPushButton)
    screen.hands.wait_until(drop.isVisible, "the form open again")
    screen.hands.click(drop)
    confirm = screen.hands.wait_for("drop-amendment-confirm", QPushButton)
    assert screen.store.amendments.find(CASE) is not None, "one click loses nothing"
    screen.photograph_dialog(confirm.window(), "6-amend-g-drop")
    screen.hands.click(confirm)
    screen.hands.wait_for("opinion-amend", QPushButton)
    screen.photograph("6-amend-h-dropped")
    assert screen.store.amendments.find(CASE) is None
    assert hospital.count("DiagnosticReport") == 1
