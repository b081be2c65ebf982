"""What a report says, in words and rows, only from the frozen opinion and the case. How it looks is `report`'s."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sync.records.amendment import Amendment, amendment_of
from sync.records.answer import Answer, Coding, Quantity, Reference, answer_from_json
from sync.records.case import Case
from sync.records.opinion import FrozenOpinion, Json, MarksFile
from sync.signing.fingerprint import fingerprint_of_x5t
from viewers.annotation.measurements import Measurement
from viewers.calibration import CalibrationClass
from viewers.exchange.marks_json import CONTENT_TYPE, read_places
from viewers.image_place import ImagePlace
from workstation.opinion.number_text import number_text

SHORT_CELL = 60
"""A repeated group whose answers are no longer than this becomes a table."""

ORDER = ("q", "crit", "find", "dx0", "opinion", "rec", "meas", "sum", "lim", "refs")
"""The base form's sections as a report reads best; sections of other forms follow in their own order."""
AT_THE_END = ("mat", "time.min")

DIGEST_KINDS = {"DiagnosticReport": "report as data", "Observation": "value"}
"""What a digest is of, by the kind of record; a file otherwise."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """An answer with its question."""

    label: str
    text: str
    emphasis: bool = False


@dataclass(frozen=True, slots=True)
class Subheading:
    """The title of one of several repetitions."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of short texts. ``widths`` are relative."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]


Block = Paragraph | Subheading | Table


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report. ``alarming`` is drawn so that nobody turns the page without seeing it."""

    title: str
    blocks: tuple[Block, ...]
    alarming: bool = False


@dataclass(frozen=True, slots=True)
class ReportContent:
    """Everything on the pages except pictures."""

    title: str
    patient_name: str
    patient_details: str
    case_line: str
    requester: str
    sections: tuple[Section, ...]
    """The opinion itself; key images follow it."""
    appendix: tuple[Section, ...]
    """What it rests on: materials and the records that were here."""
    signature: tuple[tuple[str, str], ...]
    footer: str
    signed_at: datetime


def report_content(frozen: FrozenOpinion, case: Case, signer_name: str) -> ReportContent:
    """The words of the report: the same for the same frozen opinion, whenever and wherever they are made."""
    envelope = json.loads(frozen.envelope)
    patient = case.patient
    details = [
        patient.sex,
        f"born {patient.birth_date.isoformat()}" if patient.birth_date else "birth date unknown",
        f"ID {patient.patient_id}" if patient.patient_id else "ID missing",
    ]
    sections = [
        *_identity_sections(envelope, case, amendment_of(frozen)),
        *_answer_sections(frozen.response, at_end=False),
    ]
    marks = _marks_section(frozen.marks)
    if marks is not None:
        sections.append(marks)
    return ReportContent(
        title="Remote medical second opinion",
        patient_name=patient.display_name,
        patient_details=" · ".join(details),
        case_line=f"Case {case.case_id}",
        requester=case.requester_name,
        sections=tuple(sections),
        appendix=(*_answer_sections(frozen.response, at_end=True), _materials_section(envelope, case)),
        signature=(
            ("Signed electronically by", signer_name),
            ("Meaning", str(envelope["meaning"])),
            ("Date and time", moment_words(frozen.signed_at)),
            ("Opinion", frozen.opinion_identifier),
            *_certificate_lines(str(envelope["signer"]["x5t#S256"])),
        ),
        footer=f"Case {case.case_id} · Opinion {frozen.opinion_identifier}",
        signed_at=frozen.signed_at,
    )


def _certificate_lines(x5t: str) -> tuple[tuple[str, str], ...]:
    """The fingerprint in two halves: whole it is wider than the page."""
    words = fingerprint_of_x5t(x5t)
    half = len(words) // 2 + 1
    return ("Certificate (SHA-256)", words[:half]), ("", words[half:])


def _identity_sections(envelope: Json, case: Case, amendment: Amendment | None) -> Iterator[Section]:
    """First of all, that this amends an earlier one, and whatever there is to doubt about whose records these are."""
    if amendment is not None:
        yield Section(amendment.title, (Paragraph("Reason", amendment.reason),), alarming=True)
    if case.patient.identity_missing:
        words = "The records carried no patient ID. This opinion is on the records as they came, whoever's they are."
        yield Section("Patient identity missing", (Paragraph("", words),), alarming=True)
    if reason := envelope.get("patientMismatchOverride"):
        words = "The records hold an image that names another patient. The reader accepted it for this case."
        blocks = (Paragraph("", words), Paragraph("Reason given", str(reason)))
        yield Section("Image of another patient among the records", blocks, alarming=True)


def _answer_sections(response: Json, *, at_end: bool) -> Iterator[Section]:
    items: list[Json] = response.get("item", [])
    names = list(dict.fromkeys(item["linkId"] for item in items))
    ordered = [name for name in ORDER if name in names]
    ordered += [name for name in names if name not in ORDER and name not in AT_THE_END]
    if at_end:
        ordered = [name for name in AT_THE_END if name in names]
    for name in ordered:
        section = _section([item for item in items if item["linkId"] == name])
        if section is not None:
            yield section


def _section(items: list[Json]) -> Section | None:
    title = str(items[0].get("text", items[0]["linkId"]))
    if len(items) > 1 or "answer" not in items[0]:
        blocks = tuple(_repetitions(items)) if len(items) > 1 else tuple(_blocks(items[0].get("item", [])))
        if items[0]["linkId"] == "meas":
            blocks = tuple(_repetitions(items))
    else:
        blocks = (Paragraph("", _answers_text(items[0])),)
    if not blocks:
        return None
    return Section(title, blocks, alarming=_has_critical_finding(items[0]))


def _blocks(items: list[Json]) -> Iterator[Block]:
    for name in dict.fromkeys(item["linkId"] for item in items):
        same = [item for item in items if item["linkId"] == name]
        first = same[0]
        if name == "q.answer":
            yield from _answered_questions(same)
        elif "answer" in first:
            yield Paragraph(first.get("text", name), _answers_text(first), name == "opinion.agreement")
            for answer in first["answer"]:
                yield from _blocks(answer.get("item", []))
        else:
            yield from _repetitions(same)


def _answered_questions(items: list[Json]) -> Iterator[Block]:
    """A question, its answer, and whether it could be answered, as one reads a letter."""
    for item in items:
        answers = {child["linkId"]: _answers_text(child) for child in item.get("item", []) if "answer" in child}
        status = answers.get("q.answer.status", "")
        question = answers.get("q.answer.question", "")
        yield Paragraph(f"{question}  [{status.lower()}]" if status else question, answers.get("q.answer.text", ""))


def _repetitions(items: list[Json]) -> Iterator[Block]:
    """A repeated group: a table when everything in it is short, else one after the other."""
    children = [child for item in items for child in item.get("item", [])]
    columns = list(dict.fromkeys(child["linkId"] for child in children))
    words = {child["linkId"]: child.get("text", child["linkId"]) for child in children}
    plain = all("answer" in child and len(_answers_text(child)) <= SHORT_CELL for child in children)
    if plain and columns:
        rows = []
        for item in items:
            cells = {child["linkId"]: _answers_text(child) for child in item.get("item", [])}
            rows.append(tuple(cells.get(column, "–") for column in columns))
        yield Table(tuple(words[column] for column in columns), tuple(rows), (1,) * len(columns))
        return
    for number, item in enumerate(items, 1):
        title = str(item.get("text", item["linkId"]))
        yield Subheading(f"{title} {number}" if len(items) > 1 else title)
        yield from _blocks(item.get("item", []))


def _answers_text(item: Json) -> str:
    answers = [answer_from_json(part) for part in item.get("answer", [])]
    texts = [answer_words(answer) for answer in answers if answer is not None]
    return texts[0] if len(texts) == 1 else "\n".join(f"• {text}" for text in texts)


def answer_words(answer: Answer) -> str:
    """An answer as a report says it: codes by their display, with the code where a classification gave it."""
    value = answer.value
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, Coding):
        own = value.system.startswith("https://readingroom.example/")
        return value.display or value.code if own else " ".join(p for p in (value.display, f"({value.code})") if p)
    if isinstance(value, Quantity):
        return f"{number_text(value.value)} {value.unit}".strip()
    if isinstance(value, Reference):
        return value.display or value.reference
    if isinstance(value, int | float):
        return number_text(value)
    if answer.element == "valueDateTime":
        try:
            return moment_words(datetime.fromisoformat(value))
        except ValueError:
            return value
    return value.strip()


def _has_critical_finding(item: Json) -> bool:
    return any(
        child["linkId"] == "crit.flag" and child.get("answer", [{}])[0].get("valueBoolean") is True
        for child in item.get("item", [])
    )


def moment_words(moment: datetime) -> str:
    """Date, time and zone: ``2026-11-22 10:00:00 +01:00``, in the zone it was recorded in."""
    offset = f"{moment:%z}"
    return f"{moment:%Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:5]}" if offset else f"{moment:%Y-%m-%d %H:%M:%S}"


def _marks_section(files: tuple[MarksFile, ...]) -> Section | None:
    """Every mark that goes with the opinion: label, what it measures, and how that number is known."""
    rows = [row for file in files for row in mark_rows(file)]
    if not rows:
        return None
    header = ("Mark", "Image", "Measured", "Calibration", "Comment")
    return Section("Marks and measurements on the images", (Table(header, tuple(rows), (8, 34, 30, 24, 24)),))


def mark_rows(file: MarksFile) -> list[tuple[str, str, str, str, str]]:
    """One row a mark of an exported file: label, image, numbers with units, calibration, comment."""
    image = file.title.removeprefix("Marks on ").rpartition(".")[0]
    content = json.loads(file.content)
    places = places_in(file)
    rows = []
    for feature in content.get("features", ()):
        properties = feature["properties"]
        metadata = properties["metadata"]
        numbers = [
            _number_words(name.rpartition(" ")[0], name.rpartition(" ")[2].replace("^2", "²"), value)
            for name, value in properties["measurements"].items()
        ]
        rows.append((properties["name"], image, "\n".join(numbers), metadata["rr:calibration"], metadata["rr:comment"]))
    for mark in content.get("marks", ()):
        numbers = [_number_words(m["name"], m["unit"], m["value"]) for m in mark["measurements"]]
        place = places.get(mark["id"])
        where = image if place is None else f"{image}, {place.words}"
        rows.append((mark["label"], where, "\n".join(numbers), mark["measurements"][0]["calibration"], mark["comment"]))
    return rows


def places_in(file: MarksFile) -> dict[str, ImagePlace]:
    """By annotation id, which image each mark of an exported file lies on; none for a slide's. UnreadableFile."""
    return read_places(file.content, file.title) if file.content_type == CONTENT_TYPE else {}


def _number_words(name: str, unit: str, value: float) -> str:
    return f"{name} {Measurement(name, value, unit, CalibrationClass.UNCALIBRATED).text}"


def _materials_section(envelope: Json, case: Case) -> Section:
    titles = {study.reference: study.description or "Imaging study" for study in case.studies}
    titles |= {document.reference: document.title for document in case.documents}
    titles |= {report.reference: report.title for report in case.prior_reports}
    titles |= {lab.reference: lab.name for lab in case.lab_results}
    rows = []
    for material in envelope["materials"]:
        digest = material.get("sha256") or material.get("instancesSha256", "")
        reference = material["reference"]
        kind = "images" if "instancesSha256" in material else DIGEST_KINDS.get(reference.partition("/")[0], "file")
        version = f"version {material['versionId']}" if material["versionId"] else "–"
        rows.append((titles.get(reference, reference), version, f"{digest[:16]}… ({kind})"))
    if not rows:
        rows.append(("No record of the case was on this computer.", "–", "–"))
    return Section(
        "Records on this computer at signing", (Table(("Record", "Version", "SHA-256"), tuple(rows), (60, 20, 40)),)
    )
