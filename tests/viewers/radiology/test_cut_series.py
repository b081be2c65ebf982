"""A picture cut out of a volume is drawn, lettered and measured like an image, and says that it is none."""

from __future__ import annotations

import numpy as np
import pytest

from tests.viewers.radiology.phantom_volumes import grid, loaded, series_from
from viewers.errors import OutOfRange
from viewers.radiology.cut_series import cut_orthogonal, series_of_cut
from viewers.radiology.decode import read_frame
from viewers.radiology.display_facts import VoiWindow
from viewers.radiology.display_orientation import DisplayOrientation, letters
from viewers.radiology.frame import Series
from viewers.radiology.orthogonal_planes import Orientation, image_plane
from viewers.radiology.reslice import reslice
from viewers.radiology.slab import SlabMode
from viewers.radiology.snapshot import render_snapshot
from viewers.radiology.voxel_volume import VoxelVolume


def ramp(points: np.ndarray) -> np.ndarray:
    return np.asarray(points @ np.array([2.0, -3.0, 1.5]))


@pytest.fixture(scope="module")
def tilted() -> tuple[Series, VoxelVolume]:
    series = series_from(grid((10, 16, 16), (2.0, 0.9, 0.9), tilt_degrees=15.0), ramp)
    return series, loaded(series)


def test_that_a_cut_keeps_patient_and_window_and_says_that_it_is_computed(tilted: tuple[Series, VoxelVolume]) -> None:
    series, volume = tilted
    cut = cut_orthogonal(series, volume, Orientation.CORONAL, at_mm=0.5)
    assert cut.patient == series.patient and cut.title == "3. CT Chest, coronal y = 0.5 mm"
    assert cut.warnings[:2] == (
        "Reconstructed: its pixels are interpolated between images, not stored.",
        "Gantry tilt of 15.0° corrected in this reconstruction.",
    )
    shown = letters(cut.frames[0], DisplayOrientation())
    assert shown is not None and (shown.left, shown.right, shown.top, shown.bottom) == ("R", "L", "H", "F")
    assert (cut.calibration.column_mm, cut.calibration.row_mm) == (0.9, 0.9)


def test_that_its_stored_values_are_those_of_the_volume_in_its_unit(tilted: tuple[Series, VoxelVolume]) -> None:
    series, volume = tilted
    cut = cut_orthogonal(series, volume, Orientation.SAGITTAL)
    frame = cut.frames[0]
    stored = read_frame(frame)
    assert frame.geometry is not None and frame.display.unit == "HU"
    rows, columns = np.nonzero(stored > -1e30)
    assert 0.3 < len(rows) / stored.size < 1.0
    across, down = np.array(frame.geometry.row_direction), np.array(frame.geometry.column_direction)
    points = np.array(frame.geometry.position) + 0.9 * (columns[:, None] * across + rows[:, None] * down)
    assert np.abs(stored[rows, columns] - ramp(points)).max() <= 0.5


@pytest.mark.parametrize("invert", [False, True])
def test_that_where_there_is_no_image_it_is_black_at_any_zoom_and_window(
    tilted: tuple[Series, VoxelVolume], invert: bool
) -> None:
    series, volume = tilted
    plane = image_plane(volume.geometry, 4).resized(40, 40, 0.9)
    cut = series_of_cut(series, volume, reslice(volume, plane), "wide")
    for size in (None, (173, 173)):
        window = VoiWindow.make(-5000.0 if not invert else 5000.0, 100.0)
        picture = render_snapshot(cut, window=window, bare=True, size=size, invert=invert)
        # All that is image is white at this window, also its edge: nothing in between is drawn.
        assert set(np.unique(picture)) == {0, 255}
        assert picture[0].max() == 0 and picture[:, -1].max() == 0


def test_that_the_window_of_its_values_leaves_out_where_there_is_no_image(tilted: tuple[Series, VoxelVolume]) -> None:
    series, volume = tilted
    cut = cut_orthogonal(series, volume, Orientation.AXIAL)
    picture = render_snapshot(cut, window="minmax", bare=True)
    assert picture.max() == 255 and np.unique(picture).size > 50


def test_that_a_slab_names_its_mode_and_thickness(tilted: tuple[Series, VoxelVolume]) -> None:
    series, volume = tilted
    cut = cut_orthogonal(series, volume, Orientation.AXIAL, at_mm=0.0, slab_mm=6.0, mode=SlabMode.MEAN)
    assert cut.variant == "axial z = 0.0 mm, mean of 6 mm" and cut.frames[0].thickness_mm == 6.0


def test_that_a_plane_beyond_the_volume_is_refused_with_its_reach(tilted: tuple[Series, VoxelVolume]) -> None:
    series, volume = tilted
    with pytest.raises(OutOfRange) as refused:
        cut_orthogonal(series, volume, Orientation.AXIAL, at_mm=500.0)
    assert str(refused.value) == "There is no image at z = 500 mm: “3. CT Chest” reaches from -9.0 to 9.0 mm."
