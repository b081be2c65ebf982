"""One attempt at delivering one outbox entry: look, decide, write, and look again. Protocol 1.3–1.5.

Nothing here trusts memory of earlier attempts: the hospital is asked what it holds before each one. The guard is the
Task's ``If-Match``; whoever loses a race, or lost an answer, finds the opinion there and records the receipt. What to
do is `sync.conflicts.decide`'s; this does it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sync.conflicts import (
    Answered,
    Attempted,
    Conflict,
    Decision,
    Release,
    Standing,
    decide,
    moved_on_sentence,
)
from sync.errors import (
    DamagedTransfer,
    ForeignObject,
    HospitalBusy,
    Offline,
    Refused,
    SignInNeeded,
    Superseded,
    SyncError,
)
from sync.fhir.elements import Json, child, label, text, version_id
from sync.fhir.task_probe import OpinionThere
from sync.fresh_look import FreshLook, Look
from sync.opinion_upload import OpinionUpload
from sync.records.case import CaseStatus
from sync.records.conflict import ConflictKind
from sync.records.opinion import Receipt, SignedOpinion
from sync.records.outbox_entry import OutboxEntry, OutboxKind
from sync.small_deliveries import move_state, send_deletion_receipt, send_message, send_move
from sync.transfer.hospital import Hospital
from sync.transfer.retry import Cancelled, pause, pause_before

if TYPE_CHECKING:
    from sync.store.database import Store

_TRIES_AGAINST_OTHERS = 3
_ATTEMPTED = {
    OutboxKind.OPINION: Attempted.OPINION,
    OutboxKind.TASK_MOVE: Attempted.MOVE,
    OutboxKind.MESSAGE: Attempted.MESSAGE,
}


class TakenBack(Exception):
    """The entry is not waiting any more: the reader took it back before it left."""


class Delivery:
    """One attempt at one entry."""

    def __init__(self, store: Store, hospital: Hospital, entry: OutboxEntry, cancelled: Cancelled) -> None:
        self._store = store
        self._hospital = hospital
        self._entry = entry
        self._cancelled = cancelled
        self._opinion: SignedOpinion | None = None
        self._tries = 0

    def run(self) -> None:
        """Returns when the hospital has it. Raises `Conflict`, `TakenBack`, or a `SyncError` with the entry still to be
        sent.
        """
        if self._entry.kind is OutboxKind.DELETION:
            # Says only that data is gone: it needs no release, and the case is no longer this reader's to look at.
            send_deletion_receipt(self._hospital.fhir, self._entry, self._hospital.profile.practitioner_reference)
            self._store.outbox.record_delivered(self._entry.entry_id)
            return
        self._case = self._store.cases.get_case(self._entry.case_id)
        if self._entry.kind is OutboxKind.OPINION:
            self._opinion = self._store.opinions.find_signed_by_identifier(self._entry.subject)
            if self._opinion is None:
                raise Conflict(f"The opinion on case {self._case.case_id} is not on this computer any more.")
        self._deliver(_ATTEMPTED[self._entry.kind])

    def _deliver(self, attempted: Attempted) -> None:
        answered, look, failure = Answered.NOT_ASKED, None, None
        while True:
            tries_left = self._tries < _TRIES_AGAINST_OTHERS
            decision = decide(attempted, answered, look.held if look else None, tries_left=tries_left)
            if decision is Decision.LOOK:
                look = self._look(attempted, failure)
            elif decision is Decision.SEND:
                assert look is not None
                if failure is not None:
                    # Somebody changed the Task between our look and our write.
                    pause(pause_before(self._tries, failure), self._cancelled)
                answered, failure = self._send(look.task)
                look = None
            elif decision is Decision.DELIVERED:
                self._record(look, already_there=answered is not Answered.TAKEN)
                return
            else:
                raise self._reason(decision, look, failure)

    def _look(self, attempted: Attempted, failure: SyncError | None) -> Look:
        looking = FreshLook(self._store, self._hospital, self._case, attempted)
        try:
            if self._opinion is not None:
                return looking.of_opinion(self._opinion, self._entry.payload.get("terms", {}))
            if attempted is Attempted.MOVE:
                return looking.of_move(lambda status: move_state(self._entry.subject, status))
            return looking.of_message()
        except SyncError:
            if failure is None or isinstance(failure, Superseded):
                raise
            raise failure from None  # what failed first tells more; the next attempt asks again before it sends

    def _send(self, task: Json) -> tuple[Answered, SyncError | None]:
        """One write, and how it was answered."""
        if not self._store.outbox.note_leaving(self._entry.entry_id):
            raise TakenBack
        self._tries += 1
        try:
            if self._opinion is not None:
                OpinionUpload(self._store, self._hospital, self._case, self._opinion).send(task)
            elif self._entry.kind is OutboxKind.TASK_MOVE:
                self._keep_task(send_move(self._hospital.fhir, self._case, self._entry, task))
            else:
                send_message(self._hospital, self._case, self._entry)
        except SignInNeeded as error:
            return Answered.SIGN_IN, error
        except Refused as error:
            return Answered.REFUSED, error
        except Superseded as error:
            return Answered.SUPERSEDED, error
        except HospitalBusy as error:
            # A 429 or 503 that names a time did nothing; a fault of the server's may have come after the deed.
            return (Answered.BUSY if error.retry_after_s is not None else Answered.UNKNOWN), error
        except (Offline, DamagedTransfer) as error:
            return Answered.UNKNOWN, error
        return Answered.TAKEN, None

    def _record(self, look: Look | None, *, already_there: bool) -> None:
        if self._opinion is None:
            if look is not None:
                self._keep_task(look.task)
            self._store.outbox.record_delivered(self._entry.entry_id)
            return
        assert look is not None
        assert look.there is not None
        self._keep_receipt(self._opinion, look.there, look.task, already_there=already_there)

    def _keep_receipt(self, opinion: SignedOpinion, there: OpinionThere, task: Json, *, already_there: bool) -> None:
        """A receipt is only ever what the hospital shows it holds, never the mere success of a request."""
        receipt = Receipt(
            self._case.case_id,
            opinion.frozen.opinion_identifier,
            there.report_reference,
            there.task_version,
            there.received_at,
            already_there,
        )
        self._store.opinions.put_receipt(receipt)
        self._keep_task(task)

    def _keep_task(self, task: Json) -> None:
        status = CaseStatus(text(task, "status"))
        reason = label(child(task, "statusReason"))
        self._case = replace(self._case, status=status, status_reason=reason, task_version=version_id(task))
        self._store.cases.put_case(self._case, [task])

    def _reason(self, decision: Decision, look: Look | None, failure: SyncError | None) -> Exception:
        """Why it did not leave: what `sync.outbox` makes of it depends on the class."""
        case_id, hospital_name = self._case.case_id, self._hospital.profile.hospital_name
        if decision in (Decision.SIGN_IN, Decision.ATTENTION, Decision.WAIT) and failure is not None:
            return failure
        if decision is Decision.WAIT:
            return DamagedTransfer(f"{hospital_name} took the opinion on case {case_id} but does not show it yet.")
        assert look is not None
        if decision is Decision.LOCK:
            is_cancelled = look.held.reachable and look.held.ours
            kind = ConflictKind.CANCELLED if is_cancelled else ConflictKind.REASSIGNED
            return Conflict(look.sentence, kind)
        if decision is Decision.SHRED:
            return Conflict(look.sentence, ConflictKind.CONSENT_WITHDRAWN)
        if decision is Decision.SIGN_AGAIN:
            return Conflict(look.sentence, ConflictKind.TERMS_CHANGED)
        there = look.there
        if decision is Decision.ALREADY_THERE:
            assert there is not None
            return Conflict(
                f"{hospital_name} already holds an opinion of yours on case {case_id} that was signed on another "
                "computer; nothing was sent.",
                ConflictKind.ALREADY_THERE,
                _receipt_detail(there),
            )
        if decision is Decision.EARLIER_ARRIVED:
            assert there is not None
            assert there.opinion is not None
            self._keep_receipt(there.opinion, there, look.task, already_there=True)
            return Conflict(
                f"The opinion on case {case_id} that you signed before this one has arrived at {hospital_name} after "
                "all; this one was not sent.",
                ConflictKind.ALREADY_THERE,
                _receipt_detail(there),
            )
        if decision is Decision.COLLISION:
            assert self._opinion is not None
            number = self._opinion.frozen.opinion_identifier
            return ForeignObject(
                f"The hospital holds another report under the number {number}; it must be looked into."
            )
        if look.held.standing is Standing.OPEN and look.held.release in (Release.HOLDS, Release.ENDED_SINCE):
            return Conflict(moved_on_sentence(case_id, text(look.task, "status"), self._entry.subject))
        return Conflict(look.sentence)


def _receipt_detail(there: OpinionThere) -> Json:
    return {
        "report": there.report_reference,
        "received_at": there.received_at.isoformat(),
        "task_version": there.task_version,
    }
