"""The journal of marks: append-only revisions, closed for ever once the case's opinion is signed."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select

from sync.changes import Changes
from sync.records.annotation_record import AnnotationRevision
from sync.records.case import CaseId
from sync.store.audit_trail import AuditTrail
from sync.store.connection import Database
from sync.store.signed_seal import refuse_when_signed
from sync.store.tables import annotation_revision


class AnnotationStore:
    """Facet `Store.annotations`."""

    def __init__(self, database: Database, audit: AuditTrail) -> None:
        self._database = database
        self._audit = audit

    def append(self, revision: AnnotationRevision) -> Changes:
        """Add the next revision of one mark; it is on disk when this returns.

        SigningRefused after the case's opinion was signed; ValueError when ``revision`` is not the next number.
        """
        table = annotation_revision
        with self._database.writing() as connection:
            refuse_when_signed(connection, revision.case_id, "its marks can no longer be changed")
            latest = connection.execute(
                select(func.max(table.c.revision)).where(
                    table.c.case_id == revision.case_id, table.c.annotation_id == revision.annotation_id
                )
            ).scalar_one()
            if revision.revision != (latest or 0) + 1:
                raise ValueError(f"revision {revision.revision} of {revision.annotation_id} after {latest}")
            connection.execute(
                insert(table).values(
                    case_id=revision.case_id,
                    annotation_id=revision.annotation_id,
                    revision=revision.revision,
                    target=revision.target,
                    author=revision.author,
                    at=revision.at.isoformat(),
                    deleted=int(revision.deleted),
                    payload=revision.payload,
                )
            )
            self._audit.append_within(
                connection,
                _deed(revision),
                revision.case_id,
                revision.annotation_id,
                "done",
                {"revision": revision.revision, "sha256": hashlib.sha256(revision.payload.encode()).hexdigest()},
            )
        return Changes(annotations=frozenset({revision.case_id}))

    def list_current(self, case_id: CaseId) -> tuple[AnnotationRevision, ...]:
        """The latest revision of every mark that is not deleted, in the order in which the marks were first made."""
        current: dict[str, AnnotationRevision] = {}
        for revision in self.list_history(case_id):
            current[revision.annotation_id] = revision
        return tuple(revision for revision in current.values() if not revision.deleted)

    def list_history(self, case_id: CaseId) -> tuple[AnnotationRevision, ...]:
        """Every revision, oldest first."""
        table = annotation_revision
        with self._database.reading() as connection:
            rows = connection.execute(select(table).where(table.c.case_id == case_id).order_by(table.c.position)).all()
        return tuple(_revision(row) for row in rows)


def _deed(revision: AnnotationRevision) -> str:
    """What was done to the mark, in the audit trail's words. One that undo brings back is revised."""
    if revision.deleted:
        return "mark deleted"
    return "mark made" if revision.revision == 1 else "mark revised"


def _revision(row: Row[Any]) -> AnnotationRevision:
    return AnnotationRevision(
        CaseId(row.case_id),
        row.annotation_id,
        row.revision,
        row.target,
        row.author,
        datetime.fromisoformat(row.at),
        bool(row.deleted),
        row.payload,
    )
