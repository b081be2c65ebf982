"""What is audited: the vocabulary of actions over the store's hash-chained trail (protocol §5.6).

The trail itself is `Store.audit`. Signing, receipts, marks, overrides and withdrawals write their own row there, in
the same transaction as the deed; everything else is appended by whoever does it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sync.records.audit_entry import AuditEntry
from sync.store.audit_trail import AuditTrail

__all__ = ["DONE", "AuditAction", "AuditEntry", "AuditTrail", "happened_at", "outcome_words"]


DONE = "done"
"""The one word for an outcome that was meant to be; older rows say “success”, and stay as they were sealed."""
_OLDER_WORDS = {"success": DONE}


def happened_at(entry: AuditEntry) -> datetime:
    """When it happened, aware: for what was noted while the trail could not be written, before its row was entered."""
    noted = entry.detail.get("noted_at")
    return datetime.fromisoformat(noted) if isinstance(noted, str) else entry.at


def outcome_words(entry: AuditEntry) -> str:
    """How a row ended, in today's words."""
    return _OLDER_WORDS.get(entry.outcome, entry.outcome)


class AuditAction(StrEnum):
    """What can happen; the value is what the row says."""

    STORE_MADE = "store made"
    PASSPHRASE_WRONG = "wrong passphrase"
    PASSPHRASE_CHANGED = "passphrase changed"
    CERTIFICATE_TAKEN_IN = "certificate taken in"
    SETTING_CHANGED = "setting changed"
    SIGN_IN = "sign in"
    SIGN_IN_FAILED = "sign in failed"
    SIGN_OUT = "sign out"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    CASE_OPENED = "case opened"
    CASE_CLOSED = "case closed"
    CASE_WITHDRAWN = "case withdrawn"
    CASE_DELETED = "case deleted"
    RECORD_OPENED = "record opened"
    """It came before the reader's eyes; how long it stayed there is said by `RECORD_VIEWED`, when it left them."""
    RECORDS_WITHHELD = "records withheld"
    FILES_DELETED = "files deleted"
    RECORD_VIEWED = "record viewed"
    SLIDE_UNENCRYPTED_ON_DISK = "slide unencrypted on disk"
    SLIDE_TAKEN_OFF_DISK = "unencrypted slide removed"
    EXPORTED = "exported"
    PRINTED = "printed"
    MARK_MADE = "mark made"
    MARK_REVISED = "mark revised"
    MARK_DELETED = "mark deleted"
    QUESTION_CHANGED = "question changed"
    QUESTION_CONFIRMED = "question confirmed"
    SIGNED = "opinion signed"
    SIGNING_FAILED = "signing failed"
    SIGNING_LOCKED = "signing locked"
    TAKEN_BACK = "taken back"
    UPLOADED = "uploaded"
    RECEIPT = "receipt"
    SYNC_CONFLICT = "sync conflict"
    PATIENT_MISMATCH_OVERRIDE = "patient mismatch override"
    PATIENT_MISMATCH_OVERRIDE_ENDED = "patient mismatch override ended"
