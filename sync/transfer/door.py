"""The check at the door: is a fetched DICOM file the one asked for, whole, of this patient, and safe to open?

What fails on identity of the object, wholeness or safety is turned away; what is of another patient is kept, marked, so
that a person can see it and decide. Who looks into the files is injected: `HeaderInspector` reads headers in this
process; the program's own inspector opens them in a process apart and decodes them there.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, Protocol

from sync.errors import DamagedTransfer, ForeignObject, NotAdmitted
from sync.records.case import Patient
from sync.transfer.instance_header import InstanceHeader, NotDicom, header_of, read_header
from sync.transfer.patient_agreement import find_mismatch
from sync.transfer.pixel_completeness import find_missing_pixels


class InspectedSource(Protocol):
    """What an inspector needs of a file (the vault's byte source has it)."""

    @property
    def name(self) -> str: ...

    @property
    def size_bytes(self) -> int: ...

    def open(self) -> BinaryIO: ...


@dataclass(frozen=True, slots=True)
class InstanceFacts:
    """What a DICOM file says of itself.

    ``problem`` ends a sentence: why it is unreadable or not complete. ``proves_its_end`` where its pixel data does: a
    file without any (a report, a presentation state) cut between two elements looks whole. ``display_facts`` is what a
    viewer wants to remember of it, opaque here.
    """

    study_uid: str = ""
    series_uid: str = ""
    sop_instance_uid: str = ""
    patient_id: str = ""
    patient_name: str = ""
    birth_date: date | None = None
    complete: bool = False
    problem: str = ""
    proves_its_end: bool = False
    display_facts: bytes = b""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a document, picture or slide file says of itself. ``problem`` ends a sentence: why it is not let in."""

    problem: str = ""
    display_facts: bytes = b""


class ObjectInspector(Protocol):
    """Looks into arriving files. Raises nothing for a bad one, but says so in ``problem``; may be called from several
    threads at once.

    Raises `DoorClosed` where it cannot look at all, `StoreUnavailable` where the file cannot be read back.
    """

    def inspect(self, source: InspectedSource) -> InstanceFacts:
        """The facts of one DICOM instance."""

    def inspect_file(self, source: InspectedSource, content_type: str) -> FileFacts:
        """The facts of anything else; *content_type* is the hospital's word, which the bytes may belie."""


class HeaderInspector:
    """Reads DICOM headers in this process and decodes nothing; lets every other file in."""

    def inspect(self, source: InspectedSource) -> InstanceFacts:
        return inspect_instance(source)

    def inspect_file(self, source: InspectedSource, content_type: str) -> FileFacts:  # noqa: ARG002 - of the protocol
        return FileFacts()


def inspect_instance(source: InspectedSource) -> InstanceFacts:
    """The header's facts, and by arithmetic or a walk over the fragments whether the pixel data is all there."""
    with source.open() as file:
        return _facts_of(lambda: read_header(file, source.size_bytes), file, source.size_bytes)


def inspect_parsed(source: InspectedSource, dataset: Any, ends_at: int) -> InstanceFacts:
    """The same of a file whose header is parsed already (a pydicom data set) up to its pixels at *ends_at*."""
    with source.open() as file:
        return _facts_of(lambda: header_of(dataset, ends_at, source.size_bytes), file, source.size_bytes)


def _facts_of(read: Callable[[], InstanceHeader], file: BinaryIO, size_bytes: int) -> InstanceFacts:
    try:
        header = read()
        problem = find_missing_pixels(header, file, size_bytes)
    except (NotDicom, struct.error) as error:
        return InstanceFacts(problem=str(error) if isinstance(error, NotDicom) else "it is cut off")
    return InstanceFacts(
        header.study_uid, header.series_uid, header.sop_instance_uid,
        header.patient_id, header.patient_name, header.birth_date, not problem, problem, header.proves_its_end,
    )  # fmt: skip


def admit_instance(
    facts: InstanceFacts, patient: Patient, *, study_uid: str, series_uid: str, sop_uid: str, framed: bool
) -> str:
    """The patient mismatch as one sentence, or empty. ``framed``: the reply itself proved that it was whole.

    Raises `DamagedTransfer` for what is not complete, `ForeignObject` for another object than the one asked for.
    """
    title = f"Image {sop_uid}"
    if not facts.complete:
        raise DamagedTransfer(f"{title} cannot be used: {facts.problem}.")
    if not framed and not facts.proves_its_end:
        raise DamagedTransfer(f"{title} came without anything that proves it is whole.")
    asked_and_got = (
        ("study", study_uid, facts.study_uid),
        ("series", series_uid, facts.series_uid),
        ("instance", sop_uid, facts.sop_instance_uid),
    )
    for what, asked, got in asked_and_got:
        if asked != got:
            raise ForeignObject(f"{title}: the hospital sent another {what} ({got or 'without a UID'}) than asked for.")
    return find_mismatch(patient, facts.patient_id, facts.patient_name, facts.birth_date)


def admit_file(facts: FileFacts, title: str) -> None:
    """Raises `NotAdmitted` for a file that must not be opened."""
    if facts.problem:
        raise NotAdmitted(f"“{title}” cannot be used: {facts.problem}.")
