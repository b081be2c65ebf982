"""What an opinion answers, as it stood when it was signed: about whom, which questions, which records, which form."""

from __future__ import annotations

from dataclasses import dataclass

from sync.records.case import Case


@dataclass(frozen=True, slots=True)
class Terms:
    """An opinion answers these and nothing else; where one of them changes, its signature says nothing any more."""

    patient_reference: str
    questions: tuple[str, ...]
    manifest_reference: str
    """With its version: the records as compiled."""
    questionnaire: str


def terms_of(case: Case) -> Terms:
    """The terms as this computer knows them."""
    return Terms(case.patient.reference, case.questions, case.manifest_reference, case.questionnaire)
