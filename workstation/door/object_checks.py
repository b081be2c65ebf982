"""What the child does with each file: tells its kind by its content and hands it to the check of that kind.

Here both sides meet: whose object it is and whether it is whole, is `sync`'s; whether it can be decoded, `viewers`'.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from viewers.byte_source import ByteSource
from viewers.door.problem import problem_of
from viewers.errors import UnsupportedImage, ViewerError
from workstation.door.ranged_source import RangedSource

INSTANCE, FILE, LOCAL_INSTANCE = "instance", "file", "local instance"
"""What is asked for: a DICOM instance out of a hospital's archive, any other file, a file taken for DICOM here."""

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_SLIDE_TYPES = ("image/tiff", "image/x-", "application/x-openslide", "image/svs", "image/vnd.")

Answer = tuple[dict[str, Any], bytes]


def check_object(request: dict[str, Any], source: RangedSource, alive: Callable[[], None]) -> Answer:
    """The facts of one file, with what a viewer wants to remember of it; a ``problem`` where it may not be let in."""
    try:
        if request["kind"] == INSTANCE:
            return _check_archived(source, alive)
        if request["kind"] == LOCAL_INSTANCE:
            return {}, _check_dicom(source, request, alive)
        return _check_file(source, request, alive)
    except ViewerError as error:
        return {"problem": problem_of(error, source.name), "sentence": str(error)}, b""


def _check_archived(source: ByteSource, alive: Callable[[], None]) -> Answer:
    """What came over the network has to be a Part 10 file (PS3.10 7.1), whole by the rules of `sync.transfer.door`."""
    from sync.transfer.door import inspect_parsed
    from viewers.door.instance_check import check_instance
    from viewers.radiology.dicom_header import read_header
    from viewers.radiology.pydicom_warnings import read_without_remarks, silenced

    with source.open() as file:
        if file.read(132)[128:] != b"DICM":
            return {"problem": "it is not a readable DICOM file"}, b""
    read_without_remarks()
    with silenced():
        header = read_header(source)
        found = inspect_parsed(source, header.dataset, header.ends_at)
        facts: dict[str, Any] = {
            "study_uid": found.study_uid,
            "series_uid": found.series_uid,
            "sop_instance_uid": found.sop_instance_uid,
            "patient_id": found.patient_id,
            "patient_name": found.patient_name,
            "birth_date": found.birth_date.isoformat() if found.birth_date else None,
            "proves_its_end": found.proves_its_end,
            "problem": found.problem,
        }
        if found.problem:
            return facts, b""
        try:
            return facts, check_instance(source, header, alive)
        except ViewerError as error:
            return {**facts, "problem": problem_of(error, source.name)}, b""


def _check_dicom(source: ByteSource, request: dict[str, Any], alive: Callable[[], None]) -> bytes:
    """The facts of a DICOM file whose patient nobody asked for; ViewerError where it may not be opened."""
    from viewers.door.instance_check import check_instance
    from viewers.radiology.dicom_header import read_header
    from viewers.radiology.pydicom_warnings import read_without_remarks, silenced

    read_without_remarks()
    with silenced():
        return check_instance(source, read_header(source), alive, request.get("decode_up_to_bytes"))


def _check_slide(source: RangedSource, request: dict[str, Any], alive: Callable[[], None]) -> Answer:
    """One that is well formed and cannot be shown (or not now) is let in; ``sentence`` says why it is not shown."""
    from viewers.door.slide_check import DECODED_FOR_S, check_slide

    limits = {"decode_for_s": request.get("decode_for_s", DECODED_FOR_S), "lend": lambda _source: source.borrow()}
    try:
        return {}, check_slide(source, alive, request.get("decode_up_to_bytes"), **limits)
    except UnsupportedImage as error:
        return {"sentence": str(error)}, b""


def _check_file(source: RangedSource, request: dict[str, Any], alive: Callable[[], None]) -> Answer:
    """By its content, whatever the hospital or its name says it is; what no part of this program opens is let in."""
    from viewers.radiology.dicom_header import looks_like_dicom

    with source.open() as file:
        start = file.read(132)
    if not start:
        return {"problem": "it is empty"}, b""
    if looks_like_dicom(start):
        return {}, _check_dicom(source, request, alive)
    if start.startswith(_TIFF_STARTS) or request.get("content_type", "").startswith(_SLIDE_TYPES):
        return _check_slide(source, request, alive)
    if b"%PDF-" in start[:32] or request.get("content_type") == "application/pdf":
        from workstation.case.document_rendering import find_document_problem

        with source.open() as file:
            return {"problem": find_document_problem(file.read(), alive)}, b""
    return {}, b""
