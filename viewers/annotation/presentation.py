"""How an image looked when a mark was made on it: the window of a frame, the field of a slide. JSON both ways.

A record beside the mark, not part of its shape: marks made before it was kept have none, and a form of it that this
program does not know is left out rather than guessed at.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

FORMAT = "readingroom.presentation/1"


@dataclass(frozen=True, slots=True)
class FramePresentation:
    """The VOI a frame was shown with (DICOM PS3.3 C.11.2), and whether the reader had inverted it.

    Either a window: ``centre`` and ``width`` in modality units with its ``function`` (0028,1056); or ``voi_lut``, the
    index (from 0) of a table in the file's own VOI LUT Sequence (0028,3010); or neither, for a colour image.
    """

    centre: float | None = None
    width: float | None = None
    function: str = "LINEAR"
    explanation: str = ""
    voi_lut: int | None = None
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class SlidePresentation:
    """The field a slide was shown with: its corner and size in level-0 pixels.

    ``magnification`` is that of the screen (40× shows 0.25 µm a logical pixel); None where the slide is not calibrated.
    """

    left: float
    top: float
    width: float
    height: float
    magnification: float | None = None


Presentation = FramePresentation | SlidePresentation


def presentation_to_json(presentation: Presentation) -> dict[str, Any]:
    """As JSON values; `presentation_from_json` gives an equal record back."""
    if isinstance(presentation, SlidePresentation):
        return {
            "format": FORMAT,
            "field": [presentation.left, presentation.top, presentation.width, presentation.height],
            "magnification": presentation.magnification,
        }
    window = None
    if presentation.centre is not None and presentation.width is not None:
        window = [presentation.centre, presentation.width, presentation.function, presentation.explanation]
    return {"format": FORMAT, "window": window, "voi_lut": presentation.voi_lut, "inverted": presentation.inverted}


def presentation_from_json(value: dict[str, Any] | None) -> Presentation | None:
    """None for no value and for a form this program does not know. ValueError, KeyError or TypeError when damaged."""
    if value is None or value["format"] != FORMAT:
        return None
    if "field" in value:
        left, top, width, height = _numbers(value["field"])
        magnification = value["magnification"]
        if width <= 0 or height <= 0:
            raise ValueError("a field without an extent")
        return SlidePresentation(left, top, width, height, None if magnification is None else float(magnification))
    inverted, table = bool(value["inverted"]), value["voi_lut"]
    if value["window"] is None:
        return FramePresentation(voi_lut=None if table is None else int(table), inverted=inverted)
    centre, width = _numbers(value["window"][:2])
    if width <= 0:
        raise ValueError("a window without a width")
    return FramePresentation(centre, width, str(value["window"][2]), str(value["window"][3]), None, inverted)


def _numbers(values: list[Any]) -> list[float]:
    numbers = [float(each) for each in values]
    if not all(isfinite(number) for number in numbers):
        raise ValueError("not a number")
    return numbers
