"""Which cases must be read again because their request, release or records changed while their Task did not.

One small search a kind of resource, for versions only; so a round without changes reads no case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sync.errors import Refused, SignInNeeded
from sync.fhir import searches
from sync.fhir.elements import Json, child, reference_of, relative_reference, resources_in, text, version_id
from sync.fhir.message_mapping import MESSAGE_KINDS
from sync.records.open_case import OpenCase
from sync.sync_token import SyncToken
from sync.transfer.hospital import Hospital
from sync.transfer.retry import Cancelled

if TYPE_CHECKING:
    from sync.store.database import Store

_NEWCOMERS = frozenset({"Consent", *MESSAGE_KINDS})
NAMED_PATIENTS = 50
"""Patients named in one search; with more open cases than twice that, the hospital is asked for all that changed."""


def mark_changed_cases(store: Store, hospital: Hospital, cancelled: Cancelled) -> None:
    """Notes in the store whose cases must be read again, then that the hospital was asked up to now.

    Where the hospital cannot be asked so, every open case is read again, as often as there is a round.
    """
    token = SyncToken.load(store)
    open_cases = store.rounds.list_open()
    if token.watched is not None and open_cases:
        _Watch(store, hospital, open_cases, token.watched).mark(cancelled)
    if not cancelled():
        store.cases.put_sync_token({**token.to_json(), "watched": token.high_water})


class _Watch:
    def __init__(self, store: Store, hospital: Hospital, open_cases: Sequence[OpenCase], since: str) -> None:
        self._store = store
        self._hospital = hospital
        self._since = since
        self._patients = sorted({case.patient_reference for case in open_cases if case.patient_reference})

    def mark(self, cancelled: Cancelled) -> None:
        can_ask = self._hospital.fhir.capability().based_on_search
        for kind in searches.PATIENT_PARAMETER:
            if cancelled():
                return
            if kind in MESSAGE_KINDS and kind not in can_ask:
                continue
            try:
                self._mark_changed(kind)
            except Refused as error:
                if isinstance(error, SignInNeeded):
                    raise
                self._store.rounds.mark_to_read(self._patients)
                return

    def _mark_changed(self, kind: str) -> None:
        patient_of: dict[str, str] = {}
        versions: dict[str, str] = {}
        own = set(self._patients)
        for resource in self._changed(kind):
            patient = self._patient_of(resource)
            if patient in own:
                reference = reference_of(resource)
                patient_of[reference], versions[reference] = patient, version_id(resource)
        kept = self._store.rounds.find_versions(versions)
        # A release or message never seen here may be the one that is waited for; other strangers are of other cases.
        changed = [
            reference
            for reference, version in versions.items()
            if (kept[reference] != version if reference in kept else kind in _NEWCOMERS)
        ]
        if changed:
            self._store.rounds.mark_to_read({patient_of[reference] for reference in changed})

    def _changed(self, kind: str) -> Iterator[Json]:
        groups = [self._patients[n : n + NAMED_PATIENTS] for n in range(0, len(self._patients), NAMED_PATIENTS)]
        for group in groups if len(groups) <= 2 else [[]]:
            for page in self._hospital.fhir.search(searches.changes(kind, self._since, group)):
                yield from (found for found in resources_in(page.bundle) if text(found, "resourceType") == kind)

    def _patient_of(self, resource: Json) -> str:
        if text(resource, "resourceType") == "Patient":
            return reference_of(resource)
        return relative_reference(
            child(resource, "subject") or child(resource, "patient"), self._hospital.profile.fhir_base
        )
