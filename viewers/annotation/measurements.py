"""What a mark measures: derived from its shape and its image's calibration each time, stored nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

from viewers.annotation.annotation import Annotation, SlideTarget
from viewers.annotation.shapes import Polygon, Shape
from viewers.calibration import Calibration, CalibrationClass, uncalibrated

OUTSIDE_REGION = "A part of it lies outside the calibrated ultrasound region, so its size is not known."


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number with its unit and how it is known. ``unit`` is mm, µm, px or their squares."""

    name: str
    """``Length``, ``Area`` or ``Perimeter``."""
    value: float
    unit: str
    calibration: CalibrationClass
    note: str = ""
    """Why it is not calibrated, or what else the reader should know of the calibration."""

    @property
    def text(self) -> str:
        """Number and unit, e.g. ``12.3 mm``, to the digits an image of this kind can bear."""
        if self.unit == "mm" and self.value >= 1:
            digits = 1
        else:
            digits = 0 if self.value >= 1000 else 1 if self.value >= 10 else 2 if self.value >= 0.1 else 3
        return f"{self.value:.{digits}f} {self.unit}"

    @property
    def calibration_text(self) -> str:
        """How the number is known, for a reader: ``patient geometry``, …, ``not calibrated``."""
        if self.note == OUTSIDE_REGION:
            return "not calibrated outside the ultrasound region"
        return "not calibrated" if self.calibration is CalibrationClass.UNCALIBRATED else self.calibration.value


def measure(annotation: Annotation, calibration: Calibration) -> tuple[Measurement, ...]:
    """Length of a line; area and perimeter of a polygon (no area where its outline crosses itself).

    ``calibration`` is that of the frame or slide the mark lies on. Uncalibrated: px and px². Frames: mm and mm².
    Slides: µm, from 1000 µm on mm; µm², from 10 000 µm² on mm².
    """
    return measure_shape(annotation.shape, calibration, on_slide=isinstance(annotation.target, SlideTarget))


def measure_shape(shape: Shape, calibration: Calibration, *, on_slide: bool) -> tuple[Measurement, ...]:
    """As `measure`, for a shape that is not a mark yet. In px where *calibration* does not hold at all its points."""
    if calibration.is_calibrated and not all(calibration.holds_at(point.x, point.y) for point in shape.points):
        # Regions are rectangles: between points inside, no line leaves them.
        calibration = uncalibrated(OUTSIDE_REGION)
    column = calibration.column_mm if calibration.column_mm is not None else 1.0
    row = calibration.row_mm if calibration.row_mm is not None else 1.0
    path = sum(hypot((b.x - a.x) * column, (b.y - a.y) * row) for a, b in shape.segments)
    if not isinstance(shape, Polygon):
        return (_length("Length", path, calibration, on_slide),)
    perimeter = _length("Perimeter", path, calibration, on_slide)
    if shape.crosses_itself:
        return (perimeter,)
    return (_area(abs(shape.signed_area) * column * row, calibration, on_slide), perimeter)


def _length(name: str, value: float, calibration: Calibration, on_slide: bool) -> Measurement:
    if not calibration.is_calibrated:
        return Measurement(name, value, "px", calibration.kind, calibration.note)
    if on_slide and value < 1.0:
        return Measurement(name, value * 1000.0, "µm", calibration.kind, calibration.note)
    return Measurement(name, value, "mm", calibration.kind, calibration.note)


def _area(value: float, calibration: Calibration, on_slide: bool) -> Measurement:
    if not calibration.is_calibrated:
        return Measurement("Area", value, "px²", calibration.kind, calibration.note)
    if on_slide and value < 0.01:
        return Measurement("Area", value * 1e6, "µm²", calibration.kind, calibration.note)
    return Measurement("Area", value, "mm²", calibration.kind, calibration.note)
