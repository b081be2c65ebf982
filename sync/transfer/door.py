"""The check at the door: is a fetched DICOM file the one asked for, whole, and of this patient?

What fails on identity of the object or wholeness is turned away; what is of another patient is kept, marked, so that a
person can see it and decide.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, Protocol

from sync.errors import DamagedTransfer, ForeignObject
from sync.records.case import Patient
from sync.transfer.instance_header import NotDicom, read_header
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
    file without any (a report, a presentation state) cut between two elements looks whole.
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


InstanceInspector = Callable[[InspectedSource], InstanceFacts]
"""Reads the facts of one file; raises nothing for a damaged one, but says so in ``problem``."""


def inspect_instance(source: InspectedSource) -> InstanceFacts:
    """The header's facts, and by arithmetic or a walk over the fragments whether the pixel data is all there."""
    with source.open() as file:
        try:
            header = read_header(file, source.size_bytes)
            problem = find_missing_pixels(header, file, source.size_bytes)
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
