"""The order of a stack, and what is wrong with it: gaps, uneven spacing, duplicates, tilt.

Positions along the normal decide wherever they exist; InstanceNumber never overrides them. Nothing is repaired here:
what does not fit is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import acos, degrees
from statistics import median

from viewers.geometry import dot, length
from viewers.radiology.grouping import StackFrame

SAME_PLACE_MM = 0.01
"""Positions closer than this are the same position."""
_UNEVEN = 0.01
_GAP = 1.5
_TILT_DEGREES = 0.5


@dataclass(frozen=True, slots=True)
class OrderedStack:
    """Frames in display order with the sentences that must accompany them.

    ``phase`` and ``phases`` count where one position holds several images and the stack was split by time or contrast.
    """

    frames: tuple[StackFrame, ...]
    warnings: tuple[str, ...]
    phase: int = 1
    phases: int = 1


def order(frames: Sequence[StackFrame]) -> list[OrderedStack]:
    """The stack in display order; several, where every position holds the same number of images (phases)."""
    if len(frames) == 1:
        return [OrderedStack(tuple(frames), ())]
    if any(f.frame.geometry is None for f in frames):
        return [_by_number(frames)]
    places = _places(frames)
    multiplicity = Counter(len(place) for place in places)
    if len(places) > 1 and len(multiplicity) == 1 and (phases := next(iter(multiplicity))) > 1:
        stacks = []
        for phase in range(phases):
            members = tuple(place[phase] for place in places)
            stacks.append(OrderedStack(members, _spacing_warnings(members), phase + 1, phases))
        return stacks
    flat = tuple(frame for place in places for frame in place)
    if len(places) == 1:
        # One position throughout is a time series (cine, perfusion of one slice), shown in its own order.
        warning = f"All {len(frames)} images lie at one position: ordered by time and number."
        return [OrderedStack(tuple(sorted(frames, key=lambda f: f.phase)), (warning,))]
    warnings = list(_spacing_warnings(tuple(place[0] for place in places)))
    doubled = sum(1 for place in places if len(place) > 1)
    if doubled:
        images = sum(len(place) for place in places if len(place) > 1)
        warnings.append(f"{images} images share {doubled} position{'s' if doubled > 1 else ''}.")
    return [OrderedStack(flat, tuple(warnings))]


def _by_number(frames: Sequence[StackFrame]) -> OrderedStack:
    """Without positions only the numbers are left."""
    ordered = tuple(
        sorted(frames, key=lambda f: (f.frame.instance_number is None, f.frame.instance_number or 0, f.phase))
    )
    single_instance = len({f.frame.sop_instance_uid for f in ordered}) == 1
    if single_instance:
        return OrderedStack(tuple(sorted(ordered, key=lambda f: f.frame.frame_number)), ())
    numbers = [f.frame.instance_number for f in ordered]
    if None in numbers:
        return OrderedStack(ordered, ("No positions and no image numbers: the order is that of the files.",))
    return OrderedStack(ordered, ("No positions in the images: ordered by image number.",))


def _distance_mm(frame: StackFrame, reference: StackFrame) -> float:
    """Position along the stack's own normal: one normal for all, so rounding of directions cannot reorder."""
    assert frame.frame.geometry is not None and reference.frame.geometry is not None
    return dot(reference.frame.geometry.normal, frame.frame.geometry.position)


def _places(frames: Sequence[StackFrame]) -> list[list[StackFrame]]:
    """Frames by position, each position's frames by phase."""
    ordered = sorted(frames, key=lambda f: (_distance_mm(f, frames[0]), f.phase))
    places: list[list[StackFrame]] = []
    for frame in ordered:
        if places and _distance_mm(frame, frames[0]) - _distance_mm(places[-1][0], frames[0]) <= SAME_PLACE_MM:
            places[-1].append(frame)
        else:
            places.append([frame])
    for place in places:
        place.sort(key=lambda f: f.phase)
    return places


def _spacing_warnings(frames: tuple[StackFrame, ...]) -> tuple[str, ...]:
    """Sentences on gaps, uneven spacing and tilt of frames in order; empty for two frames or fewer."""
    if len(frames) < 2:
        return ()
    steps = [_distance_mm(b, frames[0]) - _distance_mm(a, frames[0]) for a, b in pairwise(frames)]
    usual = median(steps)
    warnings = []
    gaps = [(index + 1, step) for index, step in enumerate(steps) if step >= _GAP * usual]
    for after, step in gaps[:3]:
        missing = round(step / usual) - 1
        images = f"about {missing} image{'s' if missing > 1 else ''} missing" if missing else "wider than the rest"
        warnings.append(f"Gap of {step:.1f} mm between images {after} and {after + 1} ({images}).")
    if len(gaps) > 3:
        warnings.append(f"{len(gaps)} gaps between images in all.")
    uneven = [s for s in steps if s < _GAP * usual and abs(s - usual) > max(SAME_PLACE_MM, _UNEVEN * usual)]
    if uneven:
        warnings.append(f"Uneven spacing: {min(steps):.2f} to {max([*uneven, usual]):.2f} mm between images.")
    tilt = _tilt_degrees(frames)
    if tilt > _TILT_DEGREES:
        warnings.append(f"Tilted by {tilt:.1f}° (gantry tilt): images are shifted against each other.")
    return tuple(warnings)


def _tilt_degrees(frames: tuple[StackFrame, ...]) -> float:
    """The angle between the normal and the line through the first and last image's corner."""
    first, last = frames[0].frame.geometry, frames[-1].frame.geometry
    assert first is not None and last is not None
    line = [b - a for a, b in zip(first.position, last.position, strict=True)]
    if length(line) <= SAME_PLACE_MM:
        return 0.0
    return degrees(acos(min(1.0, abs(dot(line, first.normal)) / length(line))))
