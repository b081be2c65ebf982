"""Reading of a DICOM file what the door asks: whose, which, and where its pixels begin. DICOM PS3.5, PS3.10.

Values are decoded here from their raw bytes: a header may hold anything, and a check must neither fail nor warn.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

import pydicom
from pydicom.charset import decode_bytes, python_encoding
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError

DEFLATED = "1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_IMPLICIT = "1.2.840.10008.1.2"

_STUDY_INSTANCE_UID, _SERIES_INSTANCE_UID, _SOP_INSTANCE_UID = 0x0020000D, 0x0020000E, 0x00080018
_PATIENT_NAME, _PATIENT_ID, _PATIENT_BIRTH_DATE, _SPECIFIC_CHARACTER_SET = (
    0x00100010,
    0x00100020,
    0x00100030,
    0x00080005,
)
_ROWS, _COLUMNS, _SAMPLES, _FRAMES, _BITS_ALLOCATED = 0x00280010, 0x00280011, 0x00280002, 0x00280008, 0x00280100
_PHOTOMETRIC = 0x00280004
_WANTED = [
    _STUDY_INSTANCE_UID, _SERIES_INSTANCE_UID, _SOP_INSTANCE_UID, _PATIENT_NAME, _PATIENT_ID, _PATIENT_BIRTH_DATE,
    _SPECIFIC_CHARACTER_SET, _ROWS, _COLUMNS, _SAMPLES, _FRAMES, _BITS_ALLOCATED, _PHOTOMETRIC,
]  # fmt: skip
_UNREADABLE = (
    InvalidDicomError, BytesLengthException, EOFError, struct.error, ValueError, KeyError, IndexError, TypeError,
    AttributeError, NotImplementedError, RecursionError, OverflowError, LookupError, zlib.error,
)  # fmt: skip
"""What pydicom is known to raise on damaged files; a check at the door says no and never falls over."""


class NotDicom(ValueError):
    """The file cannot be read as a DICOM Part 10 file."""


@dataclass(frozen=True, slots=True)
class InstanceHeader:
    """The few elements that the door needs. Empty strings where absent."""

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    patient_id: str
    patient_name: str
    """As stored: components divided by ``^``, groups by ``=``."""
    birth_date: date | None
    transfer_syntax: str
    rows: int
    columns: int
    samples: int
    frames: int
    bits_allocated: int
    photometric: str
    pixels_at: int | None
    """Offset of the pixel data element in the file (or, deflated, nowhere); None where the data set has none."""

    @property
    def proves_its_end(self) -> bool:
        return self.pixels_at is not None or self.transfer_syntax == DEFLATED

    @property
    def big_endian(self) -> bool:
        return self.transfer_syntax == _BIG_ENDIAN

    @property
    def implicit_vr(self) -> bool:
        return self.transfer_syntax == _IMPLICIT


def read_header(file: BinaryIO, size_bytes: int) -> InstanceHeader:
    """The header of a Part 10 file, its pixels left unread; `NotDicom` where it is not one."""
    try:
        dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=_WANTED)
        return header_of(dataset, file.tell(), size_bytes)
    except NotDicom:
        raise
    except _UNREADABLE as error:
        raise NotDicom("it is not a readable DICOM file") from error


def header_of(dataset: Dataset, position: int, size_bytes: int) -> InstanceHeader:
    """The same of a data set that is parsed already and ended, or came to its pixels, at *position* in the file."""
    try:
        if position > size_bytes:
            raise NotDicom("it is cut off")  # the last element says to be longer than what is left
        syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
        return InstanceHeader(
            study_uid=_text(dataset, _STUDY_INSTANCE_UID),
            series_uid=_text(dataset, _SERIES_INSTANCE_UID),
            sop_instance_uid=_text(dataset, _SOP_INSTANCE_UID),
            patient_id=_decoded(dataset, _PATIENT_ID),
            patient_name=_decoded(dataset, _PATIENT_NAME),
            birth_date=_date(_text(dataset, _PATIENT_BIRTH_DATE)),
            transfer_syntax=syntax,
            rows=_number(dataset, _ROWS, syntax),
            columns=_number(dataset, _COLUMNS, syntax),
            samples=_number(dataset, _SAMPLES, syntax) or 1,
            frames=int(_text(dataset, _FRAMES) or 1),
            bits_allocated=_number(dataset, _BITS_ALLOCATED, syntax),
            photometric=_text(dataset, _PHOTOMETRIC),
            pixels_at=position if position < size_bytes and syntax != DEFLATED else None,
        )
    except NotDicom:
        raise
    except _UNREADABLE as error:
        raise NotDicom("it is not a readable DICOM file") from error


def _raw(dataset: Dataset, tag: int) -> object:
    element = dataset.get_item(tag)
    return None if element is None else element.value


def _text(dataset: Dataset, tag: int) -> str:
    value = _raw(dataset, tag)
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")
    return text.strip("\0 ")


def _number(dataset: Dataset, tag: int, transfer_syntax: str) -> int:
    """An unsigned short (US)."""
    value = _raw(dataset, tag)
    if isinstance(value, bytes):
        return int(struct.unpack_from(">H" if transfer_syntax == _BIG_ENDIAN else "<H", value)[0]) if value else 0
    return int(str(value)) if value is not None else 0


def _decoded(dataset: Dataset, tag: int) -> str:
    """A string element in the data set's own characters (DICOM PS3.3 C.12.1.1.2)."""
    value = _raw(dataset, tag)
    if not isinstance(value, bytes):
        return str(value or "").strip("\0 ")
    encodings = [python_encoding[term] for term in _character_sets(dataset) if term in python_encoding] or ["iso8859"]
    if len(encodings) == 1:
        return value.decode(encodings[0], "replace").strip("\0 ")
    return decode_bytes(value, encodings, {ord("^"), ord("=")}).strip("\0 ")


def _character_sets(dataset: Dataset) -> list[str]:
    """The defined terms of Specific Character Set; pydicom has this one element decoded already, or not."""
    value = _raw(dataset, _SPECIFIC_CHARACTER_SET)
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    terms = value.split("\\") if isinstance(value, str) else list(value) if isinstance(value, Iterable) else []
    return [str(term).strip("\0 ") for term in terms]


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.replace(".", "-") if "." in text else f"{text[:4]}-{text[4:6]}-{text[6:8]}")
    except ValueError:
        return None
