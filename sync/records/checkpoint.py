"""Where a download stands that is not complete: which unfinished file of the vault, of which version of what."""

from __future__ import annotations

from dataclasses import dataclass

from sync.records.case import CaseId


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Written once a file is begun. How much of it is here, the file itself proves, chunk by chunk.

    ``source`` as in StoredObject, ``file_id`` the vault's, ``etag`` strong; ``sha256`` (lower-case hexadecimal) and
    ``total_bytes`` as the server stated them with the bytes.
    """

    case_id: CaseId
    source: str
    file_id: str
    url: str
    etag: str
    sha256: str | None
    total_bytes: int | None
