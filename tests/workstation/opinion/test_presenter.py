"""What the opinion page's presenter keeps, shows, checks and signs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sync.changes import Changes
from sync.conflict_choices import leave_at_that
from sync.errors import SigningRefused, StoreUnavailable
from sync.records.amendment import AmendmentKind
from sync.records.annotation_record import AnnotationRevision
from sync.records.answer import Answer, Quantity, Reference
from sync.records.case import CaseId, CaseStatus, ConsentState
from sync.records.conflict import ConflictKind
from sync.records.opinion import Receipt
from sync.records.opinion_checks import blocking_checks
from sync.records.questionnaire import Questionnaire
from sync.records.questionnaire_response import ItemPath, load_response, response_items
from sync.records.stored_object import Integrity, StoredObject
from sync.signing.detached_jws import verify_envelope
from sync.store.database import Store
from tests.sync.signing.own_authority import PIN
from tests.workstation.opinion.cases import some_case, some_resources
from tests.workstation.opinion.conftest import PASSPHRASE, coded, complete_response
from tests.workstation.opinion.lanes import LanesAtOnce
from tests.workstation.opinion.watching_view import WatchingView
from workstation.case.presenter import load_summary
from workstation.clock import local_now
from workstation.opinion.form_state import LengthMark
from workstation.opinion.marks_export import export_marks
from workstation.opinion.opinion_desk import draft_of, load_desk
from workstation.opinion.presenter import OpinionPresenter
from workstation.opinion.question_check import QUESTION_CHANGED
from workstation.opinion.report_content import report_content
from workstation.worklist.presenter import load_rows

CASE = CaseId("SO-2026-00101")
LIMITS: ItemPath = (("lim", 0),)


class Room:
    """A presenter with everything around it."""

    def __init__(self, store: Store) -> None:
        self.store, self.lanes, self.view = store, LanesAtOnce(), WatchingView()
        self.changes: list[Changes] = []
        self.syncs = 0
        self.presenter = OpinionPresenter(
            store,
            self.lanes,
            now=local_now,
            changed=self.changes.append,
            sync_requested=self._on_sync,
            export_marks=export_marks,
            draw_key_images=None,
            app_version="0.1.0",
        )
        self.presenter.attach(self.view)

    def _on_sync(self) -> None:
        self.syncs += 1

    def open_complete(self, form: Questionnaire) -> None:
        desk = load_desk(self.store, CASE)
        self.store.opinions.put_draft(draft_of(desk, complete_response(form), datetime.now(UTC)))
        self.presenter.open_case(CASE)

    def drafted(self) -> list[dict[str, object]]:
        draft = self.store.opinions.find_draft(CASE)
        assert draft is not None
        items: list[dict[str, object]] = draft.response["item"]
        return items


@pytest.fixture
def room(store: Store) -> Iterator[Room]:
    yield Room(store)


def mark(label: str, revision: int = 1) -> AnnotationRevision:
    identifier = "11111111-1111-4111-8111-111111111111"
    moment = "2026-11-22T09:00:00+00:00"
    payload = {
        "format": "readingroom.mark/1",
        "id": identifier,
        "label": label,
        "reader": "Practitioner/demo-specialist",
        "target": {"series_uid": "1.2.3.4", "sop_instance_uid": "1.2.3.4.1", "frame_number": 1},
        "kind": "polyline",
        "space": "image_px",
        "points": [[10.0, 10.0], [40.0, 50.0]],
        "created": moment,
        "modified": moment,
        "comment": "",
    }
    return AnnotationRevision(
        CASE, identifier, revision, "series:1.2.3.4", "Practitioner/demo-specialist", datetime.now(UTC), False,
        json.dumps(payload),
    )  # fmt: skip


def test_that_a_new_opinion_starts_with_the_questions_asked_and_the_diagnosis_stated(room: Room) -> None:
    room.presenter.open_case(CASE)
    answers = room.view.shown.form.response
    asked = answers.find_answer((("q", 0), ("q.asked", 0)))
    question = answers.find_answer((("q", 0), ("q.answer", 0), ("q.answer.question", 0)))
    stated = answers.find_answer((("dx0", 0), ("dx0.text", 0)))
    assert asked == question == Answer("valueString", "Is the nodule malignant?")
    assert stated == Answer("valueString", "Adenocarcinoma of the right upper lobe")


def test_that_every_keystroke_is_in_the_store_when_the_lane_has_run(room: Room) -> None:
    room.presenter.open_case(CASE)
    for text in ("S", "Sl", "Slides only"):
        room.presenter.set_answer(LIMITS, Answer("valueString", text))
        assert {"linkId": "lim", "answer": [{"valueString": text}]} in room.drafted()


def test_that_a_write_takes_the_newest_of_the_keystrokes_that_wait(room: Room) -> None:
    room.presenter.open_case(CASE)
    room.lanes.hold_store = True
    for text in ("a", "ab", "abc"):
        room.presenter.set_answer(LIMITS, Answer("valueString", text))
    assert room.lanes.release_one()
    assert {"linkId": "lim", "answer": [{"valueString": "abc"}]} in room.drafted()
    while room.lanes.release_one():
        pass
    assert room.view.shown.saved == "Saved on this computer"


def test_that_a_keystroke_right_before_the_case_is_put_away_is_written(room: Room) -> None:
    room.presenter.open_case(CASE)
    room.lanes.hold_store = True
    for text in ("a", "ab"):
        room.presenter.set_answer(LIMITS, Answer("valueString", text))
    room.presenter.open_case(None)
    while room.lanes.release_one():
        pass
    assert {"linkId": "lim", "answer": [{"valueString": "ab"}]} in room.drafted()


def test_that_a_draft_that_could_not_be_written_is_told_retried_and_still_there_on_coming_back(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_draft: object) -> Changes:
        raise StoreUnavailable("The disk is full.")

    later: list[Callable[[], None]] = []
    room.presenter._drafting._later = lambda _seconds, call: later.append(call)
    room.presenter.open_case(CASE)
    with monkeypatch.context() as broken:
        broken.setattr(room.store.opinions, "put_draft", full)
        room.presenter.set_answer(LIMITS, Answer("valueString", "kept"))
        assert room.view.shown.saved == "Not saved: The disk is full."
        room.presenter.open_case(None)
        room.presenter.open_case(CASE)
        assert room.view.shown.form.response.find_answer(LIMITS) == Answer("valueString", "kept")
    assert len(later) == 1
    later[0]()
    assert {"linkId": "lim", "answer": [{"valueString": "kept"}]} in room.drafted()
    assert room.view.shown.saved == "Saved on this computer"


def test_that_a_draft_comes_back_as_it_was(room: Room, store: Store) -> None:
    room.presenter.open_case(CASE)
    room.presenter.add_row((("meas", 0),))
    room.presenter.set_answer((("meas", 0), ("meas.label", 0)), Answer("valueString", "A1"))
    before = room.view.shown.form.response
    again = Room(store)
    again.presenter.open_case(CASE)
    assert response_items(again.view.shown.form.response) == response_items(before)


def test_that_the_sum_follows_the_measurements_and_is_empty_without_any(room: Room) -> None:
    room.presenter.open_case(CASE)
    total: ItemPath = (("sum", 0),)
    for index, length in enumerate((14.2, 5.9)):
        room.presenter.add_row((("meas", 0),))
        path = (("meas", index), ("meas.long", 0))
        room.presenter.set_answer(path, Answer("valueQuantity", Quantity(length, "mm", "u", "mm")))
    assert room.view.shown.form.response.find_answer(total) == Answer("valueDecimal", 20.1)
    assert _has_answers(room, "sum"), "a calculated section is ticked when it has its number"
    room.presenter.remove_row((("meas", 1),))
    room.presenter.remove_row((("meas", 0),))
    assert room.view.shown.form.response.find_answer(total) is None
    assert not _has_answers(room, "sum")


def _has_answers(room: Room, link_id: str) -> bool:
    return next(part.has_answers for part in room.view.shown.form.sections if part.link_id == link_id)


def test_that_a_length_mark_fills_the_label_and_the_long_axis_then_the_short_one(room: Room) -> None:
    room.presenter.open_case(CASE)
    room.presenter.add_row((("meas", 0),))
    room.presenter.take_mark((("meas", 0),), LengthMark(Reference(), "A1", "A1 Length 14.2 mm", 14.2))
    room.presenter.take_mark((("meas", 0),), LengthMark(Reference(), "A2", "A2 Length 9 mm", 9.0))
    answers = room.view.shown.form.response
    assert answers.find_answer((("meas", 0), ("meas.label", 0))) == Answer("valueString", "A1")
    unit = ("mm", "http://unitsofmeasure.org", "mm")
    assert answers.find_answer((("meas", 0), ("meas.long", 0))) == Answer("valueQuantity", Quantity(14.2, *unit))
    assert answers.find_answer((("meas", 0), ("meas.short", 0))) == Answer("valueQuantity", Quantity(9.0, *unit))


def test_that_a_mark_in_pixels_fills_no_millimetres(room: Room) -> None:
    room.presenter.open_case(CASE)
    room.presenter.add_row((("meas", 0),))
    room.presenter.take_mark((("meas", 0),), LengthMark(Reference(), "A1", "A1 Length 140 px", None))
    assert room.view.shown.form.response.get_row((("meas", 0),)).is_empty


def test_that_marks_are_offered_as_logical_references(room: Room, store: Store) -> None:
    store.annotations.append(mark("A1"))
    room.presenter.open_case(CASE)
    item = room.view.shown.form.form.find("find.keyimages")
    assert item is not None
    (reference,) = room.view.shown.form.references_for(item)
    assert reference.to_json() == {
        "type": "DocumentReference",
        "display": "A1 Length 50.0 px on CT Lung",
        "identifier": {
            "system": "https://readingroom.example/ids/mark",
            "value": "11111111-1111-4111-8111-111111111111",
        },
    }


def test_that_an_unanswered_required_item_blocks_is_named_and_jumped_to(room: Room) -> None:
    room.presenter.open_case(CASE)
    room.presenter.ask_to_sign()
    assert room.view.preview is None
    assert room.view.jumps == [(("q", 0), ("q.answer", 0), ("q.answer.text", 0))]
    sentences = [check.sentence for check in room.view.shown.checks]
    assert "1 Clinical question › Answers 1 › Answer is not answered." in sentences
    assert room.view.shown.form.show_missing


def test_that_a_foreign_patients_image_blocks_until_it_is_settled(
    room: Room, store: Store, form: Questionnaire
) -> None:
    store.objects.put_object(foreign_object())
    room.open_complete(form)
    room.presenter.ask_to_sign()
    assert room.view.preview is None
    assert any(check.name == "patient" and "another patient" in check.sentence for check in room.view.shown.checks)


def test_that_without_consent_nothing_is_signed(room: Room, store: Store, form: Questionnaire) -> None:
    store.cases.put_case(replace(some_case(), consent=ConsentState.MISSING), some_resources())
    room.open_complete(form)
    room.presenter.ask_to_sign()
    assert room.view.preview is None


def test_that_the_form_of_a_cancelled_case_says_that_it_is_closed_and_takes_no_draft(
    room: Room, store: Store, form: Questionnaire
) -> None:
    store.cases.put_case(replace(some_case(), status=CaseStatus.CANCELLED), some_resources())
    room.open_complete(form)
    assert room.view.shown.form.read_only
    assert room.view.shown.is_closed
    assert room.view.shown.status.detail == "This case is closed (cancelled): no opinion can be written."
    assert not any(part.required or part.has_answers for part in room.view.shown.form.sections), "nothing is left to do"
    before = store.opinions.find_draft(CASE)
    room.presenter.set_answer(LIMITS, Answer("valueString", "typed too late"))
    assert store.opinions.find_draft(CASE) == before
    assert not room.presenter.can_sign


def test_that_a_delivered_opinion_opens_again_as_an_amendment_with_its_reason_signed(
    room: Room, store: Store, form: Questionnaire
) -> None:
    room.open_complete(form)
    room.presenter.ask_to_sign()
    room.presenter.sign(PASSPHRASE, PIN)
    assert not room.presenter.can_amend, "what has not arrived cannot be amended"
    first = store.opinions.find_signed(CASE)
    assert first is not None
    identifier = first.frozen.opinion_identifier
    store.cases.put_case(replace(some_case(), status=CaseStatus.COMPLETED), some_resources())
    changes = store.opinions.put_receipt(
        Receipt(CASE, identifier, "DiagnosticReport/77", "9", datetime.now(UTC), False)
    )
    room.presenter.changes_happened(changes)
    room.presenter.ask_to_amend()
    assert room.view.asked_to_amend == identifier
    room.presenter.amend(AmendmentKind.CORRECTION, "A typing error")
    assert room.view.shown.status.text == "Draft correction"
    assert not room.view.shown.form.read_only
    room.view.preview = None
    room.presenter.ask_to_sign()
    assert room.view.preview is None, "an amendment that amends nothing is not signed"
    (unchanged,) = blocking_checks(room.view.shown.checks)
    assert unchanged.sentence.startswith("Nothing has been changed yet: the correction would say")
    room.presenter.set_answer(LIMITS, Answer("valueString", "corrected"))
    assert not blocking_checks(room.view.shown.checks)
    room.presenter.ask_to_drop_amendment()
    assert room.view.asked_to_drop == identifier
    assert store.amendments.find(CASE) is not None, "nothing is dropped before the reader said so"
    room.presenter.ask_to_sign()
    assert room.view.preview is not None
    assert room.view.preview.title == f"Sign the correction of opinion {identifier}, version 2"
    content = report_content(room.view.preview.frozen, some_case(), "Dr")
    assert content.sections[0].title == f"Correction of opinion {identifier}"
    room.presenter.sign(PASSPHRASE, PIN)
    second = store.opinions.list_signed(CASE)[-1]
    envelope = json.loads(second.frozen.envelope)
    assert envelope["replaces"] == hashlib.sha256(first.frozen.envelope).hexdigest()
    assert envelope["amendment"]["reason"] == "A typing error"
    assert room.view.shown.form.read_only
    received = Receipt(CASE, second.frozen.opinion_identifier, "DiagnosticReport/78", "10", datetime.now(UTC), False)
    room.presenter.changes_happened(store.opinions.put_receipt(received))
    day = f"{first.frozen.signed_at.astimezone():%Y-%m-%d}"
    assert room.view.shown.status.text == f"Delivered, corrects version 1 of {day}"


def test_that_signing_seals_the_opinion_and_asks_for_a_sync(room: Room, store: Store, form: Questionnaire) -> None:
    store.annotations.append(mark("A1"))
    room.open_complete(form)
    room.presenter.ask_to_sign()
    assert room.view.preview is not None
    room.presenter.sign(PASSPHRASE, PIN)
    assert (room.view.signed, room.syncs, room.view.refusals) == (1, 1, [])
    signed = store.opinions.find_signed(CASE)
    assert signed is not None
    assert verify_envelope(signed.frozen.envelope, signed.jws, None).intact
    envelope = json.loads(signed.frozen.envelope)
    assert envelope["annotations"][0]["sha256"] == signed.frozen.marks[0].sha256
    assert room.view.shown.form.read_only
    assert room.view.shown.status.text == "Signed, waiting to leave"
    room.presenter.set_answer(LIMITS, Answer("valueString", "changed afterwards"))
    assert room.view.shown.form.response.find_answer(LIMITS) != Answer("valueString", "changed afterwards")
    with pytest.raises(SigningRefused):
        store.annotations.append(mark("A1", 2))


def test_that_a_wrong_pin_signs_nothing_and_five_lock(room: Room, store: Store, form: Questionnaire) -> None:
    room.open_complete(form)
    room.presenter.ask_to_sign()
    for _ in range(5):
        room.presenter.sign(PASSPHRASE, "000000")
    room.presenter.sign(PASSPHRASE, PIN)
    assert "4 tries are left" in room.view.refusals[0]
    assert "locked" in room.view.refusals[4]
    assert "locked" in room.view.refusals[5]
    assert store.opinions.find_signed(CASE) is None


def test_that_a_mark_made_after_the_preview_voids_it(room: Room, store: Store, form: Questionnaire) -> None:
    room.open_complete(form)
    room.presenter.ask_to_sign()
    store.annotations.append(mark("A1"))
    room.presenter.sign(PASSPHRASE, PIN)
    assert room.view.refusals == ["The marks changed after this preview was made; close it and look at a fresh one."]
    assert store.opinions.find_signed(CASE) is None


def test_that_an_opinion_that_may_not_leave_says_why_and_what_to_do(
    room: Room, store: Store, form: Questionnaire
) -> None:
    room.open_complete(form)
    room.presenter.ask_to_sign()
    room.presenter.sign(PASSPHRASE, PIN)
    (entry,) = store.outbox.list_entries()
    changes = store.outbox.record_attempt(entry.entry_id, "The hospital has cancelled it.", needs_attention=True)
    room.presenter.changes_happened(changes)
    status = room.view.shown.status
    assert (status.text, status.tone) == ("Signed, not delivered", "danger")
    assert status.detail == (
        "The hospital has cancelled it. What you signed stays on this computer, unsent: send it again (F7), or call "
        "the hospital."
    )
    said = "The hospital changed the question; review it and sign again."
    room.presenter.changes_happened(store.outbox.record_attempt(entry.entry_id, said, needs_attention=True))
    room.presenter.changes_happened(store.conflicts.raise_conflict(CASE, ConflictKind.TERMS_CHANGED, said))
    room.presenter.refresh()
    detail = room.view.shown.status.detail
    assert detail == f"{said} It stays on this computer, unsent, until you decide (Ctrl+Shift+X)."


def test_that_an_opinion_left_at_the_one_already_there_says_so_on_every_later_start(
    room: Room, store: Store, form: Questionnaire
) -> None:
    room.open_complete(form)
    room.presenter.ask_to_sign()
    room.presenter.sign(PASSPHRASE, PIN)
    (entry,) = store.outbox.list_entries()
    store.outbox.record_attempt(entry.entry_id, "Already there; nothing was sent.", needs_attention=True)
    detail = {"report": "DiagnosticReport/9", "received_at": "2026-11-12T09:00:00+00:00", "task_version": "4"}
    store.conflicts.raise_conflict(CASE, ConflictKind.ALREADY_THERE, "Already there; nothing was sent.", detail)
    (conflict,) = store.conflicts.list_open()
    leave_at_that(store, conflict)
    store.conflicts.settle(conflict.conflict_id, "understood")
    later = Room(store)
    later.presenter.open_case(CASE)
    status = later.view.shown.status
    assert (status.text, status.tone) == ("Already there", "good")
    assert status.detail == (
        "Not sent: the hospital already holds your opinion of 2026-11-12, signed on another computer. What you signed "
        "here stays here as it was."
    )
    assert later.view.shown.signed_by and not later.view.shown.can_amend
    assert load_rows(store, local_now(), None)[0].state.text == "Already there"
    assert load_summary(store, CASE, local_now()).state.text == "Already there"


def test_that_a_version_left_for_an_earlier_one_that_arrived_is_told_beside_it(
    room: Room, store: Store, form: Questionnaire
) -> None:
    def sign() -> str:
        room.presenter.ask_to_sign()
        room.presenter.sign(PASSPHRASE, PIN)
        return store.opinions.list_signed(CASE)[-1].frozen.opinion_identifier

    room.open_complete(form)
    first = sign()
    room.presenter.changes_happened(store.opinions.void_signed(first, "The question changed."))
    second = sign()
    assert second != first
    received = Receipt(CASE, first, "DiagnosticReport/77", "9", datetime.now(UTC), True)
    store.opinions.put_receipt(received)
    detail = {"report": "DiagnosticReport/77", "received_at": received.received_at.isoformat(), "task_version": "9"}
    store.conflicts.raise_conflict(CASE, ConflictKind.ALREADY_THERE, "The first one arrived.", detail)
    leave_at_that(store, store.conflicts.list_open()[0])
    later = Room(store)
    later.presenter.open_case(CASE)
    status = later.view.shown.status
    day = f"{datetime.now().astimezone():%Y-%m-%d}"
    assert status.text == "Delivered"
    assert status.detail == f"The hospital has received your opinion. Version 2 of {day} was not sent."
    assert later.view.shown.receipt == received


def foreign_object() -> StoredObject:
    return StoredObject(
        CASE, "ImagingStudy/ct-1", "ab" * 32, 1, "application/dicom", "x", Integrity.STRUCTURE,
        datetime.now(UTC), "1.2.3", "1.2.3.4", "1.2.3.4.9", "This image names another patient.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (lambda store: store.cases.put_case(replace(some_case(), questions=("Another?",)), ()), "clinical question"),
        (lambda store: store.cases.put_case(replace(some_case(), consent=ConsentState.MISSING), ()), "consent"),
        (lambda store: store.cases.put_case(replace(some_case(), status=CaseStatus.CANCELLED), ()), "cancelled"),
        (lambda store: store.cases.mark_withdrawn(CASE, "Given to somebody else."), "somebody else"),
        (lambda store: store.objects.put_object(foreign_object()), "another patient"),
        (
            lambda store: store.cases.put_case(
                replace(some_case(), patient=replace(some_case().patient, patient_id="0815")), ()
            ),
            "the patient's data",
        ),
    ],
)
def test_that_what_a_sync_brings_while_the_preview_is_open_forbids_signing_it(
    room: Room, store: Store, form: Questionnaire, happens: Callable[[Store], object], why: str
) -> None:
    room.open_complete(form)
    room.presenter.ask_to_sign()
    happens(store)
    room.presenter.sign(PASSPHRASE, PIN)
    (sentence,) = room.view.refusals
    assert why in sentence
    assert store.opinions.find_signed(CASE) is None
    assert store.outbox.list_entries() == ()


def test_that_an_accepted_image_of_another_patient_stands_in_the_envelope_and_first_in_the_report(
    room: Room, store: Store, form: Questionnaire
) -> None:
    store.objects.put_object(foreign_object())
    store.objects.put_mismatch_override(CASE, "Maiden name, confirmed by phone", datetime.now(UTC))
    room.open_complete(form)
    room.presenter.ask_to_sign()
    assert room.view.preview is not None
    frozen = room.view.preview.frozen
    assert json.loads(frozen.envelope)["patientMismatchOverride"] == "Maiden name, confirmed by phone"
    first = report_content(frozen, some_case(), "R").sections[0]
    assert (first.title, first.alarming) == ("Image of another patient among the records", True)


def test_that_a_missing_identity_stands_first_in_the_report(room: Room, form: Questionnaire) -> None:
    room.open_complete(form)
    room.presenter.ask_to_sign()
    assert room.view.preview is not None
    frozen, case = room.view.preview.frozen, some_case()
    assert not any(
        section.title == "Patient identity missing" for section in report_content(frozen, case, "R").sections
    )
    nobody = replace(case, patient=replace(case.patient, patient_id=None))
    assert report_content(frozen, nobody, "R").sections[0].title == "Patient identity missing"


def test_that_the_receipt_is_shown(room: Room, store: Store, form: Questionnaire) -> None:
    room.open_complete(form)
    room.presenter.ask_to_sign()
    room.presenter.sign(PASSPHRASE, PIN)
    changes = store.opinions.put_receipt(
        Receipt(CASE, "SO-2026-00101/1/v1", "DiagnosticReport/77", "9", datetime.now(UTC), already_there=False)
    )
    room.presenter.changes_happened(changes)
    assert room.view.shown.status.text == "Delivered"
    assert room.view.shown.receipt is not None


def test_that_hidden_answers_are_not_in_what_is_signed(room: Room, store: Store, form: Questionnaire) -> None:
    room.open_complete(form)
    room.presenter.set_answer((("opinion", 0), ("opinion.agreement", 0)), coded(form, "opinion.agreement", "confirmed"))
    room.presenter.ask_to_sign()
    assert room.view.preview is not None
    frozen = room.view.preview.frozen
    assert b"opinion.dx" not in frozen.envelope
    assert load_response(form, frozen.response).find_answer((("opinion", 0), ("opinion.dx", 0))) is None


def test_that_many_changes_in_a_row_are_read_as_one(room: Room, store: Store) -> None:
    room.presenter.open_case(CASE)
    room.lanes.hold_store = True
    store.annotations.append(mark("A1"))
    for _ in range(50):
        room.presenter.changes_happened(Changes(annotations=frozenset({CASE})))
    readings = 0
    while room.lanes.release_one():
        readings += 1
    assert readings == 2
    assert len(room.view.shown.form.lengths) == 1


def test_that_closing_a_case_leaves_nothing_of_it_on_the_page(room: Room) -> None:
    room.presenter.open_case(CASE)
    room.presenter.open_case(None)
    assert room.view.state is None
    assert room.presenter.case_id is None


def test_that_a_form_that_is_not_here_is_said_in_one_sentence(room: Room, store: Store) -> None:
    store.cases.put_case(replace(some_case(), questionnaire="https://elsewhere.example/Questionnaire/x|2"), [])
    room.presenter.open_case(CASE)
    assert room.view.problems == [
        "The form “https://elsewhere.example/Questionnaire/x|2” that this case asks for is not on this computer."
    ]


def ask_otherwise(store: Store) -> Changes:
    """As a round of sync does: noted first, then kept."""
    request = {"resourceType": "ServiceRequest", "id": "sr1", "note": [{"text": "Has it grown?"}]}
    store.questions.note_changed(CASE, some_case().questions, ("Has it grown?",))
    return store.cases.put_case(replace(some_case(), questions=("Has it grown?",)), [request])


def test_that_a_changed_question_is_a_check_in_nobodys_way_until_the_reader_confirms_it(
    room: Room, store: Store, form: Questionnaire
) -> None:
    room.open_complete(form)
    room.presenter.changes_happened(ask_otherwise(store))
    later = Room(store)
    later.presenter.open_case(CASE)
    for text in ("typed", "typed and saved twice"):
        later.presenter.set_answer(LIMITS, Answer("valueString", text))
    later.presenter.refresh()
    (check,) = [check for check in later.view.shown.checks if check.name == QUESTION_CHANGED]
    assert not check.passed and not check.blocking
    assert check.sentence.endswith("Old: “Is the nodule malignant?”\nNew: “Has it grown?”")
    later.presenter.ask_to_sign()
    preview = later.view.preview
    assert preview is not None, "it stands in nobody's way"
    assert b"after you began" not in preview.frozen.envelope, "and in nothing that is signed"
    later.presenter.cancel_signing()
    later.presenter.confirm_question()
    assert not later.presenter.can_confirm_question
    assert QUESTION_CHANGED not in [check.name for check in later.view.shown.checks]
    assert store.audit.entries()[-1].action == "question confirmed"


def test_that_the_form_on_the_screen_states_the_question_as_it_is_asked_now(
    room: Room, store: Store, form: Questionnaire
) -> None:
    room.open_complete(form)
    room.presenter.set_answer(LIMITS, Answer("valueString", "typed before"))
    room.presenter.changes_happened(ask_otherwise(store))
    shown = room.view.shown.form.response
    for path in ((("q", 0), ("q.asked", 0)), (("q", 0), ("q.answer", 0), ("q.answer.question", 0))):
        assert shown.find_answer(path) == Answer("valueString", "Has it grown?")
    assert shown.find_answer(LIMITS) == Answer("valueString", "typed before")


def test_that_a_draft_states_the_question_as_it_is_asked_now(room: Room, form: Questionnaire) -> None:
    asked_at: ItemPath = (("q", 0), ("q.asked", 0))
    desk = load_desk(room.store, CASE)
    former = complete_response(form).with_answer(asked_at, Answer("valueString", "Is the nodule malignant?"))
    room.store.opinions.put_draft(draft_of(desk, former, datetime.now(UTC)))
    request = {"resourceType": "ServiceRequest", "id": "sr1", "note": [{"text": "Has it grown?"}]}
    room.store.cases.put_case(replace(some_case(), questions=("Has it grown?",)), [request])
    renewed = load_desk(room.store, CASE).response
    assert renewed.find_answer(asked_at) == Answer("valueString", "Has it grown?")
    assert renewed.find_answer(LIMITS) == former.find_answer(LIMITS), "what the reader wrote stays"
