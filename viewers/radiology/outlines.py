"""Contours of structure sets as outlines on the images of one series, each on the image it lies in. No Qt.

A contour is drawn on the image whose plane it lies in: parallel to it and within half a slice spacing. Nothing is
drawn between contours, and none is moved to an image it does not lie in; those are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from viewers.geometry import PatientPoint, PixelPoint
from viewers.radiology.frame import Series
from viewers.radiology.stack_levels import StackLevels, find_levels
from viewers.radiology.structure_set import Contour, Structure, StructureSet

_FLAT_MM = 0.5
_COLOURS = ((99, 195, 209), (255, 190, 92), (190, 140, 255), (130, 220, 130), (255, 140, 160), (120, 170, 255))
"""For structures whose file recommends none."""

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Outline:
    """One contour on one image: points in its pixels; ``is_closed`` where it encloses an area."""

    name: str
    colour: Colour
    points: tuple[PixelPoint, ...]
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Outlines:
    """What lies on each image of a series. ``names`` of all structures with an outline in it, with their colours."""

    names: tuple[tuple[str, Colour], ...]
    by_index: dict[int, tuple[Outline, ...]]
    elsewhere: int
    """Contours that lie in none of the series' images."""
    damaged: int
    """Contours that cannot be read."""

    def at(self, index: int) -> tuple[Outline, ...]:
        """Those on the image at *index*."""
        return self.by_index.get(index, ())


def lay_out(sets: Sequence[StructureSet], series: Series) -> Outlines | None:
    """The outlines of *sets* on *series*; None where none is of its frame of reference, or it has no levels.

    Whether they are of the same patient is the caller's to know.
    """
    levels = find_levels(series)
    frame_of_reference = series.frame_of_reference_uid
    here = [one for one in sets if frame_of_reference and one.frame_of_reference_uid == frame_of_reference]
    if levels is None or not here:
        return None
    names: list[tuple[str, Colour]] = []
    by_index: dict[int, list[Outline]] = {}
    elsewhere = 0
    structures = [structure for one in here for structure in one.structures]
    for number, structure in enumerate(structures):
        colour = structure.colour or _COLOURS[number % len(_COLOURS)]
        laid = [_lay(structure, colour, contour, series, levels) for contour in structure.contours]
        found = [one for one in laid if one is not None]
        elsewhere += len(laid) - len(found)
        if found:
            names.append((structure.name or f"Structure {structure.number}", colour))
        for index, outline in found:
            by_index.setdefault(index, []).append(outline)
    return Outlines(
        tuple(names),
        {index: tuple(outlines) for index, outlines in by_index.items()},
        elsewhere,
        sum(one.damaged for one in here),
    )


def _lay(
    structure: Structure, colour: Colour, contour: Contour, series: Series, levels: StackLevels
) -> tuple[int, Outline] | None:
    heights = contour.points @ np.array(levels.normal)
    if heights.max() - heights.min() > _FLAT_MM:
        return None
    place, away_mm = levels.nearest(float(heights.mean()))
    frame = series.frames[place]
    half_mm = (levels.usual_step_mm or frame.thickness_mm or 0.0) / 2 + 0.01
    if abs(away_mm) > half_mm or frame.geometry is None:
        return None
    plane = frame.geometry
    points = tuple(plane.to_pixel(PatientPoint(*(float(part) for part in point))) for point in contour.points)
    return place, Outline(structure.name or f"Structure {structure.number}", colour, points, contour.encloses)
