"""From the resources of a manifest List to studies, documents, laboratory values and prior reports. FHIR R4."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from sync.fhir.elements import (
    Json,
    base64_bytes,
    child,
    children,
    codes,
    extension,
    instant,
    label,
    reference_of,
    relative_reference,
    text,
    version_id,
    whole_number,
)
from sync.fhir.names import CONTENT_LENGTH_EXTENSION, CONTENT_SHA256_EXTENSION
from sync.records.case import Document, DocumentCategory, ImagingStudy, LabResult, PriorReport, SeriesEntry

NAMED_WITHOUT_RELEASE = frozenset({"ImagingStudy", "DocumentReference"})
"""Kinds of record that are listed by title and date without a release. Results and reports in words are not read."""
_LISTED_ELEMENTS = frozenset(
    ("resourceType", "id", "meta", "status", "subject", "identifier", "category", "type", "date", "started")
) | frozenset(("description", "numberOfInstances", "series", "endpoint", "content"))


@dataclass(frozen=True, slots=True)
class MappedRecords:
    """What lies on the manifest, in its order, and what of it cannot be used (without a leading case number)."""

    studies: tuple[ImagingStudy, ...]
    documents: tuple[Document, ...]
    lab_results: tuple[LabResult, ...]
    prior_reports: tuple[PriorReport, ...]
    problems: tuple[str, ...]


def listed_references(manifest: Json, fhir_base: str) -> tuple[str, ...]:
    """``Type/id`` of each entry of the manifest that is not marked deleted, in order, once."""
    entries = (e for e in children(manifest, "entry") if e.get("deleted") is not True)
    references = (relative_reference(child(entry, "item"), fhir_base) for entry in entries)
    return tuple(dict.fromkeys(reference for reference in references if reference))


def map_records(manifest: Json, by_reference: Mapping[str, Json], fhir_base: str, dicomweb_base: str) -> MappedRecords:
    """Only what is on the manifest is part of the case, besides results and forms that a listed report points to."""
    studies: list[ImagingStudy] = []
    documents: list[Document] = []
    lab_results: dict[str, LabResult] = {}
    reports: list[Json] = []
    problems: list[str] = []
    for reference in listed_references(manifest, fhir_base):
        resource = by_reference.get(reference)
        kind = text(resource, "resourceType")
        if resource is None:
            problems.append(f"the hospital lists a record ({reference}) that it does not give.")
        elif text(resource, "status") == "entered-in-error":
            continue
        elif kind == "ImagingStudy":
            study = _study(resource, by_reference, fhir_base, dicomweb_base)
            studies.append(study)
            if not study.study_uid:
                problems.append(
                    f"the imaging study “{study.description}” carries no study number and cannot be fetched."
                )
        elif kind == "DocumentReference":
            documents += _documents(resource, fhir_base)
        elif kind == "Observation":
            lab_results[reference] = _lab_result(resource)
        elif kind == "DiagnosticReport":
            reports.append(resource)
    for report in reports:
        for result in children(report, "result"):
            reference = relative_reference(result, fhir_base)
            if reference not in lab_results and reference in by_reference:
                lab_results[reference] = _lab_result(by_reference[reference])
        if not _document_of(report, documents, fhir_base):
            documents += _presented_forms(report, fhir_base)
    return MappedRecords(
        tuple(studies),
        tuple(documents),
        tuple(lab_results.values()),
        tuple(_prior_report(report, documents, fhir_base) for report in reports),
        tuple(problems),
    )


def without_content(resource: Json) -> Json:
    """What may be kept of a record that the patient did not release: how it is listed, none of its words or bytes."""
    named = {name: value for name, value in resource.items() if name in _LISTED_ELEMENTS}
    if "content" in named:
        named["content"] = [
            {"attachment": {n: v for n, v in child(content, "attachment").items() if n != "data"}}
            for content in children(resource, "content")
        ]
    return named


def inline_content(resource: Json) -> bytes | None:
    """The bytes of an attachment that travels inside its resource (Attachment.data)."""
    attachments = [child(content, "attachment") for content in children(resource, "content")]
    attachments += children(resource, "presentedForm")
    return next((data for a in attachments if (data := base64_bytes(a, "data"))), None)


def weak_digest(resource: Json) -> bytes | None:
    """Attachment.hash: the SHA-1 of the content, 20 bytes."""
    attachments = [child(content, "attachment") for content in children(resource, "content")]
    attachments += children(resource, "presentedForm")
    return next((d for a in attachments if (d := base64_bytes(a, "hash")) and len(d) == 20), None)


def _study(resource: Json, by_reference: Mapping[str, Json], fhir_base: str, dicomweb_base: str) -> ImagingStudy:
    uid = next(
        (text(i, "value") for i in children(resource, "identifier") if text(i, "system") == "urn:dicom:uid"), ""
    ).removeprefix("urn:oid:")
    series = tuple(
        SeriesEntry(
            series_uid=text(s, "uid").removeprefix("urn:oid:"),
            modality=text(child(s, "modality"), "code"),
            description=text(s, "description"),
            instance_count=whole_number(s, "numberOfInstances") or len(children(s, "instance")),
        )
        for s in children(resource, "series")
    )
    modalities = "/".join(dict.fromkeys(entry.modality for entry in series if entry.modality))
    return ImagingStudy(
        reference=reference_of(resource),
        version_id=version_id(resource),
        study_uid=uid,
        description=text(resource, "description") or f"{modalities} study".strip(),
        started=instant(resource, "started"),
        series=series,
        dicomweb_base=_dicomweb_base(resource, by_reference, fhir_base) or dicomweb_base,
    )


def _dicomweb_base(resource: Json, by_reference: Mapping[str, Json], fhir_base: str) -> str:
    """The first DICOMweb Endpoint of the study or one of its series, cut back to the base (IHE RAD IMR adds a path)."""
    elements = [*children(resource, "endpoint")]
    for series in children(resource, "series"):
        elements += children(series, "endpoint")
    for element in elements:
        endpoint = by_reference.get(relative_reference(element, fhir_base), {})
        if text(child(endpoint, "connectionType"), "code") in ("dicom-wado-rs", "dicom-qido-rs"):
            return text(endpoint, "address").split("/studies")[0].rstrip("/")
    return ""


def _documents(resource: Json, fhir_base: str) -> Iterable[Document]:
    category = _category(resource)
    contents = [child(content, "attachment") for content in children(resource, "content")]
    for number, attachment in enumerate(contents):
        # A reference names one file in the store; the rare further contents of a resource get a fragment.
        reference = reference_of(resource) + (f"#{number + 1}" if number else "")
        title = text(attachment, "title") or text(resource, "description") or label(child(resource, "type"))
        created = instant(attachment, "creation") or instant(resource, "date")
        yield _document(reference, resource, attachment, category, title, created, fhir_base)


def _presented_forms(report: Json, fhir_base: str) -> Iterable[Document]:
    words = " ".join(label(c) for c in (*children(report, "category"), child(report, "code"))).lower()
    category = (
        DocumentCategory.PATHOLOGY_REPORT if "path" in words
        else DocumentCategory.LAB if "lab" in words
        else DocumentCategory.IMAGING_REPORT
    )  # fmt: skip
    for attachment in children(report, "presentedForm")[:1]:
        title = text(attachment, "title") or label(child(report, "code"))
        created = instant(attachment, "creation") or instant(report, "issued")
        yield _document(reference_of(report), report, attachment, category, title, created, fhir_base)


def _document(
    reference: str, resource: Json, attachment: Json, category: DocumentCategory, title: str, created: datetime | None,
    fhir_base: str,
) -> Document:  # fmt: skip
    digest = base64_bytes(extension(attachment, CONTENT_SHA256_EXTENSION), "valueBase64Binary")
    size = whole_number(extension(attachment, CONTENT_LENGTH_EXTENSION), "valueDecimal")
    url = text(attachment, "url")
    return Document(
        reference=reference,
        version_id=version_id(resource),
        category=category,
        title=title or "Document without a title",
        created=created,
        content_type=text(attachment, "contentType") or "application/octet-stream",
        url=urljoin(fhir_base + "/", url) if url else "",
        size_bytes=size if size is not None else whole_number(attachment, "size"),
        sha256=digest.hex() if digest and len(digest) == 32 else None,
    )


def _category(resource: Json) -> DocumentCategory:
    given = {code for concept in children(resource, "category") for code in codes(concept)}
    return next((kind for kind in DocumentCategory if kind.value in given), DocumentCategory.OTHER)


def _document_of(report: Json, documents: Iterable[Document], fhir_base: str) -> str | None:
    """The listed document that shows this report: the same file address as its presentedForm."""
    urls = {
        urljoin(fhir_base + "/", text(form, "url")) for form in children(report, "presentedForm") if text(form, "url")
    }
    return next((document.reference for document in documents if document.url in urls), None)


def _prior_report(report: Json, documents: Iterable[Document], fhir_base: str) -> PriorReport:
    own = reference_of(report)
    return PriorReport(
        reference=own,
        version_id=version_id(report),
        title=label(child(report, "code")) or "Report",
        issued=instant(report, "issued") or instant(report, "effectiveDateTime"),
        conclusion=text(report, "conclusion"),
        document_reference=_document_of(report, documents, fhir_base)
        or next((document.reference for document in documents if document.reference == own), None),
    )


def _lab_result(resource: Json) -> LabResult:
    quantity = child(resource, "valueQuantity")
    number = quantity.get("value")
    value = (
        f"{text(quantity, 'comparator')}{number}" if isinstance(number, int | float)
        else text(resource, "valueString") or label(child(resource, "valueCodeableConcept"))
    )  # fmt: skip
    interpretation = {code for concept in children(resource, "interpretation") for code in codes(concept)}
    flag = "H" if interpretation & {"H", "HH", "HU"} else "L" if interpretation & {"L", "LL", "LU"} else ""
    return LabResult(
        reference=reference_of(resource),
        version_id=version_id(resource),
        name=label(child(resource, "code")) or "Result without a name",
        value=value,
        unit=_unit(quantity),
        reference_range=_range(children(resource, "referenceRange")),
        flag=flag,
        taken=instant(resource, "effectiveDateTime") or instant(resource, "issued"),
    )


def _unit(quantity: Json) -> str:
    """The hospital's words for the unit, else its UCUM code; without annotations in braces, which measure nothing."""
    return re.sub(r"\{[^}]*\}", "", text(quantity, "unit") or text(quantity, "code")).strip()


def _range(ranges: tuple[Json, ...]) -> str:
    for given in ranges:
        if said := text(given, "text"):
            return said
        low, high = child(given, "low").get("value"), child(given, "high").get("value")
        if low is not None and high is not None:
            return f"{low}–{high}"
        if high is not None:
            return f"≤ {high}"
        if low is not None:
            return f"≥ {low}"
    return ""
