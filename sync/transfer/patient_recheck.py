"""Whether what lies in the vault is still of the case's patient, after the hospital changed who that is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sync.records.case import Case
from sync.transfer.door import inspect_instance
from sync.transfer.patient_agreement import find_mismatch

if TYPE_CHECKING:
    from sync.store.database import Store


def is_renamed(before: Case, now: Case) -> bool:
    """Something changed in what an image says of its patient too."""
    known, named = before.patient, now.patient
    return (known.patient_id, known.family, known.given, known.birth_date) != (
        named.patient_id,
        named.family,
        named.given,
        named.birth_date,
    )


def recheck_patient(store: Store, before: Case, now: Case) -> None:
    """Compare every image here with the patient of *now*, where that is another than *before*; keep what comes out.

    To be called before *now* is stored: after a crash in between, the change is found again. What is read here passed
    the door when it came.
    """
    if not is_renamed(before, now):
        return
    named = now.patient
    for obj in store.objects.list_objects(now.case_id):
        if obj.sop_instance_uid is None:
            continue
        facts = inspect_instance(store.vault.source(obj.sha256, obj.title))
        mismatch = find_mismatch(named, facts.patient_id, facts.patient_name, facts.birth_date)
        if mismatch != obj.patient_mismatch:
            store.objects.put_object(replace(obj, patient_mismatch=mismatch))
