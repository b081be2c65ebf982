"""What changed at the hospital between reading a case and acting on it, and the one sentence that explains it.

Decides only; nothing is sent or stored here. Protocol 1.5.
"""

from __future__ import annotations

from dataclasses import dataclass

from sync.fhir.case_mapping import manifest_of, patient_reference_of, questionnaire_of, questions_of
from sync.fhir.elements import Json, child, relative_reference, text, version_id
from sync.records.case import Case, CaseStatus, ConsentState

_CLOSED = {
    CaseStatus.CANCELLED.value: "The hospital has cancelled case {case}; nothing was sent.",
    CaseStatus.REJECTED.value: "Case {case} has been declined; nothing was sent.",
    CaseStatus.FAILED.value: "Case {case} was closed without an opinion; nothing was sent.",
    CaseStatus.ENTERED_IN_ERROR.value: "The hospital has withdrawn case {case} as an error; nothing was sent.",
    CaseStatus.COMPLETED.value: "Case {case} already has an opinion that is not this one; nothing was sent.",
}
_OPEN = {status.value for status in CaseStatus if not status.is_terminal}


class Conflict(Exception):
    """A person must look at it; ``str`` is the sentence. ``locks``: the case is not this reader's any more."""

    def __init__(self, sentence: str, *, locks: bool = False) -> None:
        super().__init__(sentence)
        self.locks = locks


@dataclass(frozen=True, slots=True)
class Terms:
    """What an opinion answers: about whom, the questions, the records as compiled, the form."""

    patient_reference: str
    questions: tuple[str, ...]
    manifest_reference: str
    """With its version."""
    questionnaire: str


def terms_of(case: Case) -> Terms:
    return Terms(case.patient.reference, case.questions, case.manifest_reference, case.questionnaire)


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


def check_still_ours(case: Case, task: Json, reader: str, fhir_base: str) -> None:
    """Raises `Conflict` where the assignment is another's now, or closed."""
    if relative_reference(child(task, "owner"), fhir_base) != reader:
        raise Conflict(given_away(case), locks=True)
    status = text(task, "status")
    if status not in _OPEN:
        sentence = _CLOSED.get(status, "Case {case} is in a state that is not known here; nothing was sent.")
        raise Conflict(sentence.format(case=case.case_id))


def check_consent(case: Case, consent: ConsentState) -> None:
    """Raises `Conflict` where the patient's release does not hold any more."""
    if consent is ConsentState.EXPIRED:
        raise Conflict(f"The patient's release for case {case.case_id} has run out; nothing was sent.")
    if consent is not ConsentState.ACTIVE:
        raise Conflict(f"The patient's release for case {case.case_id} is no longer active; nothing was sent.")


def given_away(case: Case) -> str:
    return f"The hospital has given case {case.case_id} to somebody else."


def access_withdrawn(case: Case) -> str:
    return f"The hospital no longer gives access to case {case.case_id}."
