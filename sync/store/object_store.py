"""Which complete files a case has, what was expected, what was turned away, and how they are shown.

The bytes are the vault's; this facet knows them by SHA-256 only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from sync.changes import Changes
from sync.records.case import CaseId
from sync.records.expected_instances import ExpectedInstances
from sync.records.stored_object import RejectedObject, StoredObject
from sync.store.audit_trail import AuditTrail
from sync.store.connection import Database
from sync.store.record_codec import from_text, to_text
from sync.store.tables import display_facts, expected_instances, mismatch_override, rejected_object, stored_object

_FILE = "file:"
_FACTS_AT_ONCE = 500
"""SQLite takes a limited number of values in one statement."""

_NEW_OBJECT = insert(stored_object)
_PUT_OBJECT = _NEW_OBJECT.on_conflict_do_update(
    index_elements=["case_id", "source", "sop_instance_uid"],
    set_={name: _NEW_OBJECT.excluded[name] for name in ("sha256", "record", "series_uid", "patient_mismatch")},
)
_NEW_FACTS = insert(display_facts)
_PUT_FACTS = _NEW_FACTS.on_conflict_do_update(
    index_elements=["case_id", "name"], set_={"payload": _NEW_FACTS.excluded.payload}
)
"""Both built once: for one row, building a statement takes longer than running it."""


class ObjectStore:
    """Facet `Store.objects`."""

    def __init__(self, database: Database, audit: AuditTrail) -> None:
        self._database = database
        self._audit = audit

    def put_object(self, obj: StoredObject, facts: bytes = b"") -> Changes:
        """Keep *obj*; one already there for the same case, source and SOP Instance UID is replaced.

        *facts* are what a viewer wants to remember of the file (`list_file_facts`); empty leaves what is known already.

        A mismatch nobody has seen yet ends an override: who took responsibility for one stranger did not for the next.
        """
        with self._database.writing() as connection:
            return self.put_within(connection, [(obj, facts)])

    def put_within(self, connection: Connection, objects: Sequence[tuple[StoredObject, bytes]]) -> Changes:
        """`put_object` of many, each with its facts, in the caller's transaction."""
        for obj, _ in objects:
            if obj.patient_mismatch and obj.patient_mismatch not in _mismatches(connection, obj.case_id):
                self._end_override(connection, obj)
        connection.execute(_PUT_OBJECT, [_row_of(obj) for obj, _ in objects])
        remembered = [_facts_row(obj.case_id, _FILE + obj.sha256, facts) for obj, facts in objects if facts]
        if remembered:
            connection.execute(_PUT_FACTS, remembered)
        return Changes(objects=frozenset(obj.case_id for obj, _ in objects))

    def _end_override(self, connection: Connection, obj: StoredObject) -> None:
        ended = connection.execute(delete(mismatch_override).where(mismatch_override.c.case_id == obj.case_id))
        if ended.rowcount:
            self._audit.append_within(
                connection, "patient mismatch override ended", obj.case_id, obj.source, "done",
                {"sop_instance_uid": obj.sop_instance_uid or ""},
            )  # fmt: skip

    def list_objects(self, case_id: CaseId) -> tuple[StoredObject, ...]:
        """In the order in which they came."""
        with self._database.reading() as connection:
            rows = (
                connection.execute(
                    select(stored_object.c.record)
                    .where(stored_object.c.case_id == case_id)
                    .order_by(stored_object.c.object_id)
                )
                .scalars()
                .all()
            )
        return tuple(from_text(StoredObject, row) for row in rows)

    def find_object(
        self, case_id: CaseId, *, source: str | None = None, sop_instance_uid: str | None = None
    ) -> StoredObject | None:
        """The first object of the case with this source and, or, this SOP Instance UID."""
        query = select(stored_object.c.record).where(stored_object.c.case_id == case_id)
        if source is not None:
            query = query.where(stored_object.c.source == source)
        if sop_instance_uid is not None:
            query = query.where(stored_object.c.sop_instance_uid == sop_instance_uid)
        with self._database.reading() as connection:
            row = connection.execute(query.order_by(stored_object.c.object_id).limit(1)).scalar_one_or_none()
        return None if row is None else from_text(StoredObject, row)

    def put_rejected(self, rejected: RejectedObject) -> Changes:
        """Keep why something did not pass the door; the latest reason for the same source and title counts."""
        record = to_text(rejected)
        statement = insert(rejected_object).values(
            case_id=rejected.case_id, source=rejected.source, title=rejected.title, record=record
        )
        with self._database.writing() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["case_id", "source", "title"], set_={"record": record})
            )
        return Changes(objects=frozenset({rejected.case_id}))

    def list_rejected(self, case_id: CaseId) -> tuple[RejectedObject, ...]:
        with self._database.reading() as connection:
            rows = (
                connection.execute(
                    select(rejected_object.c.record)
                    .where(rejected_object.c.case_id == case_id)
                    .order_by(rejected_object.c.object_id)
                )
                .scalars()
                .all()
            )
        return tuple(from_text(RejectedObject, row) for row in rows)

    def list_cases_with_rejected(self) -> tuple[CaseId, ...]:
        """Cases of which something was turned away."""
        with self._database.reading() as connection:
            return tuple(
                CaseId(found)
                for found in connection.execute(
                    select(rejected_object.c.case_id).distinct().order_by(rejected_object.c.case_id)
                ).scalars()
            )

    def remove_rejected(self, case_id: CaseId) -> Changes:
        """They are asked for once more, and may be turned away again."""
        with self._database.writing() as connection:
            connection.execute(delete(rejected_object).where(rejected_object.c.case_id == case_id))
        return Changes(objects=frozenset({case_id}))

    def put_expected(self, case_id: CaseId, source: str, series_uid: str, sop_uids: Sequence[str]) -> Changes:
        """Keep what the hospital lists of one series; the latest list counts."""
        listed = json.dumps(list(sop_uids))
        statement = insert(expected_instances).values(
            case_id=case_id, source=source, series_uid=series_uid, sop_instance_uids=listed
        )
        with self._database.writing() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["case_id", "source", "series_uid"], set_={"sop_instance_uids": listed}
                )
            )
        return Changes(objects=frozenset({case_id}))

    def list_expected(self, case_id: CaseId) -> tuple[ExpectedInstances, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(
                select(expected_instances)
                .where(expected_instances.c.case_id == case_id)
                .order_by(expected_instances.c.source, expected_instances.c.series_uid)
            ).all()
        return tuple(
            ExpectedInstances(case_id, row.source, row.series_uid, tuple(json.loads(row.sop_instance_uids)))
            for row in rows
        )

    def put_display_facts(self, case_id: CaseId, key: str, payload: bytes) -> None:
        """Keep what a viewer worked out about an image, opaque here, so that it opens at once next time."""
        with self._database.writing() as connection:
            connection.execute(_PUT_FACTS, _facts_row(case_id, key, payload))

    def find_display_facts(self, case_id: CaseId, key: str) -> bytes | None:
        with self._database.reading() as connection:
            return connection.execute(
                select(display_facts.c.payload).where(display_facts.c.case_id == case_id, display_facts.c.name == key)
            ).scalar_one_or_none()

    def put_file_facts(self, case_id: CaseId, sha256: str, payload: bytes) -> None:
        """What a viewer remembers of that file from now on (`list_file_facts`)."""
        self.put_display_facts(case_id, _FILE + sha256, payload)

    def list_file_facts(self, case_id: CaseId, digests: Sequence[str]) -> dict[str, bytes]:
        """By SHA-256, what a viewer remembers of those files; files of which nothing is known are not in it."""
        found: dict[str, bytes] = {}
        with self._database.reading() as connection:
            for start in range(0, len(digests), _FACTS_AT_ONCE):
                names = [_FILE + digest for digest in digests[start : start + _FACTS_AT_ONCE]]
                rows = connection.execute(
                    select(display_facts.c.name, display_facts.c.payload).where(
                        display_facts.c.case_id == case_id, display_facts.c.name.in_(names)
                    )
                )
                found.update((row.name.removeprefix(_FILE), row.payload) for row in rows)
        return found

    def list_mismatches(self) -> dict[CaseId, dict[str, int]]:
        """Of each case with another patient's images: whose they are, a sentence each, and how many say so."""
        found: dict[CaseId, dict[str, int]] = {}
        obj = stored_object.c
        counts = select(obj.case_id, obj.patient_mismatch, func.count()).where(obj.patient_mismatch != "")
        with self._database.reading() as connection:
            for case_id, sentence, count in connection.execute(counts.group_by(obj.case_id, obj.patient_mismatch)):
                found.setdefault(CaseId(case_id), {})[sentence] = count
        return found

    def put_mismatch_override(self, case_id: CaseId, reason: str, at: datetime) -> Changes:
        """The reader takes foreign-looking objects for this patient's, and says why; the audit says which they were."""
        values = {"reason": reason, "at": at.isoformat()}
        statement = insert(mismatch_override).values(case_id=case_id, **values)
        with self._database.writing() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["case_id"], set_=values))
            obj = stored_object.c
            strange = select(obj.sop_instance_uid, obj.source).where(obj.case_id == case_id, obj.patient_mismatch != "")
            images = sorted(row.sop_instance_uid or row.source for row in connection.execute(strange))
            details = {"reason": reason, "images": images}
            self._audit.append_within(connection, "patient mismatch override", case_id, str(case_id), "done", details)
        return Changes(cases=frozenset({case_id}), objects=frozenset({case_id}))

    def find_mismatch_override(self, case_id: CaseId) -> str | None:
        """The reason given, if the mismatch was overridden."""
        with self._database.reading() as connection:
            return connection.execute(
                select(mismatch_override.c.reason).where(mismatch_override.c.case_id == case_id)
            ).scalar_one_or_none()


def _mismatches(connection: Connection, case_id: CaseId) -> set[str]:
    records = connection.execute(select(stored_object.c.record).where(stored_object.c.case_id == case_id)).scalars()
    return {from_text(StoredObject, record).patient_mismatch for record in records}


def _row_of(obj: StoredObject) -> dict[str, object]:
    return {
        "case_id": obj.case_id,
        "source": obj.source,
        "sop_instance_uid": obj.sop_instance_uid or "",
        "sha256": obj.sha256,
        "record": to_text(obj),
        "series_uid": obj.series_uid,
        "patient_mismatch": obj.patient_mismatch,
    }


def _facts_row(case_id: CaseId, name: str, payload: bytes) -> dict[str, object]:
    return {"case_id": case_id, "name": name, "payload": payload}
