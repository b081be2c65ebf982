"""Saving what could not be delivered where a person chose: outside the encryption, audited, if the site lets us."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sync.audit import AuditAction
from sync.errors import CaseLocked, ExportNotAllowed, StoreUnavailable
from sync.records.opinion import SignedOpinion
from sync.records.outbox_entry import OutboxEntry, OutboxKind
from sync.site_rules import site_rules

if TYPE_CHECKING:
    from sync.store.database import Store


def export_entry(store: Store, entry: OutboxEntry, target: Path) -> None:
    """Write *entry* to *target*, whole or not at all; audited.

    An opinion is its signed PDF, which carries envelope and signature inside, so that `readingroom verify` can check
    it anywhere. CaseLocked for a case that was taken away: its data does not leave this computer in any form.
    """
    _refuse_unless_allowed(store, entry)
    signed = _signed(store, entry)
    _write_whole(target, signed.report_pdf if signed is not None else _described(entry))
    _note(store, entry)


def export_to_folder(store: Store, entry: OutboxEntry, folder: Path) -> Path:
    """Write *entry* into a new folder in *folder*, whole or not at all; audited. The new folder.

    An opinion is there as its signed PDF, its envelope and the envelope's signature (JWS). Errors as `export_entry`.
    """
    _refuse_unless_allowed(store, entry)
    signed = _signed(store, entry)
    if signed is None:
        files = {"entry.json": _described(entry)}
    else:
        files = {
            "report.pdf": signed.report_pdf,
            "opinion.json": signed.frozen.envelope,
            "opinion.json.jws": signed.jws.encode("ascii"),
        }
    try:
        aside = Path(tempfile.mkdtemp(dir=folder, prefix=".export-"))
    except OSError as error:
        raise StoreUnavailable(f"Nothing can be written into “{folder.name}” ({error.strerror}).") from error
    try:
        for name, content in files.items():
            _write_whole(aside / name, content)
        made = aside.rename(_free_name(folder, entry))
    except OSError as error:
        raise StoreUnavailable(f"The export into “{folder.name}” failed ({error.strerror}).") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)  # there no more, where all went well
    _note(store, entry)
    return made


def _refuse_unless_allowed(store: Store, entry: OutboxEntry) -> None:
    if not site_rules(store.directory).export_unsent:
        raise ExportNotAllowed("Your site does not allow saving unsent work outside the encryption.")
    lock = store.conflicts.find_lock(entry.case_id)
    if lock is not None:
        raise CaseLocked(f"{lock.sentence} What is unsent of it cannot be saved elsewhere.")


def _signed(store: Store, entry: OutboxEntry) -> SignedOpinion | None:
    """The opinion of *entry*; None for an entry of another kind."""
    if entry.kind is not OutboxKind.OPINION:
        return None
    signed = store.opinions.find_signed_by_identifier(entry.subject)
    if signed is None:
        raise StoreUnavailable(f"The opinion {entry.subject} is not on this computer any more.")
    return signed


def _described(entry: OutboxEntry) -> bytes:
    described = {"case": entry.case_id, "what": entry.kind.value, "subject": entry.subject, **entry.payload}
    return json.dumps(described, indent=1, ensure_ascii=False).encode()


def _free_name(folder: Path, entry: OutboxEntry) -> Path:
    """Case number and kind, no name; never one that is there already."""
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in str(entry.case_id)).lstrip(".")
    name = f"{safe} {entry.kind.value}"
    names = (folder / (name if n == 1 else f"{name} {n}") for n in itertools.count(1))
    return next(path for path in names if not path.exists())


def _note(store: Store, entry: OutboxEntry) -> None:
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
