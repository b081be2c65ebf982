"""Which downloads are begun and not complete. Their bytes are the vault's; this facet knows them by file id only."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from sync.records.case import CaseId
from sync.records.checkpoint import Checkpoint
from sync.store.connection import Database
from sync.store.tables import unfinished_file

_STATED = ("file_id", "url", "etag", "sha256", "total_bytes")


class CheckpointStore:
    """Facet `Store.checkpoints`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, checkpoint: Checkpoint) -> None:
        """Keep it; one of the same case and source is replaced."""
        stated = {name: getattr(checkpoint, name) for name in _STATED}
        statement = insert(unfinished_file).values(case_id=checkpoint.case_id, source=checkpoint.source, **stated)
        with self._database.writing() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["case_id", "source"], set_=stated))

    def find(self, case_id: CaseId, source: str) -> Checkpoint | None:
        query = select(unfinished_file).where(unfinished_file.c.case_id == case_id, unfinished_file.c.source == source)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return Checkpoint(case_id, source, row.file_id, row.url, row.etag, row.sha256, row.total_bytes)

    def remove_case(self, case_id: CaseId) -> tuple[str, ...]:
        """Forget all of a case; the ids of their files, which are the vault's to discard."""
        with self._database.writing() as connection:
            return tuple(
                connection.execute(
                    delete(unfinished_file)
                    .where(unfinished_file.c.case_id == case_id)
                    .returning(unfinished_file.c.file_id)
                ).scalars()
            )

    def remove(self, case_id: CaseId, source: str) -> None:
        """Forget it: the file is complete, or is not wanted any more."""
        with self._database.writing() as connection:
            connection.execute(
                delete(unfinished_file).where(unfinished_file.c.case_id == case_id, unfinished_file.c.source == source)
            )
