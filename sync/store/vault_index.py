"""Which encrypted file holds which digest of which case, and the cases' keys: the vault's memory in the database.

A case key is 32 random bytes; what the database holds of it is wrapped under the store's master key. Removing it makes
the files of its case unreadable for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from sync.errors import CaseLocked
from sync.records.case import CaseId, ConsentState
from sync.store.connection import Database
from sync.store.tables import case_key, case_record, unfinished_file, vault_file
from sync.vault.file_vault import VaultEntry
from sync.vault.keys import StoreKeys, make_key

_FIND_FILES = select(vault_file.c.sha256, vault_file.c.file_id).where(
    vault_file.c.case_id == bindparam("of_case"), vault_file.c.sha256.in_(bindparam("of_sha256", expanding=True))
)
_DELETE_FILE = delete(vault_file).where(vault_file.c.file_id == bindparam("old_file_id"))
_ENTER_FILE = insert(vault_file)
"""Built once: for one row, building a statement takes longer than running it."""


class VaultIndex:
    """Implements `sync.vault.file_vault.FileIndex`."""

    def __init__(self, database: Database, keys: StoreKeys) -> None:
        self._database = database
        self._keys = keys

    def get_or_make_key(self, case_id: CaseId) -> bytes:
        with self._database.reading() as connection:
            found = connection.execute(
                select(case_key.c.content).where(case_key.c.case_id == case_id)
            ).scalar_one_or_none()
        if found is not None:
            return self._keys.unwrap(bytes(found))
        made = insert(case_key).values(case_id=case_id, content=self._keys.wrap(make_key()))
        with self._database.writing() as connection:
            connection.execute(made.on_conflict_do_nothing())
            kept = connection.execute(select(case_key.c.content).where(case_key.c.case_id == case_id)).scalar_one()
        return self._keys.unwrap(bytes(kept))

    def put(self, case_id: CaseId, entry: VaultEntry) -> bytes | None:
        """Enter *entry*; the id of the file that held this digest of this case before, if any."""
        with self._database.writing() as connection:
            return self.put_within(connection, [(case_id, entry)]).get(entry.file_id)

    def put_within(self, connection: Connection, entries: Sequence[tuple[CaseId, VaultEntry]]) -> dict[bytes, bytes]:
        """`put` of many in the caller's transaction; by the file that is entered, the one it replaces."""
        entered = {(case_id, entry.sha256): entry.file_id for case_id, entry in entries}
        replaced: dict[bytes, bytes] = {}
        for case_id in dict.fromkeys(case_id for case_id, _ in entries):
            digests = [sha256 for of_case, sha256 in entered if of_case == case_id]
            for sha256, before in connection.execute(_FIND_FILES, {"of_case": case_id, "of_sha256": digests}):
                replaced[entered[case_id, sha256]] = bytes.fromhex(before)
        if replaced:
            connection.execute(_DELETE_FILE, [{"old_file_id": before.hex()} for before in replaced.values()])
        connection.execute(
            _ENTER_FILE,
            [
                {
                    "file_id": entry.file_id.hex(),
                    "case_id": case_id,
                    "sha256": entry.sha256,
                    "size_bytes": entry.size_bytes,
                }
                for case_id, entry in entries
            ],
        )
        return replaced

    def find_with_siblings(self, sha256: str) -> Iterable[VaultEntry]:
        """Entries of the first case that has *sha256*, all of them: who opens one image opens the series.

        CaseLocked where only cases have it whose records are withheld: their keys are not handed out.
        """
        is_withheld = func.json_extract(case_record.c.record, "$.consent") != ConsentState.ACTIVE.value
        withheld = select(case_record.c.case_id).where(case_record.c.case_id == vault_file.c.case_id, is_withheld)
        owners = select(vault_file.c.case_id, withheld.exists()).where(vault_file.c.sha256 == sha256).distinct()
        with self._database.reading() as connection:
            found = connection.execute(owners).all()
            readable = [case_id for case_id, is_locked in found if not is_locked]
            if found and not readable:
                raise CaseLocked(
                    f"The records of case {found[0].case_id} are withheld: no release of the patient holds."
                )
            owner = readable[0] if readable else None
            rows = connection.execute(
                select(vault_file.c.file_id, vault_file.c.sha256, vault_file.c.size_bytes, case_key.c.content)
                .join(case_key, case_key.c.case_id == vault_file.c.case_id)
                .where(vault_file.c.case_id == owner)
            ).all()
        if not rows:
            return []
        key = self._keys.unwrap(bytes(rows[0].content))  # once a case, however many files it has
        return [VaultEntry(bytes.fromhex(row.file_id), row.sha256, row.size_bytes, key) for row in rows]

    def remove_case(self, case_id: CaseId) -> list[bytes]:
        """Destroy the key of *case_id*, and with it its files' content; the ids of all of them, unfinished ones too."""
        removed: list[bytes] = []
        with self._database.writing() as connection:
            for table in (vault_file, unfinished_file):
                gone = delete(table).where(table.c.case_id == case_id).returning(table.c.file_id)
                removed += [bytes.fromhex(file_id) for file_id in connection.execute(gone).scalars()]
            connection.execute(delete(case_key).where(case_key.c.case_id == case_id))
        self._database.fold_log()
        return removed

    def list_file_ids(self) -> set[str]:
        with self._database.reading() as connection:
            return set(connection.execute(select(vault_file.c.file_id)).scalars())

    def list_unfinished_ids(self) -> set[str]:
        """Files that a checkpoint names, of cases whose key is still here."""
        with self._database.reading() as connection:
            return set(
                connection.execute(
                    select(unfinished_file.c.file_id).join(case_key, case_key.c.case_id == unfinished_file.c.case_id)
                ).scalars()
            )
