"""Structures become the voxels whose centres they enclose: the same as another program's masks, to the voxel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

from tests.real_data import real_data
from tests.viewers.radiology.dicom_files import ct_slice
from tests.viewers.radiology.phantom_volumes import grid, in_memory, random_rotation
from viewers.byte_source import FileByteSource
from viewers.errors import UnreadableFile
from viewers.radiology.contour_mask import fill_polygon, fill_structure
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.sop_class import STRUCTURE_SET
from viewers.radiology.structure_set import Contour, Structure, load_structure_set
from viewers.radiology.volume_geometry import VolumeGeometry, VoxelPoint, volume_geometry

SARCOMA = ("dicom", "petct_mr_rtstruct_STS_005")


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float(2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other)))


def structure(*contours: NDArray[np.float64], kind: str = "CLOSED_PLANAR") -> Structure:
    return Structure(1, "GTV", "GTV", None, tuple(Contour(kind, points) for points in contours))


def square(geometry: VolumeGeometry, k: float, low: float, high: float) -> NDArray[np.float64]:
    """A square of the grid's own rows and columns on the image at *k*, in patient coordinates."""
    corners = ((low, low), (low, high), (high, high), (high, low))
    return np.array([geometry.to_patient(VoxelPoint(k, j, i)) for j, i in corners])


@pytest.mark.real_data
@pytest.mark.parametrize("modality", ["CT", "PET", "MR_T1"])
def test_that_the_tumour_is_the_published_mask_and_no_voxel_beside_it(modality: str) -> None:
    sitk = pytest.importorskip("SimpleITK")
    images = sorted(real_data(*SARCOMA, "dicom", modality, "image").iterdir())
    (series,) = scan_instances([FileByteSource(path) for path in images]).series
    file = FileByteSource(real_data(*SARCOMA, "dicom", modality, "mask", "RS.dcm"))
    published = real_data(*SARCOMA, "nifti_reference_masks", f"{modality}_mask.nii.gz")
    reference = sitk.GetArrayFromImage(sitk.ReadImage(str(published))) > 0
    found = load_structure_set(file)
    assert found.frame_of_reference_uid == series.frame_of_reference_uid and found.damaged == 0
    (tumour,) = found.structures
    assert tumour.name == f"GTV_Mass_{modality}"
    filled = fill_structure(tumour, volume_geometry(series))
    assert filled.remarks == ()
    assert dice(filled.mask, reference) >= 0.999
    for axis in range(3):
        for step in (-1, 1):
            assert dice(np.roll(filled.mask, step, axis), reference) < 0.999


def test_that_a_contour_inside_another_is_a_hole() -> None:
    geometry = grid((3, 10, 10))
    filled = fill_structure(structure(square(geometry, 1, 0.5, 8.5), square(geometry, 1, 2.5, 5.5)), geometry)
    assert filled.mask[1].sum() == 64 - 9 and not filled.mask[0].any() and not filled.mask[2].any()
    assert filled.volume_ml(geometry) == pytest.approx(55 * 2 / 1000)


def test_that_a_tilted_oblique_volume_is_filled_along_its_own_images() -> None:
    geometry = grid((4, 9, 9), (2.5, 0.8, 0.9), random_rotation(np.random.default_rng(2)), 18.0, (5.0, -40.0, 300.0))
    filled = fill_structure(structure(square(geometry, 2, 1.5, 6.5)), geometry)
    expected = np.zeros(geometry.shape, bool)
    expected[2, 2:7, 2:7] = True
    assert np.array_equal(filled.mask, expected)


def test_that_what_is_not_in_the_images_is_left_out_and_counted() -> None:
    geometry = grid((3, 10, 10))
    beside, crossing = square(geometry, 7, 1, 5), square(geometry, 1, 1, 5)
    crossing[0, 2] += 5.0
    filled = fill_structure(structure(beside, crossing), geometry)
    assert not filled.mask.any()
    assert filled.remarks == (
        "1 of its contours lie on none of these images and are left out.",
        "1 of its contours run across these images and are left out.",
    )


@pytest.mark.parametrize("kind", ["POINT", "OPEN_PLANAR", "OPEN_NONPLANAR"])
def test_that_what_encloses_nothing_fills_nothing(kind: str) -> None:
    geometry = grid((3, 10, 10))
    assert not fill_structure(structure(square(geometry, 1, 1, 5), kind=kind), geometry).mask.any()


points = st.lists(st.tuples(st.floats(-3, 15), st.floats(-3, 13)), min_size=3, max_size=9)


@given(points)
@settings(max_examples=80)
def test_that_a_pixel_is_filled_if_a_ray_from_its_centre_leaves_an_odd_number_of_times(
    outline: list[tuple[float, float]],
) -> None:
    polygon = np.array(outline) + 1e-7 * np.array([np.sqrt(2), np.sqrt(3)])
    filled = fill_polygon(polygon, 10, 12)
    edges = list(zip(polygon, np.roll(polygon, -1, axis=0), strict=True))
    for j in range(10):
        for i in range(12):
            leaves = 0
            for (ax, ay), (bx, by) in edges:
                if (ay <= j) != (by <= j) and ax + (j - ay) / (by - ay) * (bx - ax) < i:
                    leaves += 1
            assert filled[j, i] == bool(leaves % 2)


def test_that_two_areas_with_a_common_edge_share_no_pixel() -> None:
    left = fill_polygon(np.array([[1.0, 1.0], [5.0, 1.0], [5.0, 6.0], [1.0, 6.0]]), 8, 10)
    right = fill_polygon(np.array([[5.0, 1.0], [8.0, 1.0], [8.0, 6.0], [5.0, 6.0]]), 8, 10)
    assert not (left & right).any() and (left | right).sum() == 7 * 5


def structure_file(contours: list[list[float]], **changes: Any) -> Dataset:
    ds = ct_slice()
    for keyword in ("PixelData", "ImagePositionPatient"):
        delattr(ds, keyword)
    ds.SOPClassUID, ds.Modality, ds.StructureSetLabel = STRUCTURE_SET, "RTSTRUCT", "Plan A"
    roi, shown = Dataset(), Dataset()
    roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = 4, "Lung", changes.get("frame", "1.2.3")
    shown.ReferencedROINumber, shown.ROIDisplayColor = 4, [255, 128, 0]
    shown.ContourSequence = Sequence()
    for flat in contours:
        contour = Dataset()
        contour.ContourGeometricType, contour.ContourData = "CLOSED_PLANAR", flat
        shown.ContourSequence.append(contour)
    ds.StructureSetROISequence, ds.ROIContourSequence = Sequence([roi]), Sequence([shown])
    return ds


def test_that_a_structure_set_is_read_with_names_colours_and_points() -> None:
    found = load_structure_set(in_memory(structure_file([[0, 0, 5, 1, 0, 5, 1, 1, 5]]), "rs.dcm"))
    (lung,) = found.structures
    assert (lung.number, lung.name, lung.colour, found.label, found.patient_id) == (
        4,
        "Lung",
        (255, 128, 0),
        "Plan A",
        "P1",
    )
    assert lung.contours[0].points.tolist() == [[0, 0, 5], [1, 0, 5], [1, 1, 5]]


def test_that_contours_that_are_not_whole_are_counted_and_others_kept() -> None:
    found = load_structure_set(in_memory(structure_file([[0, 0, 5, 1, 0], [0, 0, 5, 1, 0, 5, 1, 1, 5]]), "rs.dcm"))
    assert found.damaged == 1 and len(found.structures[0].contours) == 1


def test_that_an_image_is_no_structure_set() -> None:
    with pytest.raises(UnreadableFile, match=r"ct\.dcm is no radiotherapy structure set\."):
        load_structure_set(in_memory(ct_slice(SOPInstanceUID=generate_uid()), "ct.dcm"))
