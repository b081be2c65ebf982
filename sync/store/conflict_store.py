"""Conflicts that wait for a person, and cases that were taken away. What they mean is `sync.conflicts`'."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from sync.changes import Changes
from sync.records.case import CaseId
from sync.records.conflict import CaseLock, ConflictKind, OpenConflict
from sync.records.opinion import Json
from sync.records.outbox_entry import OutboxState
from sync.store.audit_trail import AuditTrail
from sync.store.connection import Database
from sync.store.tables import case_lock, case_record, conflict, outbox


class ConflictStore:
    """Facet `Store.conflicts`."""

    def __init__(self, database: Database, audit: AuditTrail) -> None:
        self._database = database
        self._audit = audit

    def raise_conflict(self, case_id: CaseId, kind: ConflictKind, sentence: str, detail: Json | None = None) -> Changes:
        """Keep a conflict until a person settles it; the same one again is not raised twice."""
        with self._database.writing() as connection:
            known = connection.execute(
                select(conflict.c.sentence)
                .where(conflict.c.case_id == case_id, conflict.c.kind == kind.value, conflict.c.settled_at.is_(None))
                .limit(1)
            ).scalar_one_or_none()
            if known is not None:
                return Changes()
            connection.execute(
                insert(conflict).values(
                    case_id=case_id,
                    kind=kind.value,
                    sentence=sentence,
                    detail=json.dumps(detail or {}),
                    raised_at=datetime.now(UTC).isoformat(),
                    choice="",
                )
            )
            self._audit.append_within(connection, "sync conflict", case_id, kind.value, "raised", {"reason": sentence})
        return Changes(cases=frozenset({case_id}))

    def list_open(self) -> tuple[OpenConflict, ...]:
        """Those nobody has settled, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(conflict).where(conflict.c.settled_at.is_(None)).order_by(conflict.c.conflict_id)
            ).all()
        return tuple(_conflict(row) for row in rows)

    def find_last_sentence(self, case_id: CaseId) -> str | None:
        """What the reader was last told of a case that was taken away, settled or not; None: nothing ever."""
        kinds = [kind.value for kind in ConflictKind if kind.locks]
        query = select(conflict.c.sentence).where(conflict.c.case_id == case_id, conflict.c.kind.in_(kinds))
        with self._database.reading() as connection:
            return connection.execute(query.order_by(conflict.c.conflict_id.desc()).limit(1)).scalar_one_or_none()

    def find_settled(self, case_id: CaseId, kind: ConflictKind) -> Json | None:
        """The detail of the last conflict of that kind that was settled; None: there was none."""
        query = select(conflict.c.detail).where(
            conflict.c.case_id == case_id, conflict.c.kind == kind.value, conflict.c.settled_at.is_not(None)
        )
        with self._database.reading() as connection:
            detail = connection.execute(query.order_by(conflict.c.conflict_id.desc()).limit(1)).scalar_one_or_none()
        return None if detail is None else json.loads(detail)

    def settle(self, conflict_id: int, choice: str) -> Changes:
        """A person chose *choice*. Nothing happens to one that is settled already."""
        with self._database.writing() as connection:
            row = connection.execute(
                update(conflict)
                .where(conflict.c.conflict_id == conflict_id, conflict.c.settled_at.is_(None))
                .values(settled_at=datetime.now(UTC).isoformat(), choice=choice)
                .returning(conflict.c.case_id, conflict.c.kind)
            ).one_or_none()
            if row is None:
                return Changes()
            case_id = CaseId(row.case_id)
            self._audit.append_within(connection, "sync conflict", case_id, row.kind, choice, {})
        return Changes(cases=frozenset({case_id}))

    def lock_case(self, lock: CaseLock) -> Changes:
        """Lock a case that was taken away. A lock that is there already keeps its time; the shorter grace wins."""
        values = {
            "kind": lock.kind.value,
            "sentence": lock.sentence,
            "locked_at": lock.locked_at.isoformat(),
            "shred_after": lock.shred_after.isoformat(),
        }
        with self._database.writing() as connection:
            known = connection.execute(select(case_lock).where(case_lock.c.case_id == lock.case_id)).one_or_none()
            if known is not None and datetime.fromisoformat(known.shred_after) <= lock.shred_after:
                return Changes()
            statement = upsert(case_lock).values(case_id=lock.case_id, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["case_id"], set_=values))
            connection.execute(
                update(case_record).where(case_record.c.case_id == lock.case_id).values(withdrawn=lock.sentence)
            )
            detail: Json = {"reason": lock.sentence, "shred_after": values["shred_after"]}
            self._audit.append_within(connection, "case withdrawn", lock.case_id, lock.kind.value, "locked", detail)
        return Changes(cases=frozenset({lock.case_id}))

    def release_case(self, case_id: CaseId) -> Changes:
        """The hospital gave the case back: its lock, and the conflict that explained it, are over.

        What was held back by the lock is not sent unasked; it says that it can be.
        """
        with self._database.writing() as connection:
            locked_by = connection.execute(
                delete(case_lock).where(case_lock.c.case_id == case_id).returning(case_lock.c.sentence)
            ).scalar_one_or_none()
            if locked_by is None:
                return Changes()
            connection.execute(
                update(outbox)
                .where(
                    outbox.c.case_id == case_id,
                    outbox.c.state == OutboxState.NEEDS_ATTENTION.value,
                    outbox.c.last_error == locked_by,
                )
                .values(
                    last_error=f"The hospital took case {case_id} away and gave it back; nothing was sent meanwhile."
                )
            )
            connection.execute(update(case_record).where(case_record.c.case_id == case_id).values(withdrawn=None))
            connection.execute(
                update(conflict)
                .where(
                    conflict.c.case_id == case_id,
                    conflict.c.settled_at.is_(None),
                    conflict.c.kind.in_([kind.value for kind in ConflictKind if kind.locks]),
                )
                .values(settled_at=datetime.now(UTC).isoformat(), choice="given back")
            )
            self._audit.append_within(connection, "case withdrawn", case_id, str(case_id), "given back", {})
        touched = frozenset({case_id})
        return Changes(cases=touched, outbox=touched)

    def settle_ended_release(self, case_id: CaseId) -> Changes:
        """The patient signed a new release: nothing is to be decided about the one that ran out."""
        with self._database.writing() as connection:
            settled = connection.execute(
                update(conflict)
                .where(
                    conflict.c.case_id == case_id,
                    conflict.c.settled_at.is_(None),
                    conflict.c.kind == ConflictKind.RELEASE_ENDED.value,
                )
                .values(settled_at=datetime.now(UTC).isoformat(), choice="released anew")
            )
            if not settled.rowcount:
                return Changes()
            self._audit.append_within(
                connection, "sync conflict", case_id, ConflictKind.RELEASE_ENDED.value, "released anew", {}
            )
        return Changes(cases=frozenset({case_id}))

    def find_lock(self, case_id: CaseId) -> CaseLock | None:
        with self._database.reading() as connection:
            row = connection.execute(select(case_lock).where(case_lock.c.case_id == case_id)).one_or_none()
        return None if row is None else _lock(row)

    def list_locks(self) -> tuple[CaseLock, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(select(case_lock).order_by(case_lock.c.case_id)).all()
        return tuple(_lock(row) for row in rows)

    def list_settled_locks(self) -> tuple[CaseLock, ...]:
        """Locked cases about which nothing is asked of the reader, or no more: kept until their time is over."""
        kinds = [kind.value for kind in ConflictKind if kind.locks]
        asked = select(conflict.c.case_id).where(conflict.c.settled_at.is_(None), conflict.c.kind.in_(kinds))
        query = select(case_lock).where(case_lock.c.case_id.not_in(asked)).order_by(case_lock.c.case_id)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(_lock(row) for row in rows)


def _conflict(row: Row[Any]) -> OpenConflict:
    return OpenConflict(
        row.conflict_id,
        CaseId(row.case_id),
        ConflictKind(row.kind),
        row.sentence,
        json.loads(row.detail),
        datetime.fromisoformat(row.raised_at),
    )


def _lock(row: Row[Any]) -> CaseLock:
    return CaseLock(
        CaseId(row.case_id),
        ConflictKind(row.kind),
        row.sentence,
        datetime.fromisoformat(row.locked_at),
        datetime.fromisoformat(row.shred_after),
    )
