"""Magnification of a slide on a screen, true by the slide's MPP, and the length of its scale bar. Arithmetic only.

Convention: 40× shows 0.25 µm of the slide per logical screen pixel, so M× shows 10 / M µm. The scanner's objective
power takes no part in it.
"""

from __future__ import annotations

from math import floor, log10

from viewers.annotation.presentation import SlidePresentation
from viewers.calibration import Calibration
from viewers.pathology.slide_calibration import mpp_of

UM_PER_PIXEL_AT_1X = 10.0
STEPS = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
"""What the keys 1 to 6 show."""


def zoom_for(magnification: float, calibration: Calibration) -> float:
    """Logical pixels per level-0 pixel (across). Of an uncalibrated slide, level 0 pixel by pixel passes for 40×."""
    mpp = mpp_of(calibration)
    return magnification * (0.25 if mpp is None else mpp[0]) / UM_PER_PIXEL_AT_1X


def magnification_of(zoom: float, calibration: Calibration) -> float | None:
    """The magnification at *zoom*; None where the slide is not calibrated."""
    mpp = mpp_of(calibration)
    return None if mpp is None else UM_PER_PIXEL_AT_1X * zoom / mpp[0]


def magnification_lines(zoom: float, calibration: Calibration) -> tuple[str, ...]:
    """What the corner says: the magnification and its convention, or the bare enlargement in per cent."""
    magnification = magnification_of(zoom, calibration)
    if magnification is None:
        return (f"{zoom * 100:.3g} % of level 0",)
    return (f"{magnification:.3g}×", f"{UM_PER_PIXEL_AT_1X / magnification:.3g} µm per screen pixel (40× = 0.25)")


def field_words(field: SlidePresentation, calibration: Calibration) -> str:
    """``Field 2.1 × 1.4 mm at 20×``; in level-0 pixels where the slide is not calibrated."""
    mpp = mpp_of(calibration)
    if mpp is None:
        return f"Field {field.width:.0f} × {field.height:.0f} px"
    size = f"Field {field.width * mpp[0] / 1000:.3g} × {field.height * mpp[1] / 1000:.3g} mm"
    return size if field.magnification is None else f"{size} at {field.magnification:.3g}×"


def scale_bar(zoom: float, calibration: Calibration, longest_px: float) -> tuple[float, str]:
    """Length in logical pixels, at most *longest_px*, and what it stands for: 1, 2 or 5 × 10ⁿ µm, mm or level-0 px."""
    mpp = mpp_of(calibration)
    per_pixel = (1.0 if mpp is None else mpp[0]) / zoom
    room = longest_px * per_pixel
    decade = 10.0 ** floor(log10(room))
    length = next(step * decade for step in (5.0, 2.0, 1.0) if step * decade <= room * (1 + 1e-9))
    in_um = f"{length / 1000:g} mm" if length >= 1000 else f"{length:g} µm"
    text = f"{length:g} px" if mpp is None else in_um
    return length / per_pixel, text
