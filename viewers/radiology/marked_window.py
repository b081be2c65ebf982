"""The window a mark was made in: taken from what is shown, found again for the frame, and in words."""

from __future__ import annotations

from viewers.annotation.presentation import FramePresentation
from viewers.radiology.display_facts import DisplayFacts, LookupTable, VoiFunction, VoiWindow
from viewers.radiology.unit_words import unit_words
from viewers.radiology.windowing import Voi


def presentation_of(voi: Voi | None, display: DisplayFacts, *, inverted: bool) -> FramePresentation | None:
    """What to keep of a frame shown with *voi* (None: a colour image); None for a table that the file does not have."""
    if voi is None:
        return FramePresentation(inverted=inverted)
    if isinstance(voi, LookupTable):
        place = next((index for index, table in enumerate(display.voi_luts) if table == voi), None)
        return None if place is None else FramePresentation(voi_lut=place, inverted=inverted)
    return FramePresentation(voi.centre, voi.width, voi.function.value, voi.explanation, None, inverted)


def marked_voi(presentation: FramePresentation, display: DisplayFacts) -> Voi | None:
    """The window or table *presentation* means for that frame; None where it names none, or one nobody knows here."""
    if presentation.voi_lut is not None:
        known = 0 <= presentation.voi_lut < len(display.voi_luts)
        return display.voi_luts[presentation.voi_lut] if known else None
    functions = {function.value: function for function in VoiFunction}
    if presentation.centre is None or presentation.width is None or presentation.function not in functions:
        return None
    function = functions[presentation.function]
    return VoiWindow.make(presentation.centre, presentation.width, function, presentation.explanation)


def marked_words(voi: Voi, unit: str, *, inverted: bool) -> str:
    """``Window C 40 / W 400 HU``, and what else makes the grey: the function unless LINEAR, the name, the inversion."""
    if isinstance(voi, LookupTable):
        words = f"Window by the file's table {voi.explanation}".strip()
    else:
        centre, width = voi.numbers
        words = f"Window C {centre} / W {width}{f' {written}' if (written := unit_words(unit)) else ''}"
        if voi.function is not VoiFunction.LINEAR:
            words += f" {voi.function.value.lower().replace('_', ' ')}"
        if voi.explanation:
            words += f" ({voi.explanation})"
    return f"{words}, inverted" if inverted else words
