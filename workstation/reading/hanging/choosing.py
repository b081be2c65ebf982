"""The first rule that fits a case, and which image it puts where. No Qt: layouts are names, places are item keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workstation.reading.case_reading import CaseReading
from workstation.reading.hanging.picture_facts import PictureFacts, pictures_of
from workstation.reading.hanging.rule import HangingRule, Place
from workstation.reading.hanging.rule_file import shipped_rules

SECTIONAL = ("CT", "MR", "PT")
_MOST_TRIES = 5000
"""A rule whose conditions leave so many ways open is given up; the next is tried."""


@dataclass(frozen=True, slots=True)
class HungPicture:
    """The image of one place. ``frame_index`` is None for where the stack opens by itself.

    ``beside`` is the place of the image that this is the earlier one to, or lies in the same space with.
    """

    key: str
    frame_index: int | None = None
    posterior: str = ""
    beside: int | None = None


@dataclass(frozen=True, slots=True)
class Hanging:
    """What hangs: a layout's name and its places in reading order (None stays empty); by which rule ("" for none)."""

    layout: str
    places: tuple[HungPicture | None, ...]
    rule: str = ""
    same_scale: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """Of the images that hang, in reading order."""
        return tuple(place.key for place in self.places if place is not None)


def choose_hanging(reading: CaseReading, kept: Sequence[HangingRule] = ()) -> Hanging:
    """By the first rule that fits: the reader's own (*kept*) first, then the shipped ones.

    Images held back because they seem to be another patient's are never hung by themselves, and two patients never
    side by side unasked: all are of the patient whose image ranks first.
    """
    pictures = of_one_patient(reading)
    for rule in (*kept, *shipped_rules()):
        hanging = hang_by(rule, pictures)
        if hanging is not None:
            return hanging
    return Hanging("1x1", ())


def find_hanging(rule: HangingRule, reading: CaseReading) -> Hanging | None:
    """How *rule* alone would hang the case; None where it does not fit."""
    return hang_by(rule, of_one_patient(reading))


def of_one_patient(reading: CaseReading) -> list[PictureFacts]:
    """What may hang unasked, the best first: of the patient whose image ranks first, so never of two."""
    pictures = sorted(pictures_of(reading), key=_rank)
    return [one for one in pictures if one.item.patient_line == pictures[0].item.patient_line]


def hang_by(rule: HangingRule, pictures: Sequence[PictureFacts]) -> Hanging | None:
    """*pictures* of one patient, the best first; None where the rule does not fit."""
    chosen = _fill(rule, pictures)
    if chosen is None:
        return None
    places = tuple(
        None
        if picture is None
        else HungPicture(
            picture.item.key,
            picture.frame_index,
            place.posterior,
            place.space_of if place.prior_of is None else place.prior_of,
        )
        for place, picture in zip(rule.places, chosen, strict=True)
    )
    return Hanging(rule.layout, places, rule.name, rule.same_scale)


def _fill(rule: HangingRule, pictures: Sequence[PictureFacts]) -> list[PictureFacts | None] | None:
    """The first way to fill the places in which none that is needed stays empty."""
    if rule.only and any(one.modality not in rule.only for one in pictures):
        return None
    latest = latest_dates(pictures)
    standing = [[one for one in pictures if _fits(place, one, latest)] for place in rule.places]
    if any(not found and not place.optional for place, found in zip(rule.places, standing, strict=True)):
        return None
    tries = 0

    def fill(chosen: list[PictureFacts | None]) -> list[PictureFacts | None] | None:
        nonlocal tries
        tries += 1
        if len(chosen) == len(rule.places):
            return chosen if _is_enough(rule, chosen) else None
        place = rule.places[len(chosen)]
        for picture in _candidates(place, standing[len(chosen)], chosen):
            if tries > _MOST_TRIES:
                return None
            done = fill([*chosen, picture])
            if done is not None:
                return done
        return fill([*chosen, None]) if place.optional else None

    return fill([])


def _candidates(
    place: Place, standing: Sequence[PictureFacts], chosen: Sequence[PictureFacts | None]
) -> Iterator[PictureFacts]:
    free = [one for one in standing if all(one is not other for other in chosen)]
    if place.space_of is not None:
        beside = chosen[place.space_of]
        free = [one for one in free if beside is not None and share_space(one, beside)]
    if place.prior_of is not None:
        current = chosen[place.prior_of]
        free = [one for one in free if current is not None and is_prior(one, current)]
        if current is not None:
            free.sort(key=lambda one: _likeness(one, current), reverse=True)
    yield from free


def _is_enough(rule: HangingRule, chosen: Sequence[PictureFacts | None]) -> bool:
    with_prior = any(
        one is not None and place.prior_of is not None for place, one in zip(rule.places, chosen, strict=True)
    )
    return sum(one is not None for one in chosen) >= rule.fill_at_least and (with_prior or not rule.needs_prior)


def _fits(place: Place, picture: PictureFacts, latest: dict[str, str]) -> bool:
    newest = latest.get(picture.family, "")
    return (
        place.kind in ("", picture.kind)
        and (not place.modality or picture.modality in place.modality)
        and (not place.body_part or picture.body_part in (part.upper() for part in place.body_part))
        and place.side in ("", picture.side)
        and (not place.view or picture.view in place.view)
        and (not place.plane or picture.plane in place.plane)
        and place.contrast in ("", picture.contrast)
        and place.phase in ("", picture.phase)
        and (not place.words or bool(picture.words.intersection(word.lower() for word in place.words)))
        and picture.images >= place.images_at_least
        and (place.study != "current" or picture.date == newest)
        and (place.study != "prior" or "" < picture.date < newest)
    )


def latest_dates(pictures: Sequence[PictureFacts]) -> dict[str, str]:
    """By family of modalities: a chest CT of last week stays the current one when a radiograph was taken today."""
    latest: dict[str, str] = {}
    for picture in pictures:
        latest[picture.family] = max(picture.date, latest.get(picture.family, ""))
    return latest


def share_space(one: PictureFacts, other: PictureFacts) -> bool:
    """By frame of reference; by study where one of them does not name any."""
    return one.space == other.space if one.space and other.space else bool(one.study) and one.study == other.study


def is_prior(earlier: PictureFacts, current: PictureFacts) -> bool:
    """An earlier image of the same kind; what one of the two does not say does not tell them apart."""
    same = (
        (earlier.body_part, current.body_part),
        (earlier.side, current.side),
        (earlier.view, current.view),
    )
    return (
        "" < earlier.date < current.date
        and earlier.family == current.family
        and earlier.plane == current.plane
        and all(one == other or not one or not other for one, other in same)
    )


def _likeness(earlier: PictureFacts, current: PictureFacts) -> tuple[str, bool, bool, float]:
    """The latest study first; within it contrast, phase, and the words of the description."""
    together = earlier.words | current.words
    alike = len(earlier.words & current.words) / len(together) if together else 0.0
    return (earlier.date, earlier.contrast == current.contrast, earlier.phase == current.phase, alike)


def _rank(picture: PictureFacts) -> tuple[bool, bool, bool, int]:
    """Sectional images before others, full stacks before scouts of a few images, by the series' numbers."""
    return (
        picture.kind != "series",
        picture.modality not in SECTIONAL,
        picture.images < 5,
        picture.number,
    )
