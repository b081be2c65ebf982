"""Where a view is on a slide: by device pixels on any screen, and true to pixels that are not square."""

from __future__ import annotations

import pytest

from viewers.calibration import Calibration, uncalibrated
from viewers.geometry import SlidePoint
from viewers.pathology.slide_calibration import calibration_from_mpp
from viewers.pathology.slide_place import SlidePlace

SQUARE = calibration_from_mpp(0.5, 0.5, "x")


def place(calibration: Calibration = SQUARE, full_px: tuple[int, int] = (8000, 6000)) -> SlidePlace:
    return SlidePlace(full_px, calibration, 800, 600).fitted()


def test_that_a_dense_screen_shows_the_same_part_with_more_pixels() -> None:
    at = place().at_magnification(10, 1.0).centred_on(SlidePoint(3000, 2000))
    plain, dense = at.field(800, 600, 1.0), at.field(1600, 1200, 2.0)
    assert dense.scale_x == 2 * plain.scale_x
    for left, scale in ((plain.left_px, plain.scale_x), (dense.left_px, dense.scale_x)):
        assert left / scale == pytest.approx(3000 - 400 / at.zoom, abs=1 / scale)


def test_that_pixels_that_are_not_square_are_shown_in_true_proportion() -> None:
    at = place(calibration_from_mpp(0.5, 1.0, "x")).at_magnification(20, 1.0)
    field = at.field(800, 600, 1.0)
    assert (field.scale_x, field.scale_y) == pytest.approx((1.0, 2.0))
    here, there = at.point_at(100, 100), at.point_at(200, 200)
    assert (there.x_px - here.x_px) * 0.5 == pytest.approx((there.y_px - here.y_px) * 1.0)


def test_that_nearly_pixel_for_pixel_is_exactly_pixel_for_pixel() -> None:
    assert place(calibration_from_mpp(0.499, 0.499, "x")).at_magnification(20, 1.0).zoom == 1.0
    assert place(calibration_from_mpp(0.47, 0.47, "x")).at_magnification(20, 1.0).zoom == pytest.approx(0.94)


def test_that_a_fitted_slide_stays_fitted_when_the_view_changes_and_a_chosen_field_stays_chosen() -> None:
    assert place().resized(400, 300).zoom == pytest.approx(place().zoom / 2)
    chosen = place().at_magnification(5, 1.0).centred_on(SlidePoint(100, 200))
    assert chosen.resized(400, 300).zoom == chosen.zoom
    assert chosen.resized(400, 300).centre == (100, 200)


def test_that_the_middle_of_the_view_never_leaves_the_slide() -> None:
    assert place().panned(1e6, -1e6).centre == (0, 6000)
    assert place().enlarged(1e9, 0, 0).zoom == 16
    assert place().enlarged(1e-9, 0, 0).zoom < place().zoom


def test_that_many_small_zooms_about_a_point_do_not_drift() -> None:
    at = place().at_magnification(10, 1.0)
    held = at.point_at(613, 77)
    for factor in [1.25] * 8 + [0.8] * 8 + [1.1] * 5:
        at = at.enlarged(factor, 613, 77)
        assert at.point_at(613, 77) == pytest.approx(held, abs=1e-6)


def test_that_an_uncalibrated_slide_can_be_shown_pixel_for_pixel() -> None:
    assert place(uncalibrated("unknown")).at_magnification(40, 1.0).zoom == 1.0
