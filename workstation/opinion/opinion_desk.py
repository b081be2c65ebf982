"""What the opinion needs of one case, read from the store at once: form, answers, marks, what is here. No Qt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from resources import resource
from sync.fhir.expressions import NotCalculated, calculate
from sync.lease import known_time
from sync.records.amendment import Amendment, AmendmentKind, amendment_of
from sync.records.answer import Answer, Reference
from sync.records.case import Case, CaseId, CaseStatus, ConsentState
from sync.records.opinion import Json, OpinionDraft, Receipt, SignedOpinion
from sync.records.opinion_checks import Check, CompletenessNote
from sync.records.outbox_entry import OutboxEntry, OutboxKind
from sync.records.question_change import QuestionChange
from sync.records.questionnaire import (
    Item,
    ItemType,
    Questionnaire,
    UnsupportedQuestionnaire,
    parse_questionnaire,
)
from sync.records.questionnaire_response import (
    ItemPath,
    Response,
    load_response,
    response_items,
    start_response,
)
from sync.records.reviewable_records import reviewable_records
from sync.release_end import as_released, ended_words
from sync.store.database import Store
from viewers.pathology.plain_file import Lend, lend_nothing
from workstation.completeness import completeness_of
from workstation.left_unsent import LeftUnsent, find_left_unsent
from workstation.opinion.amendment_check import Delivered, find_delivered
from workstation.opinion.form_state import Candidate, LengthMark
from workstation.opinion.marks_export import MarkShelf

SHIPPED_FORMS = ("second-opinion",)


@dataclass(frozen=True, slots=True)
class Desk:
    """One case with its form, ready to be worked on, or to be read when it is signed."""

    case: Case
    form: Questionnaire
    context: dict[str, Json]
    """Launch resources for expressions: serviceRequest, patient."""
    response: Response
    notes: dict[ItemPath, str]
    records: tuple[Candidate, ...]
    marks: tuple[Candidate, ...]
    lengths: tuple[LengthMark, ...]
    incomplete: tuple[CompletenessNote, ...]
    hindrances: tuple[Check, ...]
    """What of the case itself stands in the way of a signature: a foreign patient's object, no consent, withdrawal."""
    signed_identifier: str = ""
    signer_name: str = ""
    signed_at_text: str = ""
    receipt: Receipt | None = None
    outbox_entry: OutboxEntry | None = None
    question_change: QuestionChange | None = None
    """The question became another one while the answer was written, and the reader has not confirmed it."""
    left_unsent: LeftUnsent | None = None
    """The signed opinion stays here by the reader's choice, and what the hospital holds instead."""
    unsent_version: str = ""
    """A later version than the delivered one that never left: “Version 2 of 2026-11-28 was not sent.”"""
    has_conflict: bool = False
    """The reader has a choice to make about it that was put off or is on the screen."""
    amendment: Amendment | None = None
    """What is being amended, while the form is open again."""
    delivered: Delivered | None = None
    """What the opinion says that is being amended."""
    amends: str = ""
    """What the signed version does to which earlier one: “corrects version 1 of 2026-11-28”."""

    @property
    def is_signed(self) -> bool:
        return bool(self.signed_identifier)

    @property
    def closed(self) -> str:
        """Why nothing can be written here any more, in one sentence; empty while something can."""
        if self.is_signed:
            return ""
        return next((check.sentence for check in self.hindrances if check.name == "assigned"), "")

    @property
    def is_read_only(self) -> bool:
        return self.is_signed or bool(self.closed)

    @property
    def can_amend(self) -> bool:
        """The hospital holds it, and nothing of the case forbids another signature."""
        return self.is_signed and self.receipt is not None and not self.hindrances


def load_desk(store: Store, case_id: CaseId, lend: Lend = lend_nothing) -> Desk:
    """Everything about the opinion of that case. UnsupportedQuestionnaire when its form cannot be shown.

    *lend* as in `MarkShelf`.
    """
    case = store.cases.get_case(case_id)
    form = load_form(store, case.questionnaire)
    context = {
        name: found
        for name, reference in (
            ("serviceRequest", case.service_request_reference),
            ("patient", case.patient.reference),
        )
        if (found := store.cases.find_resource(reference)) is not None
    }
    amendment = store.amendments.find(case_id)
    signed = store.opinions.find_signed(case_id) if amendment is None else None
    draft = store.opinions.find_draft(case_id)
    notes: dict[ItemPath, str] = {}
    if signed is not None:
        response = load_response(form, signed.frozen.response)
    elif draft is not None:
        response, notes = renew_questions(form, load_response(form, draft.response), case)
        response = state_anew(response, context)
    else:
        response, notes = start_opinion(form, case, context)
    shelf = MarkShelf(store, case, lend)
    marks = shelf.read(store.annotations.list_current(case_id))
    entries = [
        entry
        for entry in store.outbox.list_entries()
        if signed is not None and entry.kind is OutboxKind.OPINION and entry.subject == signed.frozen.opinion_identifier
    ]
    return Desk(
        case=case,
        form=form,
        context=context,
        response=response,
        notes=notes,
        records=record_candidates(as_released(case, known_time(store))),
        marks=shelf.candidates(marks),
        lengths=shelf.lengths(marks),
        incomplete=incomplete_records(store, case),
        hindrances=hindrances(store, case),
        signed_identifier=signed.frozen.opinion_identifier if signed else "",
        signer_name=signed.signer_name if signed else "",
        signed_at_text=f"{signed.frozen.signed_at.astimezone():%Y-%m-%d %H:%M %Z}" if signed else "",
        receipt=store.opinions.find_receipt(case_id) if signed else None,
        outbox_entry=entries[-1] if entries else None,
        question_change=None if signed else store.questions.find_changed(case_id),
        left_unsent=find_left_unsent(store, case_id) if signed else None,
        unsent_version=_unsent_words(signed, store.opinions.list_signed(case_id)) if signed else "",
        has_conflict=any(conflict.case_id == case_id for conflict in store.conflicts.list_open()),
        amendment=amendment,
        delivered=find_delivered(store, case_id, amendment, form) if amendment is not None else None,
        amends=_amends_words(signed, store.opinions.list_signed(case_id)) if signed else "",
    )


def _amends_words(signed: SignedOpinion, versions: Sequence[SignedOpinion]) -> str:
    amendment = amendment_of(signed.frozen)
    if amendment is None:
        return ""
    earlier = next(
        (one.frozen for one in versions if one.frozen.opinion_identifier == amendment.opinion_identifier), None
    )
    deed = _DEEDS[amendment.kind]
    if earlier is None:
        return f"{deed} opinion {amendment.opinion_identifier}"
    return f"{deed} version {earlier.version} of {earlier.signed_at.astimezone():%Y-%m-%d}"


def _unsent_words(standing: SignedOpinion, versions: Sequence[SignedOpinion]) -> str:
    later = [one.frozen for one in versions if one.frozen.version > standing.frozen.version]
    return " ".join(f"Version {one.version} of {one.signed_at.astimezone():%Y-%m-%d} was not sent." for one in later)


_DEEDS = {AmendmentKind.CORRECTION: "corrects", AmendmentKind.ADDENDUM: "adds to"}


def load_form(store: Store, canonical: str) -> Questionnaire:
    """The form with that canonical ``url|version``: the hospital's own if it came with the case, else ours."""
    name = canonical.partition("|")[0].rpartition("/")[2]
    sources = [store.cases.find_resource(f"Questionnaire/{name}")]
    sources += [json.loads(resource("questionnaires", f"{form}.json").read_text("utf-8")) for form in SHIPPED_FORMS]
    for source in sources:
        if source is not None and canonical in (source.get("url"), f"{source.get('url')}|{source.get('version')}"):
            return parse_questionnaire(source)
    raise UnsupportedQuestionnaire(f"The form “{canonical}” that this case asks for is not on this computer.")


def start_opinion(form: Questionnaire, case: Case, context: dict[str, Json]) -> tuple[Response, dict[ItemPath, str]]:
    """A new form with its initial values: initialExpression (SDC), and one row an asked question to answer."""
    response = start_response(form)
    notes: dict[ItemPath, str] = {}
    group = next((path for path, item, _row in response.walk() if item.link_id == "q.answer"), None)
    question = form.find("q.answer.question")
    if question is not None and group is not None:
        for index, text in enumerate(case.questions):
            if index >= response.count_rows(group):
                response = response.with_row(group)
            place = (*group[:-1], ("q.answer", index), ("q.answer.question", 0))
            response = response.with_answer(place, Answer("valueString", text[: question.max_length]))
    for path, item, row in tuple(response.walk()):
        if item.initial_expression and row.answer is None:
            response, note = evaluate_into(response, path, item, item.initial_expression, context)
            if note:
                notes[path] = note
    return response, notes


def renew_questions(form: Questionnaire, response: Response, case: Case) -> tuple[Response, dict[ItemPath, str]]:
    """The draft with the questions as they are asked now; a note stands at each that was another one before."""
    question = form.find("q.answer.question")
    group = next((path for path, item, _row in response.walk() if item.link_id == "q.answer"), None)
    notes: dict[ItemPath, str] = {}
    if question is None or group is None:
        return response, notes
    rows = range(response.count_rows(group))
    places = [(*group[:-1], ("q.answer", index), ("q.answer.question", 0)) for index in rows]
    kept = [answer.value if (answer := response.find_answer(place)) else None for place in places]
    asked = [text[: question.max_length] for text in case.questions]
    for index, text in enumerate(asked):
        if index >= len(places) or kept[index] == text or text in kept or kept[index] in asked:
            continue
        response = response.with_answer(places[index], Answer("valueString", text))
        notes[places[index]] = "The hospital changed this question; see that the answer still fits."
    return response, notes


def state_anew(response: Response, context: dict[str, Json]) -> Response:
    """What the form states of the case, and nobody can type over, as the case stands now: above all what is asked.

    What can no longer be evaluated stays as it was.
    """
    for path, item, _row in tuple(response.walk()):
        if item.initial_expression and item.read_only:
            stated, note = evaluate_into(response, path, item, item.initial_expression, context)
            response = response if note else stated
    return response


def evaluate_into(
    response: Response, path: ItemPath, item: Item, expression: str, context: dict[str, Json]
) -> tuple[Response, str]:
    """The response with what *expression* gives at *path* (nothing empties it), and a note when it failed."""
    source: Json = {"resourceType": "QuestionnaireResponse", "item": response_items(response)}
    try:
        values = calculate(expression, source, context)
    except NotCalculated as error:
        return response.with_answer(path, None), f"{str(error)[:1].upper()}{str(error)[1:]}."
    return response.with_answer(path, _as_answer(item, values)), ""


def _as_answer(item: Item, values: Sequence[object]) -> Answer | None:
    first = values[0] if values else None
    if item.type in (ItemType.DECIMAL, ItemType.INTEGER):
        is_number = isinstance(first, int | float) and not isinstance(first, bool)
        return Answer(item.answer_element, first) if is_number else None  # type: ignore[arg-type]
    if item.type is ItemType.BOOLEAN:
        return Answer(item.answer_element, first) if isinstance(first, bool) else None
    if isinstance(first, str) and first.strip():
        return Answer(item.answer_element, first)
    return None


def recalculate(
    form: Questionnaire, response: Response, context: dict[str, Json]
) -> tuple[Response, dict[ItemPath, str]]:
    """The response with every calculatedExpression evaluated, and notes on those that could not be."""
    notes: dict[ItemPath, str] = {}
    if not any(item.calculated_expression for item in form.walk()):
        return response, notes
    for path, item, _row in tuple(response.walk()):
        if item.calculated_expression:
            response, note = evaluate_into(response, path, item, item.calculated_expression, context)
            if note:
                notes[path] = note
    return response, notes


def record_candidates(case: Case) -> tuple[Candidate, ...]:
    """The records a reference question may name: none while they are withheld, for nobody can have reviewed them."""
    if case.consent is not ConsentState.ACTIVE:
        return ()
    return tuple(
        Candidate(Reference(record.reference, record.kind, record.title)) for record in reviewable_records(case)
    )


def incomplete_records(store: Store, case: Case) -> tuple[CompletenessNote, ...]:
    """Records of which something is not here, in the words of the safety rule: “48 of 56 images here”."""
    case_id = case.case_id
    whole = completeness_of(case, store.objects.list_objects(case_id), store.objects.list_rejected(case_id))
    notes = [
        CompletenessNote(study.description or "Imaging study", f"{count.words('image', 'images')} here.")
        for study in case.studies
        if not (count := whole.studies[study.reference]).is_whole
    ]
    notes += [
        CompletenessNote(document.title, "not on this computer.")
        for document in case.documents
        if document.reference not in whole.sources and document.category.value != "consent"
    ]
    notes += [CompletenessNote(rejected.title, rejected.reason) for rejected in whole.rejected]
    return tuple(notes)


def hindrances(store: Store, case: Case) -> tuple[Check, ...]:
    """What of the case itself forbids signing now."""
    found = []
    foreign = [o for o in store.objects.list_objects(case.case_id) if o.patient_mismatch]
    if foreign and store.objects.find_mismatch_override(case.case_id) is None:
        sentence = f"{foreign[0].patient_mismatch} Settle this on the case page first."
        found.append(Check("patient", "Every image is this patient's", False, True, sentence))
    shown = as_released(case, known_time(store))
    if shown.consent is not ConsentState.ACTIVE:
        why = ended_words(shown) if shown.consent is ConsentState.EXPIRED else "The patient's consent is not active."
        sentence = f"{why[:-1]}; no opinion can be signed."
        found.append(Check("consent", "The patient has consented", False, True, sentence))
    withdrawn = store.cases.find_withdrawal(case.case_id)
    if withdrawn is not None:
        found.append(Check("assigned", "The case is assigned to you", False, True, withdrawn))
    elif case.status.is_terminal and not (case.status is CaseStatus.COMPLETED and _is_delivered(store, case)):
        sentence = f"This case is closed ({case.status.value}): no opinion can be written."
        found.append(Check("assigned", "The case is open", False, True, sentence))
    return tuple(found)


def _is_delivered(store: Store, case: Case) -> bool:
    """The hospital closed the case with this reader's opinion: that can be amended without opening the case again."""
    return store.opinions.find_receipt(case.case_id) is not None


def draft_of(desk: Desk, response: Response, saved_at: datetime) -> OpinionDraft:
    """The form as it stands, as a local draft (FHIR R4 QuestionnaireResponse, in-progress)."""
    source: Json = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": desk.form.canonical,
        "status": "in-progress",
        "subject": {"reference": desk.case.patient.reference},
        "item": response_items(response),
    }
    return OpinionDraft(desk.case.case_id, source, saved_at)
