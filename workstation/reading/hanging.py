"""Which images hang where when a case is opened. No Qt: layouts are names, places are item keys."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.reading.case_reading import CaseReading, ImageItem, SeriesItem

LAYOUTS: dict[str, tuple[int, int]] = {"1x1": (1, 1), "1x2": (1, 2), "2x2": (2, 2)}
"""Rows and columns of each layout."""

SECTIONAL = ("CT", "MR", "PT")


@dataclass(frozen=True, slots=True)
class Hanging:
    """A layout's name and the item keys in its viewports, in reading order."""

    layout: str
    keys: tuple[str, ...]


def first_hanging(reading: CaseReading) -> Hanging:
    """A stack at the left and a slide at the right where the case has both; else the first one or two images.

    Sectional images go before others and full stacks before scouts of a few images. Images held back because they
    seem to be another patient's are never hung by themselves, and two patients never side by side unasked.
    """
    stacks = sorted((item for item in reading.series if not item.is_blocked), key=_rank)
    slides = [item for item in reading.slides if not item.is_blocked]
    chosen: list[ImageItem] = [*stacks[:1], *slides[:1]] if stacks and slides else [*stacks[:2], *slides[:2]]
    chosen = [item for item in chosen if item.patient_line == chosen[0].patient_line]
    return Hanging("1x2" if len(chosen) > 1 else "1x1", tuple(item.key for item in chosen))


def _rank(item: SeriesItem) -> tuple[bool, bool, int]:
    return (
        item.series.modality not in SECTIONAL,
        len(item.series.frames) < 5,
        item.series.number if item.series.number is not None else 1_000_000,
    )
