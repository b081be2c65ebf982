"""Where the images of a stack stand along their common normal, in mm, and which of them belongs to a level."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from math import cos, radians
from typing import NamedTuple

from viewers.geometry import Direction, PatientPoint, PixelPoint, PlaneGeometry, dot
from viewers.radiology.frame import Frame, Series

_ONE_NORMAL = cos(radians(1.0))
_ALONGSIDE = cos(radians(25.0))
"""Stacks tilted less than this against each other show the same kind of section: an axial CT along the gantry and one
along the skull base are compared, an axial and a coronal one are not."""


class NearestImage(NamedTuple):
    """The image nearest to a level, and how far it stands beyond it along the normal (negative: before it)."""

    place: int
    away_mm: float


@dataclass(frozen=True, slots=True)
class StackLevels:
    """The levels of one stack.

    A level is the distance of an image's plane from the patient's origin along ``normal``, which points along the
    patient axis it is nearest to (to the left, to posterior or to the head), so that the levels of two parallel stacks
    grow the same way whichever way each was recorded.
    """

    frame_of_reference: str
    """Its UID (0020,0052); of a stack without one its own series', which it shares with nothing."""
    normal: Direction
    centres: tuple[PatientPoint, ...]
    """The middle of each image."""
    usual_step_mm: float
    """Between neighbours; 0 for a single image."""
    _sorted: tuple[tuple[float, int], ...]

    def level_of(self, index: int) -> float:
        """Of the image at *index*."""
        return self.level_at(self.centres[index])

    def level_at(self, point: PatientPoint) -> float:
        """Of the plane parallel to the images that *point* lies in."""
        return dot(self.normal, point)

    def nearest(self, level_mm: float) -> NearestImage:
        """The image whose level is nearest; of two, the lower one."""
        after = bisect_left(self._sorted, (level_mm, -1))
        candidates = self._sorted[max(0, after - 1) : after + 1]
        level, index = min(candidates, key=lambda found: abs(found[0] - level_mm))
        return NearestImage(index, level - level_mm)

    def height_of(self, index: int) -> float:
        """Of the image at *index*: 0 at the lowest level of the stack, 1 at the highest; the middle of a single one."""
        lowest, highest = self._sorted[0][0], self._sorted[-1][0]
        return (self.level_of(index) - lowest) / (highest - lowest) if highest > lowest else 0.5

    def at_height(self, height: float) -> float:
        """The level at that height, as `height_of` has it."""
        lowest, highest = self._sorted[0][0], self._sorted[-1][0]
        return lowest + height * (highest - lowest)

    def is_alongside(self, other: StackLevels) -> bool:
        """Whether both are sections of the same kind, tilted by less than 25° against each other."""
        return abs(dot(self.normal, other.normal)) > _ALONGSIDE


def find_levels(series: Series) -> StackLevels | None:
    """None where the images do not all say where they lie, or are not parallel."""
    planes = [frame.geometry for frame in series.frames if frame.geometry is not None]
    if not planes or len(planes) < len(series.frames):
        return None
    first = planes[0].normal
    if any(abs(dot(first, plane.normal)) < _ONE_NORMAL for plane in planes):
        return None
    main = max(range(3), key=lambda axis: abs(first[axis]))
    normal = first if first[main] > 0 else (-first[0], -first[1], -first[2])
    centres = tuple(_centre(frame, plane) for frame, plane in zip(series.frames, planes, strict=True))
    levels = sorted((dot(normal, centre), index) for index, centre in enumerate(centres))
    step = (levels[-1][0] - levels[0][0]) / (len(levels) - 1) if len(levels) > 1 else 0.0
    name = series.frame_of_reference_uid or f"series {series.series_uid}"
    return StackLevels(name, normal, centres, step, tuple(levels))


def _centre(frame: Frame, plane: PlaneGeometry) -> PatientPoint:
    return plane.to_patient(PixelPoint(frame.layout.columns / 2, frame.layout.rows / 2))
