from __future__ import annotations

import pytest

from tests.viewers.annotation.marks import SLIDE, line, mark, outline
from viewers.annotation.measurements import measure
from viewers.calibration import Calibration, CalibrationClass, uncalibrated

ANISOTROPIC = Calibration(CalibrationClass.PATIENT_GEOMETRY, column_mm=0.5, row_mm=2.0)
SLIDE_MPP = Calibration(CalibrationClass.SLIDE_MPP, column_mm=0.0005, row_mm=0.0005)


@pytest.mark.parametrize(
    ("end", "length_mm"), [((10, 0), 5.0), ((0, 10), 20.0), ((6, 2), 5.0), ((-6, -2), 5.0), ((0, 0.25), 0.5)]
)
def test_that_a_length_uses_the_spacing_of_each_axis(end: tuple[float, float], length_mm: float) -> None:
    (length,) = measure(mark(line((0, 0), end)), ANISOTROPIC)
    assert (length.name, length.unit) == ("Length", "mm")
    assert length.value == pytest.approx(length_mm)


def test_that_each_number_says_how_it_was_calibrated() -> None:
    for kind in CalibrationClass:
        if kind is CalibrationClass.UNCALIBRATED:
            continue
        (length,) = measure(mark(line((0, 0), (3, 4))), Calibration(kind, 1.0, 1.0))
        assert length.calibration_text == kind.value


def test_that_an_outline_measures_area_and_perimeter_on_unequal_spacing() -> None:
    area, perimeter = measure(mark(outline((0, 0), (8, 0), (8, 3), (0, 3))), ANISOTROPIC)
    assert (area.value, area.unit) == (pytest.approx(4.0 * 6.0), "mm²")
    assert (perimeter.value, perimeter.unit) == (pytest.approx(20.0), "mm")


def test_that_without_calibration_lengths_are_pixels_and_areas_square_pixels() -> None:
    (length,) = measure(mark(line((0, 0), (3, 4))), uncalibrated("No PixelSpacing."))
    assert (length.value, length.unit, length.calibration_text) == (5.0, "px", "not calibrated")
    assert length.note == "No PixelSpacing."
    area, perimeter = measure(mark(outline((0, 0), (3, 0), (3, 4)), SLIDE), uncalibrated("MPP 352.8 is out of range."))
    assert (area.value, area.unit, perimeter.value, perimeter.unit) == (6.0, "px²", 12.0, "px")


def test_that_slide_lengths_are_micrometres_until_a_millimetre() -> None:
    (short,) = measure(mark(line((0, 0), (0, 1999)), SLIDE), SLIDE_MPP)
    assert (short.value, short.unit) == (pytest.approx(999.5), "µm")
    (long,) = measure(mark(line((0, 0), (0, 3000)), SLIDE), SLIDE_MPP)
    assert (long.value, long.unit) == (pytest.approx(1.5), "mm")


def test_that_a_nucleus_is_square_micrometres_and_a_tumour_square_millimetres() -> None:
    nucleus = measure(mark(outline((0, 0), (20, 0), (20, 10), (0, 10)), SLIDE), SLIDE_MPP)[0]
    assert (nucleus.value, nucleus.unit) == (pytest.approx(50.0), "µm²")
    tumour = measure(mark(outline((0, 0), (2000, 0), (2000, 4000), (0, 4000)), SLIDE), SLIDE_MPP)[0]
    assert (tumour.value, tumour.unit) == (pytest.approx(2.0), "mm²")


def test_that_an_outline_that_crosses_itself_is_given_no_area() -> None:
    names = [m.name for m in measure(mark(outline((0, 0), (10, 10), (10, 0), (0, 10))), ANISOTROPIC)]
    assert names == ["Perimeter"]


@pytest.mark.parametrize(
    ("end", "text"),
    [
        ((24.68, 0), "12.3 mm"),
        ((0.68, 0), "0.34 mm"),
        ((3000, 0), "1500.0 mm"),
        ((20, 0), "10.0 mm"),
        ((0.12, 0), "0.060 mm"),
    ],
)
def test_that_numbers_are_shown_to_the_digits_an_image_can_bear(end: tuple[float, float], text: str) -> None:
    assert measure(mark(line((0, 0), end)), ANISOTROPIC)[0].text == text
