"""TIFF slides: the pixels OpenSlide reads, the scale only as the scanner states it, one sentence for bad files."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import openslide
import pytest
import tifffile

from tests.real_data import real_data
from tests.viewers.pathology.byte_sources import MemoryByteSource
from viewers.byte_source import FileByteSource
from viewers.calibration import CalibrationClass
from viewers.errors import OutOfRange, UnreadableFile, UnsupportedImage
from viewers.pathology.slide_source import SlideSource, exact_downsample, open_slide

RGB = slice(2, None, -1)


def picture(height: int = 300, width: int = 400, samples: int = 3) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    channels = [(x + 3 * y) % 256, (2 * x + y) % 256, (x * y // 64) % 256][:samples]
    return np.stack(channels, axis=-1).astype(np.uint8).squeeze()


def tiff(array: np.ndarray, **options: Any) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, **{"tile": (128, 128), "metadata": None, **options})
    return stream.getvalue()


def opened(content: bytes, name: str = "slide.tif") -> SlideSource:
    return open_slide([MemoryByteSource(name, content)])


def test_that_every_level_of_the_phantom_equals_what_openslide_reads(phantom: Path) -> None:
    slide = open_slide([MemoryByteSource("phantom.svs", phantom.read_bytes())])
    with openslide.OpenSlide(str(phantom)) as oracle:
        assert [level.downsample for level in slide.levels] == [1, 4, 16]
        for index, level in enumerate(slide.levels):
            size = (level.width_px, level.height_px)
            expected = np.asarray(oracle.read_region((0, 0), index, size).convert("RGB"))
            np.testing.assert_array_equal(slide.read_region(0, 0, *size, index)[..., RGB], expected)
        for name in ("label", "macro", "thumbnail"):
            expected = np.asarray(oracle.associated_images[name].convert("RGB"))
            np.testing.assert_array_equal(slide.read_associated(name), expected)
    assert slide.calibration.kind is CalibrationClass.SLIDE_MPP
    assert slide.calibration.column_mm == pytest.approx(0.0005)
    assert slide.objective_power == 20


@pytest.mark.real_data
def test_that_level_0_of_the_real_slide_equals_what_openslide_reads() -> None:
    path = real_data("wsi", "aperio_svs", "CMU-1-Small-Region.svs")
    slide = open_slide([FileByteSource(path)])
    with openslide.OpenSlide(str(path)) as oracle:
        expected = np.asarray(oracle.read_region((0, 0), 0, (2220, 2967)).convert("RGB"))
    np.testing.assert_array_equal(slide.read_region(0, 0, 2220, 2967)[..., RGB], expected)
    assert slide.calibration.column_mm == pytest.approx(0.000499)
    slide.close()


@pytest.mark.real_data
@pytest.mark.parametrize(
    "parts", [("openslide_python_fixtures", "boxes.tiff"), ("large_image_tiffs", "yb10kx5k.zstd.tiff")]
)
def test_that_plain_pyramids_equal_what_openslide_reads_and_are_in_pixels(parts: tuple[str, str]) -> None:
    path = real_data("wsi", *parts)
    slide = open_slide([FileByteSource(path)])
    with openslide.OpenSlide(str(path)) as oracle:
        assert len(slide.levels) == oracle.level_count
        for index in range(2, len(slide.levels)):
            size = oracle.level_dimensions[index]
            expected = np.asarray(oracle.read_region((0, 0), index, size).convert("RGB"))
            np.testing.assert_array_equal(slide.read_region(0, 0, *size, index)[..., RGB], expected)
    assert not slide.calibration.is_calibrated
    slide.close()


@pytest.mark.parametrize("compression", [None, "lzw", "deflate", "zstd", "packbits", "jpeg2000"])
@pytest.mark.parametrize("samples", [1, 3])
def test_that_lossless_tiles_come_back_bit_for_bit(compression: str | None, samples: int) -> None:
    array = picture(samples=samples)
    predictor = compression in ("lzw", "deflate", "zstd")
    slide = opened(tiff(array, compression=compression, predictor=predictor))
    region = slide.read_region(0, 0, 400, 300)
    np.testing.assert_array_equal(region[..., RGB], array if samples == 3 else np.stack([array] * 3, axis=-1))
    assert (region[..., 3] == 255).all()


@pytest.mark.parametrize("rows_per_strip", [16, 300])
def test_that_a_tiff_of_strips_reads_the_same_in_tiles(rows_per_strip: int) -> None:
    array = picture(height=700, width=1100)
    slide = opened(tiff(array, tile=None, rowsperstrip=rows_per_strip, compression="deflate"))
    np.testing.assert_array_equal(slide.read_region(300, 200, 700, 450)[..., RGB], array[200:650, 300:1000])


def test_that_subsampled_jpeg_equals_what_openslide_reads(tmp_path: Path) -> None:
    path = tmp_path / "j.tif"
    path.write_bytes(tiff(picture(), photometric="rgb", compression="jpeg", subsampling=(2, 2)))
    with openslide.OpenSlide(str(path)) as oracle:
        expected = np.asarray(oracle.read_region((0, 0), 0, (400, 300)).convert("RGB"))
    slide = open_slide([FileByteSource(path)])
    np.testing.assert_array_equal(slide.read_region(0, 0, 400, 300)[..., RGB], expected)
    slide.close()


def test_that_reading_from_many_threads_gives_the_same_tiles(phantom: Path) -> None:
    slide = open_slide([FileByteSource(phantom)])
    places = [(column, row) for row in range(5) for column in range(5)] * 4
    alone = {place: slide.read_tile(0, *place) for place in set(places)}
    with ThreadPoolExecutor(4) as pool:
        for place, tile in zip(places, pool.map(lambda at: slide.read_tile(0, *at), places), strict=True):
            np.testing.assert_array_equal(tile, alone[place])
    slide.close()


def test_that_a_bare_resolution_tag_is_no_calibration() -> None:
    slide = opened(tiff(picture(), resolution=(72, 72), resolutionunit="INCH"))
    assert not slide.calibration.is_calibrated
    assert "352.8" in slide.calibration.note


@pytest.mark.parametrize(("mpp", "calibrated"), [("0.05", True), ("10", True), ("0.04", False), ("352.8", False)])
def test_that_an_mpp_out_of_range_is_no_calibration(mpp: str, calibrated: bool) -> None:
    slide = opened(tiff(picture(), description=f"Aperio x\n400x300|AppMag = 20|MPP = {mpp}"))
    assert slide.calibration.is_calibrated is calibrated
    assert mpp in slide.calibration.note


def test_that_ome_sizes_are_respected_per_axis_and_in_their_unit() -> None:
    stream = io.BytesIO()
    facts = {"axes": "YXS", "PhysicalSizeX": 500.0, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.25}
    tifffile.imwrite(stream, picture(), ome=True, tile=(128, 128), metadata=facts)
    calibration = opened(stream.getvalue(), "a.ome.tif").calibration
    assert (calibration.column_mm, calibration.row_mm) == pytest.approx((0.0005, 0.00025))


def test_that_a_turned_slide_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedImage, match=r"turned\.tif .*orientation 6"):
        opened(tiff(picture(), extratags=[(274, 3, 1, 6, True)]), "turned.tif")


def test_that_sixteen_bits_are_refused() -> None:
    with pytest.raises(UnsupportedImage, match="16 bits"):
        opened(tiff(picture(samples=1).astype(np.uint16)))


@pytest.mark.parametrize("share", [0.999, 0.6, 0.2, 0.001])
def test_that_a_truncated_slide_gives_one_sentence(phantom: Path, share: float) -> None:
    content = phantom.read_bytes()
    with pytest.raises(UnreadableFile, match=r"cut\.svs") as caught:
        opened(content[: max(9, int(len(content) * share))], "cut.svs")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"II*\0", b"II*\0\xff\xff\xff\x7f", b"plain text, not a slide" * 20])
def test_that_what_is_no_slide_gives_one_sentence(content: bytes) -> None:
    with pytest.raises((UnreadableFile, UnsupportedImage), match=r"odd\.tif") as caught:
        opened(content, "odd.tif")
    assert "\n" not in str(caught.value)


@pytest.mark.real_data
def test_that_every_slide_file_opens_or_says_why_not() -> None:
    refused = {}
    for path in sorted(real_data("wsi").rglob("*.*")):
        try:
            open_slide([FileByteSource(path)]).close()
        except (UnreadableFile, UnsupportedImage) as error:
            refused[path.name] = str(error)
    assert set(refused) == {
        *(f"test_orient{n}.tif" for n in range(2, 9)),
        "boxes-no-icc.png",
        "boxes.png",
        "sample.geojson",
        "unopenable.tiff",
        "unreadable.svs",
    }
    assert all(name in sentence and "\n" not in sentence for name, sentence in refused.items())


def test_that_a_region_outside_is_refused(phantom: Path) -> None:
    slide = open_slide([FileByteSource(phantom)])
    for region in ((-1, 0, 10, 10), (1270, 0, 11, 10), (0, 0, 0, 5)):
        with pytest.raises(OutOfRange):
            slide.read_region(*region)
    with pytest.raises(OutOfRange):
        slide.read_tile(0, 5, 0)
    with pytest.raises(OutOfRange):
        slide.read_associated("sketch")
    slide.close()
    with pytest.raises(UnreadableFile):
        slide.read_tile(0, 0, 0)


def test_that_a_cut_or_rounded_level_is_its_whole_number_reduction() -> None:
    assert exact_downsample((2967, 2220), (741, 555)) == 4
    assert exact_downsample((2967, 2220), (742, 555)) == 4
    assert exact_downsample((1000, 1000), (300, 300)) == pytest.approx(10 / 3)


@pytest.mark.parametrize("ome", [False, True])
def test_that_levels_below_the_first_picture_are_found_finest_first(ome: bool) -> None:
    full = picture(height=1024, width=1536)
    stream = io.BytesIO()
    options: dict[str, Any] = {"tile": (128, 128), "photometric": "rgb", "compression": "deflate"}
    with tifffile.TiffWriter(stream, ome=ome) as writer:
        facts = {"axes": "YXS", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5} if ome else None
        writer.write(full, subifds=2, metadata=facts, **options)
        for step in (2, 4):
            writer.write(full[::step, ::step], subfiletype=1, metadata=None, **options)
    slide = opened(stream.getvalue(), "p.ome.tif" if ome else "p.tif")
    assert [(level.width_px, level.downsample) for level in slide.levels] == [(1536, 1), (768, 2), (384, 4)]
    np.testing.assert_array_equal(slide.read_region(0, 0, 384, 256, 2)[..., RGB], full[::4, ::4])
    assert slide.calibration.is_calibrated is ome


@pytest.mark.parametrize("code", [33003, 33005])
def test_that_jpeg_2000_tiles_of_aperio_are_read_in_their_colour_space(code: int) -> None:
    array = picture()
    stored = array if code == 33005 else ycbcr_of(array)
    text = "Aperio x\n400x300|AppMag = 20|MPP = 0.5"
    options = {"compressionargs": {"level": 0, "codecformat": "j2k"}}
    slide = opened(tiff(stored, compression=code, photometric="rgb", description=text, **options), "a.svs")
    difference = np.abs(slide.read_region(0, 0, 400, 300)[..., RGB].astype(int) - array)
    assert difference.max() <= (0 if code == 33005 else 2)


def ycbcr_of(rgb: np.ndarray) -> np.ndarray:
    """ITU-T T.871."""
    r, g, b = (rgb[..., index].astype(float) for index in range(3))
    y = 0.299 * r + 0.587 * g + 0.114 * b
    channels = [y, 128 + (b - y) / 1.772, 128 + (r - y) / 1.402]
    return np.clip(np.rint(np.stack(channels, axis=-1)), 0, 255).astype(np.uint8)
