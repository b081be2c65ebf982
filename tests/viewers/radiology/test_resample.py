"""Where pixels land: exact at 1:1, true at edges, mean kept when minified, non-square pixels by spacing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewers.radiology.display_orientation import DisplayOrientation
from viewers.radiology.resample import Pyramid, Region, covered_region, sample
from viewers.radiology.viewport_geometry import ViewportGeometry

ORIENTATIONS = [DisplayOrientation(turns, flip) for turns in range(4) for flip in (False, True)]
NOISE = np.random.default_rng(5).integers(-1000, 3000, (37, 53)).astype(np.int16)


def turned(values: np.ndarray, orientation: DisplayOrientation) -> np.ndarray:
    shown = np.rot90(values, -orientation.quarter_turns)
    return shown[:, ::-1] if orientation.flipped_horizontally else shown


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("size", [(53, 37), (100, 80), (101, 81), (20, 10)])
def test_that_one_to_one_shows_every_value_untouched(orientation: DisplayOrientation, size: tuple[int, int]) -> None:
    view = ViewportGeometry(53, 37, *size, 1.0, orientation, zoom=1.0)
    to_view = view.image_to_view()
    region = covered_region(to_view, 53, 37, *size)
    shown = sample(Pyramid(NOISE), to_view, region)
    expected = turned(NOISE, orientation)
    left, top = (round(v) for v in np.minimum(to_view.map(0, 0), to_view.map(53, 37)))
    assert (shown == expected[region.top - top : region.bottom - top, region.left - left : region.right - left]).all()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_that_a_bright_pixel_lands_where_marks_are_drawn(orientation: DisplayOrientation) -> None:
    values = np.zeros((40, 60), np.uint16)
    values[9, 33] = 60000
    view = ViewportGeometry(60, 40, 900, 700, 1.3, orientation, zoom=7.3, pan_x=11.25, pan_y=-6.5)
    to_view = view.image_to_view()
    region = covered_region(to_view, 60, 40, 900, 700)
    shown = sample(Pyramid(values), to_view, region).astype(float)
    y, x = np.indices(shown.shape)
    centre_x = (shown * (x + 0.5 + region.left)).sum() / shown.sum()
    centre_y = (shown * (y + 0.5 + region.top)).sum() / shown.sum()
    assert (centre_x, centre_y) == pytest.approx(to_view.map(33.5, 9.5), abs=0.1)


@pytest.mark.parametrize("zoom", [0.9, 0.5, 0.39, 0.1, 0.031])
def test_that_minifying_keeps_the_mean_and_does_not_alias(zoom: float) -> None:
    stripes = np.tile(np.array([0, 1000], np.uint16), (640, 320))
    view = ViewportGeometry(640, 640, 640, 640, zoom=zoom)
    to_view = view.image_to_view()
    shown = sample(Pyramid(stripes), to_view, covered_region(to_view, 640, 640, 640, 640))
    assert shown.mean() == pytest.approx(500, rel=0.05)
    if zoom <= 0.5:
        assert shown.std() < 30


def test_that_tall_pixels_are_drawn_tall() -> None:
    view = ViewportGeometry(100, 100, 1000, 1000, aspect=2.0)
    x0, y0 = view.image_to_view().map(0, 0)
    x1, y1 = view.image_to_view().map(100, 100)
    assert (y1 - y0) / (x1 - x0) == pytest.approx(2.0)
    assert y1 - y0 == pytest.approx(1000)


@given(st.floats(0.05, 60), st.floats(0, 800), st.floats(0, 600), st.sampled_from(ORIENTATIONS))
def test_that_zooming_keeps_the_point_under_the_pointer(
    zoom: float, x: float, y: float, orientation: DisplayOrientation
) -> None:
    view = ViewportGeometry(512, 384, 800, 600, 1.2, orientation, zoom=1.7, pan_x=30, pan_y=-12)
    before = view.image_to_view().unmap(x, y)
    after = view.zoomed(zoom, x, y).image_to_view().unmap(x, y)
    # Whole zooms snap to whole device pixels, at most half a pixel away.
    assert np.allclose(before, after, atol=0.75 / zoom)


def test_that_panning_never_loses_the_image() -> None:
    view = ViewportGeometry(100, 100, 400, 400, zoom=2.0).panned(1e6, -1e6)
    region = covered_region(view.image_to_view(), 100, 100, 400, 400)
    assert not region.is_empty


def test_that_an_image_outside_the_viewport_covers_nothing() -> None:
    view = ViewportGeometry(10, 10, 100, 100, zoom=1.0, pan_x=500)
    assert covered_region(view.image_to_view(), 10, 10, 100, 100).is_empty
    assert Region(0, 0, 0, 5).is_empty
