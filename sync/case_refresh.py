"""Reading what a case consists of besides its Task: question, patient, releases, records, form.

Only cases of which something changed are read; and each of them again after a while, should a change have gone
unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sync.case_intake import CaseIntake
from sync.case_news import CaseNews
from sync.errors import Refused, SignInNeeded, UnsafeCase
from sync.fhir.case_mapping import patient_reference_of
from sync.fhir.case_reading import CaseReading
from sync.fhir.consent_mapping import consent_state, next_boundary
from sync.fhir.elements import Json, child, relative_reference, text
from sync.records.case import Case, CaseId, ConsentState
from sync.transfer.hospital import Hospital
from sync.transfer.retry import Cancelled

if TYPE_CHECKING:
    from sync.store.database import Store

READ_AGAIN_AFTER = timedelta(hours=12)
"""By the hospital's clock. A deleted release, for one, is found by no search for changes."""


class CaseRefresh:
    """For one round. One case's failure is a sentence; it does not stop the others."""

    def __init__(
        self, store: Store, hospital: Hospital, cancelled: Cancelled, problems: list[str], news: CaseNews
    ) -> None:
        self._store = store
        self._hospital = hospital
        self._cancelled = cancelled
        self._problems = problems
        self._news = news
        self._intake = CaseIntake(store, hospital, problems)

    def list_due(self) -> tuple[CaseId, ...]:
        """Which cases must be read now."""
        return self._store.rounds.list_to_read(self._hospital.fhir.clock())

    def read(self, case_ids: Iterable[CaseId]) -> None:
        """Reads these cases and keeps them, each in one transaction."""
        for case_id in case_ids:
            if self._cancelled():
                return
            case = self._store.cases.find_case(case_id)
            if case is None:
                continue
            try:
                self._read_one(case)
            except UnsafeCase as doubt:
                self._problems.append(str(doubt))
            except Refused as error:
                if isinstance(error, SignInNeeded):
                    raise
                self._problems.append(f"Case {case_id}: {error}")

    def _read_one(self, case: Case) -> None:
        task = self._store.cases.find_resource(case.task_reference)
        if task is None:
            task = self._hospital.fhir.read(case.task_reference)
        reading = CaseReading(self._hospital.fhir, self._hospital.profile.fhir_base, task, ())
        reading.read_request()
        reading.read_consents()
        if self._is_released(task, reading):
            reading.read_records()
        else:
            reading.read_record_names()
        reading.read_messages()
        form = reading.read_questionnaire(lambda canonical: self._store.session.find(f"questionnaire:{canonical}"))
        mapped = self._intake.take_in(task, reading, self._store.cases.find_case, with_records=True)
        if mapped is None:
            return
        problems = list(mapped.problems)
        canonical = mapped.case.questionnaire
        if canonical and not form:
            problems.append(f"Case {case.case_id}: the hospital does not give its opinion form.")
        # What is not whole is read again in the next round: what was missing may be there by then.
        again = self._hospital.fhir.clock() if problems else self._holds_until(reading)
        changes = self._store.cases.put_case(mapped.case, [task, *reading.resources], read_again_at=again)
        self._news.changed |= changes.cases
        if form:
            self._store.session.put(f"questionnaire:{canonical}", form)
        self._problems += problems

    def _is_released(self, task: Json, reading: CaseReading) -> bool:
        base = self._hospital.profile.fhir_base
        releases = [r for r in reading.resources if text(r, "resourceType") == "Consent"]
        patient, reader = patient_reference_of(task, {}, base), relative_reference(child(task, "owner"), base)
        return consent_state(releases, patient, reader, self._hospital.fhir.clock(), base)[0] is ConsentState.ACTIVE

    def _holds_until(self, reading: CaseReading) -> datetime:
        now = self._hospital.fhir.clock()
        releases = [r for r in reading.resources if text(r, "resourceType") == "Consent"]
        boundary = next_boundary(releases, now)
        latest = now + READ_AGAIN_AFTER
        return latest if boundary is None else min(latest, boundary)
