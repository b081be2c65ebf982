"""Where a frame lies in the patient, from its header or its functional groups (DICOM PS3.3 C.7.6.2, C.7.6.16.2)."""

from __future__ import annotations

from math import sqrt

from pydicom.dataset import Dataset

from viewers.geometry import Direction, PatientPoint, PlaneGeometry
from viewers.radiology.dicom_header import items, numbers

_UNIT_TOLERANCE = 1e-2


def plane_of(dataset: Dataset) -> PlaneGeometry | None:
    """The plane of a single-frame instance; None where any part of it is absent or impossible."""
    return make_plane(
        numbers(dataset, "ImagePositionPatient"),
        numbers(dataset, "ImageOrientationPatient"),
        numbers(dataset, "PixelSpacing"),
    )


def plane_of_frame(shared: Dataset, own: Dataset) -> PlaneGeometry | None:
    """The plane of one frame of an enhanced instance, from its own and the shared functional groups."""

    def group(sequence: str, keyword: str) -> tuple[float, ...]:
        for place in (own, shared):
            for item in items(place, sequence)[:1]:
                if found := numbers(item, keyword):
                    return found
        return ()

    return make_plane(
        group("PlanePositionSequence", "ImagePositionPatient"),
        group("PlaneOrientationSequence", "ImageOrientationPatient"),
        group("PixelMeasuresSequence", "PixelSpacing"),
    )


def make_plane(
    position: tuple[float, ...], orientation: tuple[float, ...], spacing: tuple[float, ...]
) -> PlaneGeometry | None:
    """A plane from the three attributes' values; None unless they are complete and consistent."""
    if len(position) != 3 or len(orientation) != 6 or len(spacing) != 2 or min(spacing) <= 0:
        return None
    along_row, down_column = _unit(orientation[:3]), _unit(orientation[3:])
    if along_row is None or down_column is None:
        return None
    if abs(sum(a * b for a, b in zip(along_row, down_column, strict=True))) > _UNIT_TOLERANCE:
        return None
    return PlaneGeometry(
        PatientPoint(position[0], position[1], position[2]), along_row, down_column, spacing[0], spacing[1]
    )


def _unit(vector: tuple[float, ...]) -> Direction | None:
    length = sqrt(sum(part * part for part in vector))
    if abs(length - 1) > _UNIT_TOLERANCE:
        return None
    return (vector[0] / length, vector[1] / length, vector[2] / length)
