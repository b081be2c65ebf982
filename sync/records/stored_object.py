"""A file that lies complete in the vault, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sync.records.case import CaseId


class Integrity(Enum):
    """How far the bytes are known to be the hospital's (protocol: order of trust)."""

    SHA256 = "sha-256 matches"
    SHA1 = "sha-1 matches (weak)"
    LENGTH = "length only (unverified)"
    STRUCTURE = "DICOM structure complete (unverified)"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One complete file of a case.

    ``source`` is what it was fetched for: a document's reference (``DocumentReference/..``) or, for a DICOM instance,
    ``ImagingStudy/..``. ``sha256`` (lower-case hexadecimal, ours) is also its name in the vault.
    ``patient_mismatch`` is empty, or one sentence saying how the object's patient differs from the case's.
    """

    case_id: CaseId
    source: str
    sha256: str
    size_bytes: int
    content_type: str
    title: str
    integrity: Integrity
    stored_at: datetime
    study_uid: str | None = None
    series_uid: str | None = None
    sop_instance_uid: str | None = None
    patient_mismatch: str = ""


@dataclass(frozen=True, slots=True)
class RejectedObject:
    """Something that did not pass the door: kept in the list with its reason, never shown."""

    case_id: CaseId
    source: str
    title: str
    reason: str
    at: datetime
