"""Readings made of records only, without files."""

from __future__ import annotations

from collections.abc import Sequence

from sync.records.case import CaseId
from tests.viewers.pathology.byte_sources import MemoryByteSource
from viewers.annotation.annotation import SlideTarget
from viewers.calibration import Calibration, CalibrationClass
from viewers.geometry import PatientPoint, PlaneGeometry
from viewers.radiology.display_facts import DisplayFacts
from viewers.radiology.frame import DicomPatient, Frame, PixelLayout, Series
from workstation.reading.case_reading import CaseReading, SeriesItem, SlideItem

LAYOUT = PixelLayout("1.2.840.10008.1.2.1", 4, 6, 1, 16, 16, 15, True, "MONOCHROME2", 0, 1)
_LEFT, _BACK, _DOWN = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0)
AXIAL = PlaneGeometry(PatientPoint(0.0, 0.0, 0.0), _LEFT, _BACK, 1.0, 1.0)
CORONAL = PlaneGeometry(PatientPoint(0.0, 0.0, 0.0), _LEFT, _DOWN, 1.0, 1.0)
PATIENT = DicomPatient("P1", "MUSTER^ANNA", "19600101", "F", "MUSTER, ANNA")


def series_item(
    uid: str,
    *,
    modality: str = "CT",
    frames: int = 8,
    number: int = 3,
    blocked: bool = False,
    date: str = "",
    words: str = "Chest",
    body_part: str = "CHEST",
    space: str = "1.9",
    plane: PlaneGeometry | None = None,
    views: Sequence[tuple[str, str]] = (),
    contrast: str = "",
) -> SeriesItem:
    """*views*: side and view of each frame, which are that many."""
    source = MemoryByteSource(f"{uid}.dcm", b"")
    pictures = tuple(
        Frame(
            f"{uid}.{n}",
            "1.2.840.10008.5.1.4.1.1.2",
            1,
            source,
            LAYOUT,
            DisplayFacts(),
            ((0, 48),),
            plane,
            laterality=views[n][0] if views else "",
            view=views[n][1] if views else "",
            contrast=contrast,
        )
        for n in range(len(views) or frames)
    )
    calibration = Calibration(CalibrationClass.PATIENT_GEOMETRY, 0.7, 0.8)
    series = Series(
        f"study of {date}", uid, number, modality, words, PATIENT, pictures, calibration, (), 4, 6, space, body_part,
        study_date=date,
    )  # fmt: skip
    mismatch = "Its patient is MUSTER, BERTA." if blocked else ""
    return SeriesItem(f"series:{uid}", series, "MUSTER, ANNA", "", mismatch, blocked)


def slide_item(sha256: str, *, blocked: bool = False) -> SlideItem:
    source = MemoryByteSource("slide.svs", b"")
    return SlideItem(SlideTarget(sha256), "Biopsy", (source,), "MUSTER, ANNA", "", blocked)


def reading(series: Sequence[SeriesItem] = (), slides: Sequence[SlideItem] = ()) -> CaseReading:
    return CaseReading(CaseId("SO-2026-00042"), "Practitioner/r", tuple(series), tuple(slides))
