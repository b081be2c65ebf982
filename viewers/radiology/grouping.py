"""Sorts instances into stacks: what may be scrolled as one. Order inside a stack is `ordering`.

Rules: one study and series, one patient, one size, one frame of reference, one orientation, one calibration; scouts
stand apart, and each plane of a biplane; every multi-frame instance is a stack of its own unless it is part of a
concatenation (DICOM PS3.3 C.7.6.16.2.2.4). What shares positions is told apart in `ordering`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from viewers.calibration import Calibration
from viewers.geometry import PlaneGeometry, dot
from viewers.radiology.frame import DicomPatient, Frame
from viewers.radiology.instance import Instance
from viewers.radiology.variants import Variant

_SAME_DIRECTION = 0.9999
"""Cosine below which two directions differ (0.8°): wide enough for rounding, narrow enough for a real tilt."""


@dataclass(frozen=True, slots=True)
class StackFrame:
    """A frame with what ordering needs beyond the frame itself."""

    frame: Frame
    variant: Variant
    instance: Instance


@dataclass(slots=True)
class Stack:
    """Frames that fit one stack, in file order."""

    instance: Instance
    calibration: Calibration
    frames: list[StackFrame] = field(default_factory=list)


@dataclass(slots=True)
class SeriesGroup:
    """One DICOM series (as its UIDs say) and the stacks it falls into, with why it fell apart."""

    stacks: list[Stack]
    patients: list[DicomPatient]
    reasons: list[str]


def group(instances: Iterable[Instance]) -> list[SeriesGroup]:
    """The stacks of each series, in the order the series were met."""
    by_series: dict[tuple[str, str], list[Instance]] = {}
    for instance in instances:
        # Without a series UID nothing says that two files belong together.
        series = instance.series_uid or f"{instance.sop_instance_uid}/{instance.source.name}"
        by_series.setdefault((instance.study_uid, series), []).append(instance)
    return [_fall_apart(members) for members in by_series.values()]


def _fall_apart(members: list[Instance]) -> SeriesGroup:
    stacks: dict[tuple[object, ...], list[Stack]] = {}
    for instance in members:
        for index, frame in enumerate(instance.frames):
            calibration = instance.calibrations[index]
            candidates = stacks.setdefault(_key(instance, frame, calibration), [])
            stack = next((s for s in candidates if _same_orientation(s.frames[0].frame, frame)), None)
            if stack is None:
                stack = Stack(instance, calibration)
                candidates.append(stack)
            stack.frames.append(StackFrame(frame, instance.variants[index], instance))
    flat = [stack for candidates in stacks.values() for stack in candidates]
    patients = list(dict.fromkeys(instance.patient for instance in members))
    return SeriesGroup(flat, patients, _reasons(flat, patients))


def _key(instance: Instance, frame: Frame, calibration: Calibration) -> tuple[object, ...]:
    layout = frame.layout
    own = instance.concatenation_uid or instance.sop_instance_uid if layout.frame_count > 1 else ""
    scale = (
        calibration.kind,
        round(calibration.column_mm, 4) if calibration.column_mm else None,
        round(calibration.row_mm, 4) if calibration.row_mm else None,
    )
    return (
        instance.patient.patient_id,
        instance.patient.name,
        own,
        instance.modality,
        layout.rows,
        layout.columns,
        layout.samples,
        instance.frame_of_reference_uid,
        frame.geometry is None,
        frame.patient_orientation if frame.geometry is None else None,
        frame.laterality,
        scale,
        role_of(instance),
    )


def role_of(instance: Instance) -> str:
    """What an image is by its Image Type (PS3.3 C.7.6.1.1.2): "scout", "plane A", "plane B", or "" for all others."""
    if "LOCALIZER" in instance.image_type:
        return "scout"
    for value in instance.image_type:
        if value in ("BIPLANE A", "BIPLANE B"):  # PS3.3 C.8.7.1.1.1
            return f"plane {value[-1]}"
    return ""


def _same_orientation(one: Frame, other: Frame) -> bool:
    if one.geometry is None or other.geometry is None:
        return one.geometry is other.geometry
    return same_directions(one.geometry, other.geometry)


def same_directions(one: PlaneGeometry, other: PlaneGeometry) -> bool:
    """Whether rows and columns of two planes point the same way, within rounding."""
    pairs = ((one.row_direction, other.row_direction), (one.column_direction, other.column_direction))
    return all(dot(u, v) >= _SAME_DIRECTION for u, v in pairs)


def _reasons(stacks: list[Stack], patients: list[DicomPatient]) -> list[str]:
    """Why a series is more than one stack, in a reader's words; empty for a single stack."""
    if len(stacks) < 2:
        return []
    frames = [stack.frames[0].frame for stack in stacks]
    reasons = []
    if len({(p.patient_id, p.name) for p in patients}) > 1:
        reasons.append("images of more than one patient")
    if len({(f.layout.rows, f.layout.columns, f.layout.samples) for f in frames}) > 1:
        reasons.append("images of different size or colour")
    planes = [f.geometry for f in frames if f.geometry is not None]
    if any(not same_directions(planes[0], plane) for plane in planes[1:]):
        reasons.append("mixed orientations")
    if len({stack.instance.frame_of_reference_uid for stack in stacks}) > 1:
        reasons.append("different frames of reference")
    if len({(s.calibration.kind, s.calibration.column_mm, s.calibration.row_mm) for s in stacks}) > 1:
        reasons.append("different pixel spacing")
    if len({f.laterality for f in frames} | {f.patient_orientation for f in frames}) > 2:
        reasons.append("different sides or views")
    roles = {role_of(stack.instance) for stack in stacks}
    if len(roles) > 1:
        reasons.append(
            "two planes" if any(role.startswith("plane") for role in roles) else "scouts beside other images"
        )
    own = {f.sop_instance_uid for f in frames if f.layout.frame_count > 1}
    if len(own) > 1:
        reasons.append("several multi-frame images")
    elif own and any(f.layout.frame_count == 1 for f in frames):
        reasons.append("single images beside a multi-frame one")
    return reasons or ["images that do not fit one stack"]
