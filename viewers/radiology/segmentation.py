"""Reads a segmentation (DICOM PS3.3 A.51, A.91) as structures: each segment the outlines of its pixels in the patient.

Binary and label-map segmentations are outlined as they are; of a fractional one, what is at least half full.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from viewers.byte_source import ByteSource
from viewers.errors import UnsupportedImage
from viewers.geometry import PixelPoint, PlaneGeometry
from viewers.radiology.cielab import srgb_of
from viewers.radiology.decode import read_frame
from viewers.radiology.dicom_header import items, number, numbers, read_header, text, whole_number
from viewers.radiology.instance import instance_of
from viewers.radiology.mask_outlines import outlines_of
from viewers.radiology.pydicom_warnings import silenced
from viewers.radiology.sop_class import LABEL_MAP
from viewers.radiology.structure_set import Contour, Structure, StructureSet

_HALF = 0.5


def load_segmentation(source: ByteSource) -> StructureSet:
    """Every segment of *source* that has pixels.

    Raises UnreadableFile where it is damaged, UnsupportedImage where its images have no place in the patient (of a
    slide, or of a plain radiograph).
    """
    with silenced():
        header = read_header(source)
        dataset = header.dataset
        instance = instance_of(source, header)
    fractional = text(dataset, "SegmentationType") == "FRACTIONAL"
    described = {
        stated: item for item in items(dataset, "SegmentSequence") if (stated := whole_number(item, "SegmentNumber"))
    }
    contours: dict[int, list[Contour]] = {}
    placed = [(frame, frame.geometry) for frame in instance.frames if frame.geometry is not None]
    if not placed:
        raise UnsupportedImage(f"{source.name} marks images that have no place in the patient; it cannot be outlined.")
    shared = (items(dataset, "SharedFunctionalGroupsSequence") or (Dataset(),))[0]
    own = items(dataset, "PerFrameFunctionalGroupsSequence")
    full = number(dataset, "MaximumFractionalValue") or 255.0
    background = whole_number(dataset, "PixelPaddingValue") or 0
    for frame, plane in placed:
        values = read_frame(frame)
        if instance.sop_class_uid == LABEL_MAP:
            masks = _labels(values, background)
        else:
            group = own[frame.frame_number - 1] if frame.frame_number <= len(own) else Dataset()
            masks = iter([(_segment_of(group, shared), values >= full * _HALF if fractional else values > 0)])
        for segment, mask in masks:
            contours.setdefault(segment, []).extend(_contours(mask, plane, frame.sop_instance_uid))
    structures = [
        _structure(segment, described.get(segment, Dataset()), found, fractional=fractional)
        for segment, found in sorted(contours.items())
        if found
    ]
    label = text(dataset, "ContentLabel") or text(dataset, "SeriesDescription")
    return StructureSet(text(dataset, "PatientID"), label, instance.frame_of_reference_uid, tuple(structures))


def _labels(values: NDArray[np.generic], background: int) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    for label in np.unique(values):
        if label != background:
            yield int(label), values == label


def _segment_of(own: Dataset, shared: Dataset) -> int:
    """(0062,000B); 0 where no group says it."""
    for group in (own, shared):
        for item in items(group, "SegmentIdentificationSequence"):
            return whole_number(item, "ReferencedSegmentNumber") or 0
    return 0


def _contours(mask: NDArray[np.bool_], plane: PlaneGeometry, image_uid: str) -> Iterator[Contour]:
    for polygon in outlines_of(mask):
        points = [plane.to_patient(PixelPoint(column, row)) for column, row in polygon.tolist()]
        yield Contour("CLOSED_PLANAR", np.array(points), image_uid)


def _structure(segment: int, described: Dataset, contours: list[Contour], *, fractional: bool) -> Structure:
    name = text(described, "SegmentLabel") or f"Segment {segment}"
    name = f"{name} (at least half)" if fractional else name
    kind = text(described, "SegmentAlgorithmType")
    colour = srgb_of(numbers(described, "RecommendedDisplayCIELabValue"))
    return Structure(segment, name, kind, colour, tuple(contours))
