"""Taking everything of one case out of the database, but what must stay: the audit trail and the receipts.

With its key the case's files can be read by nobody; the pages that rows lay on are overwritten (secure_delete).
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete, insert, select

from sync.changes import Changes
from sync.records.case import CaseId
from sync.records.opinion import Json
from sync.records.outbox_entry import OutboxKind
from sync.store.audit_trail import AuditTrail
from sync.store.connection import Database
from sync.store.outbox_store import insert_entry
from sync.store.tables import (
    case_key,
    delivered_part,
    display_facts,
    expected_instances,
    kept_receipt,
    marks_file,
    metadata,
    mismatch_override,
    receipt,
    rejected_object,
    signed_opinion,
    stored_object,
    unfinished_file,
    vault_file,
)

_KEPT = frozenset({"audit", "conflict", "kept_receipt"})
"""Conflicts name the case by its number only, and explain to the reader why it is gone."""
_OF_FILES = (
    stored_object,
    rejected_object,
    expected_instances,
    display_facts,
    mismatch_override,
    unfinished_file,
    vault_file,
    case_key,
)


def remove_case(database: Database, audit: AuditTrail, case_id: CaseId, task_reference: str, reason: str) -> Changes:
    """All or nothing: rows and key gone, audit row written, and the receipt for the hospital queued."""
    opinions = select(signed_opinion.c.opinion_identifier).where(signed_opinion.c.case_id == case_id)
    deleted_at = datetime.now(UTC).isoformat(timespec="seconds")
    with database.writing() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        received = select(receipt.c.opinion_identifier, receipt.c.case_id, receipt.c.record)
        kept = received.where(receipt.c.case_id == case_id)
        connection.execute(
            insert(kept_receipt).prefix_with("OR IGNORE").from_select([c.name for c in kept_receipt.columns], kept)
        )
        unsent = connection.execute(
            opinions.where(signed_opinion.c.opinion_identifier.not_in(select(receipt.c.opinion_identifier)))
        )
        identifiers = list(unsent.scalars())
        for table in (marks_file, delivered_part):
            connection.execute(delete(table).where(table.c.opinion_identifier.in_(opinions)))
        counts = {}
        for table in metadata.sorted_tables:
            if "case_id" in table.c and table.name not in _KEPT:
                counts[table.name] = connection.execute(delete(table).where(table.c.case_id == case_id)).rowcount
        detail: Json = {"reason": reason, "unsent": identifiers, "files": counts.get("stored_object", 0)}
        row = audit.append_within(connection, "case deleted", case_id, task_reference, "done", detail)
        payload: Json = {
            "deletion": row.hash,
            "deleted_at": deleted_at,
            "reason": reason,
            "summary": _deleted_words(counts.get("vault_file", 0), len(identifiers)),
        }
        insert_entry(connection, case_id, OutboxKind.DELETION, task_reference, payload)
    touched = frozenset({case_id})
    return Changes(touched, touched, touched, touched, touched)


def _deleted_words(files: int, unsent: int) -> str:
    """``12 files and 1 unsent opinion deleted``."""
    return f"{files} file{'' if files == 1 else 's'} and {unsent} unsent opinion{'' if unsent == 1 else 's'} deleted"


def remove_files(database: Database, audit: AuditTrail, case_id: CaseId, task_reference: str, reason: str) -> Changes:
    """Only what the hospital sent as files goes, and what was found in them; the receipt for the hospital is queued.

    Whose image was accepted goes with them: what comes again is looked at again.
    """
    deleted_at = datetime.now(UTC).isoformat(timespec="seconds")
    with database.writing() as connection:
        counts = {
            table.name: connection.execute(delete(table).where(table.c.case_id == case_id)).rowcount
            for table in _OF_FILES
        }
        files = counts[stored_object.name]
        detail: Json = {"reason": reason, "files": files}
        row = audit.append_within(connection, "files deleted", case_id, task_reference, "done", detail)
        payload: Json = {
            "deletion": row.hash,
            "deleted_at": deleted_at,
            "reason": reason,
            "summary": f"{files} file{'' if files == 1 else 's'} deleted; the reader's own work is kept",
        }
        insert_entry(connection, case_id, OutboxKind.DELETION, task_reference, payload)
    touched = frozenset({case_id})
    return Changes(cases=touched, objects=touched, outbox=touched)
