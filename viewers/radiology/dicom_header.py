"""Opens a file as DICOM and reads its header up to the pixels; values come out typed or absent, never as exceptions.

What the values mean is in `instance` and its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import isfinite
from typing import Any, BinaryIO, Literal

import pydicom
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from viewers.byte_source import ByteSource
from viewers.errors import UnreadableFile
from viewers.radiology.guarded_file import GuardedFile

PIXEL_ELEMENTS = {0x7FE00010: "PixelData", 0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData"}

_LONG_FORM_VRS = {b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN", b"UC", b"UR", b"UT", b"SQ", b"SV", b"UV"}
UNDEFINED_LENGTH = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the pixel data element's value begins, how long it says it is, and how long the file lets it be."""

    keyword: str
    vr: str
    offset: int
    length: int
    available: int

    @property
    def is_encapsulated(self) -> bool:
        return self.length == UNDEFINED_LENGTH


@dataclass(frozen=True, slots=True)
class DicomHeader:
    """A parsed header. ``pixels`` is None for objects without pixel data.

    ``ends_at`` is the offset of the pixel element, or the file's length. ``ended_early``: the file stops within an
    element of the header.
    """

    dataset: Dataset
    transfer_syntax: str
    pixels: PixelElement | None
    ends_at: int
    ended_early: bool


def looks_like_dicom(start: bytes) -> bool:
    """Whether the first 132 bytes of a file are those of a DICOM file, with or without preamble (PS3.10 7.1)."""
    if start[128:132] == b"DICM":
        return True
    # Without preamble: an element of group 0002 or 0008 first, with a plausible element number.
    if len(start) < 8:
        return False
    little = int.from_bytes(start[0:2], "little"), int.from_bytes(start[2:4], "little")
    big = int.from_bytes(start[0:2], "big"), int.from_bytes(start[2:4], "big")
    return any(group in (0x0002, 0x0008) and element < 0x0100 for group, element in (little, big))


def read_header(source: ByteSource) -> DicomHeader:
    """The header of *source*; its pixels are located, not read.

    Raises UnreadableFile where it is empty, not DICOM, or too damaged to hold one complete element.
    """
    try:
        with source.open() as file:
            return _read(source, file)
    except OSError as error:
        raise UnreadableFile(f"{source.name} cannot be read: {error.strerror or error}.") from error


def _read(source: ByteSource, file: BinaryIO) -> DicomHeader:
    start = file.read(132)
    if not start:
        raise UnreadableFile(f"{source.name} is empty.")
    if not looks_like_dicom(start):
        raise UnreadableFile(f"{source.name} is not a DICOM file.")
    file.seek(0)
    guarded = GuardedFile(file, source.name)
    try:
        dataset = pydicom.dcmread(guarded, stop_before_pixels=True, force=True)
    except UnreadableFile:
        raise
    except Exception as error:
        raise UnreadableFile(f"{source.name} is damaged: its DICOM header cannot be read.") from error
    if not len(dataset) and not len(getattr(dataset, "file_meta", ())):
        raise UnreadableFile(f"{source.name} is damaged: it holds no DICOM elements.")
    syntax = str(getattr(dataset.file_meta, "TransferSyntaxUID", "") or "")
    if syntax == DeflatedExplicitVRLittleEndian:
        return DicomHeader(dataset, syntax, _element_of_deflated(source, file), source.size_bytes, False)
    ends_at = file.tell()
    return DicomHeader(dataset, syntax, _locate_pixels(dataset, source, file), ends_at, guarded.ended_early)


def _locate_pixels(dataset: Dataset, source: ByteSource, file: BinaryIO) -> PixelElement | None:
    """The pixel element that pydicom stopped at; the file handle stands at its tag."""
    at = file.tell()
    head = file.read(12)
    if len(head) < 8:
        return None
    implicit, little = dataset.original_encoding
    order: Literal["little", "big"] = "big" if little is False else "little"
    tag = int.from_bytes(head[0:2], order) << 16 | int.from_bytes(head[2:4], order)
    if tag not in PIXEL_ELEMENTS:
        return None
    if implicit or head[4:6] not in _LONG_FORM_VRS:
        vr, length, value_at = "OW", int.from_bytes(head[4:8], order), at + 8
    else:
        vr, length, value_at = head[4:6].decode(), int.from_bytes(head[8:12], order), at + 12
    return PixelElement(PIXEL_ELEMENTS[tag], vr, value_at, length, max(0, source.size_bytes - value_at))


def _element_of_deflated(source: ByteSource, file: BinaryIO) -> PixelElement | None:
    """Deflated files are inflated whole (PS3.5 A.5): offsets count from the start of the pixel value itself."""
    file.seek(0)
    try:
        whole = pydicom.dcmread(GuardedFile(file, source.name), force=True)
    except UnreadableFile:
        raise
    except Exception as error:
        raise UnreadableFile(f"{source.name} is damaged: its deflated content cannot be read.") from error
    for tag, keyword in PIXEL_ELEMENTS.items():
        if tag in whole:
            length = len(whole[tag].value or b"")
            return PixelElement(keyword, whole[tag].VR, 0, length, length)
    return None


@cache
def _tag_of(keyword: str) -> BaseTag:
    return Tag(keyword)


def element(dataset: Dataset, keyword: str) -> Any:
    """The converted value, or None where it is absent, empty or unparsable."""
    tag = _tag_of(keyword)
    # A keyword lookup through the data set costs ten times this one, for every absent element of every file.
    if tag not in dataset:
        return None
    try:
        value = dataset[tag].value
    except Exception:  # noqa: BLE001 - a malformed value is an absent value
        return None
    if value is None or (hasattr(value, "__len__") and len(value) == 0):
        return None
    return value


def text(dataset: Dataset, keyword: str) -> str:
    """The value as text without padding; several values stay joined by backslashes."""
    value = element(dataset, keyword)
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("latin-1").strip(" \0")
    if isinstance(value, (str, int, float)) or not hasattr(value, "__iter__") or hasattr(value, "family_name"):
        return str(value).strip(" \0")
    return "\\".join(str(v).strip(" \0") for v in value)


def texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """The values of a multi-valued text element."""
    whole = text(dataset, keyword)
    return tuple(part.strip() for part in whole.split("\\")) if whole else ()


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """All values as finite floats; empty where any of them is not a number."""
    value = element(dataset, keyword)
    if value is None:
        return ()
    items = [value] if isinstance(value, (str, int, float)) or not hasattr(value, "__iter__") else list(value)
    try:
        found = tuple(float(item) for item in items)
    except (TypeError, ValueError):
        return ()
    return found if all(isfinite(number) for number in found) else ()


def number(dataset: Dataset, keyword: str) -> float | None:
    """The first value as a finite float, or None."""
    found = numbers(dataset, keyword)
    return found[0] if found else None


def whole_number(dataset: Dataset, keyword: str) -> int | None:
    """The first value as an int, or None."""
    found = number(dataset, keyword)
    return int(found) if found is not None and found == int(found) else None


def items(dataset: Dataset, keyword: str) -> tuple[Dataset, ...]:
    """The items of a sequence; empty where it is absent or is no sequence."""
    value = element(dataset, keyword)
    if value is None or isinstance(value, (str, bytes)):
        return ()
    try:
        return tuple(item for item in value if isinstance(item, Dataset))
    except TypeError:
        return ()
