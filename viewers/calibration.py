"""How a length on an image is known: the calibration class that goes with every number.

Deriving it from DICOM lives in `radiology.calibration`, from slides in `pathology`; this is only what it *is*.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class CalibrationClass(Enum):
    """Where the millimetres come from. The value is what a reader is shown."""

    PATIENT_GEOMETRY = "patient geometry"
    AT_DETECTOR = "at detector"
    MAGNIFICATION_CORRECTED = "magnification-corrected"
    ULTRASOUND_REGION = "ultrasound region"
    SLIDE_MPP = "slide MPP"
    USER_CALIBRATED = "user-calibrated"
    UNCALIBRATED = "px"


@dataclass(frozen=True, slots=True)
class Calibration:
    """Millimetres per pixel along each image axis, and how they are known.

    ``column_mm`` is the size of one pixel along a row (x), ``row_mm`` down a column (y); both None, and only then,
    where nothing is known (``UNCALIBRATED``). ``note`` is one sentence on why, shown beside the measurement.
    ``region`` (left, top, right, bottom; image pixels, corner convention) is where alone it holds; None: everywhere.
    """

    kind: CalibrationClass
    column_mm: float | None
    row_mm: float | None
    note: str = ""
    region: tuple[float, float, float, float] | None = None

    @property
    def is_calibrated(self) -> bool:
        return self.kind is not CalibrationClass.UNCALIBRATED

    def holds_at(self, x: float, y: float) -> bool:
        """Whether the millimetres are known at that point of the image."""
        if not self.is_calibrated or self.region is None:
            return self.is_calibrated
        left, top, right, bottom = self.region
        return left <= x <= right and top <= y <= bottom


def uncalibrated(note: str) -> Calibration:
    """Lengths are in pixels, because of *note*."""
    return Calibration(CalibrationClass.UNCALIBRATED, None, None, note)
