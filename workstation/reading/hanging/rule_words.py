"""A hanging rule in words, for who is to decide about it."""

from __future__ import annotations

from workstation.reading.hanging.layouts import LAYOUTS
from workstation.reading.hanging.rule import HangingRule, Place

_SIDES = {"R": "right", "L": "left", "B": "both sides"}


def words_of(rule: HangingRule) -> str:
    """A line for the layout, and one for each place."""
    lines = [f"{LAYOUTS[rule.layout].words}:"]
    lines += [f"{index + 1}. {_place_words(place)}" for index, place in enumerate(rule.places)]
    if rule.same_scale:
        lines.append("At the same scale, where the images are calibrated.")
    if rule.only:
        lines.append(f"Only where every image is {' or '.join(rule.only)}.")
    return "\n".join(lines)


def suggested_name(rule: HangingRule) -> str:
    """What the rule may be called: its images, one after the other."""
    words = []
    for place in rule.places:
        if place.prior_of is not None:
            words.append("prior")
        elif place.kind == "slide":
            words.append("slide")
        elif place.kind != "nothing":
            words.append(" ".join([*place.modality, *place.plane, *place.view, place.side]).strip())
    return " beside ".join(words)


def _place_words(place: Place) -> str:
    if place.kind in ("slide", "nothing"):
        return {"slide": "a slide", "nothing": "nothing"}[place.kind]
    parts = [" or ".join(place.modality) or "an image"]
    parts += [" or ".join(values) for values in (place.plane, place.view, place.body_part) if values]
    parts += [_SIDES.get(place.side, "")]
    parts += [f"{place.contrast} contrast" if place.contrast else "", place.phase and f"{place.phase} phase"]
    if place.prior_of is not None:
        parts.append(f"from an earlier study, of the same kind as image {place.prior_of + 1}")
    elif place.study:
        parts.append("of the latest study" if place.study == "current" else "of an earlier study")
    if place.space_of is not None:
        parts.append(f"in the same space as image {place.space_of + 1}")
    if place.images_at_least > 1:
        parts.append(f"{place.images_at_least} images or more")
    if place.posterior:
        parts.append(f"chest wall at the {place.posterior}")
    if place.words:
        parts.append(f"described as {' or '.join(place.words)}")
    words = ", ".join(part for part in parts if part)
    return f"{words} (if there is one)" if place.optional else words
