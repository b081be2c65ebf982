"""How much of a file that is not complete lies on the disk, whole chunk by whole chunk, as a kill left it."""

from __future__ import annotations

from sync.records.case import CaseId
from sync.store.database import Store
from sync.vault.encrypted_file import CHUNK_BYTES, HEADER, TAG_BYTES


def verified_bytes(store: Store, case_id: CaseId, path: str) -> int:
    """Content in whole sealed chunks of the file that the hospital has at *path*; all of it once it is an object."""
    source = f"DocumentReference/{path.rpartition('/')[2]}"
    for stored in store.objects.list_objects(case_id):
        if stored.source == source:
            return stored.size_bytes
    checkpoint = store.checkpoints.find(case_id, source)
    if checkpoint is None:
        return 0
    on_disk = store.vault.unfinished_bytes(checkpoint.file_id)
    return max(0, on_disk - HEADER.size) // (CHUNK_BYTES + TAG_BYTES) * CHUNK_BYTES
