"""What the child does with each file: tells its kind by its content and hands it to the check of that kind.

Here both sides meet: whose object it is and whether it is whole, is `sync`'s; whether it can be decoded, `viewers`'.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from viewers.byte_source import ByteSource
from viewers.door.problem import problem_of
from viewers.errors import ViewerError

INSTANCE, FILE = "instance", "file"
"""What is asked for: one DICOM instance with its facts, or anything else."""

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_SLIDE_TYPES = ("image/tiff", "image/x-", "application/x-openslide", "image/svs", "image/vnd.")

Answer = tuple[dict[str, Any], bytes]


def check_object(request: dict[str, Any], source: ByteSource, alive: Callable[[], None]) -> Answer:
    """The facts of one file, with what a viewer wants to remember of it; a ``problem`` where it may not be let in."""
    try:
        if request["kind"] == INSTANCE:
            return _check_instance(source, alive, must_be_part10=True)
        return _check_file(source, request, alive)
    except ViewerError as error:
        return {"problem": problem_of(error, source.name)}, b""


def _check_instance(source: ByteSource, alive: Callable[[], None], *, must_be_part10: bool = False) -> Answer:
    """What came over the network is a Part 10 file (PS3.10 7.1); local files without its preamble are read as well."""
    from sync.transfer.door import inspect_parsed
    from viewers.door.instance_check import check_instance
    from viewers.radiology.dicom_header import read_header
    from viewers.radiology.pydicom_warnings import silenced

    with source.open() as file:
        is_part10 = file.read(132)[128:] == b"DICM"
    if must_be_part10 and not is_part10:
        return {"problem": "it is not a readable DICOM file"}, b""
    with silenced():
        header = read_header(source)
        if not is_part10:  # without its file meta nobody but the viewers' reader guesses how it is encoded
            return {}, check_instance(source, header, alive)
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


def _check_file(source: ByteSource, request: dict[str, Any], alive: Callable[[], None]) -> Answer:
    """By its content, whatever the hospital or its name says it is; what no part of this program opens is let in."""
    from viewers.radiology.dicom_header import looks_like_dicom

    with source.open() as file:
        start = file.read(132)
    if not start:
        return {"problem": "it is empty"}, b""
    if looks_like_dicom(start):
        return _check_instance(source, alive)
    if start.startswith(_TIFF_STARTS) or request.get("content_type", "").startswith(_SLIDE_TYPES):
        from viewers.door.slide_check import check_slide

        check_slide(source, alive, request.get("decode_up_to_bytes"))
    elif b"%PDF-" in start[:32] or request.get("content_type") == "application/pdf":
        from workstation.case.document_rendering import find_document_problem

        with source.open() as file:
            return {"problem": find_document_problem(file.read(), alive)}, b""
    return {}, b""
