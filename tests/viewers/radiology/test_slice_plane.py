"""Planes: pixels and patient points map onto each other exactly, and every letter is that of what is displayed."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.viewers.radiology.phantom_volumes import grid, random_rotation
from viewers.geometry import Direction, PatientPoint, PixelPoint, cross, dot, unit
from viewers.radiology.display_orientation import DisplayOrientation, plane_letters
from viewers.radiology.orthogonal_planes import Orientation, image_plane, orthogonal_plane, plane_over
from viewers.radiology.slice_plane import SlicePlane
from viewers.radiology.volume_geometry import VoxelPoint

AXIS_OF = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "H": (0, 0, 1), "F": (0, 0, -1)}
directions = st.tuples(*[st.floats(-1, 1) for _ in range(3)]).filter(lambda v: np.linalg.norm(v) > 0.1)


def plane_of(
    right: Direction, towards: Direction, spacing_mm: float = 0.5, rows: int = 4, columns: int = 5
) -> SlicePlane:
    across = unit(right)
    down = unit([t - dot(towards, across) * a for t, a in zip(towards, across, strict=True)])
    return SlicePlane(PatientPoint(10.0, -20.0, 30.0), across, down, spacing_mm, rows, columns)


def planes() -> st.SearchStrategy[SlicePlane]:
    crossed = st.tuples(directions, directions).filter(lambda two: np.linalg.norm(np.cross(*two)) > 0.05)
    return crossed.map(lambda two: plane_of(*two))


def test_that_the_middle_of_the_rectangle_is_the_centre_and_pixels_count_from_their_centres() -> None:
    plane = plane_of((1, 0, 0), (0, 1, 0))
    assert plane.to_patient(PixelPoint(2.5, 2.0)) == pytest.approx(plane.centre)
    assert plane.to_patient(PixelPoint(0.5, 0.5)) == pytest.approx(plane.geometry.position)
    assert plane.to_patient(PixelPoint(0.5, 0.5)) == pytest.approx((10 - 2 * 0.5, -20 - 1.5 * 0.5, 30))


@given(planes(), st.floats(-50, 50), st.floats(-50, 50), st.floats(-20, 20))
@settings(max_examples=60)
def test_that_pixels_and_patient_points_are_each_others_inverse(
    plane: SlicePlane, column: float, row: float, depth_mm: float
) -> None:
    point = plane.to_patient(PixelPoint(column, row))
    assert plane.to_pixel(point) == pytest.approx((column, row), abs=1e-6)
    assert plane.distance_to_mm(point) == pytest.approx(0.0, abs=1e-6)
    behind = PatientPoint(*(p + depth_mm * n for p, n in zip(point, plane.normal, strict=True)))
    assert plane.to_pixel(behind) == pytest.approx((column, row), abs=1e-6)
    assert plane.through(behind).distance_to_mm(behind) == pytest.approx(0.0, abs=1e-6)
    assert plane.moved(depth_mm).distance_to_mm(point) == pytest.approx(-depth_mm, abs=1e-6)


@given(planes(), directions, st.floats(-180, 180))
@settings(max_examples=60)
def test_that_a_turned_plane_stays_a_plane_around_its_pivot(plane: SlicePlane, axis: Direction, degrees: float) -> None:
    pivot = plane.to_patient(PixelPoint(2.0, 3.0))
    turned = plane.turned(axis, degrees, pivot)
    assert turned.to_patient(PixelPoint(2.0, 3.0)) == pytest.approx(pivot, abs=1e-6)
    assert turned.normal == pytest.approx(cross(turned.right, turned.down))
    back = turned.turned(axis, -degrees, pivot)
    assert (*back.right, *back.down, *back.centre) == pytest.approx(
        (*plane.right, *plane.down, *plane.centre), abs=1e-6
    )


def test_that_turning_follows_the_right_hand_rule() -> None:
    turned = plane_of((1, 0, 0), (0, 1, 0)).turned((0, 0, 1), 90.0)
    assert turned.right == pytest.approx((0, 1, 0), abs=1e-9) and turned.down == pytest.approx((-1, 0, 0), abs=1e-9)


EIGHT = [DisplayOrientation(turns, flipped, False) for turns, flipped in product(range(4), (False, True))]


@given(planes(), st.sampled_from(EIGHT))
@settings(max_examples=150)
def test_that_letters_name_where_the_displayed_pixels_really_lie(plane: SlicePlane, shown: DisplayOrientation) -> None:
    """The pixel at an edge of the screen is found by turning an actual picture of patient coordinates with numpy."""
    where = np.array(
        [[plane.to_patient(PixelPoint(c + 0.5, r + 0.5)) for c in range(plane.columns)] for r in range(plane.rows)]
    )
    screen = np.rot90(where, -shown.quarter_turns)
    if shown.flipped_horizontally:
        screen = screen[:, ::-1]
    found = plane_letters(plane.geometry, shown)
    middle_row, middle_column = screen.shape[0] // 2, screen.shape[1] // 2
    ways = {
        "left": screen[middle_row, 0] - screen[middle_row, -1],
        "right": screen[middle_row, -1] - screen[middle_row, 0],
        "top": screen[0, middle_column] - screen[-1, middle_column],
        "bottom": screen[-1, middle_column] - screen[0, middle_column],
    }
    for edge, way in ways.items():
        seen = getattr(found, edge)
        assert seen and len(set(seen)) == len(seen)
        for letter in seen:
            assert np.dot(AXIS_OF[letter], way) > 0, (edge, seen, way)
        assert np.dot(AXIS_OF[seen[0]], way) == pytest.approx(np.abs(way).max(), rel=1e-6)


@pytest.mark.parametrize(
    ("orientation", "edges"),
    [
        (Orientation.AXIAL, ("R", "L", "A", "P")),
        (Orientation.CORONAL, ("R", "L", "H", "F")),
        (Orientation.SAGITTAL, ("A", "P", "H", "F")),
    ],
)
def test_that_the_three_planes_hang_as_radiologists_read_them(
    orientation: Orientation, edges: tuple[str, str, str, str]
) -> None:
    geometry = grid((8, 9, 10), rotation=random_rotation(np.random.default_rng(4)), tilt_degrees=9.0)
    found = plane_letters(orthogonal_plane(geometry, orientation).geometry, DisplayOrientation())
    assert (found.left, found.right, found.top, found.bottom) == edges


@pytest.mark.parametrize("seed", range(5))
def test_that_a_plane_over_a_volume_shows_all_of_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    geometry = grid((8, 9, 10), (2.5, 0.7, 0.9), random_rotation(rng), float(rng.uniform(-20, 20)))
    turn = random_rotation(rng)
    for plane in (
        plane_over(geometry, geometry.centre, unit(turn[:, 0]), unit(turn[:, 1])),
        *(orthogonal_plane(geometry, orientation, at_mm=1.0) for orientation in Orientation),
    ):
        for corner in geometry.corners:
            at = plane.to_pixel(corner)
            assert 0.4999 <= at.column <= plane.columns - 0.4999 and 0.4999 <= at.row <= plane.rows - 0.4999


def test_that_a_plane_at_a_coordinate_stands_there() -> None:
    geometry = grid((8, 9, 10))
    assert orthogonal_plane(geometry, Orientation.AXIAL, at_mm=3.5).centre.z_mm == pytest.approx(3.5)
    assert orthogonal_plane(geometry, Orientation.CORONAL, at_mm=-2.0).centre.y_mm == pytest.approx(-2.0)
    assert orthogonal_plane(geometry, Orientation.SAGITTAL, at_mm=1.0).centre.x_mm == pytest.approx(1.0)


def test_that_the_plane_of_an_image_has_its_pixels() -> None:
    geometry = grid((8, 9, 10), (2.0, 0.8, 0.8), tilt_degrees=15.0)
    plane = image_plane(geometry, 3)
    assert (plane.rows, plane.columns, plane.spacing_mm) == (9, 10, pytest.approx(0.8))
    assert plane.geometry.position == pytest.approx(geometry.to_patient(VoxelPoint(3, 0, 0)), abs=1e-9)
