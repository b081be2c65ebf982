"""An opinion: drafted, frozen, signed, sent, acknowledged. Only a `SignedOpinion` can leave this computer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.records.case import CaseId

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OpinionDraft:
    """The form as it stands: a FHIR R4 QuestionnaireResponse with status in-progress, local only."""

    case_id: CaseId
    response: Json
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class MarksFile:
    """The marks on one image, exported for upload and frozen with the opinion."""

    target: str
    """``series:<uid>`` or ``slide:<sha256>`` as in AnnotationRevision."""
    title: str
    content_type: str
    """``application/geo+json`` for slides, ``application/json`` for series."""
    content: bytes
    sha256: str
    annotation_ids: tuple[str, ...]
    subject_reference: str
    """The ImagingStudy or DocumentReference that the marks lie on."""


@dataclass(frozen=True, slots=True)
class FrozenOpinion:
    """What will be signed, byte for byte: nothing of it changes between preview and signature.

    ``envelope`` are the RFC 8785 canonical bytes (protocol §5.1).
    """

    case_id: CaseId
    opinion_identifier: str
    """``{case}/{n}/v{k}``, value of identifier ``{ID}/opinion``."""
    version: int
    envelope: bytes
    signed_at: datetime
    response: Json
    marks: tuple[MarksFile, ...]


@dataclass(frozen=True, slots=True)
class SignedOpinion:
    """A frozen opinion with its two signatures: detached JWS over the envelope, PAdES over the report."""

    frozen: FrozenOpinion
    jws: str
    report_pdf: bytes
    signer_name: str
    certificate_sha256: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The hospital's acknowledgement of one opinion."""

    case_id: CaseId
    opinion_identifier: str
    diagnostic_report_reference: str
    task_version: str
    received_at: datetime
    """The hospital's clock."""
    already_there: bool
    """True when the hospital had it from an earlier attempt whose answer was lost."""
