"""Each conflict with the hospital is one sentence on the screen, with its choices by keyboard; and a choice does it.

The whole program against a small hospital.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFrame, QLabel, QPushButton

from sync.fhir.opinion_mapping import opinion_bundle
from sync.records.conflict import ConflictKind
from sync.store.database import open_store
from sync.sync_round import run_sync_round
from sync.transfer.hospital import connect_hospital
from tests.journey.screen_at_a_hospital import ALT, CONTROL, SHIFT, Begin, BeginAgain, begin, begin_again  # noqa: F401 - fixture
from tests.sync.conftest import hospital, hospital_server  # noqa: F401 - fixtures
from tests.sync.signing.conftest import authority  # noqa: F401 - fixture
from tests.sync.small_hospital import SmallHospital
from tests.sync.test_outbox import CASE, IDENTIFIER, signed_opinion
from workstation.conflict.comparison import Comparison
from workstation.tour.hands import Hands, let_live

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]


def test_that_a_case_given_to_somebody_else_leaves_the_screen_and_can_be_deleted(
    hospital: SmallHospital,  # noqa: F811
    begin: Begin,  # noqa: F811
    begin_again: BeginAgain,  # noqa: F811
) -> None:
    screen = begin(signed=False)
    screen.open_case()
    screen.photograph("1-reassigned-a-before")
    hospital.change("Task/task-so-1", owner={"reference": "Practitioner/other"})
    screen.key(Qt.Key.Key_R, CONTROL)
    assert screen.sentence() == "The hospital has given case SO-1 to somebody else."
    assert screen.choices()[0].startswith("Keep it locked until ")
    assert screen.choices()[1] == "Delete it now"
    screen.hands.wait_until(lambda: "Moreau" not in screen.identity(), "the name to leave the screen")
    screen.hands.wait_until(
        lambda: not any("Moreau" in text for text in screen.hands.texts()), "the name to leave the worklist too"
    )
    screen.photograph("1-reassigned-b-dialog")
    screen.key(Qt.Key.Key_D, ALT)
    screen.hands.wait_until(lambda: "press again" in " ".join(screen.choices()), "the second question")
    assert screen.store.cases.find_case(CASE) is not None, "one press deletes nothing"
    screen.photograph("1-reassigned-c-asked-again")
    screen.key(Qt.Key.Key_D, ALT)
    screen.wait_for_no_dialog()
    assert screen.store.cases.find_case(CASE) is None

    def receipts() -> list[object]:
        return [e for e in hospital.state.list_resources("AuditEvent") if e.json.get("action") == "D"]

    screen.hands.wait_until(lambda: len(receipts()) == 1, "the receipt of the deletion")
    screen.photograph("1-reassigned-d-after")
    screen.photograph_worklist("1-reassigned-e-worklist")
    assert screen.store.audit.verify() is None
    screen = begin_again(screen)
    let_live(1.5)
    assert screen.hands.look_for("conflict-dialog", QDialog) is None, "it was settled"
    assert screen.cases_in_worklist() == 0
    assert (screen.waiting(), screen.leaving()) == ("", [])


def test_that_a_cancelled_case_is_locked_and_its_unsent_opinion_kept_for_the_grace(
    hospital: SmallHospital,  # noqa: F811
    begin: Begin,  # noqa: F811
    begin_again: BeginAgain,  # noqa: F811
) -> None:
    screen = begin(signed=True, change=lambda: hospital.change("Task/task-so-1", status="cancelled"))
    assert screen.sentence() == "The hospital has cancelled case SO-1; nothing was sent."
    assert screen.choices()[0].startswith("Keep it locked until ")
    screen.photograph("2-cancelled-b-dialog")
    assert screen.waiting() == "1 needs attention (F7)"
    screen.key(Qt.Key.Key_Return)
    screen.wait_for_no_dialog()
    assert screen.store.opinions.find_signed(CASE) is not None
    assert hospital.count("DiagnosticReport") == 0
    from workstation.worklist.page import WorklistPage

    screen.hands.wait_for("page-worklist", WorklistPage).open_requested.emit(str(CASE))
    let_live(1.0)
    assert "Moreau" not in screen.identity()
    screen.hands.wait_until(
        lambda: any("has cancelled case SO-1" in text for text in screen.hands.texts()), "the sentence in its place"
    )
    screen.photograph("2-cancelled-c-after")
    for moment in ("after", "restarted"):
        if moment == "restarted":
            screen = begin_again(screen)
            let_live(1.5)
            assert screen.hands.look_for("conflict-dialog", QDialog) is None, "it was settled"
        assert screen.state_in_worklist() == "Withdrawn"
        screen.photograph_worklist(f"2-cancelled-d-worklist-{moment}")
        assert screen.waiting() == "", "the reader has chosen; nobody need attend to it"
        (row,) = screen.leaving()
        assert "Opinion | SO-1 | Kept, locked |" in row
        screen.photograph(f"2-cancelled-e-transfers-{moment}")


def test_that_a_withdrawn_release_deletes_the_case_at_once_and_says_so(
    hospital: SmallHospital,  # noqa: F811
    begin: Begin,  # noqa: F811
    begin_again: BeginAgain,  # noqa: F811
) -> None:
    screen = begin(signed=False)
    screen.open_case()
    screen.photograph("3-release-withdrawn-a-before")
    hospital.change("Consent/consent-so-1", status="inactive")
    screen.key(Qt.Key.Key_R, CONTROL)
    assert "withdrawn the release for case SO-1" in screen.sentence()
    assert screen.choices() == ["Understood"]
    screen.hands.wait_until(lambda: "Moreau" not in screen.identity(), "the name to leave the screen")
    screen.hands.wait_until(
        lambda: not any("Moreau" in text for text in screen.hands.texts()), "the name to leave the worklist too"
    )
    screen.photograph("3-release-withdrawn-b-dialog")
    said = screen.running.window.status.sentence
    assert "withdrawn the release for case SO-1" in said, "the reason, not only that it is gone"
    assert screen.store.objects.list_objects(CASE) == ()
    screen.key(Qt.Key.Key_U, ALT)
    screen.wait_for_no_dialog()
    assert screen.store.conflicts.list_open() == ()
    screen.photograph("3-release-withdrawn-c-after")
    screen.photograph_worklist("3-release-withdrawn-d-worklist")
    screen = begin_again(screen)
    let_live(1.5)
    assert screen.hands.look_for("conflict-dialog", QDialog) is None, "it was settled"
    assert (screen.waiting(), screen.leaving()) == ("", [])
    assert screen.store.objects.list_objects(CASE) == ()


def test_that_a_question_changed_after_signing_is_compared_reviewed_and_signed_again_by_keyboard(
    hospital: SmallHospital,  # noqa: F811
    begin: Begin,  # noqa: F811
) -> None:
    later = (datetime.now(UTC) + timedelta(days=20)).isoformat()

    def ask_otherwise() -> None:
        manifest = hospital.resource("List/manifest-so-1")
        kept = [e for e in manifest["entry"] if e["item"]["reference"] != "DocumentReference/slide-so-1"]
        hospital.change("List/manifest-so-1", entry=kept)
        hospital.change("ServiceRequest/sr-so-1", note=[{"text": "Is it malignant after all?"}])
        hospital.change("Task/task-so-1", restriction={"period": {"end": later}})

    screen = begin(signed=True, change=ask_otherwise)
    assert screen.choices() == ["Review and sign again", "Keep it here, unsent", "Save the signed report…"]

    def compared() -> str:
        comparison = screen.hands.look_for("conflict-comparison", Comparison)
        return "" if comparison is None else " | ".join(label.text() for label in comparison.findChildren(QLabel))

    screen.hands.wait_until(lambda: "Removed: Slide A" in compared(), "the records beside each other")
    assert "Is it benign? | Is it malignant after all?" in compared()
    assert screen.sentence() == (
        "The hospital changed the clinical question, the due date and the records of case SO-1 after you signed; "
        "review it and sign again."
    )
    screen.photograph("4-question-changed-b-dialog")
    screen.key(Qt.Key.Key_Return)
    screen.wait_for_no_dialog()
    screen.hands.wait_until(
        lambda: any("Is it malignant after all?" in text for text in screen.hands.texts()), "the new question"
    )
    screen.hands.wait_until(lambda: "Moreau" in screen.identity(), "the case to open")
    screen.photograph("4-question-changed-c-after")
    assert screen.store.opinions.find_signed(CASE) is None
    screen.key(Qt.Key.Key_F6)
    confirm = screen.hands.wait_for("opinion-confirm-question", QPushButton)
    screen.photograph("4-question-changed-c-check")
    screen.key(Qt.Key.Key_Q, CONTROL | SHIFT)
    screen.hands.wait_until(lambda: not confirm.isVisible(), "the check to go with the reader's word")
    assert "question confirmed" in [row.action for row in screen.store.audit.entries()]
    screen.sign_by_keyboard("Carcinoma", "4-question-changed")
    screen.hands.wait_until(lambda: screen.store.opinions.find_receipt(CASE) is not None, "the receipt", 40)
    screen.photograph("4-question-changed-f-delivered")
    screen.photograph_worklist("4-question-changed-g-worklist")
    kept = screen.store.opinions.list_signed(CASE)
    assert [opinion.frozen.opinion_identifier for opinion in kept] == [IDENTIFIER, "SO-1/1/v2"]
    assert kept[0].frozen.envelope == signed_opinion().frozen.envelope, "the void one is kept, byte for byte"
    assert json.loads(kept[1].frozen.envelope)["replaces"] is None, "what never arrived is not replaced"
    (report,) = hospital.state.list_resources("DiagnosticReport")
    assert report.json["identifier"][0]["value"] == "SO-1/1/v2"
    assert report.json["status"] == "final"
    assert report.json["conclusion"] == "Carcinoma"
    assert hospital.count("QuestionnaireResponse") == 1


def test_that_an_opinion_kept_unsent_after_the_question_changed_asks_again_on_every_start(
    hospital: SmallHospital,  # noqa: F811
    begin: Begin,  # noqa: F811
    begin_again: BeginAgain,  # noqa: F811
) -> None:
    def ask_otherwise() -> None:
        hospital.change("ServiceRequest/sr-so-1", note=[{"text": "Is it malignant after all?"}])

    screen = begin(signed=True, change=ask_otherwise)
    for moment in ("first", "restarted"):
        if moment == "restarted":
            screen = begin_again(screen)
        screen.conflict()
        screen.key(Qt.Key.Key_K, ALT)
        screen.wait_for_no_dialog()
        assert screen.state_in_worklist() == "Needs attention"
        assert screen.waiting() == "1 needs attention (F7)"
        (row,) = screen.leaving()
        assert "Needs attention" in row
        screen.open_case()
        assert screen.opinion_status() == "Signed, not delivered"
        assert any("until you decide (Ctrl+Shift+X)" in text for text in screen.hands.texts())
        screen.photograph(f"4-question-changed-h-kept-{moment}")
    assert hospital.count("DiagnosticReport") == 0


def says_not_sent(hands: Hands) -> bool:
    return any("Not sent: the hospital already holds your opinion" in text for text in hands.texts())


def test_that_an_opinion_already_there_from_another_computer_shows_its_receipt(
    hospital: SmallHospital,  # noqa: F811
    begin: Begin,  # noqa: F811
    begin_again: BeginAgain,  # noqa: F811
) -> None:
    def deliver_from_elsewhere() -> None:
        ours = signed_opinion()
        other = replace(ours, report_pdf=b"%PDF-1.7 other", frozen=replace(ours.frozen, envelope=b'{"type":"other"}'))
        connected = connect_hospital(hospital.profile())
        elsewhere = open_store(hospital.folder / "elsewhere")
        run_sync_round(elsewhere, hospital.profile())
        case = elsewhere.cases.get_case(CASE)
        bundle = opinion_bundle(other, case, hospital.resource("Task/task-so-1"), frozenset())
        connected.fhir.transaction(bundle)
        elsewhere.close()
        connected.close()

    screen = begin(signed=True, change=deliver_from_elsewhere)
    assert "already holds an opinion of yours on case SO-1 that was signed on another computer" in screen.sentence()
    (report,) = hospital.state.list_resources("DiagnosticReport")
    receipt = screen.hands.find("conflict-receipt", QFrame)
    assert any(report.reference in label.text() for label in receipt.findChildren(QLabel))
    assert screen.choices() == ["Leave it at that", "Save mine…"]
    screen.photograph("5-already-there-b-dialog")
    screen.key(Qt.Key.Key_Escape)
    screen.wait_for_no_dialog()
    screen.key(Qt.Key.Key_X, CONTROL | SHIFT)
    screen.conflict()
    screen.key(Qt.Key.Key_L, ALT)
    screen.wait_for_no_dialog()
    assert screen.store.conflicts.list_open() == ()
    assert hospital.count("DiagnosticReport") == 1
    for moment in ("after", "restarted"):
        if moment == "restarted":
            screen = begin_again(screen)
            let_live(1.5)
            assert screen.hands.look_for("conflict-dialog", QDialog) is None, "it was settled"
        assert screen.state_in_worklist() == "Already there"
        screen.photograph_worklist(f"5-already-there-c-worklist-{moment}")
        assert (screen.waiting(), screen.leaving()) == ("", [])
        screen.photograph(f"5-already-there-f-transfers-{moment}")
        screen.open_case()
        screen.hands.wait_until(partial(says_not_sent, screen.hands), "what became of the opinion")
        screen.photograph(f"5-already-there-d-case-{moment}")
        assert screen.opinion_status() == "Already there"
        screen.photograph(f"5-already-there-e-opinion-{moment}")
    assert ConflictKind.ALREADY_THERE.value in [row.object for row in screen.store.audit.entries()]
