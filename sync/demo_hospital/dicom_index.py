"""Reading one DICOM file for the archive's index: is it whole, where does it belong, what does QIDO-RS say of it.

Pixels are not decoded; that a compressed image can be decoded is not promised.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import config, dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import FileDataset
from pydicom.encaps import parse_fragments
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID, MediaStorageDirectoryStorage

Json = dict[str, Any]

DEFERRED_BYTES = 64 * 1024
"""Elements longer than this are left in the file while its header is read."""

INDEXED_KEYWORDS = (
    # Study, PS3.18 table 10.6.3-3
    "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "TimezoneOffsetFromUTC", "PatientName",
    "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID", "StudyDescription",
    # Series, table 10.6.3-4
    "Modality", "SeriesDescription", "SeriesInstanceUID", "SeriesNumber", "PerformedProcedureStepStartDate",
    "BodyPartExamined", "SeriesDate", "SeriesTime", "FrameOfReferenceUID", "Laterality",
    # Instance, table 10.6.3-5, and what lets a reader order slices before they are here
    "SOPClassUID", "SOPInstanceUID", "InstanceNumber", "Rows", "Columns", "BitsAllocated", "NumberOfFrames",
    "SpecificCharacterSet", "ImageType", "AcquisitionNumber", "ImagePositionPatient", "ImageOrientationPatient",
    "PixelSpacing", "SliceLocation", "TotalPixelMatrixColumns", "TotalPixelMatrixRows", "ContainerIdentifier",
)  # fmt: skip

_UID_FORM = re.compile(r"[0-9.]{1,64}")


class UnusableInstance(Exception):
    """The archive cannot take this file; ``str(error)`` is the reason in a few words."""


@dataclass(frozen=True, slots=True)
class InstanceEntry:
    """What the archive remembers of one instance. ``attributes`` is DICOM JSON (PS3.18 annex F)."""

    study_uid: str
    series_uid: str
    sop_uid: str
    sop_class: str
    transfer_syntax: str
    size_bytes: int
    attributes: Json

    def value(self, keyword: str) -> Any:
        """First value of an indexed attribute, or None; a person's name is its alphabetic or ideographic form."""
        tag = tag_for_keyword(keyword)
        values = self.attributes.get(f"{tag:08X}", {}).get("Value") or [None]
        first = values[0]
        if isinstance(first, dict):
            return first.get("Alphabetic") or first.get("Ideographic") or first.get("Phonetic")
        return first


def read_entry(path: Path) -> InstanceEntry:
    """Read the DICOM Part 10 file at *path* (PS3.10). Raises `UnusableInstance` for one the archive cannot take."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's remarks on odd values; what matters is judged below
        ds = _open_header(path)
        transfer_syntax = UID(str(ds.file_meta.get("TransferSyntaxUID", "")))
        if ds.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
            raise UnusableInstance("a DICOMDIR, an index of other files, not an image")
        if not transfer_syntax:
            raise UnusableInstance("names no transfer syntax")
        if transfer_syntax.is_private or not transfer_syntax.is_transfer_syntax:
            raise UnusableInstance(f"unsupported: transfer syntax {transfer_syntax} is not one this archive knows")
        sop_uid = _uid(ds, "SOPInstanceUID")
        study_uid, series_uid = _uid(ds, "StudyInstanceUID"), _uid(ds, "SeriesInstanceUID")
        try:
            _check_pixels(ds, path.stat().st_size, transfer_syntax)
        except (ValueError, TypeError, AttributeError) as error:
            raise UnusableInstance("damaged: rows, columns, bits or frames are not numbers") from error
        return InstanceEntry(
            study_uid=study_uid,
            series_uid=series_uid,
            sop_uid=sop_uid,
            sop_class=str(ds.get("SOPClassUID", "")),
            transfer_syntax=str(transfer_syntax),
            size_bytes=path.stat().st_size,
            attributes=to_dicom_json(ds, INDEXED_KEYWORDS),
        )


def read_metadata(path: Path) -> Json:
    """The whole header as DICOM JSON without bulk data (PS3.18 10.4.1.1.2)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return to_dicom_json(_open_header(path), None)


def to_dicom_json(ds: FileDataset, keywords: tuple[str, ...] | None) -> Json:
    """DICOM JSON of the elements named (all if None); binary ones and ones that cannot be read are left out."""
    tags = sorted(ds.keys()) if keywords is None else sorted(tag_for_keyword(k) or 0 for k in keywords)
    model: Json = {}
    for tag in tags:
        if tag not in ds:
            continue
        try:
            element = ds[tag]
            if element.VR in ("OB", "OW", "OF", "OD", "OL", "OV", "UN"):
                continue
            model[f"{tag:08X}"] = element.to_json_dict(
                bulk_data_element_handler=lambda _: "", bulk_data_threshold=DEFERRED_BYTES
            )
        except Exception:  # noqa: BLE001 - a damaged element must not hide the rest of the header
            continue
    return model


def _open_header(path: Path) -> FileDataset:
    with path.open("rb") as opened:
        if opened.read(132)[128:] != b"DICM":
            raise UnusableInstance("has no DICOM file header (PS3.10): not a file an archive can hand on")
    try:
        with config.disable_value_validation():
            ds = dcmread(path, defer_size=DEFERRED_BYTES)
            ds.get("SOPInstanceUID")
            return ds
    except (EOFError, InvalidDicomError) as error:
        raise UnusableInstance("truncated: the file ends inside its data") from error
    except Exception as error:
        raise UnusableInstance(f"damaged: {type(error).__name__} while reading its elements") from error


def _uid(ds: FileDataset, keyword: str) -> str:
    value = str(ds.get(keyword) or "").strip()
    words = {"StudyInstanceUID": "Study", "SeriesInstanceUID": "Series", "SOPInstanceUID": "SOP"}[keyword]
    if not value:
        raise UnusableInstance(f"has no {words} Instance UID")
    if not _UID_FORM.fullmatch(value):
        raise UnusableInstance(f"its {words} Instance UID is not a UID")
    return value


def _check_pixels(ds: FileDataset, file_size_bytes: int, transfer_syntax: UID) -> None:
    """Refuse an image without pixels, and pixels fewer than the header promises (PS3.5 section 8 and annex A.4)."""
    if not any(keyword in ds for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        if UID(str(ds.get("SOPClassUID", ""))).name.endswith("Image Storage"):
            raise UnusableInstance("an image without pixel data")
        return
    if "PixelData" not in ds:
        return
    if not all(ds.get(keyword) for keyword in ("Rows", "Columns", "BitsAllocated")):
        raise UnusableInstance("has pixel data but no rows, columns or bits")
    raw: Any = ds.get_item("PixelData", keep_deferred=True)
    frames = int(ds.get("NumberOfFrames") or 1)
    if transfer_syntax.is_compressed and not transfer_syntax.is_deflated:
        if raw is None or raw.value is None:
            return
        fragments, _ = parse_fragments(raw.value)
        # The first item is the basic offset table, not a fragment of a frame
        if fragments - 1 < frames:
            raise UnusableInstance(f"truncated: {fragments - 1} of {frames} compressed frames are there")
        return
    samples = int(ds.get("SamplesPerPixel") or 1)
    if str(ds.get("PhotometricInterpretation", "")) == "YBR_FULL_422":
        samples = 2
    bits = int(ds.Rows) * int(ds.Columns) * samples * int(ds.BitsAllocated) * frames
    needed = (bits + 7) // 8
    held = raw.length if raw is not None and raw.value is None else len(ds.PixelData)
    if raw is not None and raw.value is None and not transfer_syntax.is_deflated:
        held = min(held, file_size_bytes - raw.value_tell)
    if held < needed:
        raise UnusableInstance(f"truncated: {held} of {needed} bytes of pixel data are there")
