"""What must happen before a newly read case replaces the one that is kept: doubts, changed terms, the patient again.

Keeps nothing itself; whoever read the case writes it afterwards, so that a crash in between finds the change again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from sync.case_custody import shred_files, take_case_away
from sync.conflicts import Attempted, Release, closed_sentence, find_changed_terms, terms_of
from sync.errors import UnsafeCase
from sync.fhir.case_mapping import MappedCase, case_from_resources
from sync.fhir.case_reading import CaseReading
from sync.fhir.elements import Json
from sync.fresh_look import FreshLook
from sync.outbox import put_waiting_opinion_aside
from sync.records.case import Case, CaseId, CaseStatus, ConsentState
from sync.records.conflict import ConflictKind
from sync.release_end import end_release
from sync.transfer.hospital import Hospital
from sync.transfer.patient_recheck import is_renamed, recheck_patient

if TYPE_CHECKING:
    from sync.store.database import Store


class CaseIntake:
    """For one round; ``problems`` gathers the sentences for the reader."""

    def __init__(self, store: Store, hospital: Hospital, problems: list[str]) -> None:
        self._store = store
        self._hospital = hospital
        self._problems = problems

    def take_in(
        self, task: Json, reading: CaseReading, kept_now: Callable[[CaseId], Case | None], *, with_records: bool
    ) -> MappedCase | None:
        """The case as it is to be kept; None for an earlier assignment of it, closed long ago, for one given back that
        is not here, and for one whose release was withdrawn: that one is locked and shredded here.

        *kept_now* finds what is kept of it. Without its records, what was known of them stays until they are read.
        `UnsafeCase` where patient, owner or state are in doubt.
        """
        profile = self._hospital.profile
        mapped = case_from_resources(
            task,
            reading.resources,
            fhir_base=profile.fhir_base,
            dicomweb_base=profile.dicomweb_base,
            now=self._hospital.fhir.clock(),
        )
        case = mapped.case
        if case.owner_reference != profile.practitioner_reference:
            raise UnsafeCase(f"Case {case.case_id} was not taken in: it is assigned to somebody else.")
        before = kept_now(case.case_id)
        if before is None:
            # One that was given back long ago is no case of this reader's: its files would come only to be deleted.
            return None if case.status in (CaseStatus.REJECTED, CaseStatus.FAILED) else mapped
        if case.status.is_terminal and case.task_reference != before.task_reference and self._is_open(before):
            return None
        if with_records and case.consent is not ConsentState.ACTIVE and self._was_released(before):
            if lost := self._withdrawn_release(before):
                self._take_away(before, ConflictKind.CONSENT_WITHDRAWN, lost)
                return None
            if case.consent is ConsentState.EXPIRED:
                end_release(self._store, before, case)
        elif with_records and case.consent is ConsentState.ACTIVE and before.consent is ConsentState.EXPIRED:
            self._store.conflicts.settle_ended_release(case.case_id)
        if case.status is CaseStatus.CANCELLED and not before.status.is_terminal:
            self._take_away(before, ConflictKind.CANCELLED, closed_sentence(case.case_id, case.status.value))
        elif not case.status.is_terminal and self._store.conflicts.find_lock(case.case_id) is not None:
            self._store.conflicts.release_case(case.case_id)  # it stands on this reader's list again
        if not with_records:
            case = replace(
                case, consent=before.consent, consent_reference=before.consent_reference, studies=before.studies,
                documents=before.documents, lab_results=before.lab_results, prior_reports=before.prior_reports,
                manifest_reference=before.manifest_reference, messages=before.messages,
                release_until=before.release_until,
            )  # fmt: skip
        sentence = find_changed_terms(case.case_id, terms_of(before), terms_of(case))
        if sentence and put_waiting_opinion_aside(self._store, case, sentence):
            self._problems.append(sentence)
        self._store.questions.note_changed(case.case_id, before.questions, case.questions)
        if before.consent is ConsentState.ACTIVE:
            recheck_patient(self._store, before, case)
        elif is_renamed(before, case) and self._store.rounds.has_files(case.case_id):
            # Nobody may look into withheld files, not even for this: they come again, through the door.
            shred_files(self._store, before, f"The hospital changed the patient of case {case.case_id}.")
        return replace(mapped, case=case)

    def _was_released(self, before: Case) -> bool:
        """Something was let in under a release, and may be here."""
        return before.consent is ConsentState.ACTIVE or self._store.rounds.has_files(before.case_id)

    def _withdrawn_release(self, before: Case) -> str:
        """A sentence where the patient withdrew the release that this case was fetched under; asked for explicitly."""
        released = replace(before, consent=ConsentState.ACTIVE)  # as it was, also where its end was met here already
        look = FreshLook(self._store, self._hospital, released, Attempted.MESSAGE).of_message()
        return look.sentence if look.held.release is Release.WITHDRAWN else ""

    def _take_away(self, case: Case, kind: ConflictKind, sentence: str) -> None:
        take_case_away(self._store, case.case_id, kind, sentence, self._hospital.fhir.clock())
        self._problems.append(sentence)

    def _is_open(self, case: Case) -> bool:
        return not case.status.is_terminal and self._store.cases.find_withdrawal(case.case_id) is None
