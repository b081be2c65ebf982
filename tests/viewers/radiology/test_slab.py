"""Slabs: the brightest, darkest and mean through the thickness that is stated, and through nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from tests.viewers.radiology.phantom_volumes import grid
from viewers.radiology.orthogonal_planes import image_plane
from viewers.radiology.reslice import reslice
from viewers.radiology.slab import SlabGivenUp, SlabMode, cut_slab
from viewers.radiology.voxel_volume import VoxelVolume


def volume(slope: float = 1.0, padding: tuple[float, float] | None = None) -> VoxelVolume:
    values = np.random.default_rng(0).integers(0, 1000, (9, 12, 12)).astype(np.int16)
    return VoxelVolume(grid((9, 12, 12), (1.0, 1.0, 1.0)), values, np.ones(9, np.bool_), slope, 5.0, padding=padding)


@pytest.mark.parametrize("slope", [1.0, -2.0])
@pytest.mark.parametrize(
    ("mode", "by_numpy"), [(SlabMode.MAXIMUM, np.max), (SlabMode.MINIMUM, np.min), (SlabMode.MEAN, np.mean)]
)
def test_that_a_slab_along_the_images_is_numpys_own_projection(mode: SlabMode, by_numpy: object, slope: float) -> None:
    body = volume(slope)
    cut = cut_slab(body, image_plane(body.geometry, 4), 4.0, mode)
    expected = by_numpy(body.values[2:7] * slope + 5.0, axis=0)  # type: ignore[operator]
    assert np.allclose(cut.picture.values, expected, atol=1e-3) and cut.step_mm == 1.0


def test_that_a_slab_that_reaches_out_of_the_volume_projects_what_there_is() -> None:
    body = volume()
    cut = cut_slab(body, image_plane(body.geometry, 0), 4.0, SlabMode.MEAN)
    assert np.allclose(cut.picture.values, body.values[:3].mean(axis=0) + 5.0, atol=1e-3)
    outside = cut_slab(body, image_plane(body.geometry, -9), 4.0, SlabMode.MINIMUM)
    assert not outside.picture.inside.any() and np.isnan(outside.picture.values).all()


def test_that_padding_is_never_the_darkest_value() -> None:
    body = volume(padding=(0.0, 300.0))
    cut = cut_slab(body, image_plane(body.geometry, 4), 2.0, SlabMode.MINIMUM)
    assert np.nanmin(cut.picture.values) > 305


def test_that_no_thickness_is_the_plane_alone() -> None:
    body = volume()
    plane = image_plane(body.geometry, 3.4)
    cut = cut_slab(body, plane, 0.0, SlabMode.MAXIMUM)
    assert np.array_equal(cut.picture.values, reslice(body, plane).values)


def test_that_planes_of_an_oblique_slab_are_never_further_apart_than_voxels() -> None:
    body = volume()
    plane = image_plane(body.geometry, 4).turned((1.0, 0.0, 0.0), 40.0)
    cut = cut_slab(body, plane, 5.0, SlabMode.MAXIMUM)
    assert 0.9 < cut.step_mm <= 1.0 / np.cos(np.radians(40.0)) and not cut.is_coarse


def test_that_a_coarse_slab_covers_the_same_place_with_pixels_twice_as_large() -> None:
    body = volume()
    plane = image_plane(body.geometry, 4)
    coarse = cut_slab(body, plane, 4.0, SlabMode.MEAN, coarse=True)
    assert coarse.is_coarse and coarse.step_mm == 2.0
    seen = coarse.picture.plane
    assert (seen.rows, seen.columns, seen.spacing_mm, seen.centre) == (6, 6, 2.0, plane.centre)


def test_that_a_slab_nobody_wants_any_more_is_given_up() -> None:
    body = volume()
    with pytest.raises(SlabGivenUp):
        cut_slab(body, image_plane(body.geometry, 4), 4.0, SlabMode.MEAN, is_wanted=lambda: False)
