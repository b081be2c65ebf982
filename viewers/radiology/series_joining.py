"""Puts the parts of a series that fell apart together again, because a reader wants to; with a warning, always."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from viewers.calibration import Calibration, uncalibrated
from viewers.errors import UnsupportedImage
from viewers.geometry import dot
from viewers.radiology.frame import Frame, Series
from viewers.radiology.grouping import same_directions


def join_parts(parts: Sequence[Series]) -> Series:
    """One stack of all *parts* (at least two), by position where all share one orientation, else by number.

    Lengths keep their millimetres only where every part has the same. Raises UnsupportedImage where no stack can hold
    them: more than one patient or series, pictures of unlike size or colour.
    """
    first = parts[0]
    if len({part.patient for part in parts}) > 1:
        raise UnsupportedImage("These images are of more than one patient; they are never put together.")
    if len({(part.study_uid, part.series_uid) for part in parts}) > 1:
        raise UnsupportedImage("These images are of more than one series; only parts of one are put together.")
    if len({(part.rows, part.columns, part.frames[0].layout.samples) for part in parts}) > 1:
        raise UnsupportedImage("These images differ in size or colour and cannot stand in one stack.")
    frames = [frame for part in parts for frame in part.frames]
    by_position = _share_orientation(frames) and len({part.frame_of_reference_uid for part in parts}) == 1
    reference = frames[0]
    frames.sort(key=lambda frame: _place(frame, reference) if by_position else (0.0, *_number(frame)))
    return replace(
        first,
        frames=tuple(frames),
        calibration=_common_calibration(parts),
        frame_of_reference_uid=first.frame_of_reference_uid if by_position else "",
        warnings=(_warning(parts, by_position), *_other_warnings(parts)),
        part=1,
        parts=1,
        variant="put together",
        apart="",
    )


def _warning(parts: Sequence[Series], by_position: bool) -> str:
    order = "position" if by_position else "image number"
    return (
        f"Put together by the reader from {len(parts)} parts that do not belong in one stack, ordered by {order}: "
        "neighbouring images need not be neighbours in the patient."
    )


def _other_warnings(parts: Sequence[Series]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words for part in parts for words in part.warnings if words != part.apart))


def _share_orientation(frames: Sequence[Frame]) -> bool:
    planes = [frame.geometry for frame in frames if frame.geometry is not None]
    return len(planes) == len(frames) and all(same_directions(planes[0], plane) for plane in planes)


def _place(frame: Frame, reference: Frame) -> tuple[float, int, int]:
    assert frame.geometry is not None and reference.geometry is not None
    along = dot(reference.geometry.normal, frame.geometry.position)
    return (round(along, 2), *_number(frame))


def _number(frame: Frame) -> tuple[int, int]:
    return (frame.instance_number or 0, frame.frame_number)


def _common_calibration(parts: Sequence[Series]) -> Calibration:
    if len({(part.calibration.kind, part.calibration.column_mm, part.calibration.row_mm) for part in parts}) > 1:
        return uncalibrated("The images put together have unlike pixel spacing.")
    return parts[0].calibration
