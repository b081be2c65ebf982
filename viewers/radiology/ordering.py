"""The order of a stack, and what is wrong with it: gaps, uneven spacing, duplicates, tilt.

Positions along the normal decide wherever they exist; InstanceNumber never overrides them. Where positions repeat, the
images are told apart by what they differ in (`variants`). Nothing is repaired here: what does not fit is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import acos, degrees
from statistics import median

from viewers.geometry import dot, length
from viewers.radiology.grouping import StackFrame
from viewers.radiology.variants import ASPECTS

SAME_PLACE_MM = 0.01
"""Positions closer than this are the same position."""
MOST_PARTS = 16
"""More than these a reader is not given as stacks of their own: a study of three hundred points in time is one."""
_UNEVEN = 0.01
_GAP = 1.5
_TILT_DEGREES = 0.5
_SEQUENCE = "their sequence"
_FIRST_OF_TIME = next(at for at, aspect in enumerate(ASPECTS) if aspect.name == "temporal position")


@dataclass(frozen=True, slots=True)
class OrderedStack:
    """Frames in display order with the sentences that must accompany them.

    Where several images share each position they fall into several of these: ``variant`` is what is special of this one
    ("TE 4.6 ms", "phase 2"), ``apart`` the sentence that says why; both empty for a stack that did not fall apart.
    """

    frames: tuple[StackFrame, ...]
    warnings: tuple[str, ...]
    variant: str = ""
    apart: str = ""


def order(frames: Sequence[StackFrame]) -> list[OrderedStack]:
    """The stack in display order; several, where what shares a position differs throughout in the same way."""
    if len(frames) == 1:
        return [OrderedStack(tuple(frames), ())]
    if any(f.frame.geometry is None for f in frames):
        return [_by_number(frames)]
    places = _places(frames)
    if len(places) == 1:
        # One position throughout is a time series (cine, perfusion of one slice), shown in its own order.
        warning = f"All {len(frames)} images lie at one position: ordered by time and number."
        return [OrderedStack(tuple(sorted(frames, key=_in_time)), (warning,))]
    told = _told_apart(places, ())
    if len(told) == 1:
        return [_one_stack(told[0].places)]
    names = list(dict.fromkeys(name for part in told for name, _ in part.told_by))
    fewest, most = min(len(place) for place in places), max(len(place) for place in places)
    where = "Each position has" if fewest == most else "Some positions have"
    apart = f"{where} {most} images, told apart by {' and '.join(names)}"
    if len(told) > MOST_PARTS:
        return [_one_after_the_other(told, f"{apart}: shown one after the other.")]
    stacks = []
    for part in told:
        stack = _one_stack(part.places)
        variant = ", ".join(words for _, words in part.told_by)
        stacks.append(OrderedStack(stack.frames, stack.warnings, variant, f"{apart}: this is {variant}."))
    return stacks


@dataclass(frozen=True, slots=True)
class _Part:
    """Places in order, and by what these images are told from others there: name and words of each aspect."""

    places: list[list[StackFrame]]
    told_by: tuple[tuple[str, str], ...]


def _one_after_the_other(parts: list[_Part], sentence: str) -> OrderedStack:
    """All parts in one stack, each from its first position to its last."""
    stacks = [_one_stack(part.places) for part in parts]
    warnings = dict.fromkeys(words for stack in stacks for words in stack.warnings)
    return OrderedStack(tuple(f for stack in stacks for f in stack.frames), (sentence, *warnings))


def _told_apart(places: list[list[StackFrame]], told_by: tuple[tuple[str, str], ...]) -> list[_Part]:
    """The parts into which images that share positions fall, by one aspect after the other."""
    most = max(len(place) for place in places)
    if most == 1:
        return [_Part(places, told_by)]
    for at, aspect in enumerate(ASPECTS):
        values = sorted({f.variant[at] for place in places for f in place}, key=_numbers_first)
        # An aspect that takes more values than a position has images runs along the stack: time, mostly.
        if not 1 < len(values) <= most or not any(len({f.variant[at] for f in place}) > 1 for place in places):
            continue
        parts = []
        for index, value in enumerate(values):
            own = [kept for place in places if (kept := [f for f in place if f.variant[at] == value])]
            words = aspect.words(value) or f"{aspect.name} {index + 1} of {len(values)}"
            parts += _told_apart(own, (*told_by, (aspect.name, words)))
        return parts
    if all(len(place) == most for place in places) and (len(places) > 1):
        # Nothing that is stated tells them apart in the same way everywhere, but their sequence in time does.
        ranks = [[[place[rank]] for place in places] for rank in range(most)]
        return [_Part(own, (*told_by, (_SEQUENCE, f"phase {rank + 1} of {most}"))) for rank, own in enumerate(ranks)]
    return [_Part(places, told_by)]


def _numbers_first(value: float | str) -> tuple[bool, float, str]:
    return (isinstance(value, str), value if isinstance(value, float) else 0.0, str(value))


def _in_time(frame: StackFrame) -> tuple[float | str, ...]:
    """What orders images that lie at one position: temporal position, trigger, acquisition, time, number, frame."""
    return frame.variant[_FIRST_OF_TIME:]


def _one_stack(places: list[list[StackFrame]]) -> OrderedStack:
    flat = tuple(frame for place in places for frame in place)
    warnings = list(_spacing_warnings(tuple(place[0] for place in places)))
    doubled = sum(1 for place in places if len(place) > 1)
    if doubled:
        images = sum(len(place) for place in places if len(place) > 1)
        warnings.append(f"{images} images share {doubled} position{'s' if doubled > 1 else ''}.")
    return OrderedStack(flat, tuple(warnings))


def _by_number(frames: Sequence[StackFrame]) -> OrderedStack:
    """Without positions only the numbers are left."""
    ordered = tuple(
        sorted(frames, key=lambda f: (f.frame.instance_number is None, f.frame.instance_number or 0, _in_time(f)))
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
    """Frames by position, each position's frames in time."""
    ordered = sorted(frames, key=lambda f: (_distance_mm(f, frames[0]), _in_time(f)))
    places: list[list[StackFrame]] = []
    for frame in ordered:
        if places and _distance_mm(frame, frames[0]) - _distance_mm(places[-1][0], frames[0]) <= SAME_PLACE_MM:
            places[-1].append(frame)
        else:
            places.append([frame])
    for place in places:
        place.sort(key=_in_time)
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
