"""Files that arrived together, entered together: one flush of names, one transaction, however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync.changes import Changes
from sync.records.stored_object import StoredObject
from sync.store.connection import Database
from sync.store.object_store import ObjectStore
from sync.store.vault_index import VaultIndex
from sync.vault.file_vault import FileVault, VaultEntry


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file whose bytes are durable (`VaultWriter.flush`), the object it is, and what a viewer remembers of it."""

    entry: VaultEntry
    obj: StoredObject
    facts: bytes


class ArrivalStore:
    """Facet `Store.arrivals`."""

    def __init__(self, database: Database, index: VaultIndex, objects: ObjectStore, vault: FileVault) -> None:
        self._database = database
        self._index = index
        self._objects = objects
        self._vault = vault

    def keep(self, arrivals: Sequence[Arrival]) -> Changes:
        """All or none of them are known and durable afterwards; of none, the next sweep removes the files."""
        self._vault.flush_names()
        # The same content twice in one group: the later is the one that counts, as if they had come one by one.
        entries = list({(one.obj.case_id, one.entry.sha256): (one.obj.case_id, one.entry) for one in arrivals}.values())
        with self._database.writing() as connection:
            replaced = self._index.put_within(connection, entries)
            changes = self._objects.put_within(connection, [(arrival.obj, arrival.facts) for arrival in arrivals])
        for _, entry in entries:
            self._vault.entered(entry, replaced.get(entry.file_id))
        return changes
