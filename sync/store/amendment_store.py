"""Amendments that a reader has begun: while one is open, the form and the marks of its signed case are open too."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from sync.changes import Changes
from sync.errors import SigningRefused
from sync.records.amendment import Amendment, AmendmentKind
from sync.records.case import CaseId
from sync.records.opinion import OpinionDraft
from sync.store.audit_trail import AuditTrail
from sync.store.connection import Database
from sync.store.opinion_rows import find_latest, put_draft_row
from sync.store.tables import begun_amendment


class AmendmentStore:
    """Facet `Store.amendments`. `OpinionStore.put_signed` ends one; voiding its signature opens it again."""

    def __init__(self, database: Database, audit: AuditTrail) -> None:
        self._database = database
        self._audit = audit

    def begin(self, case_id: CaseId, kind: AmendmentKind, reason: str) -> Changes:
        """Open the form of the delivered opinion again, with what was signed as its draft.

        SigningRefused without a reason, without a signed opinion, and before the hospital's receipt for it.
        """
        reason = reason.strip()
        if not reason:
            raise SigningRefused("An amendment needs a reason; it is signed and sent with it.")
        with self._database.writing() as connection:
            last = find_latest(connection, case_id)
            if last is None or last.receipt is None:
                raise SigningRefused(f"The hospital holds no opinion on case {case_id} yet that could be amended.")
            put_begun(connection, case_id, Amendment(last.opinion_identifier, kind, reason))
            draft = {**last.response, "status": "in-progress"}
            put_draft_row(connection, OpinionDraft(case_id, draft, datetime.now(UTC)))
            detail = {"kind": kind.value}
            self._audit.append_within(connection, "amendment begun", case_id, last.opinion_identifier, "done", detail)
        return _touched(case_id)

    def find(self, case_id: CaseId) -> Amendment | None:
        """The amendment that is being written."""
        with self._database.reading() as connection:
            return find_begun(connection, case_id)

    def drop(self, case_id: CaseId) -> Changes:
        """The reader gives it up: the delivered opinion stands as it was. Nothing happens where none is begun."""
        with self._database.writing() as connection:
            begun = find_begun(connection, case_id)
            if begun is None:
                return Changes()
            end_begun(connection, case_id)
            self._audit.append_within(
                connection, "amendment dropped", case_id, begun.opinion_identifier, "done", {"kind": begun.kind.value}
            )
        return _touched(case_id)


def put_begun(connection: Connection, case_id: CaseId, amendment: Amendment) -> None:
    """Inside the caller's transaction; one that is open already is replaced."""
    values = {
        "opinion_identifier": amendment.opinion_identifier,
        "kind": amendment.kind.value,
        "reason": amendment.reason,
        "begun_at": datetime.now(UTC).isoformat(),
    }
    statement = upsert(begun_amendment).values(case_id=case_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["case_id"], set_=values))


def find_begun(connection: Connection, case_id: CaseId) -> Amendment | None:
    row = connection.execute(select(begun_amendment).where(begun_amendment.c.case_id == case_id)).one_or_none()
    return None if row is None else Amendment(row.opinion_identifier, AmendmentKind(row.kind), row.reason)


def end_begun(connection: Connection, case_id: CaseId) -> None:
    connection.execute(delete(begun_amendment).where(begun_amendment.c.case_id == case_id))


def _touched(case_id: CaseId) -> Changes:
    touched = frozenset({case_id})
    return Changes(cases=touched, opinions=touched)
