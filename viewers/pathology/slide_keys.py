"""What the keys of a slide view do, in words, by their portable names. The view answers exactly these."""

from __future__ import annotations

from viewers.pathology.magnification import STEPS

SLIDE_KEYS: dict[str, str] = {
    "Up": "Move over the slide",
    "Down": "Move over the slide",
    "Left": "Move over the slide",
    "Right": "Move over the slide",
    **{str(number): f"Magnification {step:g}×" for number, step in enumerate(STEPS, 1)},
    "+": "Larger",
    "-": "Smaller",
    "0": "The whole slide",
    "F": "The whole slide",
    "Ctrl+0": "One slide pixel on one screen pixel",
}
