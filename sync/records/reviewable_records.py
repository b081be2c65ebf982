"""The records of a case that an opinion can say it rests on, in the order of the case page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sync.records.case import Case, DocumentCategory, LabResult

LABORATORY = "Observation"


@dataclass(frozen=True, slots=True)
class ReviewableRecord:
    """``kind`` is its FHIR type, as a form's reference question names what it takes."""

    kind: str
    reference: str
    title: str


def reviewable_records(case: Case) -> tuple[ReviewableRecord, ...]:
    """Studies, documents (the release is none), reports in words, laboratory results. A report whose words are one of
    the documents is there once, as that document."""
    return tuple(_records(case))


def _records(case: Case) -> Iterator[ReviewableRecord]:
    for study in case.studies:
        yield ReviewableRecord("ImagingStudy", study.reference, study.description or "Imaging study")
    documents = [document for document in case.documents if document.category is not DocumentCategory.CONSENT]
    for document in documents:
        yield ReviewableRecord("DocumentReference", document.reference, document.title or document.reference)
    listed = {document.reference for document in documents}
    for report in case.prior_reports:
        if report.document_reference not in listed:
            yield ReviewableRecord("DiagnosticReport", report.reference, report.title or report.reference)
    for result in case.lab_results:
        yield ReviewableRecord(LABORATORY, result.reference, laboratory_words(result))


def laboratory_words(result: LabResult) -> str:
    """``Laboratory: CEA 9.1 µg/L (high), 21 October 2026``: a value that was taken twice is told apart by its day."""
    value = " ".join(part for part in (result.name, result.value, result.unit) if part)
    flag = {"H": " (high)", "L": " (low)"}.get(result.flag, "")
    day = f", {result.taken:%d %B %Y}".replace(", 0", ", ") if result.taken else ""
    return f"Laboratory: {value}{flag}{day}"
