"""Known bodies at random orientations, spacings, tilts and frame orders, through loading, MPR and measuring.

Within half a voxel, and 0.5 HU: what a reader measures on any plane is what is there.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.viewers.radiology.phantom_volumes import grid, loaded, random_rotation, series_from
from viewers.annotation.measurements import measure_shape
from viewers.annotation.shapes import ImagePoint, Polyline
from viewers.calibration import Calibration, CalibrationClass
from viewers.geometry import PatientPoint, PixelPoint, dot, unit
from viewers.radiology.reslice import CutPicture, reslice
from viewers.radiology.slice_plane import SlicePlane
from viewers.radiology.voxel_volume import VoxelVolume

SPHERE_MM, INSIDE_HU = 8.0, 300.0
SLOPE = np.array([2.0, -3.0, 1.5])
BEADS = np.array([[0.0, 0.0, 0.0], [9.0, 2.0, -1.0], [-2.0, 8.0, 3.0]])


def ramp(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points @ SLOPE


def sphere(points: NDArray[np.float64]) -> NDArray[np.float64]:
    distance = np.linalg.norm(points, axis=-1) - SPHERE_MM
    return np.clip(0.5 - distance / 1.5, 0.0, 1.0) * INSIDE_HU


def beads(points: NDArray[np.float64]) -> NDArray[np.float64]:
    squared = ((points[..., None, :] - BEADS) ** 2).sum(-1)
    return np.asarray(1000.0 * np.exp(-squared / (2 * 1.6**2)).sum(-1))


class Setting:
    """One of the twenty: how the scanner lay."""

    def __init__(self, number: int) -> None:
        rng = np.random.default_rng(number)
        self.rotation = random_rotation(rng)
        self.spacing = (rng.uniform(1.0, 2.0), rng.uniform(0.8, 1.3), rng.uniform(0.8, 1.3))
        self.tilt = float(rng.uniform(-25, 25)) if number % 2 else 0.0
        across = random_rotation(rng)
        self.plane_right, self.plane_down = unit(across[:, 0]), unit(across[:, 1])
        slices = int(26 / self.spacing[0]) + 2
        self.geometry = grid((slices, 28, 30), self.spacing, self.rotation, self.tilt, tuple(rng.uniform(-0.4, 0.4, 3)))
        self.order = rng.permutation(slices)

    @property
    def half_voxel(self) -> float:
        return max(self.spacing) / 2

    def plane(self, point: tuple[float, float, float] = (0.0, 0.0, 0.0), spacing_mm: float = 0.5) -> SlicePlane:
        return SlicePlane(PatientPoint(*point), self.plane_right, self.plane_down, spacing_mm, 48, 50)


SETTINGS = range(20)


@cache
def setting(number: int) -> Setting:
    return Setting(number)


def volume(number: int, truth: object) -> VoxelVolume:
    chosen = setting(number)
    return loaded(series_from(chosen.geometry, truth, chosen.order))  # type: ignore[arg-type]


def pixel_centres(picture: CutPicture) -> NDArray[np.float64]:
    """(rows, columns, 3): where each pixel's centre is said to be."""
    plane = picture.plane.geometry
    rows, columns = np.indices(picture.values.shape)
    return np.asarray(
        np.array(plane.position)
        + columns[..., None] * plane.column_spacing_mm * np.array(plane.row_direction)
        + rows[..., None] * plane.row_spacing_mm * np.array(plane.column_direction)
    )


@pytest.mark.parametrize("number", SETTINGS)
def test_that_values_on_any_plane_are_those_of_the_patient(number: int) -> None:
    body = volume(number, ramp)
    assert body.geometry.is_tilted == bool(number % 2)
    picture = reslice(body, setting(number).plane((1.0, -2.0, 0.5)))
    assert picture.inside.mean() > 0.5
    off = np.abs(picture.values - ramp(pixel_centres(picture)))[picture.inside]
    assert off.max() <= 0.5


@pytest.mark.parametrize("number", SETTINGS)
def test_that_a_sphere_has_its_diameter_volume_and_value(number: int) -> None:
    body, at = volume(number, sphere), setting(number)
    plane = at.plane()
    picture = reslice(body, plane)
    row, column = plane.rows // 2, plane.columns // 2
    for profile in (picture.values[row], picture.values[:, column]):
        edges = crossings(profile, INSIDE_HU / 2)
        assert len(edges) == 2
        assert abs((edges[1] - edges[0]) * plane.spacing_mm - 2 * SPHERE_MM) <= at.half_voxel
    assert abs(picture.values[row, column] - INSIDE_HU) <= 0.5
    stack = [reslice(body, plane.moved(depth)) for depth in np.arange(-10.0, 10.1, 1.0)]
    cubic_mm = sum(np.nansum(cut.values) for cut in stack) / INSIDE_HU * plane.spacing_mm**2 * 1.0
    shell = 4 * np.pi * SPHERE_MM**2 * at.half_voxel
    assert abs(cubic_mm - 4 / 3 * np.pi * SPHERE_MM**3) <= shell / 4


@pytest.mark.parametrize("number", SETTINGS)
def test_that_lengths_and_angles_between_beads_are_true(number: int) -> None:
    body, at = volume(number, beads), setting(number)
    arms = BEADS[1:] - BEADS[0]
    right = unit(arms[0])
    down = unit(arms[1] - dot(arms[1], right) * np.array(right))
    picture = reslice(
        body, SlicePlane(PatientPoint(3.0, 4.0, 1.0), right, down, 0.4, 60, 60).through(PatientPoint(*BEADS[0]))
    )
    found = [brightest(picture, bead) for bead in BEADS]
    for point, bead in zip(found, BEADS, strict=True):
        seen = picture.plane.to_patient(PixelPoint(*point))
        assert np.linalg.norm(np.subtract(seen, bead)) <= at.half_voxel
    scale = Calibration(CalibrationClass.PATIENT_GEOMETRY, 0.4, 0.4)
    for end, arm in zip(found[1:], arms, strict=True):
        line = Polyline((ImagePoint(*found[0]), ImagePoint(*end)))
        (length,) = measure_shape(line, scale, on_slide=False)
        assert length.unit == "mm" and abs(length.value - np.linalg.norm(arm)) <= at.half_voxel
    seen_angle = angle(*(np.subtract(end, found[0]) for end in found[1:]))
    assert abs(seen_angle - angle(*arms)) <= np.degrees(2 * at.half_voxel / min(np.linalg.norm(arms, axis=1)))


def crossings(profile: NDArray[np.float64], level: float) -> list[float]:
    """Places (pixels, fractions included) where a profile passes *level*."""
    return [
        index + (level - a) / (b - a)
        for index, (a, b) in enumerate(pairwise(profile))
        if not np.isnan(a + b) and (a < level) != (b < level)
    ]


def brightest(picture: CutPicture, near: NDArray[np.float64]) -> ImagePoint:
    """The centre of brightness around a bead, as a reader's click on it."""
    expected = picture.plane.to_pixel(PatientPoint(*near))
    rows, columns = np.indices(picture.values.shape) + 0.5
    close = (np.hypot(rows - expected.row, columns - expected.column) < 8) & picture.inside
    weight = np.where(close, np.nan_to_num(picture.values), 0.0) ** 2
    return ImagePoint(float((weight * columns).sum() / weight.sum()), float((weight * rows).sum() / weight.sum()))


def angle(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.degrees(np.arccos(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))))
