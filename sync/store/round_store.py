"""What a round of sync asks the store before it asks the hospital: what is open, stale, refused or not fetched yet.

Every answer is a handful of statements over indexes, however many cases there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from sync.records.case import Case, CaseId, CaseStatus, ConsentState
from sync.records.open_case import OpenCase
from sync.store.connection import Database
from sync.store.record_codec import from_text
from sync.store.tables import case_key, case_record, fhir_resource, refused_task, signed_opinion, stored_object

AGED_AT_ONCE = 50
"""Cases read again only because it is long ago, in one round: the rest of them wait for the next rounds."""
_NAMED_AT_ONCE = 500
_OF_FILES = (case_key, stored_object)
_CLOSED = tuple(sorted(status.value for status in CaseStatus if status.is_terminal))


class RoundStore:
    """Facet `Store.rounds`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_open(self) -> tuple[OpenCase, ...]:
        """Every case that is neither closed nor withdrawn, by case number."""
        columns = case_record.c
        query = select(columns.case_id, columns.task_reference, columns.task_version, columns.patient_reference)
        with self._database.reading() as connection:
            rows = connection.execute(query.where(_is_open()).order_by(columns.case_id)).all()
        return tuple(OpenCase(CaseId(row.case_id), *row[1:]) for row in rows)

    def count_listed(self) -> int:
        """Cases that have not been withdrawn, closed ones too."""
        with self._database.reading() as connection:
            query = select(func.count()).select_from(case_record).where(case_record.c.withdrawn.is_(None))
            return int(connection.execute(query).scalar_one())

    def is_withdrawn(self, task_reference: str) -> bool:
        """The case of this assignment was taken away."""
        query = select(case_record.c.case_id).where(
            case_record.c.withdrawn.is_not(None), case_record.c.task_reference == task_reference
        )
        with self._database.reading() as connection:
            return connection.execute(query.limit(1)).scalar_one_or_none() is not None

    def list_to_read(self, now: datetime) -> tuple[CaseId, ...]:
        """Open cases of which something changed; of those read long before *now* the hospital's, the oldest; and closed
        ones whose release ran out over files that are still here.
        """
        at, case_id = case_record.c.read_again_at, case_record.c.case_id
        due = now.astimezone(UTC).isoformat(timespec="seconds")
        has_ended = func.json_extract(case_record.c.record, "$.consent") == ConsentState.EXPIRED.value
        has_files = or_(*(exists().where(table.c.case_id == case_id) for table in _OF_FILES))
        wanted = and_(at.is_(None), or_(_is_open(), and_(case_record.c.withdrawn.is_(None), has_ended, has_files)))
        with self._database.reading() as connection:
            changed = connection.execute(select(case_id).where(wanted).order_by(case_id)).scalars()
            aged = connection.execute(
                select(case_id).where(_is_open(), at <= due).order_by(at).limit(AGED_AT_ONCE)
            ).scalars()
            return tuple(CaseId(found) for found in (*changed, *aged))

    def mark_to_read(self, patient_references: Collection[str]) -> None:
        """The next reading looks at every open case of these patients."""
        with self._database.writing() as connection:
            for group in _groups(patient_references):
                connection.execute(
                    update(case_record)
                    .where(case_record.c.patient_reference.in_(group), _is_open())
                    .values(read_again_at=None)
                )

    def find_versions(self, references: Collection[str]) -> dict[str, str]:
        """The version kept here of each of these resources; absent what is not here."""
        kept: dict[str, str] = {}
        version = func.json_extract(fhir_resource.c.content, "$.meta.versionId")
        with self._database.reading() as connection:
            for group in _groups(references):
                query = select(fhir_resource.c.reference, version).where(fhir_resource.c.reference.in_(group))
                kept.update((row[0], row[1] or "") for row in connection.execute(query))
        return kept

    def list_to_fetch(self) -> tuple[Case, ...]:
        """Open cases of which something may be missing here."""
        query = select(case_record.c.record).where(case_record.c.to_fetch == 1, _is_open())
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(case_record.c.case_id)).scalars().all()
        return tuple(from_text(Case, row) for row in rows)

    def list_given_back(self) -> tuple[CaseId, ...]:
        """Cases declined or closed without an opinion that are not locked yet, and hold nothing signed."""
        columns, signed = case_record.c, select(signed_opinion.c.case_id)
        given_back = (CaseStatus.REJECTED.value, CaseStatus.FAILED.value)
        query = select(columns.case_id).where(
            columns.withdrawn.is_(None), columns.status.in_(given_back), columns.case_id.not_in(signed)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(columns.case_id)).scalars().all()
        return tuple(CaseId(row) for row in rows)

    def list_withheld(self, at_most: int) -> tuple[Case, ...]:
        """Open cases whose patient gave no release, or one that has run out: nothing of them is fetched."""
        consent = func.json_extract(case_record.c.record, "$.consent")
        query = select(case_record.c.record).where(_is_open(), consent != ConsentState.ACTIVE.value)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(case_record.c.case_id).limit(at_most)).scalars().all()
        return tuple(from_text(Case, row) for row in rows)

    def list_ended_releases(self, at: datetime) -> tuple[Case, ...]:
        """Cases not withdrawn, closed ones too, that are shown under a release which is over at *at*.

        A case is due to be read again when a release of its patient ends: the records of others are not looked into.
        """
        columns, record = case_record.c, case_record.c.record
        due = at.astimezone(UTC).isoformat(timespec="seconds")
        until = func.julianday(func.json_extract(record, "$.release_until"))
        query = select(record).where(
            columns.withdrawn.is_(None),
            or_(columns.read_again_at.is_(None), columns.read_again_at <= due),
            func.json_extract(record, "$.consent") == ConsentState.ACTIVE.value,
            until < func.julianday(at.isoformat()),
        )
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(columns.case_id)).scalars().all()
        return tuple(from_text(Case, row) for row in rows)

    def has_files(self, case_id: CaseId) -> bool:
        """Whether a file of the case is here, whole or not, or a row is left of one."""
        with self._database.reading() as connection:
            return any(
                connection.execute(select(table.c.case_id).where(table.c.case_id == case_id).limit(1)).first()
                for table in _OF_FILES
            )

    def note_fetched(self, cases: Collection[Case]) -> None:
        """Everything that these cases list is here or was turned away; a change at the hospital asks anew."""
        with self._database.writing() as connection:
            for group in _groups([case.case_id for case in cases]):
                connection.execute(update(case_record).where(case_record.c.case_id.in_(group)).values(to_fetch=0))

    def note_wanted(self, case_id: CaseId) -> None:
        """Something of this case is fetched anew."""
        with self._database.writing() as connection:
            connection.execute(update(case_record).where(case_record.c.case_id == case_id).values(to_fetch=1))

    def put_refused(self, task_reference: str, sentence: str) -> None:
        """An assignment that cannot be taken in as the hospital sent it; it is asked for again each round."""
        put = insert(refused_task).values(reference=task_reference, sentence=sentence)
        with self._database.writing() as connection:
            connection.execute(put.on_conflict_do_update(index_elements=["reference"], set_={"sentence": sentence}))

    def list_refused(self) -> tuple[tuple[str, str], ...]:
        """(``Task/x``, why) of each assignment that was not taken in."""
        with self._database.reading() as connection:
            rows = connection.execute(select(refused_task).order_by(refused_task.c.reference)).all()
        return tuple((row.reference, row.sentence) for row in rows)

    def forget_refused(self, task_reference: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(refused_task).where(refused_task.c.reference == task_reference))


def _is_open() -> ColumnElement[bool]:
    return and_(case_record.c.withdrawn.is_(None), case_record.c.status.not_in(_CLOSED))


def _groups(names: Collection[str]) -> Iterator[Sequence[str]]:
    """SQLite limits how many values one statement may name."""
    listed = list(names)
    for start in range(0, len(listed), _NAMED_AT_ONCE):
        yield listed[start : start + _NAMED_AT_ONCE]
