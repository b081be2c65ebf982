from __future__ import annotations

from math import cos, pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.viewers.annotation.marks import line, outline
from viewers.annotation.shapes import ImagePoint, Polygon, Polyline, distance_to_line, moved, with_point

COORDINATE = st.floats(-1e6, 1e6, allow_nan=False)


def test_that_a_polygons_area_is_the_one_known_by_geometry() -> None:
    assert abs(outline((0, 0), (4, 0), (4, 3), (0, 3)).signed_area) == 12.0
    assert abs(outline((0, 0), (10, 0), (0, 10)).signed_area) == 50.0
    corners = [(100 + 20 * cos(2 * pi * i / 360), 100 + 20 * sin(2 * pi * i / 360)) for i in range(360)]
    assert abs(outline(*corners).signed_area) == pytest.approx(180 * 400 * sin(2 * pi / 360), rel=1e-12)


@given(COORDINATE, COORDINATE)
def test_that_an_area_does_not_depend_on_where_on_the_slide_it_lies(dx: float, dy: float) -> None:
    shape = moved(outline((0, 0), (40, 5), (33, 71), (-4, 28)), dx, dy)
    assert isinstance(shape, Polygon)
    assert abs(shape.signed_area) == pytest.approx(1941.5, rel=1e-6)


def test_that_an_outline_that_crosses_itself_is_recognised() -> None:
    assert outline((0, 0), (10, 10), (10, 0), (0, 10)).crosses_itself
    assert outline((0, 0), (10, 0), (5, 0), (5, 10)).crosses_itself
    assert not outline((0, 0), (10, 0), (10, 10), (5, 2), (0, 10)).crosses_itself
    assert not outline((0, 0), (10, 0), (0, 10)).crosses_itself


def test_that_too_few_points_make_no_shape() -> None:
    with pytest.raises(ValueError, match="two points"):
        line((1, 1))
    with pytest.raises(ValueError, match="three points"):
        outline((1, 1), (2, 2))


def test_that_the_closing_edge_of_a_polygon_can_be_hit_and_that_of_a_polyline_cannot() -> None:
    points = (ImagePoint(0, 0), ImagePoint(10, 0), ImagePoint(10, 10))
    assert distance_to_line(Polygon(points), ImagePoint(5, 5)) == pytest.approx(0.0)
    assert distance_to_line(Polyline(points), ImagePoint(5, 5)) == pytest.approx(5.0)


def test_that_a_moved_handle_changes_only_its_own_point() -> None:
    shape = outline((0, 0), (10, 0), (10, 10))
    assert with_point(shape, 1, ImagePoint(20, -1)).points == ((0, 0), (20, -1), (10, 10))
