"""Keeping the local worklist like the hospital's: new and changed assignments, their records, and those taken away.

One stage of a sync round. Sending comes before it (`sync.outbox`), fetching files after it (`sync.transfer`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sync.conflicts import access_withdrawn, find_changed_terms, given_away, terms_of
from sync.errors import ProfileRefused, Refused, SignInNeeded
from sync.fhir.case_mapping import MappedCase, case_from_resources
from sync.fhir.case_reading import CaseReading
from sync.fhir.elements import Json, child, parse_instant, reference_of, relative_reference, resources_in, text
from sync.fhir.fhir_gateway import SearchPage
from sync.fhir.searches import PAGE_SIZE, reconciliation, worklist
from sync.outbox import put_waiting_opinion_aside
from sync.records.case import Case
from sync.transfer.hospital import Hospital
from sync.transfer.patient_recheck import recheck_patient
from sync.transfer.retry import Cancelled

if TYPE_CHECKING:
    from sync.store.database import Store

_OVERLAP = timedelta(seconds=120)
"""A change may be indexed later than it is dated; what comes twice is recognised."""
_PAGE_GONE = (404, 410)


@dataclass
class WorklistReport:
    """What was seen, and what of it needs a person."""

    cases_seen: int = 0
    problems: list[str] = field(default_factory=list)


class WorklistRefresh:
    """One refresh. Call the stages in the order in which they stand."""

    def __init__(self, store: Store, hospital: Hospital, cancelled: Cancelled) -> None:
        self._store = store
        self._hospital = hospital
        self._fhir = hospital.fhir
        self._fhir_base = hospital.profile.fhir_base
        self._cancelled = cancelled
        self.report = WorklistReport()

    def fetch_assignments(self) -> None:
        """Everything of this reader's that changed since the last complete search, page by page, each page kept."""
        token = self._store.cases.find_sync_token() or {}
        high_water, page_url = text(token, "high_water") or None, text(token, "page_url")
        if page_url:
            try:
                self._follow(page_url, high_water, text(token, "pending"))
                return
            except (Refused, ProfileRefused) as error:
                # The interrupted search has expired there, or its address is of an earlier start of the hospital.
                if isinstance(error, SignInNeeded) or getattr(error, "http_status", 410) not in _PAGE_GONE:
                    raise
        self._follow(worklist(self._hospital.profile.practitioner_reference, high_water), high_water, "")

    def _follow(self, url: str, high_water: str | None, pending: str) -> None:
        for page in self._fhir.search(url):
            if not pending:
                # The server's time of the first page, for the local clock may be anything.
                searched_at = parse_instant(text(child(page.bundle, "meta"), "lastUpdated"))
                pending = (searched_at - _OVERLAP).isoformat() if searched_at else high_water or ""
            self._keep_page(page)
            if self._cancelled():
                return
            if page.next_url:
                token = {"high_water": high_water, "page_url": page.next_url, "pending": pending}
                self._store.cases.put_sync_token(token)
        self._store.cases.put_sync_token({"high_water": pending or None})

    def _keep_page(self, page: SearchPage) -> None:
        resources = {reference_of(resource): resource for resource in resources_in(page.bundle)}
        for task in resources.values():
            if text(task, "resourceType") == "Task":
                around = [relative_reference(child(task, name), self._fhir_base) for name in ("focus", "for")]
                known = [resources[reference] for reference in around if reference in resources]
                reading = CaseReading(self._fhir, self._fhir_base, task, known)
                reading.read_request()
                self._keep(task, reading, with_records=False)

    def reconcile(self) -> None:
        """Asks for every open case whose it is now: one given to somebody else just stops appearing in a search."""
        open_cases = [case for case in self._store.cases.list_cases() if self._is_open(case)]
        for start in range(0, len(open_cases), PAGE_SIZE):
            group = open_cases[start : start + PAGE_SIZE]
            ids = [case.task_reference.partition("/")[2] for case in group]
            pages = self._fhir.search(reconciliation(ids))
            held = {reference_of(task): task for page in pages for task in resources_in(page.bundle)}
            for case in group:
                self._reconcile_one(case, held.get(case.task_reference))

    def _reconcile_one(self, case: Case, task: Json | None) -> None:
        if task is None:
            sentence = access_withdrawn(case)
        elif relative_reference(child(task, "owner"), self._fhir_base) != self._hospital.profile.practitioner_reference:
            sentence = given_away(case)
        elif text(task, "status") == "entered-in-error":
            sentence = f"The hospital has withdrawn case {case.case_id} as an error."
        else:
            return
        self._store.cases.mark_withdrawn(case.case_id, sentence)
        self.report.problems.append(sentence)

    def refresh_records(self) -> tuple[Case, ...]:
        """Releases and records of every open case, read anew each time; the cases as they are now.

        One case's failure is a sentence in the report; it does not stop the others.
        """
        refreshed: list[Case] = []
        for case in self._store.cases.list_cases():
            if not self._is_open(case) or self._cancelled():
                continue
            task = self._store.cases.find_resource(case.task_reference)
            if task is None:
                continue
            try:
                refreshed.append(self._refresh_one(case, task))
            except Refused as error:
                if isinstance(error, SignInNeeded):
                    raise
                self.report.problems.append(f"Case {case.case_id}: {error}")
        self.report.cases_seen = len([c for c in self._store.cases.list_cases() if not self._is_withdrawn(c)])
        return tuple(refreshed)

    def _refresh_one(self, case: Case, task: Json) -> Case:
        # Question and patient too: they may change without the Task, and nothing else would tell.
        reading = CaseReading(self._fhir, self._fhir_base, task, ())
        reading.read_request()
        reading.read_consents()
        reading.read_records()
        form = reading.read_questionnaire(lambda canonical: self._store.session.find(f"questionnaire:{canonical}"))
        mapped = self._keep(task, reading, with_records=True)
        if form:
            self._store.session.put(f"questionnaire:{mapped.case.questionnaire}", form)
        elif mapped.case.questionnaire:
            self.report.problems.append(f"Case {case.case_id}: the hospital does not give its opinion form.")
        self.report.problems += mapped.problems
        return mapped.case

    def _keep(self, task: Json, reading: CaseReading, *, with_records: bool) -> MappedCase:
        mapped = case_from_resources(
            task,
            reading.resources,
            fhir_base=self._fhir_base,
            dicomweb_base=self._hospital.profile.dicomweb_base,
            now=self._fhir.clock(),
        )
        before = self._store.cases.find_case(mapped.case.case_id)
        case = mapped.case
        if before is not None and self._is_open(before) and case.status.is_terminal and _is_other(before, case):
            return mapped  # an earlier assignment of the same case, closed long ago
        if before is not None and not with_records:
            # The records come later in the round; until then what was known of them stays.
            case = replace(
                case, consent=before.consent, consent_reference=before.consent_reference, studies=before.studies,
                documents=before.documents, lab_results=before.lab_results, prior_reports=before.prior_reports,
                manifest_reference=before.manifest_reference,
            )  # fmt: skip
        if before is not None:
            # Set aside before the new terms are kept: after a crash in between, the change is found again.
            sentence = find_changed_terms(case.case_id, terms_of(before), terms_of(case))
            if sentence and put_waiting_opinion_aside(self._store, case, sentence):
                self.report.problems.append(sentence)
            recheck_patient(self._store, before, case)
        self._store.cases.put_case(case, [task, *reading.resources])
        return replace(mapped, case=case)

    def _is_open(self, case: Case) -> bool:
        return not case.status.is_terminal and not self._is_withdrawn(case)

    def _is_withdrawn(self, case: Case) -> bool:
        return self._store.cases.find_withdrawal(case.case_id) is not None


def _is_other(one: Case, other: Case) -> bool:
    return one.task_reference != other.task_reference
