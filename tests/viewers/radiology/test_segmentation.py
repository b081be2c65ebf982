"""A segmentation's outlines enclose exactly its pixels, where the file says they lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from tests.real_data import real_data
from viewers.byte_source import FileByteSource
from viewers.errors import UnsupportedImage
from viewers.geometry import PatientPoint
from viewers.radiology.cielab import srgb_of
from viewers.radiology.contour_mask import fill_polygon
from viewers.radiology.instance import load_instance
from viewers.radiology.mask_outlines import outlines_of
from viewers.radiology.structure_files import holds_structures, load_structures


def filled(polygons: list[NDArray[np.float64]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, bool)
    for polygon in polygons:
        # Filling counts from pixel centres, outlines from the image's corner.
        mask ^= fill_polygon(polygon - 0.5, shape[0], shape[1])
    return mask


@given(arrays.arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))))
@settings(max_examples=150)
def test_that_outlines_enclose_exactly_the_mask(mask: NDArray[np.bool_]) -> None:
    polygons = outlines_of(mask)
    assert np.array_equal(filled(polygons, mask.shape), mask)
    for polygon in polygons:
        steps = np.roll(polygon, -1, axis=0) - polygon
        assert np.all((steps == 0).sum(axis=1) == 1), "only along the edges of pixels"


def test_that_pixels_that_touch_at_a_corner_are_apart_and_a_hole_is_one() -> None:
    assert len(outlines_of(np.array([[1, 0], [0, 1]], bool))) == 2
    ring = np.ones((3, 3), bool)
    ring[1, 1] = False
    assert sorted(len(polygon) for polygon in outlines_of(ring)) == [4, 4]


@pytest.mark.parametrize(
    ("lab", "rgb"),
    [((100, 0, 0), (255, 255, 255)), ((0, 0, 0), (0, 0, 0)), ((54.29, 80.81, 69.89), (255, 0, 0)),
     ((29.57, 68.30, -112.03), (0, 0, 255))],
)  # fmt: skip
def test_that_cielab_becomes_the_screens_colour(lab: tuple[float, ...], rgb: tuple[int, ...]) -> None:
    stored = [lab[0] / 100 * 65535, *((part + 128) / 255 * 65535 for part in lab[1:])]
    found = srgb_of(stored)
    assert found is not None and np.abs(np.subtract(found, rgb)).max() <= 3
    assert srgb_of([1.0, 2.0]) is None


FILES = (
    "highdicom_testfiles/seg_image_ct_binary.dcm",
    "highdicom_testfiles/seg_image_ct_binary_overlap.dcm",
    "highdicom_testfiles/seg_image_ct_true_fractional.dcm",
)


@pytest.mark.real_data
@pytest.mark.parametrize("name", FILES)
def test_that_real_segments_are_outlined_as_pydicom_reads_them(name: str) -> None:
    pydicom = pytest.importorskip("pydicom")
    path = real_data("dicom", *name.split("/"))
    stored = pydicom.dcmread(path)
    pixels = stored.pixel_array.reshape(-1, stored.Rows, stored.Columns)
    if stored.SegmentationType == "FRACTIONAL":
        pixels = pixels >= stored.MaximumFractionalValue / 2
    found = load_structures(FileByteSource(path))
    frames = load_instance(FileByteSource(path)).frames
    of_frame = [group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
                for group in stored.PerFrameFunctionalGroupsSequence]  # fmt: skip
    assert found.frame_of_reference_uid == stored.FrameOfReferenceUID
    for structure in found.structures:
        drawn = np.zeros(pixels.shape, bool)
        for contour in structure.contours:
            (index,) = [
                k for k, frame in enumerate(frames)
                if frame.geometry is not None and of_frame[k] == structure.number
                and abs(np.dot(frame.geometry.normal, contour.points[0] - np.array(frame.geometry.position))) < 1e-3
            ]  # fmt: skip
            plane = frames[index].geometry
            assert plane is not None
            at = [plane.to_pixel(PatientPoint(*point)) for point in contour.points]
            drawn[index] ^= filled([np.round(np.array(at), 6)], pixels.shape[1:])
        wanted = np.array([frame * (of_frame[k] == structure.number) for k, frame in enumerate(pixels)]) > 0
        assert np.array_equal(drawn, wanted)


@pytest.mark.real_data
def test_that_a_label_map_knows_its_background_and_its_names() -> None:
    for path in sorted(real_data("dicom", "seg_sr_paramap_dcmqi", "segmentations").rglob("sparse-labelmap-*.dcm")):
        found = load_structures(FileByteSource(path))
        assert found.structures and all(one.name and one.contours for one in found.structures)


@pytest.mark.real_data
def test_that_a_segmentation_of_a_slide_is_not_outlined_over_series() -> None:
    source = FileByteSource(real_data("dicom", "highdicom_testfiles", "seg_image_sm_dots.dcm"))
    assert not holds_structures(load_instance(source))
    with pytest.raises(UnsupportedImage, match="no place in the patient"):
        load_structures(source)
