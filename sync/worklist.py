"""Keeping the local worklist like the hospital's: new and changed assignments, and those taken away.

The first two stages of a round. What a case consists of besides its Task: `sync.record_changes`, `sync.case_refresh`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from sync.case_custody import take_case_away
from sync.case_intake import CaseIntake
from sync.case_news import CaseNews
from sync.conflicts import Standing, access_withdrawn, closed_sentence, given_away, standing_of
from sync.errors import ProfileRefused, Refused, SignInNeeded, UnsafeCase
from sync.fhir import searches
from sync.fhir.case_reading import CaseReading
from sync.fhir.elements import Json, child, reference_of, relative_reference, resources_in, text, version_id
from sync.fhir.fhir_gateway import SearchPage
from sync.records.case import Case, CaseId
from sync.records.conflict import ConflictKind
from sync.records.open_case import OpenCase
from sync.sync_token import SyncToken, searched_from
from sync.transfer.hospital import Hospital
from sync.transfer.retry import Cancelled

if TYPE_CHECKING:
    from sync.store.database import Store

_GONE = (403, 404, 410)
_PAGE_GONE = (404, 410)
_INCLUDES = ("Task:focus", "Task:patient")


class WorklistRefresh:
    """One refresh. Call the stages in the order in which they stand."""

    def __init__(
        self, store: Store, hospital: Hospital, cancelled: Cancelled, problems: list[str], news: CaseNews
    ) -> None:
        self._store = store
        self._hospital = hospital
        self._fhir = hospital.fhir
        self._fhir_base = hospital.profile.fhir_base
        self._cancelled = cancelled
        self._problems = problems
        self._news = news
        self._intake = CaseIntake(store, hospital, problems)

    def fetch_assignments(self) -> None:
        """Everything of this reader's that changed since the last complete search, page by page, each page kept."""
        token = SyncToken.load(self._store)
        self._ask_refused_again()
        if token.page_url:
            try:
                self._follow(token.page_url, token)
                return
            except (Refused, ProfileRefused) as error:
                # The interrupted search has expired there, or its address is of an earlier start of the hospital.
                if isinstance(error, SignInNeeded) or getattr(error, "http_status", 410) not in _PAGE_GONE:
                    raise
        fresh = token.begun_anew()
        try:
            self._follow(self._first_page(fresh), fresh)
        except Refused as error:
            # A search that expired while it was followed is begun once more; pages that came are not read again.
            if error.http_status not in _PAGE_GONE or SyncToken.load(self._store).page_url is None:
                raise
            self._follow(self._first_page(fresh), fresh)

    def _first_page(self, token: SyncToken) -> str:
        capability = self._fhir.capability()
        includes = [include for include in _INCLUDES if capability.can_include(include)]
        return searches.worklist(self._hospital.profile.practitioner_reference, token.high_water, includes)

    def _follow(self, url: str, token: SyncToken) -> None:
        for page in self._fhir.search(url):
            token = token.after_page(page.next_url, searched_from(page.bundle))
            self._keep_page(page, token)
            if self._cancelled():
                return

    def _keep_page(self, page: SearchPage, token: SyncToken) -> None:
        resources = {reference_of(resource): resource for resource in resources_in(page.bundle)}
        kept: dict[CaseId, tuple[Case, tuple[Json, ...]]] = {}
        for task in resources.values():
            if text(task, "resourceType") != "Task" or self._is_known(task):
                continue
            reading = self._read_around(task, resources)
            mapped = self._take_in(task, reading, kept)
            if mapped is not None:
                kept[mapped.case_id] = (mapped, (task, *reading.resources))
        self._keep(kept.values(), token)

    def _is_known(self, task: Json) -> bool:
        """The search overlaps the last one: what comes twice in the same version has been read already."""
        reference, version = reference_of(task), version_id(task)
        held = self._store.cases.find_resource(reference)
        if held is None or not version or version_id(held) != version:
            return False
        return not self._store.rounds.is_withdrawn(reference)

    def _read_around(self, task: Json, resources: dict[str, Json]) -> CaseReading:
        around = [relative_reference(child(task, name), self._fhir_base) for name in ("focus", "for")]
        known = [resources[reference] for reference in around if reference in resources]
        reading = CaseReading(self._fhir, self._fhir_base, task, known)
        reading.read_request()
        return reading

    def _take_in(
        self, task: Json, reading: CaseReading, pending: dict[CaseId, tuple[Case, tuple[Json, ...]]]
    ) -> Case | None:
        """The case to keep; None for one that is in doubt (said, and asked for again) or closed long ago."""

        def kept_now(case_id: CaseId) -> Case | None:
            return pending[case_id][0] if case_id in pending else self._store.cases.find_case(case_id)

        try:
            mapped = self._intake.take_in(task, reading, kept_now, with_records=False)
        except UnsafeCase as doubt:
            self._store.rounds.put_refused(reference_of(task), str(doubt))
            self._problems.append(str(doubt))
            return None
        return None if mapped is None else mapped.case

    def _ask_refused_again(self) -> None:
        """An assignment that was in doubt does not appear in the search until its Task changes; its request may."""
        for reference, sentence in self._store.rounds.list_refused():
            try:
                task = self._fhir.read(reference)
            except Refused as error:
                if error.http_status not in _GONE:
                    raise
                self._store.rounds.forget_refused(reference)
                continue
            if not self._keep_one(task):
                self._problems.append(sentence)

    def _keep_one(self, task: Json) -> bool:
        reading = self._read_around(task, {})
        case = self._take_in(task, reading, {})
        if case is None:
            return False
        self._keep([(case, (task, *reading.resources))], SyncToken.load(self._store))
        return True

    def _keep(self, cases: Collection[tuple[Case, tuple[Json, ...]]], token: SyncToken) -> None:
        fresh = {c.case_id for c, _ in cases if not c.status.is_terminal and not self._store.cases.find_case(c.case_id)}
        changes = self._store.cases.put_page(cases, token.to_json())
        self._news.new |= fresh
        self._news.changed |= changes.cases

    def reconcile(self) -> None:
        """Asks for every open case whose it is now: one given to somebody else just stops appearing in a search.

        A version that the search did not bring (the hospital's clock was set back) is read here.
        """
        open_cases = self._store.rounds.list_open()
        for start in range(0, len(open_cases), searches.RECONCILED_AT_ONCE):
            if self._cancelled():
                return
            group = open_cases[start : start + searches.RECONCILED_AT_ONCE]
            ids = [case.task_reference.partition("/")[2] for case in group]
            pages = self._fhir.search(searches.reconciliation(ids))
            held = {reference_of(task): task for page in pages for task in resources_in(page.bundle)}
            for case in group:
                self._reconcile_one(case, held.get(case.task_reference))

    def _reconcile_one(self, case: OpenCase, task: Json | None) -> None:
        kind = ConflictKind.REASSIGNED
        if task is None:
            sentence = access_withdrawn(self._store.cases.get_case(case.case_id))
        elif relative_reference(child(task, "owner"), self._fhir_base) != self._hospital.profile.practitioner_reference:
            sentence = given_away(self._store.cases.get_case(case.case_id))
        elif standing_of(text(task, "status")) is Standing.CANCELLED:
            sentence, kind = closed_sentence(case.case_id, text(task, "status")), ConflictKind.CANCELLED
        else:
            if version_id(task) not in ("", case.task_version):
                self._keep_one(self._fhir.read(case.task_reference))
            return
        take_case_away(self._store, case.case_id, kind, sentence, self._fhir.clock())
        self._problems.append(sentence)
