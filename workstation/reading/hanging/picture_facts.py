"""What a rule can ask of an image: kind, modality, body part, side, view, plane, contrast, phase, date. No Qt.

As its header states it; contrast and phase of a series also by the words of its description, which is where most
scanners leave them. What is not said is empty, and fits no selector that asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from viewers.geometry import PlaneGeometry
from viewers.radiology.frame import Frame
from workstation.reading.case_reading import CaseReading, ImageItem, SeriesItem

_PLANES = ("sagittal", "coronal", "axial")
_X_RAY = ("DX", "CR", "RG")
_CLEARLY = 0.87
"""Cosine of 30°: planes tilted further against every axis of the body are oblique."""
_PHASES = {
    "arterial": ("arterial", "art", "arteriell"),
    "portal venous": ("portal", "portalvenous", "portovenous", "pv", "pvp", "venous", "venos", "venös"),
    "delayed": ("delayed", "late", "spät", "spaet", "excretory", "urographic"),
}
_WITH = ("contrast", "ce", "c+", "+c", "gd", "gad", "km", "kontrast", "postcontrast", "post", "enhanced")
_WITHOUT = ("native", "nativ", "plain", "noncontrast", "precontrast", "pre", "c-", "-c", "unenhanced")
_NEGATIONS = ("without", "non", "no", "ohne")


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """One thing to hang: a stack, one projection of several that share a stack (``frame_index``), or a slide.

    ``date`` is the study's (``YYYYMMDD``), empty where it is not stated. ``space`` names the frame of reference in its
    study, ``contrast`` is "with", "without" or empty.
    """

    item: ImageItem
    kind: str
    frame_index: int | None = None
    modality: str = ""
    body_part: str = ""
    side: str = ""
    view: str = ""
    plane: str = ""
    contrast: str = ""
    phase: str = ""
    date: str = ""
    images: int = 1
    words: frozenset[str] = frozenset()
    study: str = ""
    space: str = ""
    number: int = 1_000_000

    @property
    def family(self) -> str:
        """Its modality; plates of all kinds are one, whatever took them."""
        return "X-ray" if self.modality in _X_RAY else self.modality


def pictures_of(reading: CaseReading) -> Iterator[PictureFacts]:
    """Everything of the case that may hang unasked, in the order of the strip; images held back are left out."""
    for item in reading.items:
        if item.is_blocked:
            continue
        if isinstance(item, SeriesItem):
            yield from _of_series(item)
        else:
            yield PictureFacts(item, "slide")


def _of_series(item: SeriesItem) -> Iterator[PictureFacts]:
    frames = item.series.frames
    if len(frames) > 1 and len({(frame.laterality, frame.view) for frame in frames}) > 1:
        # Views that share a stack are looked at beside one another, not by scrolling.
        for index, frame in enumerate(frames):
            yield _facts(item, frame, index, 1)
    else:
        yield _facts(item, frames[0], None, len(frames))


def _facts(item: SeriesItem, frame: Frame, index: int | None, images: int) -> PictureFacts:
    series = item.series
    words = words_in(f"{series.description} {series.variant}")
    return PictureFacts(
        item,
        "series",
        index,
        modality=series.modality,
        body_part=series.body_part.strip().upper(),
        side=frame.laterality,
        view=frame.view,
        plane="" if frame.geometry is None else plane_name(frame.geometry),
        contrast="with" if frame.contrast else contrast_in(series.description),
        phase=phase_in(words),
        date=series.study_date if len(series.study_date) == 8 and series.study_date.isdigit() else "",
        images=images,
        words=words,
        study=series.study_uid,
        space=series.frame_of_reference_uid,
        number=1_000_000 if series.number is None else series.number,
    )


def plane_name(plane: PlaneGeometry) -> str:
    """``axial``, ``coronal``, ``sagittal``; ``oblique`` where it is tilted by more than 30° against each of them."""
    name, share = max(zip(_PLANES, map(abs, plane.normal), strict=True), key=_share)
    return name if share >= _CLEARLY else "oblique"


def _share(named: tuple[str, Any]) -> float:
    return float(named[1])


@cache
def words_in(description: str) -> frozenset[str]:
    """Its words in lower case; signs that mean contrast ("C+") stay words."""
    return frozenset(re.findall(r"[+-]c\b|\bc[+-](?=\W|$)|[^\W\d_]+|\d+", description.lower()))


@cache
def contrast_in(description: str) -> str:
    """``with``, ``without``, or empty where the words do not say, or say both."""
    words = words_in(description)
    denied = bool(words.intersection(_NEGATIONS)) and bool(words.intersection(_WITH))
    without = denied or bool(words.intersection(_WITHOUT))
    given = bool(words.intersection(_WITH)) and not denied
    if given == without:
        return ""
    return "with" if given else "without"


def phase_in(words: frozenset[str]) -> str:
    """The phase that the words name; empty for none, or for more than one."""
    found = [phase for phase, names in _PHASES.items() if words.intersection(names)]
    return found[0] if len(found) == 1 else ""
