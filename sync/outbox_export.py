"""Saving what could not be delivered to a file that a person chose: the signed report whole, anything else as JSON."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sync.audit import AuditAction
from sync.errors import CaseLocked, StoreUnavailable
from sync.records.outbox_entry import OutboxEntry, OutboxKind

if TYPE_CHECKING:
    from sync.store.database import Store


def export_entry(store: Store, entry: OutboxEntry, target: Path) -> None:
    """Write *entry* to *target*, whole or not at all; audited.

    An opinion is its signed PDF, which carries envelope and signature inside, so that `readingroom verify` can check
    it anywhere. CaseLocked for a case that was taken away: its data does not leave this computer in any form.
    """
    lock = store.conflicts.find_lock(entry.case_id)
    if lock is not None:
        raise CaseLocked(f"{lock.sentence} What is unsent of it cannot be saved elsewhere.")
    if entry.kind is OutboxKind.OPINION:
        signed = store.opinions.find_signed_by_identifier(entry.subject)
        if signed is None:
            raise StoreUnavailable(f"The opinion {entry.subject} is not on this computer any more.")
        content = signed.report_pdf
    else:
        described = {"case": entry.case_id, "what": entry.kind.value, "subject": entry.subject, **entry.payload}
        content = json.dumps(described, indent=1, ensure_ascii=False).encode()
    _write_whole(target, content)
    store.audit.append(AuditAction.EXPORTED, entry.case_id, entry.subject, "done", {"what": entry.kind.value})


def _write_whole(target: Path, content: bytes) -> None:
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".export-")
    except OSError as error:
        raise StoreUnavailable(f"The file {target.name} cannot be written there ({error.strerror}).") from error
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreUnavailable(f"The file {target.name} could not be written ({error.strerror}).") from error
