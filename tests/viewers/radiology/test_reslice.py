"""Cutting a volume: exact on its own pixels, nothing beyond its data, and every hole stays a hole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.viewers.radiology.phantom_volumes import grid, loaded, random_rotation, series_from, volume_from
from viewers.geometry import PatientPoint
from viewers.radiology.orthogonal_planes import Orientation, image_plane, orthogonal_plane
from viewers.radiology.reslice import reslice
from viewers.radiology.slice_plane import SlicePlane
from viewers.radiology.volume import SeriesPixels
from viewers.radiology.voxel_volume import VoxelVolume, volume_of


def ramp(points: np.ndarray) -> np.ndarray:
    return 2.0 * points[..., 0] - 3.0 * points[..., 1] + 1.5 * points[..., 2]


def counted(shape: tuple[int, int, int] = (4, 5, 6), dtype: str = "int16") -> np.ndarray:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def whole(values: np.ndarray, **changes: object) -> VoxelVolume:
    geometry = grid(values.shape, (1.0, 1.0, 1.0))  # type: ignore[arg-type]
    return VoxelVolume(geometry, values, np.ones(len(values), np.bool_), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_that_a_plane_on_an_image_is_that_image(dtype: str) -> None:
    values = counted(dtype=dtype)
    volume = whole(values)
    for k in range(4):
        picture = reslice(volume, image_plane(volume.geometry, k))
        assert np.array_equal(picture.values, values[k]) and picture.inside.all()


def test_that_the_three_planes_are_the_arrays_own_cuts_as_radiologists_hold_them() -> None:
    values = counted((5, 5, 5))
    volume = whole(values)
    cuts = {o: reslice(volume, orthogonal_plane(volume.geometry, o)).values for o in Orientation}
    assert np.array_equal(cuts[Orientation.AXIAL], values[2])
    assert np.array_equal(cuts[Orientation.CORONAL], values[::-1, 2, :])  # the head is up
    assert np.array_equal(cuts[Orientation.SAGITTAL], values[::-1, :, 2])  # the face looks left


def test_that_values_are_rescaled_to_the_unit_of_the_volume() -> None:
    volume = whole(counted(), slope=0.5, intercept=-100.0)
    assert np.array_equal(reslice(volume, image_plane(volume.geometry, 1)).values, counted()[1] * 0.5 - 100)


def test_that_nothing_is_drawn_beyond_the_voxels_centres() -> None:
    volume = whole(counted())
    plane = image_plane(volume.geometry, 1)
    for outside in (plane.moved(-1.01), plane.moved(2.01)):
        picture = reslice(volume, outside)
        assert not picture.inside.any() and np.isnan(picture.values).all()
    wide = reslice(volume, plane.resized(9, 10, 1.0))
    assert wide.inside.sum() == 30 and np.isnan(wide.values[~wide.inside]).all()
    between = reslice(volume, plane.resized(10, 12, 0.5))
    assert between.inside.sum() == 8 * 10  # the quarter pixels outside the outer centres are not made up


def test_that_no_value_is_made_across_a_missing_image() -> None:
    volume = volume_from(replace(grid((3, 8, 8)), places=(0.0, 1.0, 3.0)), ramp)
    inside = [reslice(volume, image_plane(volume.geometry, k)).inside.all() for k in (0.5, 1.0, 1.5, 2.9, 3.0)]
    assert inside == [True, True, False, False, True]


def test_that_unevenly_spaced_images_are_interpolated_between_their_own_places() -> None:
    geometry = replace(grid((4, 9, 9)), places=(0.0, 1.0, 1.8, 3.1))
    volume = volume_from(geometry, ramp)
    plane = SlicePlane(geometry.centre, (1.0, 0.0, 0.0), (0.0, 0.6, 0.8), 0.3, 30, 20)
    picture = reslice(volume, plane)
    rows, columns = np.nonzero(picture.inside)
    assert len(rows) > 200
    for row, column in zip(rows, columns, strict=True):
        point = np.array(plane.geometry.position) + 0.3 * (column * np.array(plane.right) + row * np.array(plane.down))
        assert picture.values[row, column] == pytest.approx(ramp(point), abs=1e-3)


@pytest.mark.parametrize(("dtype", "hole"), [("int16", -2000), ("float32", np.nan)])
def test_that_padding_is_never_mixed_into_a_value(dtype: str, hole: float) -> None:
    values = np.full((3, 5, 5), 100, dtype)
    values[1, 2, 2] = hole
    volume = whole(values, padding=(-2000.0, -2000.0) if dtype == "int16" else None)
    exact = reslice(volume, image_plane(volume.geometry, 1))
    assert exact.inside.sum() == 24 and not exact.inside[2, 2]
    for plane in (image_plane(volume.geometry, 0.5), image_plane(volume.geometry, 1).resized(9, 9, 0.5)):
        picture = reslice(volume, plane)
        assert not picture.inside.all()
        assert set(np.unique(picture.values[picture.inside])) == {100}


def test_that_an_image_that_has_not_come_yet_leaves_its_place_empty() -> None:
    pixels = SeriesPixels(series_from(grid((4, 6, 6)), ramp))
    for index in (0, 1, 3):
        pixels.read_frame(index)
    volume = volume_of(pixels)
    assert volume.present.tolist() == [True, True, False, True] and not volume.is_complete
    seen = [reslice(volume, image_plane(volume.geometry, k)).inside.all() for k in (0, 0.5, 1, 1.5, 2, 2.5, 3)]
    assert seen == [True, True, True, False, False, False, True]


def test_that_slices_with_rescales_of_their_own_are_put_in_one_unit() -> None:
    series = series_from(grid((4, 6, 6)), lambda points: np.full(points.shape[:-1], 50.0))
    frames = tuple(
        replace(frame, display=replace(frame.display, slope=0.1 * (k + 1))) for k, frame in enumerate(series.frames)
    )
    volume = loaded(replace(series, frames=frames))
    assert volume.slope == 1.0
    for k in range(4):
        expected = 10500 * 0.1 * (k + 1) - 1000
        assert np.allclose(reslice(volume, image_plane(volume.geometry, k)).values, expected, atol=1e-2)


def test_that_a_plane_far_away_is_empty_and_no_error() -> None:
    volume = whole(counted())
    far = image_plane(volume.geometry, 0).centred_on(PatientPoint(1e6, -1e6, 1e6))
    assert not reslice(volume, far).inside.any()


def test_that_rows_cut_in_bands_join_without_a_seam() -> None:
    volume = volume_from(grid((12, 40, 40), rotation=random_rotation(np.random.default_rng(5))), ramp)
    plane = SlicePlane(volume.geometry.centre, (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), 0.05, 300, 400)
    picture = reslice(volume, plane)
    assert np.abs(np.diff(picture.values[:, 200], 2)).max() < 1e-3
