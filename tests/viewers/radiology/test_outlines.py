"""An outline lies on the image that its contour lies in, at its place in the patient, and on no other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.real_data import real_data
from tests.viewers.radiology.phantom_volumes import grid, random_rotation, series_from
from viewers.byte_source import FileByteSource
from viewers.radiology.contour_mask import fill_polygon
from viewers.radiology.frame import Series
from viewers.radiology.outlines import lay_out
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.structure_set import Contour, Structure, StructureSet, load_structure_set
from viewers.radiology.volume_geometry import VoxelPoint, volume_geometry


def zero(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.zeros(points.shape[:-1])


@pytest.fixture(scope="module")
def series() -> Series:
    """Seven images of 20 × 24 px of 1 mm, 3 mm apart, turned at random."""
    return series_from(grid((7, 20, 24), (3.0, 1.0, 1.0), random_rotation(np.random.default_rng(8))), zero)


def structures(series: Series, *contours: NDArray[np.float64], **changes: object) -> StructureSet:
    """One structure of closed contours, given as voxel places (k, j, i) of the series' own grid."""
    geometry = volume_geometry(series)
    points = [
        Contour("CLOSED_PLANAR", np.array([geometry.to_patient(VoxelPoint(*map(float, place))) for place in places]))
        for places in contours
    ]
    found = StructureSet(
        "P1", "GTV", series.frame_of_reference_uid, (Structure(1, "GTV", "GTV", (255, 0, 0), tuple(points)),)
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def square(level: float) -> NDArray[np.float64]:
    return np.array([(level, 4, 5), (level, 4, 11), (level, 9, 11), (level, 9, 5)], float)


def test_that_an_outline_lies_on_its_image_at_its_place(series: Series) -> None:
    outlines = lay_out([structures(series, square(2.0))], series)
    assert outlines is not None and outlines.names == (("GTV", (255, 0, 0)),)
    assert sorted(outlines.by_index) == [2] and outlines.elsewhere == 0
    (outline,) = outlines.at(2)
    assert outline.is_closed
    # A voxel's centre is half a pixel into the image.
    expected = [(5.5, 4.5), (11.5, 4.5), (11.5, 9.5), (5.5, 9.5)]
    for point, (column, row) in zip(outline.points, expected, strict=True):
        assert (point.column, point.row) == (pytest.approx(column, abs=1e-5), pytest.approx(row, abs=1e-5))


@pytest.mark.parametrize(("level", "where"), [(2.45, [2]), (2.55, [3]), (-0.4, [0]), (-0.6, []), (6.6, [])])
def test_that_half_a_slice_is_as_far_as_an_outline_is_drawn(series: Series, level: float, where: list[int]) -> None:
    outlines = lay_out([structures(series, square(level))], series)
    assert outlines is not None
    assert sorted(outlines.by_index) == where
    assert outlines.elsewhere == (0 if where else 1)


def test_that_a_contour_across_the_images_is_counted_and_not_drawn(series: Series) -> None:
    tilted = square(2.0)
    tilted[:, 0] += [0.0, 0.0, 0.4, 0.4]
    outlines = lay_out([structures(series, tilted)], series)
    assert outlines is not None
    assert outlines.by_index == {} and outlines.names == () and outlines.elsewhere == 1


def test_that_another_frame_of_reference_or_none_is_never_drawn(series: Series) -> None:
    assert lay_out([structures(series, square(2.0), frame_of_reference_uid="1.2.3")], series) is None
    nowhere = replace(series, frame_of_reference_uid="")
    assert lay_out([structures(nowhere, square(2.0))], nowhere) is None


@pytest.mark.real_data
@pytest.mark.parametrize("modality", ["CT", "PET", "MR_T1"])
def test_that_the_outlines_enclose_the_published_mask_image_by_image(modality: str) -> None:
    sitk = pytest.importorskip("SimpleITK")
    folder = real_data("dicom", "petct_mr_rtstruct_STS_005")
    files = [FileByteSource(path) for path in sorted((folder / "dicom" / modality).rglob("*")) if path.is_file()]
    scan = scan_instances(files)
    (series,), (file,) = scan.series, scan.structures
    outlines = lay_out([load_structure_set(file.source)], series)
    assert outlines is not None and (outlines.elsewhere, outlines.damaged) == (0, 0)
    published = folder / "nifti_reference_masks" / f"{modality}_mask.nii.gz"
    reference = sitk.GetArrayFromImage(sitk.ReadImage(str(published))) > 0
    same = total = 0
    for index in range(len(series.frames)):
        enclosed = np.zeros((series.rows, series.columns), bool)
        for outline in outlines.at(index):
            # Filling counts from pixel centres, outlines from the image's corner.
            polygon = np.array([(point.column - 0.5, point.row - 0.5) for point in outline.points])
            enclosed ^= fill_polygon(polygon, series.rows, series.columns)
        same += int((enclosed & reference[index]).sum())
        total += int(enclosed.sum() + reference[index].sum())
    assert 2 * same / total >= 0.999
