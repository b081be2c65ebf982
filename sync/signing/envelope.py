"""The envelope: one JSON object, in the canonical form of RFC 8785, that says what was signed, by whom, on what.

Its bytes are stored, embedded and uploaded unchanged and never serialised again (protocol §5.1).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import rfc8785

from sync.errors import SigningRefused
from sync.records.amendment import Amendment
from sync.records.case import Case
from sync.records.opinion import FrozenOpinion, Json, MarksFile

ENVELOPE_TYPE = "https://readingroom.example/fhir/opinion-envelope|1"
OPINION_SYSTEM = "https://readingroom.example/ids/opinion"
MEANING = "Author of this second opinion"
"""21 CFR 11.50: what the signature means; ASTM E1762 1.2.840.10065.1.12.1.1, author's signature."""


@dataclass(frozen=True, slots=True)
class Material:
    """One record the opinion rests on.

    ``digest`` is SHA-256 in hexadecimal: of the file, or for an ImagingStudy `uid_digest` of its SOP Instance UIDs.
    """

    reference: str
    version_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class SignerBinding:
    """Which practitioner signs with which certificate. ``x5t_s256`` as in RFC 7515 §4.1.8; ``npi`` may be empty."""

    reference: str
    name: str
    npi: str
    x5t_s256: str


def freeze_opinion(
    *,
    case: Case,
    task_json: Json,
    response: Json,
    marks: Sequence[MarksFile],
    materials: Sequence[Material],
    signer: SignerBinding,
    version: int,
    signed_at: datetime,
    app_version: str,
    replaces: str | None = None,
    amendment: Amendment | None = None,
    mismatch_override: str | None = None,
) -> FrozenOpinion:
    """Fix, byte for byte, what will be previewed and signed.

    *signed_at* carries a zone. *replaces* is the SHA-256 of the envelope this version amends, *amendment* how and why.
    *mismatch_override* is the reason for which another patient's object was accepted into the case, where one was.
    SigningRefused when an answer has no canonical form (an integer beyond 2**53, a number that is not finite).
    """
    if signed_at.tzinfo is None:
        raise ValueError("the time of signing needs a zone")
    identifier = f"{case.assignment}/v{version}"
    answers = {key: value for key, value in response.items() if key not in ("id", "meta", "text")}
    content: Json = {
        "type": ENVELOPE_TYPE,
        "opinion": {"system": OPINION_SYSTEM, "value": identifier},
        "replaces": replaces,
        "task": {"reference": case.task_reference, "versionId": task_json["meta"]["versionId"]},
        "questionnaire": case.questionnaire,
        "signer": {
            "reference": signer.reference,
            "name": signer.name,
            "npi": signer.npi,
            "x5t#S256": signer.x5t_s256,
        },
        "meaning": MEANING,
        "signedAt": signed_at.isoformat(),
        "app": f"Reading Room {app_version}",
        "materials": [_material(material) for material in materials],
        "annotations": [
            {"file": file.title, "target": file.target, "subject": file.subject_reference, "sha256": file.sha256}
            for file in marks
        ],
        "response": answers,
    }
    if amendment is not None:
        content["amendment"] = {
            "opinion": amendment.opinion_identifier,
            "kind": amendment.kind.value,
            "reason": amendment.reason,
        }
    if mismatch_override is not None:
        content["patientMismatchOverride"] = mismatch_override
    try:
        envelope = rfc8785.dumps(content)
    except rfc8785.CanonicalizationError as error:
        raise SigningRefused(f"An answer holds a value that cannot be signed exactly ({error}).") from error
    # From here on the answers are what the bytes say, numbers included.
    signed_answers: Json = json.loads(envelope)["response"]
    return FrozenOpinion(case.case_id, identifier, version, envelope, signed_at, signed_answers, tuple(marks))


def uid_digest(sop_instance_uids: Sequence[str]) -> str:
    """SHA-256 in hexadecimal over the sorted SOP Instance UIDs, one a line: which instances, in no order."""
    return sha256("\n".join(sorted(sop_instance_uids)).encode("ascii")).hexdigest()


def is_canonical(envelope: bytes) -> bool:
    """Whether *envelope* is an envelope in its one canonical form."""
    try:
        content = json.loads(envelope)
        return isinstance(content, dict) and content.get("type") == ENVELOPE_TYPE and rfc8785.dumps(content) == envelope
    except (ValueError, RecursionError):
        return False


def _material(material: Material) -> Json:
    digest = "instancesSha256" if material.reference.startswith("ImagingStudy/") else "sha256"
    return {"reference": material.reference, "versionId": material.version_id, digest: material.digest}
