"""Whether an object's header and the case speak of the same patient. Says how they differ; shows or hides nothing."""

from __future__ import annotations

import unicodedata
from datetime import date

from sync.records.case import Patient


def find_mismatch(patient: Patient, patient_id: str, patient_name: str, birth_date: date | None) -> str:
    """One sentence saying how the object's patient differs from the case's, or empty where they agree.

    The ID must be equal to the letter. Name and birth date are compared where both sides have one: names as
    family^given, whatever their case, spacing and width, a missing further given name aside. A case without any
    patient ID agrees only with an object that has none either.
    """
    if patient.patient_id is None:
        if patient_id:
            return f"The image carries patient ID {patient_id}, but the case has no patient ID."
    elif not patient_id:
        return f"The image carries no patient ID; the case is of patient {patient.patient_id}."
    elif patient_id != patient.patient_id:
        return f"The image is of patient {patient_id}, the case of patient {patient.patient_id}."
    if not _names_agree(patient, patient_name):
        written = " ".join(patient_name.replace("^", " ").replace("=", " / ").split())
        return f"The image is of “{written}”, the case of “{patient.display_name}”."
    if birth_date and patient.birth_date and birth_date != patient.birth_date:
        return f"The image says born {birth_date.isoformat()}, the case {patient.birth_date.isoformat()}."
    return ""


def _names_agree(patient: Patient, patient_name: str) -> bool:
    expected = (_words(patient.family), _words(patient.given))
    if not any(expected):
        return True
    # Alphabetic, ideographic and phonetic forms of one name; any may be the one in the hospital's register.
    groups = [group for group in patient_name.split("=") if group.strip("^ ")]
    return not groups or any(_group_agrees(group, *expected) for group in groups)


def _group_agrees(group: str, family: tuple[str, ...], given: tuple[str, ...]) -> bool:
    components = [*group.split("^"), "", "", ""]
    own_family, own_given = _words(components[0]), (*_words(components[1]), *_words(components[2]))
    if own_family != family:
        return False
    shorter = min(len(own_given), len(given))
    return own_given[:shorter] == given[:shorter]


def _words(text: str) -> tuple[str, ...]:
    return tuple(unicodedata.normalize("NFKC", text).casefold().replace("'", "’").split())
