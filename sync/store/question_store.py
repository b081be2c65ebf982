"""Questions that changed under an answer: kept until the reader confirms that it still fits, or signs."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, select

from sync.changes import Changes
from sync.records.case import CaseId
from sync.records.question_change import QuestionChange
from sync.store.audit_trail import AuditTrail
from sync.store.connection import Database
from sync.store.signed_seal import is_sealed
from sync.store.tables import changed_question, opinion_draft


class QuestionStore:
    """Facet `Store.questions`. `OpinionStore.put_signed` ends what is noted here."""

    def __init__(self, database: Database, audit: AuditTrail) -> None:
        self._database = database
        self._audit = audit

    def note_changed(self, case_id: CaseId, before: tuple[str, ...], now: tuple[str, ...]) -> Changes:
        """The hospital asks *now* where it asked *before*; nothing is noted where no answer is being written.

        Of several changes the first question stays until it is confirmed; one that is asked again as it was is no
        change any more. The words stay in the encrypted store: the audit says only that it happened.
        """
        with self._database.writing() as connection:
            begun = connection.execute(
                select(opinion_draft.c.case_id).where(opinion_draft.c.case_id == case_id)
            ).first()
            if begun is None or is_sealed(connection, case_id) or before == now:
                return Changes()
            known = _find(connection, case_id)
            if known is not None and known.before == now:
                end_question_change(connection, case_id)
                outcome = "as before"
            elif known is None:
                values = {"before": json.dumps(before), "noticed_at": datetime.now(UTC).isoformat()}
                connection.execute(insert(changed_question).values(case_id=case_id, **values))
                outcome = "raised"
            else:
                outcome = "again"
            self._audit.append_within(connection, "question changed", case_id, str(case_id), outcome, {})
        return _touched(case_id)

    def find_changed(self, case_id: CaseId) -> QuestionChange | None:
        """What the reader has not confirmed yet."""
        with self._database.reading() as connection:
            return _find(connection, case_id)

    def confirm(self, case_id: CaseId) -> Changes:
        """The reader says that the answer fits what is asked now. Nothing happens where nothing was noted."""
        with self._database.writing() as connection:
            if not end_question_change(connection, case_id):
                return Changes()
            self._audit.append_within(connection, "question confirmed", case_id, str(case_id), "done", {})
        return _touched(case_id)


def end_question_change(connection: Connection, case_id: CaseId) -> bool:
    """Inside the caller's transaction; whether there was one."""
    gone = connection.execute(delete(changed_question).where(changed_question.c.case_id == case_id))
    return bool(gone.rowcount)


def _find(connection: Connection, case_id: CaseId) -> QuestionChange | None:
    row = connection.execute(select(changed_question).where(changed_question.c.case_id == case_id)).one_or_none()
    if row is None:
        return None
    return QuestionChange(tuple(json.loads(row.before)), datetime.fromisoformat(row.noticed_at))


def _touched(case_id: CaseId) -> Changes:
    touched = frozenset({case_id})
    return Changes(cases=touched, opinions=touched)
