"""DICOM whole slides: the pixels of the slide they were made from, sparse tiles in place, refusals in one sentence."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, generate_uid

from tests.real_data import real_data
from tests.viewers.pathology.byte_sources import MemoryByteSource
from viewers.byte_source import FileByteSource
from viewers.errors import UnreadableFile, UnsupportedImage
from viewers.pathology.slide_source import SlideSource, open_slide

RGB = slice(2, None, -1)
SERIES = generate_uid(entropy_srcs=["series"])


def picture(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([(x * 5) % 256, (y * 3) % 256, (x + y) % 256], axis=-1).astype(np.uint8)


def instance(array: np.ndarray, *, tile: int = 32, sparse: bool = False, jpeg2000: bool = False, **more: Any) -> bytes:
    height, width = array.shape[:2]
    columns, rows = -(-width // tile), -(-height // tile)
    padded = np.pad(array, ((0, rows * tile - height), (0, columns * tile - width), (0, 0)))
    places = [(row, column) for row in range(rows) for column in range(columns)]
    if sparse:
        places = places[::-2]
    tiles = [padded[r * tile : (r + 1) * tile, c * tile : (c + 1) * tile] for r, c in places]
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless if jpeg2000 else ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.6"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SeriesInstanceUID = SERIES
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    dataset.TotalPixelMatrixColumns, dataset.TotalPixelMatrixRows = width, height
    dataset.Columns = dataset.Rows = tile
    dataset.NumberOfFrames = len(tiles)
    dataset.SamplesPerPixel, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 3, 8, 8, 7
    dataset.PixelRepresentation, dataset.PlanarConfiguration = 0, 0
    dataset.PhotometricInterpretation = "RGB"
    dataset.DimensionOrganizationType = "TILED_SPARSE" if sparse else "TILED_FULL"
    if sparse:
        dataset.PerFrameFunctionalGroupsSequence = [groups_at(r * tile + 1, c * tile + 1) for r, c in places]
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing = [0.0005, 0.00025]
    shared.PixelMeasuresSequence = [measures]
    dataset.SharedFunctionalGroupsSequence = [shared]
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    if jpeg2000:
        import imagecodecs

        encoded = [imagecodecs.jpeg2k_encode(np.ascontiguousarray(t), level=0, codecformat="j2k") for t in tiles]
        dataset.PixelData = encapsulate(encoded)
        dataset["PixelData"].VR = "OB"
    else:
        dataset.PixelData = b"".join(t.tobytes() for t in tiles)
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def groups_at(row: int, column: int) -> Dataset:
    groups, position = Dataset(), Dataset()
    position.RowPositionInTotalImagePixelMatrix, position.ColumnPositionInTotalImagePixelMatrix = row, column
    groups.PlanePositionSlideSequence = [position]
    return groups


def opened(*contents: bytes) -> SlideSource:
    return open_slide([MemoryByteSource(f"level{index}.dcm", content) for index, content in enumerate(contents)])


@pytest.mark.real_data
def test_that_the_dicom_copy_has_the_pixels_and_scale_of_the_svs() -> None:
    folder = real_data("wsi", "dicom_wsi_CMU-1-Small-Region")
    slide = open_slide([FileByteSource(path) for path in sorted(folder.glob("*.dcm"))])
    svs = open_slide([FileByteSource(real_data("wsi", "aperio_svs", "CMU-1-Small-Region.svs"))])
    np.testing.assert_array_equal(slide.read_region(0, 0, 2220, 2967), svs.read_region(0, 0, 2220, 2967))
    assert [level.downsample for level in slide.levels] == [1, 2, 4, 8, 16]
    assert slide.calibration.column_mm == pytest.approx(0.000499)
    assert set(slide.associated_names) == {"label", "macro", "thumbnail"}
    for name in slide.associated_names:
        assert slide.read_associated(name).shape[2] == 3
    assert slide.icc_profile
    slide.close()
    svs.close()


@pytest.mark.parametrize("jpeg2000", [False, True])
def test_that_full_tiles_come_back_bit_for_bit_finest_level_first(jpeg2000: bool) -> None:
    fine, coarse = picture(70, 100), picture(35, 50)
    slide = opened(instance(coarse, jpeg2000=jpeg2000), instance(fine, jpeg2000=jpeg2000))
    assert [(level.width_px, level.downsample) for level in slide.levels] == [(100, 1), (50, 2)]
    np.testing.assert_array_equal(slide.read_region(0, 0, 100, 70)[..., RGB], fine)
    np.testing.assert_array_equal(slide.read_region(0, 0, 50, 35, 1)[..., RGB], coarse)
    assert (slide.calibration.column_mm, slide.calibration.row_mm) == pytest.approx((0.00025, 0.0005))


def test_that_sparse_tiles_lie_where_they_say_and_the_rest_is_glass() -> None:
    array = picture(64, 96)
    slide = opened(instance(array, sparse=True))
    region = slide.read_region(0, 0, 96, 64)[..., RGB]
    np.testing.assert_array_equal(region[32:, 64:], array[32:, 64:])
    assert (region[32:, 32:64] == 255).all()


def test_that_a_part_of_a_concatenation_is_refused() -> None:
    with pytest.raises(UnsupportedImage, match="concatenation"):
        opened(instance(picture(64, 64), InConcatenationTotalNumber=2))


def test_that_levels_of_two_slides_are_not_joined() -> None:
    with pytest.raises(UnsupportedImage, match="several slides"):
        opened(instance(picture(64, 64)), instance(picture(32, 32), SeriesInstanceUID=generate_uid()))


def test_that_another_kind_of_dicom_object_is_refused() -> None:
    with pytest.raises(UnsupportedImage, match="not a whole slide"):
        opened(instance(picture(64, 64), SOPClassUID="1.2.840.10008.5.1.4.1.1.2"))


@pytest.mark.parametrize("jpeg2000", [False, True])
def test_that_a_truncated_level_gives_one_sentence(jpeg2000: bool) -> None:
    content = instance(picture(64, 64), jpeg2000=jpeg2000)
    for size in (140, 700, len(content) - 40):
        with pytest.raises(UnreadableFile, match=r"level0\.dcm") as caught:
            opened(content[:size])
        assert "\n" not in str(caught.value)
