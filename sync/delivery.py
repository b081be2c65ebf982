"""One attempt at delivering one outbox entry: look, decide, write, and look again. Protocol 1.3–1.5.

Nothing here trusts memory of earlier attempts: the hospital is asked what it holds before each one. The guard is the
Task's ``If-Match``; whoever loses a race, or lost an answer, finds the opinion there and records the receipt.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from sync.audit import AuditAction
from sync.conflicts import (
    Conflict,
    access_withdrawn,
    check_consent,
    check_still_ours,
    find_changed_terms,
    terms_from,
    terms_of,
)
from sync.errors import (
    DamagedTransfer,
    HospitalBusy,
    Offline,
    Refused,
    Superseded,
    SyncError,
)
from sync.fhir.bundle_check import find_fault
from sync.fhir.case_mapping import manifest_of
from sync.fhir.consent_mapping import consent_state
from sync.fhir.elements import Json, child, resources_in, text, version_id
from sync.fhir.opinion_mapping import opinion_bundle
from sync.fhir.searches import consents
from sync.fhir.task_probe import find_receipt
from sync.records.case import CaseStatus, ConsentState
from sync.records.opinion import Receipt, SignedOpinion
from sync.records.outbox_entry import OutboxEntry, OutboxKind
from sync.transfer.hospital import Hospital
from sync.transfer.retry import Cancelled, pause, pause_before

if TYPE_CHECKING:
    from sync.store.database import Store

_TRIES_AGAINST_OTHERS = 3
_ACCESS_GONE = (403, 404, 410)
_UNKNOWN_OUTCOME = (Offline, HospitalBusy, DamagedTransfer)
_NOT_ACCEPTED_YET = (CaseStatus.REQUESTED.value, CaseStatus.RECEIVED.value)
_MOVES = {
    CaseStatus.ACCEPTED.value: frozenset({"requested", "received", "ready"}),
    CaseStatus.IN_PROGRESS.value: frozenset({"requested", "received", "ready", "accepted", "on-hold"}),
}
"""The moves a reader can queue, and the states each may start from (protocol 1.3)."""
_BEYOND = {CaseStatus.ACCEPTED.value: frozenset({"in-progress", "on-hold"})}
"""States that a move has been overtaken by: it needs no sending any more."""


class Delivery:
    """One attempt at one entry."""

    def __init__(self, store: Store, hospital: Hospital, entry: OutboxEntry, cancelled: Cancelled) -> None:
        self._store = store
        self._hospital = hospital
        self._fhir = hospital.fhir
        self._entry = entry
        self._case = store.cases.get_case(entry.case_id)
        self._cancelled = cancelled

    def run(self) -> None:
        """Returns when the hospital has it. Raises `Conflict`, or a `SyncError` with the entry still to be sent."""
        if self._entry.kind is OutboxKind.TASK_MOVE:
            self._send_move()
            return
        signed = self._store.opinions.find_signed_by_identifier(self._entry.subject)
        if signed is None:
            raise Conflict(f"The opinion on case {self._case.case_id} is not on this computer any more.")
        self._send_opinion(signed)

    def _read_task(self) -> Json:
        try:
            return self._fhir.read(self._case.task_reference)
        except Refused as error:
            if error.http_status in _ACCESS_GONE:
                raise Conflict(access_withdrawn(self._case), locks=True) from error
            raise

    def _send_move(self) -> None:
        target = self._entry.subject
        for _ in range(_TRIES_AGAINST_OTHERS):
            task = self._read_task()
            status = text(task, "status")
            if status == target or status in _BEYOND.get(target, ()):
                break
            self._check_ours(task)
            if status not in _MOVES.get(target, ()):
                raise Conflict(f"Case {self._case.case_id} is {status} and cannot become {target}; nothing was sent.")
            try:
                task = self._fhir.put_task(self._moved(task, target), version_id(task))
            except Superseded:
                continue
            break
        else:
            raise Superseded(f"Case {self._case.case_id} keeps changing at the hospital.")
        self._keep_task(task)
        self._store.outbox.record_delivered(self._entry.entry_id)

    def _moved(self, task: Json, target: str) -> Json:
        """The whole Task as the hospital has it, with only our fields changed."""
        moved = copy.deepcopy(task)
        moved["status"] = target
        if target == CaseStatus.IN_PROGRESS.value:
            begun = self._entry.queued_at.isoformat(timespec="seconds")
            moved["executionPeriod"] = {"start": begun, **child(task, "executionPeriod")}
        return moved

    def _send_opinion(self, signed: SignedOpinion) -> None:
        capability = self._fhir.capability()
        for attempt in range(1, _TRIES_AGAINST_OTHERS + 1):
            task = self._read_task()
            if receipt := self._find_receipt(task, signed, already_there=True):
                self._keep_receipt(receipt, task)
                return
            if not capability.transaction or not capability.versioned_update:
                raise Conflict(
                    f"{self._hospital.profile.hospital_name} cannot take an opinion exactly once "
                    "(it lacks transactions or versions), so nothing was sent."
                )
            self._check_ours(task)
            self._check_terms(task)
            try:
                task = self._accepted(task)
                self._post(signed, task, capability.identifier_search)
            except Superseded as error:
                # Somebody changed the Task between our look and our write: look again before anything else.
                if attempt == _TRIES_AGAINST_OTHERS:
                    raise
                pause(pause_before(attempt, error), self._cancelled)
                continue
            except _UNKNOWN_OUTCOME as error:
                if not self._was_delivered_after_all(signed):
                    raise error from None
                return
            self._acknowledge(signed)
            return

    def _accepted(self, task: Json) -> Json:
        """An opinion on an assignment nobody accepted yet accepts it first: the states have an order (protocol 1.3)."""
        if text(task, "status") not in _NOT_ACCEPTED_YET:
            return task
        return self._fhir.put_task(self._moved(task, CaseStatus.ACCEPTED.value), version_id(task))

    def _post(self, signed: SignedOpinion, task: Json, identifier_search: frozenset[str]) -> None:
        bundle = opinion_bundle(signed, self._case, task, identifier_search)
        if fault := find_fault(bundle):
            raise Conflict(f"The opinion on case {self._case.case_id} cannot be sent: {fault}.")
        outcome = "begun"
        try:
            self._fhir.transaction(bundle)
            outcome = "done"
        except SyncError as error:
            outcome = type(error).__name__
            raise
        finally:
            detail: Json = {"task_version": version_id(task), "entries": len(bundle["entry"])}
            subject = signed.frozen.opinion_identifier
            self._store.audit.append(AuditAction.UPLOADED, self._case.case_id, subject, outcome, detail)

    def _acknowledge(self, signed: SignedOpinion) -> None:
        """A receipt is only ever what the hospital shows it holds, never the mere success of a request."""
        task = self._fhir.read(self._case.task_reference)
        receipt = self._find_receipt(task, signed, already_there=False)
        if receipt is None:
            raise DamagedTransfer(
                f"{self._hospital.profile.hospital_name} took the opinion on case {self._case.case_id} "
                "but does not show it yet."
            )
        self._keep_receipt(receipt, task)

    def _find_receipt(self, task: Json, signed: SignedOpinion, *, already_there: bool) -> Receipt | None:
        fhir_base = self._hospital.profile.fhir_base
        return find_receipt(self._fhir, task, self._case, signed, already_there=already_there, fhir_base=fhir_base)

    def _was_delivered_after_all(self, signed: SignedOpinion) -> bool:
        """Asks at once after an answer was lost; where even that fails, the next attempt asks first."""
        try:
            task = self._fhir.read(self._case.task_reference)
            receipt = self._find_receipt(task, signed, already_there=True)
        except SyncError:
            return False
        if receipt is None:
            return False
        self._keep_receipt(receipt, task)
        return True

    def _check_ours(self, task: Json) -> None:
        profile = self._hospital.profile
        check_still_ours(self._case, task, profile.practitioner_reference, profile.fhir_base)

    def _check_terms(self, task: Json) -> None:
        """Step 0 of protocol 1.4: consent, question and records are read directly before anything leaves."""
        fhir_base = self._hospital.profile.fhir_base
        try:
            request = self._fhir.read(self._case.service_request_reference)
            manifest = self._fhir.read(manifest_of(task, fhir_base))
        except Refused as error:
            if error.http_status in _ACCESS_GONE:
                raise Conflict(access_withdrawn(self._case), locks=True) from error
            raise
        check_consent(self._case, self._consent_now())
        now = terms_from(task, request, manifest, fhir_base)
        if sentence := find_changed_terms(self._case.case_id, terms_of(self._case), now):
            raise Conflict(sentence)

    def _consent_now(self) -> ConsentState:
        profile, patient = self._hospital.profile, self._case.patient.reference
        found: list[Json] = []
        if self._case.consent_reference is not None:
            try:
                found.append(self._fhir.read(self._case.consent_reference))
            except Refused as error:
                if error.http_status not in _ACCESS_GONE:
                    raise
        for _ in range(2):
            state, _reference = consent_state(
                found, patient, profile.practitioner_reference, self._fhir.clock(), profile.fhir_base
            )
            if state is ConsentState.ACTIVE:
                break
            # The one we knew does not hold any more; the patient may have signed another.
            found = [
                resource for page in self._fhir.search(consents(patient)) for resource in resources_in(page.bundle)
            ]
        return state

    def _keep_task(self, task: Json) -> None:
        status = CaseStatus(text(task, "status"))
        case = replace(self._case, status=status, task_version=version_id(task))
        self._store.cases.put_case(case, [task])

    def _keep_receipt(self, receipt: Receipt, task: Json) -> None:
        self._store.opinions.put_receipt(receipt)
        self._keep_task(task)
