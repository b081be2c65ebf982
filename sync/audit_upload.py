"""Sending the audit trail to the hospital, row by row in order, each known by its own hash.

A row may arrive twice, after a lost answer; its identifier tells. Nothing here ever holds a round up: where the
hospital takes no AuditEvents, the trail stays on this computer and is offered again later.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sync.errors import HospitalBusy, Refused, SignInNeeded
from sync.fhir.audit_mapping import audit_event
from sync.records.audit_entry import AuditEntry
from sync.transfer.hospital import Hospital
from sync.transfer.retry import Cancelled

if TYPE_CHECKING:
    from sync.store.database import Store

ROWS_A_ROUND = 100
UPLOADED_KEY, REFUSED_KEY = "audit_uploaded", "audit_refused_at"
OFFERED_AGAIN_AFTER = timedelta(hours=12)
"""By the hospital's clock."""


def upload_audit(store: Store, hospital: Hospital, cancelled: Cancelled) -> int:
    """Sends what was written since the last upload, its head signed for first; how many rows the hospital took."""
    rows = store.audit.entries_after(int(store.session.find(UPLOADED_KEY) or 0), ROWS_A_ROUND)
    if not rows or "AuditEvent" not in hospital.fhir.capability().creates or _was_refused(store, hospital):
        return 0
    store.audit.checkpoint()
    taken = 0
    for entry in rows:
        if cancelled():
            break
        try:
            hospital.fhir.create(audit_event(entry, _patient_of(store, entry)))
        except Refused as error:
            if isinstance(error, SignInNeeded):
                raise
            store.session.put(REFUSED_KEY, hospital.fhir.clock().isoformat())
            break
        except HospitalBusy:
            break
        store.session.put(UPLOADED_KEY, str(entry.seq))
        taken += 1
    return taken


def _was_refused(store: Store, hospital: Hospital) -> bool:
    refused_at = store.session.find(REFUSED_KEY)
    if refused_at is None:
        return False
    # The hospital's clock may be set back: then the refusal lies ahead, and is forgotten.
    return timedelta() <= hospital.fhir.clock() - datetime.fromisoformat(refused_at) < OFFERED_AGAIN_AFTER


def _patient_of(store: Store, entry: AuditEntry) -> str:
    case = store.cases.find_case(entry.case_id) if entry.case_id is not None else None
    return case.patient.reference if case is not None else ""
