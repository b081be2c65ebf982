"""Along a drawn line: true lengths along it, nothing twisted, nothing beyond the data."""

from __future__ import annotations

import numpy as np
import pytest

from tests.viewers.radiology.phantom_volumes import grid, volume_from
from viewers.geometry import PatientPoint, PixelPoint
from viewers.radiology.centre_line import CentreLine, directions_across
from viewers.radiology.curved import cross_section_axes, stretch
from viewers.radiology.reslice import reslice
from viewers.radiology.slice_plane import SlicePlane

ARC_MM, TUBE_MM = 14.0, 4.0
ANGLES = np.linspace(0, np.pi / 2, 9)
ARC = tuple(PatientPoint(ARC_MM * np.cos(a) - 8, ARC_MM * np.sin(a) - 8, 1.0) for a in ANGLES)


def ramp(points: np.ndarray) -> np.ndarray:
    return np.asarray(points @ np.array([2.0, -3.0, 1.5]))


def tube(points: np.ndarray) -> np.ndarray:
    """A tube of radius TUBE_MM around a quarter of a circle."""
    from_axis = np.hypot(np.hypot(points[..., 0] + 8, points[..., 1] + 8) - ARC_MM, points[..., 2] - 1.0)
    return np.asarray(np.clip(0.5 - (from_axis - TUBE_MM), 0, 1) * 300.0)


def test_that_a_straight_line_is_a_plane() -> None:
    volume = volume_from(grid((14, 30, 30), tilt_degrees=12.0), ramp)
    line = CentreLine((PatientPoint(-5, -4, -3), PatientPoint(5, 6, 7)))
    picture = stretch(volume, line, (1.0, -1.0, 0.0), 8.0, 0.5)
    right, down = picture.across[0], np.ones(3) / np.sqrt(3)
    middle = picture.places[0] + (len(picture.places) - 1) / 2 * 0.5 * down
    plane = SlicePlane(PatientPoint(*middle), tuple(right), tuple(down), 0.5, *picture.values.shape)
    assert np.abs(picture.values - reslice(volume, plane).values).max() < 1e-6
    assert line.length_mm == pytest.approx(np.sqrt(300), rel=1e-6)


def test_that_the_length_along_an_arc_is_the_arcs() -> None:
    line = CentreLine(ARC)
    assert line.length_mm == pytest.approx(ARC_MM * np.pi / 2, rel=2e-3)
    steps = np.linalg.norm(np.diff(line.places(0.25), axis=0), axis=1)
    assert steps == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize("towards", [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 1.0)])
def test_that_a_bent_tube_is_stretched_straight_with_its_width(towards: tuple[float, float, float]) -> None:
    volume = volume_from(grid((22, 34, 34), (1.0, 1.0, 1.0)), tube)
    picture = stretch(volume, CentreLine(ARC), towards, 14.0, 0.5)
    for row in picture.values[4:-4]:
        wide = np.count_nonzero(row > 150) * 0.5
        assert abs(wide - 2 * TUBE_MM) <= 0.5 + 1e-9
        assert abs(np.flatnonzero(row > 150).mean() - (len(row) - 1) / 2) <= 1.0


def test_that_every_pixel_says_where_in_the_patient_it_is() -> None:
    volume = volume_from(grid((22, 34, 34), (1.0, 1.0, 1.0)), ramp)
    picture = stretch(volume, CentreLine(ARC), (0.0, 0.0, 1.0), 6.0, 0.5)
    assert picture.inside.all()
    for row, column in ((0, 0), (7, 3), (20, 11), (picture.values.shape[0] - 1, 5)):
        point = picture.to_patient(PixelPoint(column + 0.5, row + 0.5))
        assert picture.values[row, column] == pytest.approx(ramp(np.array(point)), abs=1e-6)


def test_that_beside_the_volume_there_is_no_image() -> None:
    volume = volume_from(grid((6, 10, 10), (1.0, 1.0, 1.0)), ramp)
    picture = stretch(volume, CentreLine((PatientPoint(0, 0, -9), PatientPoint(0, 0, 9))), (1.0, 0.0, 0.0), 20.0, 1.0)
    assert 0 < picture.inside.mean() < 0.3 and np.isnan(picture.values[~picture.inside]).all()


def test_that_directions_across_are_perpendicular_and_do_not_twist() -> None:
    spiral = [PatientPoint(8 * np.cos(a), 8 * np.sin(a), 1.5 * a) for a in np.linspace(0, 9, 40)]
    places = CentreLine(tuple(spiral)).places(0.3)
    along, across = directions_across(places, (0.0, 0.0, 1.0))
    assert np.abs((along * across).sum(axis=1)).max() < 1e-9
    assert np.linalg.norm(across, axis=1) == pytest.approx(1.0)
    # Without twist, a direction changes along the line only, never around it.
    around = np.cross(along, across)[:-1]
    assert np.abs((np.diff(across, axis=0) * around).sum(axis=1)).max() < 2e-3
    right, down = cross_section_axes(tuple(along[5]), tuple(across[5]))
    assert np.cross(right, down) == pytest.approx(along[5])


def test_that_looking_along_the_line_still_has_a_direction_across() -> None:
    places = CentreLine((PatientPoint(0, 0, 0), PatientPoint(0, 0, 5))).places(1.0)
    _, across = directions_across(places, (0.0, 0.0, 1.0))
    assert np.abs(across[:, 2]).max() < 1e-9 and np.linalg.norm(across, axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("points", [((0, 0, 0),), ((0, 0, 0), (0, 0, 0)), ()])
def test_that_no_line_is_no_centre_line(points: tuple[tuple[float, float, float], ...]) -> None:
    with pytest.raises(ValueError, match="at least two points"):
        CentreLine(tuple(PatientPoint(*point) for point in points))
