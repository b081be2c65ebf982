"""Going on with a big file after any kill: the vault's unfinished file, and the checkpoint that names it.

What has come lies encrypted in the vault; the checkpoint (in the encrypted database) says of which version it is. On
resuming, every chunk is opened again, which proves it, and hashed, which rebuilds the state of the digests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sync.records.case import CaseId
from sync.records.checkpoint import Checkpoint
from sync.transfer.file_gateway import FileAnswer

if TYPE_CHECKING:
    from sync.store.database import Store
    from sync.vault.file_vault import VaultWriter


class VaultPlace:
    """Where one file of a case is written (`file_download.Place`)."""

    def __init__(self, store: Store, case_id: CaseId, source: str, url: str) -> None:
        self._store = store
        self._case_id = case_id
        self._source = source
        self._url = url

    def begin(self) -> VaultWriter:
        return self._store.vault.begin(self._case_id)

    def resume(self, on_content: Callable[[memoryview], None]) -> tuple[VaultWriter, FileAnswer] | None:
        """What a download before left of this very address, its content given to *on_content* first."""
        found = self._store.checkpoints.find(self._case_id, self._source)
        if found is None or found.url != self._url:
            return None
        writer = self._store.vault.resume(self._case_id, found.file_id, on_content)
        return None if writer is None else (writer, FileAnswer(0, found.total_bytes, found.etag, found.sha256))

    def note(self, file_id: str, answer: FileAnswer) -> None:
        """The file is begun; only with a strong ETag can it be gone on with."""
        if answer.strong_etag is not None:
            self._store.checkpoints.put(
                Checkpoint(
                    self._case_id, self._source, file_id, self._url,
                    answer.strong_etag, answer.sha256, answer.total_bytes,
                )
            )  # fmt: skip

    def bytes_here(self) -> int:
        """About how much of an unfinished file lies on the disk already."""
        found = self._store.checkpoints.find(self._case_id, self._source)
        return 0 if found is None or found.url != self._url else self._store.vault.unfinished_bytes(found.file_id)

    def forget(self) -> None:
        self._store.checkpoints.remove(self._case_id, self._source)
