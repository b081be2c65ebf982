"""Which messages of the hospital the reader has seen, and what is being written. Messages are part of their case."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import Select, delete, insert, select

from sync.changes import Changes
from sync.records.case import CaseId
from sync.records.message import RecordsDraft
from sync.store.connection import Database
from sync.store.tables import message_draft, records_draft, seen_message


class MessageStore:
    """Facet `Store.messages`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note_seen(self, case_id: CaseId, references: Collection[str]) -> Changes:
        """The reader had these (``Communication/x``) on the screen. No change where all were seen before."""
        with self._database.writing() as connection:
            seen = connection.execute(_seen(case_id)).scalars().all()
            fresh = sorted(set(references) - set(seen))
            if not fresh:
                return Changes()
            at = datetime.now(UTC).isoformat(timespec="seconds")
            rows = [{"case_id": case_id, "reference": reference, "at": at} for reference in fresh]
            connection.execute(insert(seen_message), rows)
        return Changes(messages=frozenset({case_id}))

    def list_seen(self, case_id: CaseId) -> frozenset[str]:
        with self._database.reading() as connection:
            return frozenset(connection.execute(_seen(case_id)).scalars().all())

    def put_draft(self, case_id: CaseId, text: str) -> None:
        """What the reader has written so far and not sent; empty forgets it."""
        with self._database.writing() as connection:
            connection.execute(delete(message_draft).where(message_draft.c.case_id == case_id))
            if text:
                connection.execute(insert(message_draft).values(case_id=case_id, text=text))

    def find_draft(self, case_id: CaseId) -> str:
        query = select(message_draft.c.text).where(message_draft.c.case_id == case_id)
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one_or_none() or ""

    def put_records_draft(self, case_id: CaseId, draft: RecordsDraft) -> None:
        """What the reader has typed of a request for records and not sent; an empty one forgets it."""
        with self._database.writing() as connection:
            connection.execute(delete(records_draft).where(records_draft.c.case_id == case_id))
            if not draft.is_empty:
                connection.execute(insert(records_draft).values(case_id=case_id, wanted=draft.wanted, note=draft.note))

    def find_records_draft(self, case_id: CaseId) -> RecordsDraft:
        """Empty where there is none."""
        query = select(records_draft.c.wanted, records_draft.c.note).where(records_draft.c.case_id == case_id)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return RecordsDraft() if row is None else RecordsDraft(row.wanted, row.note)


def _seen(case_id: CaseId) -> Select[str]:
    return select(seen_message.c.reference).where(seen_message.c.case_id == case_id)
