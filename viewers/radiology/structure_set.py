"""Reads a radiotherapy structure set: named structures, each a set of contours in the patient (DICOM PS3.3 A.19).

Filling contours into voxels is `contour_mask`; drawing them is a view's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from viewers.byte_source import ByteSource
from viewers.errors import UnreadableFile
from viewers.radiology.dicom_header import items, numbers, read_header, text, whole_number
from viewers.radiology.pydicom_warnings import silenced
from viewers.radiology.sop_class import STRUCTURE_SET

AREAS = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
"""Contour Geometric Types (3006,0042) that enclose an area."""


@dataclass(frozen=True, slots=True)
class Contour:
    """One contour: its kind as the file states it, and its points, (count, 3), mm, LPS."""

    kind: str
    points: NDArray[np.float64]
    image_uid: str = ""

    @property
    def encloses(self) -> bool:
        return self.kind in AREAS


@dataclass(frozen=True, slots=True)
class Structure:
    """One region of interest. ``colour`` is (red, green, blue), None where the file recommends none."""

    number: int
    name: str
    kind: str
    colour: tuple[int, int, int] | None
    contours: tuple[Contour, ...]


@dataclass(frozen=True, slots=True)
class StructureSet:
    """The structures of one file and whose they are. ``damaged`` counts contours whose points are not whole."""

    patient_id: str
    label: str
    frame_of_reference_uid: str
    structures: tuple[Structure, ...]
    damaged: int = 0


def load_structure_set(source: ByteSource) -> StructureSet:
    """Every structure of *source*. Raises UnreadableFile where it is damaged or no structure set."""
    with silenced():
        dataset = read_header(source).dataset
        if text(dataset, "SOPClassUID") != STRUCTURE_SET:
            raise UnreadableFile(f"{source.name} is no radiotherapy structure set.")
        stated = {whole_number(item, "ROINumber"): item for item in items(dataset, "StructureSetROISequence")}
        kinds = {
            whole_number(item, "ReferencedROINumber"): text(item, "RTROIInterpretedType")
            for item in items(dataset, "RTROIObservationsSequence")
        }
        structures, damaged, frames = [], 0, set()
        for item in items(dataset, "ROIContourSequence"):
            number = whole_number(item, "ReferencedROINumber")
            about = stated.get(number)
            if number is None or about is None:
                continue
            contours = [_contour(each) for each in items(item, "ContourSequence")]
            whole = tuple(contour for contour in contours if contour is not None)
            damaged += len(contours) - len(whole)
            frames.add(text(about, "ReferencedFrameOfReferenceUID"))
            structures.append(Structure(number, text(about, "ROIName"), kinds.get(number, ""), _colour(item), whole))
    if len(frames) > 1:
        raise UnreadableFile(f"{source.name} holds structures of several frames of reference, which are not shown.")
    label = text(dataset, "StructureSetLabel")
    return StructureSet(text(dataset, "PatientID"), label, frames.pop() if frames else "", tuple(structures), damaged)


def _contour(item: Dataset) -> Contour | None:
    flat = numbers(item, "ContourData")
    if not flat or len(flat) % 3:
        return None
    references = items(item, "ContourImageSequence")
    image_uid = text(references[0], "ReferencedSOPInstanceUID") if references else ""
    return Contour(text(item, "ContourGeometricType"), np.array(flat, np.float64).reshape(-1, 3), image_uid)


def _colour(item: Dataset) -> tuple[int, int, int] | None:
    parts = numbers(item, "ROIDisplayColor")
    if len(parts) != 3 or not all(0 <= part <= 255 for part in parts):
        return None
    return (int(parts[0]), int(parts[1]), int(parts[2]))
