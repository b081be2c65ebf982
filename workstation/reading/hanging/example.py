"""Hang by example: the rule that what hangs now is an example of. No Qt.

Only what tells images of this case apart is asked for, and never words of a description: a rule holds nothing of a
patient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from workstation.reading.case_reading import CaseReading
from workstation.reading.hanging.choosing import hang_by, is_prior, latest_dates, of_one_patient, share_space
from workstation.reading.hanging.picture_facts import PictureFacts
from workstation.reading.hanging.rule import HangingRule, Place

_FULL_STACK = 5
_REFINEMENTS = ("contrast", "phase", "body_part")
"""What is asked for, one after the other, as long as the rule would hang this very case otherwise."""


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """What hangs in a viewport: the image, which of its frames, and where posterior lies on the screen ("" if it does
    not lie left or right, or the image does not say)."""

    key: str
    frame_index: int = 0
    posterior: str = ""


def rule_by_example(reading: CaseReading, layout: str, shown: Sequence[ShownPicture | None]) -> HangingRule | None:
    """The rule that hangs the case as it hangs now, or as near to it as a rule comes; it has no name yet.

    None where nothing hangs that a rule may hang: no image, one held back, or images of two patients.
    """
    pictures = of_one_patient(reading)
    filled = [one for one in shown if one is not None]
    last = max((index for index, one in enumerate(shown) if one is not None), default=-1)
    chosen = [None if one is None else _find(pictures, one) for one in shown[: last + 1]]
    if not filled or sum(one is not None for one in chosen) < len(filled):
        return None
    rule = _rule(layout, chosen, shown, pictures, ())
    for count in range(len(_REFINEMENTS) + 1):
        rule = _rule(layout, chosen, shown, pictures, _REFINEMENTS[:count])
        if hangs_as(rule, pictures, chosen):
            break
    return rule


def hangs_as(rule: HangingRule, pictures: Sequence[PictureFacts], chosen: Sequence[PictureFacts | None]) -> bool:
    """Whether *rule* puts exactly these images in its places."""
    hanging = hang_by(rule, pictures)
    wanted = [None if one is None else (one.item.key, one.frame_index) for one in chosen]
    return hanging is not None and [p and (p.key, p.frame_index) for p in hanging.places] == wanted


def _find(pictures: Sequence[PictureFacts], shown: ShownPicture) -> PictureFacts | None:
    return next(
        (one for one in pictures if one.item.key == shown.key and one.frame_index in (None, shown.frame_index)), None
    )


def _rule(
    layout: str,
    chosen: Sequence[PictureFacts | None],
    shown: Sequence[ShownPicture | None],
    pictures: Sequence[PictureFacts],
    refinements: Sequence[str],
) -> HangingRule:
    latest = latest_dates(pictures)
    places = []
    for index, picture in enumerate(chosen):
        if picture is None:
            places.append(Place(kind="nothing", optional=True))
            continue
        place = _related(_plain(picture, latest), picture, chosen[:index])
        if place.prior_of is None:
            place = _refined(place, picture, refinements)
        one = shown[index]
        if picture.modality == "MG" and one is not None:
            place = replace(place, posterior=one.posterior)
        places.append(place)
    return HangingRule("", layout, tuple(places), same_scale=any(place.prior_of is not None for place in places))


def _plain(picture: PictureFacts, latest: dict[str, str]) -> Place:
    if picture.kind == "slide":
        return Place(kind="slide")
    newest = latest[picture.family]
    return Place(
        modality=(picture.modality,),
        side=picture.side,
        view=(picture.view,) if picture.view else (),
        plane=(picture.plane,) if picture.plane else (),
        study="" if not newest else "current" if picture.date == newest else "prior" if picture.date else "",
        images_at_least=_FULL_STACK if picture.images >= _FULL_STACK else 1,
    )


def _refined(place: Place, picture: PictureFacts, refinements: Sequence[str]) -> Place:
    parts = (picture.body_part,) if picture.body_part else ()
    return replace(
        place,
        contrast=picture.contrast if "contrast" in refinements else "",
        phase=picture.phase if "phase" in refinements else "",
        body_part=parts if "body_part" in refinements else (),
    )


def _related(place: Place, picture: PictureFacts, before: Sequence[PictureFacts | None]) -> Place:
    """*place*, tied to an image that hangs before it where the two belong together."""
    for index, other in enumerate(before):
        if other is None or picture.kind != "series" or other.kind != "series":
            continue
        if is_prior(picture, other):
            return replace(place, prior_of=index)
        if picture.modality != other.modality and share_space(picture, other):
            return replace(place, space_of=index)
    return place
