"""What to do when something is about to leave, or was just answered: protocol 1.5's table as one pure function.

Decides only; nothing is sent, read or stored here. The facts come from `sync.fresh_look`, the deeds are
`sync.delivery`'s. The sentences that explain a decision to the reader stand here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from sync.fhir.case_mapping import manifest_of, patient_reference_of, questionnaire_of, questions_of
from sync.fhir.elements import Json, version_id
from sync.records.case import Case, CaseId, CaseStatus
from sync.records.conflict import ConflictKind
from sync.records.terms import Terms, terms_of

__all__ = [
    "Answered",
    "Attempted",
    "Conflict",
    "Decision",
    "Held",
    "HeldOpinion",
    "MoveState",
    "Release",
    "Standing",
    "Terms",
    "access_withdrawn",
    "closed_sentence",
    "decide",
    "find_changed_terms",
    "given_away",
    "moved_on_sentence",
    "release_sentence",
    "standing_of",
    "terms_from",
    "terms_of",
]


class Attempted(Enum):
    """What is to leave."""

    OPINION = auto()
    """With its marks: they leave in the same transaction."""
    MOVE = auto()
    MESSAGE = auto()


class Answered(Enum):
    """What came back from the hospital for a write."""

    NOT_ASKED = auto()
    """Nothing was sent yet."""
    TAKEN = auto()
    SUPERSEDED = auto()
    """409 or 412: somebody else changed something first."""
    REFUSED = auto()
    """400, 422 and other refusals that a repetition does not change."""
    SIGN_IN = auto()
    """401, after the one refresh."""
    BUSY = auto()
    """429 or 503."""
    UNKNOWN = auto()
    """A time-out or a broken line: it may have been carried out."""


class Standing(Enum):
    """The assignment's state at the hospital, as far as it decides something."""

    OPEN = auto()
    COMPLETED = auto()
    CANCELLED = auto()
    """Or entered in error: the hospital does not want it any more."""
    CLOSED = auto()
    """Rejected, failed, or a state that is not known here."""


class Release(Enum):
    """The patient's consent now, against what it was when the case came."""

    HOLDS = auto()
    ENDED_SINCE = auto()
    """It held when the opinion was signed, and ran out by its own date since: what the reader wrote still leaves."""
    RUN_OUT = auto()
    """It does not hold, or is not shown; nobody says that it was withdrawn."""
    WITHDRAWN = auto()


class HeldOpinion(Enum):
    """Which opinion the hospital holds for this assignment."""

    NONE = auto()
    OURS = auto()
    """Byte for byte the one that is to be sent."""
    OUR_EARLIER = auto()
    """A version signed here before it, that had seemed unsent."""
    FROM_ELSEWHERE = auto()
    """This reader's, but signed on another computer."""
    ANOTHERS = auto()
    AMENDED = auto()
    """The delivered version that the one to be sent amends, and nothing later."""
    SAME_NUMBER = auto()
    """Something else stands under our identifier."""


class MoveState(Enum):
    """Where a move of the Task's state would start from. Always POSSIBLE for what is no move."""

    POSSIBLE = auto()
    MADE = auto()
    """The Task is there already, or beyond it."""
    IMPOSSIBLE = auto()


@dataclass(frozen=True, slots=True)
class Held:
    """What the hospital holds now, read directly before (protocol 1.4, step 0)."""

    reachable: bool
    """False: 403, 404 or 410 on the assignment or its records."""
    ours: bool
    """The assignment's owner is this reader."""
    standing: Standing
    release: Release
    terms_changed: bool
    opinion: HeldOpinion
    move: MoveState


class Decision(Enum):
    """Everything that can be done. The set is closed: `sync.delivery` has a deed for each."""

    LOOK = auto()
    """Read what the hospital holds, then decide again."""
    SEND = auto()
    DELIVERED = auto()
    """It is there: record that, send nothing."""
    WAIT = auto()
    """Try again later, by itself."""
    SIGN_IN = auto()
    """The outbox waits until somebody has signed in."""
    ATTENTION = auto()
    """Stop; a person looks at the hospital's words."""
    HOLD_BACK = auto()
    """The release has run out, or the assignment is closed: stop, the case stays readable."""
    LOCK = auto()
    """The case is not this reader's any more: lock it, keep the unsent for the site's grace."""
    SHRED = auto()
    """The patient withdrew the release: lock it, keep nothing."""
    SIGN_AGAIN = auto()
    """The signature answers something that is not asked any more."""
    ALREADY_THERE = auto()
    """This reader's opinion from another computer is there: show its receipt, send nothing."""
    EARLIER_ARRIVED = auto()
    """An earlier version arrived after all: record its receipt, send nothing."""
    COLLISION = auto()
    """Two contents under one number: stop."""


def decide(attempted: Attempted, answered: Answered, held: Held | None, *, tries_left: bool) -> Decision:
    """What to do now. *held* None: not looked yet. *tries_left*: of the three against a Task that keeps changing."""
    if answered is Answered.SIGN_IN:
        return Decision.SIGN_IN
    if answered is Answered.REFUSED:
        return Decision.ATTENTION
    if answered is Answered.BUSY:
        return Decision.WAIT
    if held is None:
        # Of an opinion, only what the hospital shows it holds counts as arrived; a move's answer is the Task itself.
        is_done = answered is Answered.TAKEN and attempted is not Attempted.OPINION
        return Decision.DELIVERED if is_done else Decision.LOOK
    return _about_opinion(attempted, held) or _about_case(attempted, held) or _about_answer(answered, tries_left)


def _about_opinion(attempted: Attempted, held: Held) -> Decision | None:
    if not held.reachable:
        return Decision.LOCK
    if attempted is not Attempted.OPINION:
        return None
    return {
        HeldOpinion.OURS: Decision.DELIVERED,
        HeldOpinion.OUR_EARLIER: Decision.EARLIER_ARRIVED,
        HeldOpinion.FROM_ELSEWHERE: Decision.ALREADY_THERE,
        HeldOpinion.SAME_NUMBER: Decision.COLLISION,
    }.get(held.opinion)


def _about_case(attempted: Attempted, held: Held) -> Decision | None:
    if not held.ours:
        return Decision.LOCK
    if attempted is Attempted.MOVE and held.move is MoveState.MADE:
        return Decision.DELIVERED
    if held.standing is Standing.CANCELLED:
        return Decision.LOCK
    # An amendment does not reopen the assignment (protocol 1.3): it is added to the completed one.
    is_added = attempted is Attempted.OPINION and held.opinion is HeldOpinion.AMENDED
    is_amending = is_added and held.standing is Standing.COMPLETED
    if held.standing is not Standing.OPEN and not is_amending:
        return Decision.HOLD_BACK
    if held.release is Release.WITHDRAWN:
        return Decision.SHRED
    if held.release is Release.RUN_OUT:
        return Decision.HOLD_BACK
    if attempted is Attempted.MOVE and held.move is MoveState.IMPOSSIBLE:
        return Decision.HOLD_BACK
    if attempted is Attempted.OPINION and held.terms_changed:
        return Decision.SIGN_AGAIN
    return Decision.HOLD_BACK if held.opinion is HeldOpinion.ANOTHERS else None


def _about_answer(answered: Answered, tries_left: bool) -> Decision:
    if answered is Answered.NOT_ASKED or (answered is Answered.SUPERSEDED and tries_left):
        return Decision.SEND
    return Decision.WAIT


class Conflict(Exception):
    """A person must look at it; ``str`` is the sentence. ``kind``: what is asked of that person, where it is known."""

    def __init__(self, sentence: str, kind: ConflictKind | None = None, detail: dict[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.detail = detail or {}


def terms_from(task: Json, request: Json, manifest: Json, fhir_base: str) -> Terms:
    """The terms as the hospital holds them now."""
    reference, version = manifest_of(task, fhir_base), version_id(manifest)
    manifest_reference = f"{reference}/_history/{version}" if version else reference
    patient = patient_reference_of(task, request, fhir_base)
    return Terms(patient, questions_of(request), manifest_reference, questionnaire_of(task))


def find_changed_terms(case_id: str, before: Terms, now: Terms) -> str:
    """A sentence where a signed opinion would answer something else than what is asked now; else empty."""
    changed = [
        what
        for what, is_changed in (
            ("the patient", before.patient_reference != now.patient_reference),
            ("the clinical question", before.questions != now.questions),
            ("the records", before.manifest_reference != now.manifest_reference),
            ("the opinion form", before.questionnaire != now.questionnaire),
        )
        if is_changed
    ]
    if not changed:
        return ""
    return f"The hospital changed {' and '.join(changed)} of case {case_id}; review it and sign again."


def standing_of(status: str) -> Standing:
    """From FHIR R4 Task.status."""
    if status in (CaseStatus.CANCELLED.value, CaseStatus.ENTERED_IN_ERROR.value):
        return Standing.CANCELLED
    if status == CaseStatus.COMPLETED.value:
        return Standing.COMPLETED
    return Standing.OPEN if status in _OPEN else Standing.CLOSED


def closed_sentence(case_id: CaseId, status: str) -> str:
    """Why nothing was sent about an assignment in that state."""
    return _CLOSED.get(status, "Case {case} is in a state that is not known here; nothing was sent.").format(
        case=case_id
    )


def moved_on_sentence(case_id: CaseId, status: str, wanted: str) -> str:
    """Why a move was not made: the assignment stands elsewhere by now."""
    now, deed = _STANDS.get(status, f"“{status}”"), _DEEDS.get(wanted, f"become “{wanted}”")
    return f"The hospital has moved on: case {case_id} is {now} and can no longer {deed}; nothing was sent."


def release_sentence(case_id: CaseId, release: Release) -> str:
    """Why nothing was sent: the patient's release. Empty where it keeps nothing back."""
    if release in (Release.HOLDS, Release.ENDED_SINCE):
        return ""
    if release is Release.RUN_OUT:
        return f"The patient's release for case {case_id} has run out; nothing was sent."
    return (
        f"The patient has withdrawn the release for case {case_id}; nothing was sent, and its data is deleted from "
        "this computer."
    )


def given_away(case: Case) -> str:
    return f"The hospital has given case {case.case_id} to somebody else."


def access_withdrawn(case: Case) -> str:
    return f"The hospital no longer gives access to case {case.case_id}."


_STANDS = {
    CaseStatus.REQUESTED.value: "new",
    CaseStatus.RECEIVED.value: "new",
    CaseStatus.READY.value: "ready",
    CaseStatus.ACCEPTED.value: "accepted",
    CaseStatus.IN_PROGRESS.value: "in progress",
    CaseStatus.ON_HOLD.value: "on hold",
}
_DEEDS = {
    CaseStatus.ACCEPTED.value: "be accepted",
    CaseStatus.REJECTED.value: "be declined",
    CaseStatus.IN_PROGRESS.value: "be gone on with",
    CaseStatus.ON_HOLD.value: "be put on hold",
    CaseStatus.FAILED.value: "be closed without an opinion",
}
_OPEN = {status.value for status in CaseStatus if not status.is_terminal}
_CLOSED = {
    CaseStatus.CANCELLED.value: "The hospital has cancelled case {case}; nothing was sent.",
    CaseStatus.REJECTED.value: "Case {case} has been declined; nothing was sent.",
    CaseStatus.FAILED.value: "Case {case} was closed without an opinion; nothing was sent.",
    CaseStatus.ENTERED_IN_ERROR.value: "The hospital has withdrawn case {case} as an error; nothing was sent.",
    CaseStatus.COMPLETED.value: "Case {case} already has an opinion that is not this one; nothing was sent.",
}
