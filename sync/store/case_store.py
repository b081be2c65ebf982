"""Cases, the hospital's raw resources behind them, and how far the last sync round came."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from sync.changes import Changes
from sync.errors import StoreUnavailable
from sync.records.case import Case, CaseId, ConsentState
from sync.records.opinion import Json
from sync.store.audit_trail import AuditTrail
from sync.store.case_removal import remove_case, remove_files
from sync.store.connection import Database
from sync.store.record_codec import from_text, to_text
from sync.store.tables import case_lock, case_record, fhir_resource, refused_task, sync_token


class CaseStore:
    """Facet `Store.cases`."""

    def __init__(self, database: Database, audit: AuditTrail) -> None:
        self._database = database
        self._audit = audit

    def put_case(self, case: Case, resources: Iterable[Json], *, read_again_at: datetime | None = None) -> Changes:
        """Keep *case* and, whole and by (type, id), the raw *resources* it was read from, replacing the earlier ones.

        A case that comes again has not been withdrawn any more, unless it is locked (`ConflictStore.release_case`).
        *read_again_at* (the hospital's time): everything around the case was read, and it need not be read before then
        unless something of it changes.
        """
        with self._database.writing() as connection:
            return _put(connection, case, resources, read_again_at)

    def put_page(self, cases: Iterable[tuple[Case, Iterable[Json]]], token: Json) -> Changes:
        """One page of assignments and where to go on after it, in one transaction; the cases are read anew next."""
        changes = Changes()
        with self._database.writing() as connection:
            for case, resources in cases:
                changes |= _put(connection, case, resources, None)
                connection.execute(
                    update(case_record).where(case_record.c.case_id == case.case_id).values(read_again_at=None)
                )
                connection.execute(delete(refused_task).where(refused_task.c.reference == case.task_reference))
            _put_token(connection, token)
        return changes

    def list_cases(self) -> tuple[Case, ...]:
        """Every case, also withdrawn ones, by case number."""
        with self._database.reading() as connection:
            rows = connection.execute(select(case_record.c.record).order_by(case_record.c.case_id)).scalars().all()
        return tuple(from_text(Case, row) for row in rows)

    def find_case(self, case_id: CaseId) -> Case | None:
        with self._database.reading() as connection:
            row = connection.execute(
                select(case_record.c.record).where(case_record.c.case_id == case_id)
            ).scalar_one_or_none()
        return None if row is None else from_text(Case, row)

    def get_case(self, case_id: CaseId) -> Case:
        """StoreUnavailable when this computer does not have the case."""
        case = self.find_case(case_id)
        if case is None:
            raise StoreUnavailable(f"Case {case_id} is not on this computer.")
        return case

    def find_resource(self, reference: str) -> Json | None:
        """The raw resource last seen under *reference* (``Task/x``)."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(fhir_resource.c.content).where(fhir_resource.c.reference == reference)
            ).scalar_one_or_none()
        return None if row is None else json.loads(row)

    def remove_case(self, case_id: CaseId, task_reference: str, reason: str) -> Changes:
        """Everything of the case goes, key included, but audit and receipts; the hospital is told through the outbox.

        `FileVault.remove_case` comes first and destroys key and files. *reason* is one sentence.
        """
        return remove_case(self._database, self._audit, case_id, task_reference, reason)

    def withhold(self, case: Case) -> Changes:
        """Keep *case* without what its ended release covered; the next round reads it again, closed or not."""
        with self._database.writing() as connection:
            changes = _put(connection, case, (), None)
            connection.execute(
                update(case_record).where(case_record.c.case_id == case.case_id).values(read_again_at=None)
            )
            if changes:
                until = case.release_until.isoformat() if case.release_until else ""
                self._audit.append_within(
                    connection, "records withheld", case.case_id, case.task_reference, "done", {"release_until": until}
                )
        return changes

    def remove_files(self, case_id: CaseId, task_reference: str, reason: str) -> Changes:
        """The rows of the case's files go, and the hospital is told; what the reader wrote stays.

        `FileVault.remove_case` comes first and destroys key and files. *reason* is one sentence.
        """
        return remove_files(self._database, self._audit, case_id, task_reference, reason)

    def mark_withdrawn(self, case_id: CaseId, reason: str) -> Changes:
        """The hospital took the case away; *reason* is one sentence. `put_case` gives it back."""
        with self._database.writing() as connection:
            changed = connection.execute(
                update(case_record)
                .where(case_record.c.case_id == case_id, case_record.c.withdrawn.is_distinct_from(reason))
                .values(withdrawn=reason)
            )
            if not changed.rowcount:
                return Changes()
            self._audit.append_within(connection, "case withdrawn", case_id, str(case_id), "done", {"reason": reason})
        return Changes(cases=frozenset({case_id}))

    def find_withdrawal(self, case_id: CaseId) -> str | None:
        with self._database.reading() as connection:
            return connection.execute(
                select(case_record.c.withdrawn).where(case_record.c.case_id == case_id)
            ).scalar_one_or_none()

    def put_sync_token(self, token: Json | None) -> None:
        """Where the next worklist search starts; None forgets it."""
        with self._database.writing() as connection:
            _put_token(connection, token)

    def find_sync_token(self) -> Json | None:
        with self._database.reading() as connection:
            row = connection.execute(select(sync_token.c.content)).scalar_one_or_none()
        return None if row is None else json.loads(row)


def _put(connection: Connection, case: Case, resources: Iterable[Json], read_again_at: datetime | None) -> Changes:
    rows = [
        {
            "reference": f"{resource['resourceType']}/{resource['id']}",
            "case_id": case.case_id,
            "content": json.dumps(resource),
        }
        for resource in resources
    ]
    record = to_text(case)
    before = connection.execute(
        select(case_record.c.record, case_record.c.withdrawn).where(case_record.c.case_id == case.case_id)
    ).one_or_none()
    locked = connection.execute(
        select(case_lock.c.sentence).where(case_lock.c.case_id == case.case_id)
    ).scalar_one_or_none()
    unchanged = before is not None and before.record == record and before.withdrawn == locked
    values: Json = {
        "record": record,
        "withdrawn": locked,
        "status": case.status.value,
        "task_reference": case.task_reference,
        "task_version": case.task_version,
        "patient_reference": case.patient.reference,
    }
    if not unchanged:
        values["to_fetch"] = 1
    if read_again_at is not None:
        values["read_again_at"] = _utc_text(read_again_at)
    elif before is not None and before.withdrawn is not None:
        values["read_again_at"] = None
    statement = insert(case_record).values(case_id=case.case_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["case_id"], set_=values))
    if case.consent is not ConsentState.ACTIVE:
        # What was read under an earlier release is not kept without one.
        kept = fhir_resource.c
        connection.execute(
            delete(fhir_resource).where(
                kept.case_id == case.case_id,
                or_(kept.reference.like("Observation/%"), kept.reference.like("DiagnosticReport/%")),
            )
        )
    if rows:
        put = insert(fhir_resource)
        connection.execute(
            put.on_conflict_do_update(
                index_elements=["reference"],
                set_={"case_id": put.excluded.case_id, "content": put.excluded.content},
            ),
            rows,
        )
    return Changes() if unchanged else Changes(cases=frozenset({case.case_id}))


def _put_token(connection: Connection, token: Json | None) -> None:
    connection.execute(delete(sync_token))
    if token is not None:
        connection.execute(insert(sync_token).values(only_row=1, content=json.dumps(token)))


def _utc_text(at: datetime) -> str:
    """Texts of this form sort as the times do."""
    return at.astimezone(UTC).isoformat(timespec="seconds")
