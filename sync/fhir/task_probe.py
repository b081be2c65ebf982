"""Whether the hospital already holds an opinion: asked of its Task, never assumed from an answer. Protocol 1.4."""

from __future__ import annotations

import base64
import hashlib

from sync.errors import ForeignObject
from sync.fhir.elements import Json, child, children, parse_instant, relative_reference, text, version_id
from sync.fhir.fhir_gateway import FhirGateway
from sync.fhir.names import OPINION_SYSTEM
from sync.records.case import Case
from sync.records.opinion import Receipt, SignedOpinion


def find_receipt(
    fhir: FhirGateway, task: Json, case: Case, signed: SignedOpinion, *, already_there: bool, fhir_base: str
) -> Receipt | None:
    """The receipt, where the Task is completed and its output is a report under our identifier; else None.

    `ForeignObject` where a report stands under our identifier that is not ours: two opinions were given one number.
    """
    if text(task, "status") != "completed":
        return None
    ours = signed.frozen.opinion_identifier
    for output in children(task, "output"):
        reference = relative_reference(child(output, "valueReference"), fhir_base)
        if not reference.startswith("DiagnosticReport/"):
            continue
        report = fhir.read(reference)
        if not any(
            text(i, "system") == OPINION_SYSTEM and text(i, "value") == ours for i in children(report, "identifier")
        ):
            continue
        if not _shows_our_report(report, signed.report_pdf):
            raise ForeignObject(f"The hospital holds another report under the number {ours}; it must be looked into.")
        received_at = parse_instant(text(child(report, "meta"), "lastUpdated")) or fhir.clock()
        return Receipt(case.case_id, ours, reference, version_id(task), received_at, already_there)
    return None


def _shows_our_report(report: Json, pdf: bytes) -> bool:
    """Compares the stated hash; a server that leaves it out is believed."""
    stated = [text(form, "hash") for form in children(report, "presentedForm") if text(form, "hash")]
    sha1 = hashlib.sha1(pdf, usedforsecurity=False).digest()
    return not stated or base64.b64encode(sha1).decode("ascii") in stated
