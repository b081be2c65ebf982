"""Who the open case is about, in the words the strip and every picture that leaves carry. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sync.records.case import Case, Patient

SEX_WORDS = {"male": "male", "female": "female", "other": "other sex", "unknown": "sex unknown"}


@dataclass(frozen=True, slots=True)
class PatientIdentity:
    """Who it is, in which case, and what is wrong with the identity (empty where nothing is)."""

    name: str
    person: str
    """Sex, birth date with age, patient ID."""
    case: str
    missing: str = ""

    @property
    def details(self) -> str:
        """Everything but the name."""
        return f"{self.person} · {self.case}"

    @property
    def line(self) -> str:
        """Everything in one line, for pictures that leave."""
        return f"{self.name} · {self.details}"


def identity_of(case: Case, today: date) -> PatientIdentity:
    """The identity of *case*'s patient. What the source does not carry is said to be missing, never left out."""
    patient = case.patient
    parts = [
        SEX_WORDS.get(patient.sex, "sex unknown"),
        birth_words(patient, today),
        f"ID {patient.patient_id}" if patient.patient_id else "ID missing",
    ]
    missing = ""
    if patient.identity_missing:
        missing = "Identity missing: these records carry no patient ID. Make sure whose they are before you answer."
    return PatientIdentity(patient.display_name, " · ".join(parts), f"case {case.case_id}", missing)


def birth_words(patient: Patient, today: date) -> str:
    """``born 1961-03-04 (65 years)``; in months below two years."""
    born = patient.birth_date
    if born is None:
        return "birth date missing"
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    age = f"{months // 12} years" if months >= 24 else f"{max(months, 0)} months"
    return f"born {born.isoformat()} ({age})"
