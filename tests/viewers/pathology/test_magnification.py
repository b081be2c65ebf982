"""Magnification is true by the slide's MPP, and the scale bar has the length it says."""

from __future__ import annotations

import pytest

from viewers.calibration import uncalibrated
from viewers.pathology.magnification import magnification_lines, magnification_of, scale_bar, zoom_for
from viewers.pathology.slide_calibration import calibration_from_mpp

HALF_MICRON = calibration_from_mpp(0.5, 0.5, "Aperio MPP")
UNKNOWN = uncalibrated("unknown")


def test_that_40x_shows_a_quarter_micrometre_per_screen_pixel() -> None:
    assert zoom_for(40, HALF_MICRON) == 2.0
    assert zoom_for(20, HALF_MICRON) == 1.0
    assert zoom_for(5, calibration_from_mpp(0.25, 0.25, "x")) == 0.125
    assert magnification_of(2.0, HALF_MICRON) == 40


def test_that_an_uncalibrated_slide_has_no_magnification_and_says_per_cent() -> None:
    assert magnification_of(0.5, UNKNOWN) is None
    assert magnification_lines(0.5, UNKNOWN) == ("50 % of level 0",)
    assert magnification_lines(1.0, HALF_MICRON) == ("20×", "0.5 µm per screen pixel (40× = 0.25)")


@pytest.mark.parametrize("zoom", [0.003, 0.05, 0.31, 1.0, 2.0, 7.7, 16.0])
def test_that_the_scale_bar_is_as_long_as_it_says_and_fits(zoom: float) -> None:
    length, text = scale_bar(zoom, HALF_MICRON, 200)
    number, unit = text.split(" ")
    assert length * 0.5 / zoom == pytest.approx(float(number) * (1000 if unit == "mm" else 1))
    assert 200 / 2.6 <= length <= 200 + 1e-6
    assert number[0] in "125" or number.startswith("0.")


def test_that_an_uncalibrated_scale_bar_is_in_pixels() -> None:
    assert scale_bar(0.5, UNKNOWN, 120) == (pytest.approx(100), "200 px")
