"""Where voxels lie: the affine that other programs find, and what is refused because positions do not bear it out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.viewers.radiology.dicom_files import ct_slice
from tests.viewers.radiology.phantom_volumes import grid, in_memory, loaded, random_rotation, series_from
from viewers.errors import UnsupportedImage
from viewers.geometry import PatientPoint
from viewers.radiology.frame import Series, StudyScan
from viewers.radiology.nifti import write_nifti
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.volume_geometry import VolumeGeometry, VoxelPoint, volume_geometry

sitk = pytest.importorskip("SimpleITK")


def flat(points: np.ndarray) -> np.ndarray:
    return points[..., 0]


def stack(*slices: dict[str, object]) -> Series:
    (series,) = scan_instances([in_memory(ct_slice(**s), f"{i}.dcm") for i, s in enumerate(slices)]).series  # type: ignore[arg-type]
    return series


def itk_affine(image: object) -> np.ndarray:
    """SimpleITK's grid as our affine: (k, j, i, 1) → mm, LPS."""
    matrix = np.eye(4)
    axes = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())  # type: ignore[attr-defined]
    matrix[:3, :3], matrix[:3, 3] = axes[:, ::-1], image.GetOrigin()  # type: ignore[attr-defined]
    return matrix


def read_by_itk(series: Series, *, sheared: bool = False) -> object:
    names = list(dict.fromkeys(str(frame.source.path) for frame in series.frames))
    if len(names) == 1:
        return sitk.ReadImage(names[0])
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(names)
    if sheared:
        reader.SetForceOrthogonalDirection(False)
    return reader.Execute()


def counted_as_ours(image: object, geometry: VolumeGeometry) -> tuple[np.ndarray, np.ndarray]:
    """SimpleITK's affine and values with slices counted our way: it keeps an enhanced image's order of frames."""
    affine, values = itk_affine(image), sitk.GetArrayFromImage(image)
    if np.dot(affine[:3, 0], geometry.slice_step_mm) < 0:
        affine[:3, 3] += (len(values) - 1) * affine[:3, 0]
        affine[:3, 0] *= -1
        values = values[::-1]
    return affine, values


@pytest.mark.real_data
def test_that_every_volume_of_the_real_data_lies_and_counts_as_simpleitk_says(
    real_scan: StudyScan, tmp_path: Path
) -> None:
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    compared = 0
    for series in real_scan.series:
        try:
            geometry = volume_geometry(series)
        except UnsupportedImage:
            continue
        if not geometry.is_even or series.frames[0].tile is not None:
            continue  # SimpleITK spaces the images evenly all the same, and takes a mosaic for one picture
        affine, values = counted_as_ours(read_by_itk(series), geometry)
        assert np.abs(affine - geometry.affine).max() < 1e-5, series.title
        volume = loaded(series)
        ours = volume.modality_values()
        assert np.abs(ours - values).max() <= 1e-6 * max(1.0, np.abs(values).max()), series.title
        written = tmp_path / "volume.nii"
        assert write_nifti(volume, written) is None
        again = sitk.ReadImage(str(written))
        assert np.abs(itk_affine(again) - geometry.affine).max() < 1e-4, series.title
        assert np.array_equal(sitk.GetArrayFromImage(again), ours), series.title
        compared += 1
    assert compared >= 13


def test_that_a_tilted_stack_lies_as_simpleitk_says_when_told_to_keep_the_shear(tmp_path: Path) -> None:
    truth = grid((5, 6, 7), (3.0, 1.1, 0.9), random_rotation(np.random.default_rng(3)), 17.0, (20.0, -30.0, 400.0))
    series = series_from(truth, flat)
    sources = []
    for frame in series.frames:
        path = tmp_path / frame.source.name
        path.write_bytes(frame.source.open().read())
        sources.append(replace(frame, source=replace(frame.source, path=path)))  # type: ignore[type-var]
    geometry = volume_geometry(replace(series, frames=tuple(sources)))
    image = read_by_itk(replace(series, frames=tuple(sources)), sheared=True)
    assert np.abs(itk_affine(image) - geometry.affine).max() < 1e-5
    assert np.abs(truth.affine - geometry.affine).max() < 1e-5
    assert geometry.tilt_degrees == pytest.approx(17.0, abs=1e-4)


def test_that_patient_points_and_voxels_are_each_others_inverse() -> None:
    geometry = grid((5, 6, 7), (3.0, 1.1, 0.9), random_rotation(np.random.default_rng(1)), 12.0)
    for voxel in (VoxelPoint(0, 0, 0), VoxelPoint(4, 5, 6), VoxelPoint(1.25, -3.0, 2.5)):
        assert geometry.to_voxel(geometry.to_patient(voxel)) == pytest.approx(voxel, abs=1e-9)
    assert geometry.to_patient(VoxelPoint(0, 0, 0)) == geometry.origin


def test_that_every_image_is_where_its_own_header_puts_it() -> None:
    series = series_from(grid((4, 5, 6), tilt_degrees=-20.0), flat, np.array([2, 0, 3, 1]))
    geometry = volume_geometry(series)
    for k, frame in enumerate(series.frames):
        assert frame.geometry is not None
        assert geometry.to_patient(VoxelPoint(k, 0, 0)) == pytest.approx(frame.geometry.position, abs=1e-6)
        far = frame.geometry.to_patient(frame.geometry.to_pixel(geometry.to_patient(VoxelPoint(k, 4, 5))))
        assert geometry.to_patient(VoxelPoint(k, 4, 5)) == pytest.approx(far, abs=1e-6)


def test_that_a_missing_image_leaves_a_gap_in_the_grid() -> None:
    geometry = volume_geometry(stack(*({"z_mm": z} for z in (0, 5, 10, 20, 25))))
    assert not geometry.is_even
    assert geometry.places == (0, 1, 2, 4, 5) and geometry.gaps == ((2, 4),)
    assert geometry.to_patient(VoxelPoint(5, 0, 0)) == PatientPoint(10, 20, 25)
    assert geometry.remarks == ("An image is missing: nothing is shown there.",)


def test_that_uneven_images_keep_their_own_places() -> None:
    geometry = volume_geometry(stack(*({"z_mm": z} for z in (0, 5, 10, 15.5, 20, 25))))
    assert geometry.places == pytest.approx((0, 1, 2, 3.1, 4, 5)) and geometry.gaps == ()
    assert geometry.remarks == ("Images are unevenly spaced: each is shown at its own place.",)


def test_that_a_corrected_tilt_is_said_beside_what_is_cut() -> None:
    assert grid(tilt_degrees=-12.0).remarks == ("Gantry tilt of 12.0° corrected in this reconstruction.",)
    assert grid().remarks == ()


@pytest.mark.parametrize(
    ("slices", "reason"),
    [
        ([{"z_mm": 0}], "it is a single image"),
        ([{"number": n, "ImagePositionPatient": None} for n in (1, 2)], "its images state no position in the patient"),
        ([{"z_mm": z} for z in (0, 5, 5, 10)], "several of its images lie at one position"),
        (
            [{"z_mm": z, "values": np.zeros((4, 4, 3), np.uint8)} for z in (0, 5)],
            "its images are in colour",
        ),
        (
            [{"ImagePositionPatient": [10.0 + x, 20.0, z]} for x, z in ((0, 0), (3, 5), (0, 10))],
            "its images are shifted sideways against each other, not along one line",
        ),
    ],
)
def test_that_what_is_no_volume_is_refused_with_its_reason(slices: list[dict[str, object]], reason: str) -> None:
    with pytest.raises(UnsupportedImage) as refused:
        volume_geometry(stack(*slices))
    assert str(refused.value) == f"“3. CT Chest” cannot be shown as a volume: {reason}."
