"""What tells images at one position apart: echo, b-value, time, kernel … Splitting a stack by it is `ordering`.

Values come from the header, for enhanced images from the frame's functional groups first (DICOM PS3.3 C.7.6.16).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

from viewers.radiology.dicom_header import items, number, numbers, text, texts

Variant = tuple[float | str, ...]
"""A value for each of `ASPECTS`, then instance number and frame index; comparable within one series."""

UNKNOWN = -1.0
_IN_STACK = {0x00209056, 0x00209057, 0x00200032, 0x00209301}
"""Dimensions that say where a frame lies: Stack ID, In-Stack Position Number, positions."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """One way images at a position differ: its name and how a value of it is said; "" where only counting helps."""

    name: str
    words: Callable[[float | str], str]


def _measured(before: str, unit: str) -> Callable[[float | str], str]:
    return lambda value: f"{before} {value:g} {unit}".strip() if isinstance(value, float) and value != UNKNOWN else ""


def _as_it_is(value: float | str) -> str:
    return str(value).replace("\\", " ") if isinstance(value, str) else ""


def _uncounted(_value: float | str) -> str:
    return ""


ASPECTS = (
    Aspect("kind of image", _as_it_is),
    Aspect("echo time", _measured("TE", "ms")),
    Aspect("b-value", _measured("b", "s/mm²")),
    Aspect("inversion time", _measured("TI", "ms")),
    Aspect("flip angle", _measured("flip angle", "°")),
    Aspect("tube voltage", _measured("", "kV")),
    Aspect("reconstruction kernel", _as_it_is),
    Aspect("dimension index", _uncounted),
    Aspect("temporal position", _uncounted),
    Aspect("trigger time", _measured("trigger", "ms")),
    Aspect("acquisition", _uncounted),
    Aspect("time", _uncounted),
)


def variants_of(dataset: Dataset, frame_count: int) -> tuple[Variant, ...]:
    """The variant of each frame of an instance."""
    shared = (items(dataset, "SharedFunctionalGroupsSequence") or (Dataset(),))[0]
    own = items(dataset, "PerFrameFunctionalGroupsSequence")
    dimensions = _telling_dimensions(dataset)
    instance_number = _or_unknown(number(dataset, "InstanceNumber"))
    found = []
    for index in range(frame_count):
        places = (own[index], shared) if index < len(own) else (shared,)
        found.append((*_aspects(dataset, places, dimensions), instance_number, float(index)))
    return tuple(found)


def _aspects(dataset: Dataset, places: Sequence[Dataset], dimensions: Sequence[int]) -> Variant:
    def of(sequence: str, keyword: str, plain: str = "") -> float:
        for place in places:
            for item in items(place, sequence)[:1]:
                if (found := number(item, keyword)) is not None:
                    return found
        return _or_unknown(number(dataset, plain or keyword))

    values = [numbers(item, "DimensionIndexValues") for item in _content(places)]
    indices = tuple(values[0]) if values else ()
    return (
        _kind_of_image(dataset, places),
        of("MREchoSequence", "EffectiveEchoTime", "EchoTime"),
        _b_value(dataset, of("MRDiffusionSequence", "DiffusionBValue")),
        of("MRModifierSequence", "InversionTimes", "InversionTime"),
        of("MRTimingAndRelatedParametersSequence", "FlipAngle"),
        of("CTXRayDetailsSequence", "KVP"),
        _kernel(dataset, places),
        "/".join(f"{indices[at]:g}" for at in dimensions if at < len(indices)),
        of("FrameContentSequence", "TemporalPositionIndex", "TemporalPositionIdentifier"),
        of("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime", "TriggerTime"),
        of("FrameContentSequence", "FrameAcquisitionNumber", "AcquisitionNumber"),
        _seconds(dataset, places),
    )


def _or_unknown(value: float | None) -> float:
    return UNKNOWN if value is None else float(value)


def _content(places: Sequence[Dataset]) -> tuple[Dataset, ...]:
    return items(places[0], "FrameContentSequence")[:1]


def _kind_of_image(dataset: Dataset, places: Sequence[Dataset]) -> str:
    """Image Type from its third value on: magnitude or phase, water or fat (PS3.3 C.7.6.1.1.2, C.8.13.3.1)."""
    for place in places:
        for sequence in ("MRImageFrameTypeSequence", "CTImageFrameTypeSequence"):
            for item in items(place, sequence)[:1]:
                if found := texts(item, "FrameType")[2:]:
                    return "\\".join((*found, text(item, "ComplexImageComponent"))).rstrip("\\")
    return "\\".join(texts(dataset, "ImageType")[2:])


def _b_value(dataset: Dataset, stated: float) -> float:
    """The standard's element, else Siemens' (0019,100C) or GE's (0043,1039), whose first value carries a flag."""
    if stated != UNKNOWN or text(dataset, "Modality") != "MR":
        return stated
    for group, creator, offset in ((0x0019, "SIEMENS MR HEADER", 0x0C), (0x0043, "GEMS_PARM_01", 0x39)):
        try:
            value = dataset.private_block(group, creator)[offset].value
            first = float(value if isinstance(value, (str, int, float)) else value[0])
        except Exception:  # noqa: BLE001 - absent, or damaged in any of the ways a private element can be
            continue
        return first % 1e6
    return UNKNOWN


def _kernel(dataset: Dataset, places: Sequence[Dataset]) -> str:
    for place in places:
        for item in items(place, "CTReconstructionSequence")[:1]:
            if found := text(item, "ConvolutionKernel"):
                return found
    return text(dataset, "ConvolutionKernel")


def _seconds(dataset: Dataset, places: Sequence[Dataset]) -> float:
    """When it was taken, seconds of the day (to tell apart and to order, never shown)."""
    for item in _content(places):
        if len(stated := text(item, "FrameAcquisitionDateTime")) >= 14:
            return _of_clock(stated[8:])
    return _of_clock(text(dataset, "AcquisitionTime") or text(dataset, "ContentTime"))


def _of_clock(stated: str) -> float:
    try:
        return int(stated[:2]) * 3600 + int(stated[2:4] or 0) * 60 + float(stated[4:].split("+")[0].split("-")[0] or 0)
    except ValueError:
        return UNKNOWN


def _telling_dimensions(dataset: Dataset) -> tuple[int, ...]:
    """Which of an enhanced image's dimensions say something else than where a frame lies (PS3.3 C.7.6.17)."""
    pointers = []
    for item in items(dataset, "DimensionIndexSequence"):
        try:
            pointers.append(int(item.DimensionIndexPointer))
        except (AttributeError, TypeError, ValueError):
            pointers.append(0)
    return tuple(at for at, pointer in enumerate(pointers) if pointer and pointer not in _IN_STACK)
