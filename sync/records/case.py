"""A case: one question to one specialist, with everything the hospital compiled for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import NewType

from sync.records.message import Message

CaseId = NewType("CaseId", str)
"""The hospital's case number, e.g. ``SO-2026-00042`` (identifier system ``{ID}/case``)."""


class CaseStatus(Enum):
    """FHIR R4 Task.status, the part of its states a reader meets."""

    REQUESTED = "requested"
    RECEIVED = "received"
    READY = "ready"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_PROGRESS = "in-progress"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered-in-error"

    @property
    def is_terminal(self) -> bool:
        return self in _TERMINAL


_TERMINAL = {
    CaseStatus.REJECTED,
    CaseStatus.COMPLETED,
    CaseStatus.FAILED,
    CaseStatus.CANCELLED,
    CaseStatus.ENTERED_IN_ERROR,
}


class Priority(Enum):
    """FHIR R4 request priority, most pressing last."""

    ROUTINE = "routine"
    URGENT = "urgent"
    ASAP = "asap"
    STAT = "stat"


class ConsentState(Enum):
    """Whether the patient's release allows this reader to see the records."""

    ACTIVE = "active"
    MISSING = "missing"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Patient:
    """Who the case is about. ``patient_id`` is None where the source carries none (``identity_missing``)."""

    reference: str
    patient_id: str | None
    family: str
    given: str
    birth_date: date | None
    sex: str
    """FHIR administrative gender: male, female, other, unknown."""

    @property
    def identity_missing(self) -> bool:
        return self.patient_id is None

    @property
    def display_name(self) -> str:
        return ", ".join(part for part in (self.family, self.given) if part) or "Name missing"


@dataclass(frozen=True, slots=True)
class SeriesEntry:
    """A series as the hospital lists it; what is here of it, the store knows."""

    series_uid: str
    modality: str
    description: str
    instance_count: int


@dataclass(frozen=True, slots=True)
class ImagingStudy:
    """A DICOM study of the case (FHIR R4 ImagingStudy) and the DICOMweb base it is fetched from."""

    reference: str
    version_id: str
    study_uid: str
    description: str
    started: datetime | None
    series: tuple[SeriesEntry, ...]
    dicomweb_base: str

    @property
    def instance_count(self) -> int:
        return sum(entry.instance_count for entry in self.series)


class DocumentCategory(Enum):
    """What a document is for (DocumentReference.category)."""

    IMAGING_REPORT = "imaging-report"
    PATHOLOGY_REPORT = "pathology-report"
    LAB = "lab"
    NOTE = "note"
    CONSENT = "consent"
    SLIDE = "wsi"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Document:
    """A file of the case: report, letter, laboratory sheet, release, or a whole slide (FHIR R4 DocumentReference)."""

    reference: str
    version_id: str
    category: DocumentCategory
    title: str
    created: datetime | None
    content_type: str
    url: str
    """Absolute, or relative to the FHIR base (``Binary/...``)."""
    size_bytes: int | None
    sha256: str | None
    """Lower-case hexadecimal, where the hospital states it."""


@dataclass(frozen=True, slots=True)
class LabResult:
    """One laboratory value (FHIR R4 Observation)."""

    reference: str
    version_id: str
    name: str
    value: str
    unit: str
    reference_range: str
    flag: str
    """``H``, ``L`` or empty."""
    taken: datetime | None


@dataclass(frozen=True, slots=True)
class PriorReport:
    """A report in words that came with the case (FHIR R4 DiagnosticReport)."""

    reference: str
    version_id: str
    title: str
    issued: datetime | None
    conclusion: str
    document_reference: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """One assignment, whole: what was asked, about whom, by when, on which records."""

    case_id: CaseId
    task_reference: str
    task_version: str
    service_request_reference: str
    manifest_reference: str
    """``List/x/_history/n``: the records as compiled."""
    questionnaire: str
    """Canonical ``url|version``."""
    assignment: str
    """Value of identifier ``{ID}/assignment``, e.g. ``SO-2026-00042/1``."""
    status: CaseStatus
    business_status: str
    priority: Priority
    patient: Patient
    questions: tuple[str, ...]
    working_diagnosis: str
    owner_reference: str
    requester_name: str
    authored: datetime | None
    due: datetime | None
    consent: ConsentState
    consent_reference: str | None
    studies: tuple[ImagingStudy, ...] = ()
    documents: tuple[Document, ...] = ()
    lab_results: tuple[LabResult, ...] = ()
    prior_reports: tuple[PriorReport, ...] = ()
    messages: tuple[Message, ...] = ()
    """Oldest first."""
    status_reason: str = ""
    """Why it stands as it does, in the hospital's words; empty where it gave none."""
    release_until: datetime | None = None
    """When the release ends, or ended; None where it has no end, or there never was one."""

    @property
    def slides(self) -> tuple[Document, ...]:
        return tuple(d for d in self.documents if d.category is DocumentCategory.SLIDE)
