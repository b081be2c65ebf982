"""Which opinion the hospital holds for an assignment: asked of it, never assumed from an answer. Protocol 1.4.

Two opinions are the same when their envelopes are, byte for byte; the report is compared where no envelope is found.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sync.fhir.elements import (
    Json,
    base64_bytes,
    child,
    children,
    extension,
    parse_instant,
    reference_of,
    relative_reference,
    resources_in,
    text,
    version_id,
)
from sync.fhir.fhir_gateway import FhirGateway
from sync.fhir.names import CONTENT_SHA256_EXTENSION, OPINION_SYSTEM
from sync.fhir.searches import by_identifier
from sync.records.amendment import amendment_of
from sync.records.opinion import SignedOpinion


class FoundOpinion(Enum):
    """Whose the opinion is that stands there. In this order: of several reports the first kind counts."""

    OURS = "ours"
    OUR_EARLIER = "an earlier version of ours"
    THIS_READERS = "this reader's, signed elsewhere"
    ANOTHERS = "somebody else's"
    UNFINISHED = "ours, under an assignment that is not completed"
    SAME_NUMBER = "something else under our number"
    AMENDED = "the version that ours amends"


@dataclass(frozen=True, slots=True)
class OpinionThere:
    """An opinion that the hospital holds. ``opinion``: the one of ours that it is, where it is one."""

    found: FoundOpinion
    report_reference: str
    received_at: datetime
    """The hospital's clock."""
    task_version: str
    opinion: SignedOpinion | None = None


class OpinionProbe:
    """Asks about the opinions of one assignment. *versions*: all that were signed here, the one to be sent last."""

    def __init__(
        self,
        fhir: FhirGateway,
        versions: Sequence[SignedOpinion],
        reader: str,
        fhir_base: str,
        identifier_search: frozenset[str],
        delivered: frozenset[str] = frozenset(),
    ) -> None:
        """*delivered*: identifiers of those versions whose receipt is here."""
        self._fhir = fhir
        self._versions = versions
        self._reader = reader
        self._fhir_base = fhir_base
        self._identifier_search = identifier_search
        self._delivered = delivered
        self._amendment = amendment_of(versions[-1].frozen)

    def find(self, task: Json) -> OpinionThere | None:
        """What stands there now; *task* as just read."""
        if text(task, "status") != "completed" and self._amendment is None:
            return self._find_unfinished(task)
        outputs = [relative_reference(child(o, "valueReference"), self._fhir_base) for o in children(task, "output")]
        reports = [reference for reference in outputs if reference.startswith("DiagnosticReport/")]
        judged = [self._judge(task, reference, self._fhir.read(reference)) for reference in reports]
        return min(judged, key=lambda there: list(FoundOpinion).index(there.found), default=None)

    def _judge(self, task: Json, reference: str, report: Json) -> OpinionThere:
        for opinion in reversed(self._versions):
            if _has_identifier(report, opinion) and self._is_same(report, opinion):
                return self._there(self._which(opinion), task, reference, report, opinion)
        readers = [relative_reference(r, self._fhir_base) for r in children(report, "resultsInterpreter")]
        found = FoundOpinion.THIS_READERS if self._reader in readers else FoundOpinion.ANOTHERS
        if found is FoundOpinion.ANOTHERS and any(_has_identifier(report, opinion) for opinion in self._versions):
            found = FoundOpinion.SAME_NUMBER
        return self._there(found, task, reference, report)

    def _which(self, opinion: SignedOpinion) -> FoundOpinion:
        """Of our versions: below an amendment, those that were delivered before it are where they belong."""
        if opinion is self._versions[-1]:
            return FoundOpinion.OURS
        was_known = opinion.frozen.opinion_identifier in self._delivered
        return FoundOpinion.AMENDED if self._amendment is not None and was_known else FoundOpinion.OUR_EARLIER

    def _find_unfinished(self, task: Json) -> OpinionThere | None:
        """A report under our number while the assignment is open: a delivery in steps broke off, or a collision."""
        if "DiagnosticReport" not in self._identifier_search:
            return None
        latest = self._versions[-1]
        address = by_identifier("DiagnosticReport", OPINION_SYSTEM, latest.frozen.opinion_identifier)
        for page in self._fhir.search(address):
            for report in resources_in(page.bundle):
                if _has_identifier(report, latest):
                    same = self._is_same(report, latest)
                    found = FoundOpinion.UNFINISHED if same else FoundOpinion.SAME_NUMBER
                    return self._there(found, task, reference_of(report), report, latest if same else None)
        return None

    def _there(
        self, found: FoundOpinion, task: Json, reference: str, report: Json, opinion: SignedOpinion | None = None
    ) -> OpinionThere:
        received_at = parse_instant(text(child(report, "meta"), "lastUpdated")) or self._fhir.clock()
        return OpinionThere(found, reference, received_at, version_id(task), opinion)

    def _is_same(self, report: Json, opinion: SignedOpinion) -> bool:
        held = self._envelope_sha256(opinion.frozen.opinion_identifier)
        if held is not None:
            return held == hashlib.sha256(opinion.frozen.envelope).digest()
        return _shows_report(report, opinion.report_pdf)

    def _envelope_sha256(self, opinion_identifier: str) -> bytes | None:
        """The digest that the hospital states for the envelope under that number; None where it shows none."""
        if "DocumentReference" not in self._identifier_search:
            return None
        for page in self._fhir.search(by_identifier("DocumentReference", OPINION_SYSTEM, opinion_identifier)):
            for document in resources_in(page.bundle):
                for content in children(document, "content"):
                    attachment = child(content, "attachment")
                    stated = base64_bytes(extension(attachment, CONTENT_SHA256_EXTENSION), "valueBase64Binary")
                    if text(attachment, "contentType") == "application/json" and stated is not None:
                        return stated
        return None


def _has_identifier(report: Json, opinion: SignedOpinion) -> bool:
    ours = opinion.frozen.opinion_identifier
    return any(text(i, "system") == OPINION_SYSTEM and text(i, "value") == ours for i in children(report, "identifier"))


def _shows_report(report: Json, pdf: bytes) -> bool:
    """Compares the stated hash; a server that leaves it out is believed."""
    stated = [text(form, "hash") for form in children(report, "presentedForm") if text(form, "hash")]
    sha1 = hashlib.sha1(pdf, usedforsecurity=False).digest()
    return not stated or base64.b64encode(sha1).decode("ascii") in stated
