"""From files to what a reader can open: series in display order, slides, what is not shown, and what is unusable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from viewers.byte_source import ByteSource
from viewers.errors import UnreadableFile, UnsupportedImage, ViewerError
from viewers.radiology import sop_class
from viewers.radiology.frame import DicomSlide, NotShown, Series, StructureFile, StudyScan
from viewers.radiology.grouping import SeriesGroup, Stack, group, role_of
from viewers.radiology.instance import Instance, load_instance
from viewers.radiology.ordering import OrderedStack, order
from viewers.radiology.structure_files import holds_structures

_SQUARE = 0.01
"""How far from 1 the proportions of a pixel may be without a word: what rounding of spacings makes of a square."""


def scan_instances(
    sources: Iterable[ByteSource],
    *,
    load: Callable[[ByteSource], Instance] = load_instance,
    on_progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> StudyScan:
    """Parse every source once and sort what they hold; *load* does it, or remembers what a parse before found.

    *on_progress* gets (files done, files in all). When *cancelled* turns true the scan stops and holds what was read
    so far. Never raises for a bad file: it becomes one sentence in ``unusable`` (``other`` where it is well formed).
    """
    waiting = list(sources)
    seen: dict[str, str] = {}
    images: list[Instance] = []
    slides: dict[str, list[Instance]] = {}
    other: list[NotShown] = []
    structures: list[StructureFile] = []
    unusable: list[NotShown] = []
    for done, source in enumerate(waiting):
        if cancelled is not None and cancelled():
            break
        try:
            _sort_in(load(source), seen, images, slides, structures, other)
        except UnsupportedImage as error:
            other.append(NotShown(source.name, str(error)))
        except ViewerError as error:
            unusable.append(NotShown(source.name, str(error)))
        if on_progress is not None:
            on_progress(done + 1, len(waiting))
    series = [stack for found in group(images) for stack in _series_of(found)]
    series.sort(key=lambda s: (s.study_date, s.study_uid, s.number is None, s.number or 0, s.series_uid, s.part))
    return StudyScan(tuple(series), _slides(slides), tuple(other), tuple(unusable), tuple(structures))


def _sort_in(
    instance: Instance,
    seen: dict[str, str],
    images: list[Instance],
    slides: dict[str, list[Instance]],
    structures: list[StructureFile],
    other: list[NotShown],
) -> None:
    name, uid = instance.source.name, instance.sop_instance_uid
    if uid and uid in seen:
        other.append(NotShown(name, f"{name} repeats the object of {seen[uid]}, which is the one kept."))
        return
    if uid:
        seen[uid] = name
    words = sop_class.not_a_stack(instance.sop_class_uid)
    if instance.sop_class_uid == sop_class.WHOLE_SLIDE:
        slides.setdefault(instance.series_uid, []).append(instance)
    elif instance.sop_class_uid == sop_class.DISC_INDEX:
        other.append(
            NotShown(name, f"{name} is the index of a disc; the images it lists are read from their own files.")
        )
    elif holds_structures(instance):
        title = instance.series_description or "Structures"
        structures.append(StructureFile(title, instance.patient, instance.source))
        other.append(
            NotShown(
                name, f"{name} is {words}: its outlines are drawn over the images of its frame of reference (key S)."
            )
        )
    elif words is not None:
        other.append(NotShown(name, f"{name} is {words}; this program does not show it yet."))
    elif not instance.frames:
        kind = sop_class.sop_class_name(instance.sop_class_uid)
        if kind.endswith("Image Storage"):
            raise UnreadableFile(f"{name} is incomplete: it is an image ({kind}) without its pixels.")
        other.append(NotShown(name, f"{name} holds no picture ({kind})."))
    else:
        images.append(instance)


def _slides(found: dict[str, list[Instance]]) -> tuple[DicomSlide, ...]:
    return tuple(
        DicomSlide(uid, members[0].series_description, members[0].patient, tuple(m.source for m in members))
        for uid, members in found.items()
    )


def _series_of(found: SeriesGroup) -> list[Series]:
    ordered = [(stack, one) for stack in found.stacks for one in order(stack.frames)]
    shared, parts = _shared_numbers(found), len(ordered)
    return [_series(stack, one, found, index + 1, parts, shared) for index, (stack, one) in enumerate(ordered)]


def _shared_numbers(found: SeriesGroup) -> frozenset[int]:
    """Instance numbers by which nobody finds one image: several instances of the series have them."""
    numbers = {
        (each.frame.sop_instance_uid, each.frame.source.name): each.frame.instance_number
        for stack in found.stacks
        for each in stack.frames
    }
    counted = Counter(number for number in numbers.values() if number is not None)
    return frozenset(number for number, count in counted.items() if count > 1)


def _series(
    stack: Stack, ordered: OrderedStack, found: SeriesGroup, part: int, parts: int, shared: frozenset[int]
) -> Series:
    instance = stack.instance
    first = ordered.frames[0].frame
    apart = _apart(ordered, found, part, parts)
    return Series(
        study_uid=instance.study_uid,
        series_uid=instance.series_uid,
        number=instance.series_number,
        modality=instance.modality,
        description=instance.series_description,
        patient=instance.patient,
        frames=tuple(f.frame for f in ordered.frames),
        calibration=stack.calibration,
        warnings=_warnings(ordered, apart),
        rows=first.layout.rows,
        columns=first.layout.columns,
        frame_of_reference_uid=instance.frame_of_reference_uid,
        body_part=instance.body_part,
        study_description=instance.study_description,
        study_date=instance.study_date,
        part=part,
        parts=parts,
        shared_numbers=shared,
        variant=ordered.variant or (role_of(instance) if parts > 1 else ""),
        apart=apart,
    )


def _apart(ordered: OrderedStack, found: SeriesGroup, part: int, parts: int) -> str:
    """Why this is a part of a series and not all of it; empty where it is all."""
    sentences = []
    if found.reasons:
        sentences.append(f"Part {part} of {parts} of one series, split because it holds {', '.join(found.reasons)}.")
    if ordered.apart:
        sentences.append(ordered.apart)
    return " ".join(sentences)


def _warnings(ordered: OrderedStack, apart: str) -> tuple[str, ...]:
    warnings = [apart] if apart else []
    warnings += ordered.warnings
    frames = [f.frame for f in ordered.frames]
    lossy = sorted({frame.lossy for frame in frames if frame.lossy})
    if lossy:
        words = lossy[0][0].upper() + lossy[0][1:]
        warnings.append(f"{words}{f', and {len(lossy) - 1} other ratios' if len(lossy) > 1 else ''}.")
    warnings += sorted({remark for frame in frames for remark in frame.display.remarks})
    if any(f.instance.is_packed_mosaic for f in ordered.frames):
        warnings.append("Siemens mosaic: each picture holds many slices; positions are not known.")
    elif any(frame.tile is not None for frame in frames):
        warnings.append("Taken out of Siemens mosaics: each slice is a part of a stored picture.")
    aspect = frames[0].pixel_aspect
    if abs(aspect - 1) > _SQUARE and frames[0].geometry is not None:
        warnings.append(f"Pixels are not square ({aspect:.3g} times as high as wide): shown in true proportions.")
    if all(f.geometry is None and f.patient_orientation is None for f in frames):
        warnings.append("Orientation unknown.")
    return tuple(warnings)
