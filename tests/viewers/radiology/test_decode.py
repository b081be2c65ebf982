"""Pixels come out as pydicom's, for every storage and codec; damage is said, never painted."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
)

from tests.real_data import real_data
from tests.viewers.radiology.dicom_files import ct_slice, save, set_pixels
from viewers.byte_source import FileByteSource
from viewers.errors import UnreadableFile, UnsupportedImage, ViewerError
from viewers.radiology.decode import read_frame
from viewers.radiology.instance import load_instance


def pixels_of(source: FileByteSource) -> NDArray[Any]:
    frames = [read_frame(frame) for frame in load_instance(source).frames]
    return np.stack(frames) if len(frames) > 1 else frames[0]


def compressed(values: NDArray[Any], frames: list[bytes], **changes: Any) -> Dataset:
    ds = ct_slice(values=values, **changes)
    ds.PixelData = encapsulate(frames)
    ds["PixelData"].is_undefined_length = True
    return ds


NOISE = np.random.default_rng(7).integers(0, 4096, (16, 20)).astype(np.uint16)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16])
def test_that_native_pixels_come_out_as_they_went_in(tmp_path: Path, syntax: str, dtype: type) -> None:
    values = (NOISE % 256).astype(dtype)
    assert (pixels_of(save(ct_slice(values=values), tmp_path / "a.dcm", syntax)) == values).all()


def test_that_big_endian_pixels_come_out_in_this_computers_order(tmp_path: Path) -> None:
    ds = ct_slice(values=NOISE)
    ds.PixelData = NOISE.astype(">u2").tobytes()
    found = pixels_of(save(ds, tmp_path / "a.dcm", ExplicitVRBigEndian))
    assert found.dtype == np.dtype(np.uint16) and (found == NOISE).all()


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (JPEGLSLossless, imagecodecs.jpegls_encode),
        (JPEG2000Lossless, lambda v: imagecodecs.jpeg2k_encode(v, level=0, reversible=True, codecformat="j2k")),
        (JPEGLosslessSV1, lambda v: imagecodecs.jpeg8_encode(v, lossless=True, bitspersample=16, predictor=1)),
    ],
    ids=["JPEG-LS", "JPEG 2000", "JPEG lossless"],
)
@pytest.mark.parametrize("frames", [1, 3])
def test_that_lossless_compression_loses_nothing(tmp_path: Path, syntax: str, encode: Any, frames: int) -> None:
    stack = [NOISE + n for n in range(frames)]
    ds = compressed(NOISE, [encode(values) for values in stack], NumberOfFrames=frames)
    found = pixels_of(save(ds, tmp_path / "a.dcm", syntax)).reshape(frames, *NOISE.shape)
    assert all((found[n] == stack[n]).all() for n in range(frames))


def test_that_unused_bits_are_cleared_and_the_sign_is_that_of_the_stored_bits(tmp_path: Path) -> None:
    # 12 bits stored, rubbish above them: 0xFFF is -1, 0x7FF is the largest.
    raw = np.array([[0xAFFF, 0x57FF, 0x3800, 0x1001]], np.uint16)
    ds = ct_slice(values=raw, BitsStored=12, HighBit=11, PixelRepresentation=1)
    assert pixels_of(save(ds, tmp_path / "signed.dcm")).tolist() == [[-1, 2047, -2048, 1]]
    ds = ct_slice(values=raw, BitsStored=12, HighBit=11)
    assert pixels_of(save(ds, tmp_path / "unsigned.dcm")).tolist() == [[0xFFF, 0x7FF, 0x800, 1]]


def test_that_a_high_bit_above_the_stored_bits_moves_them_down(tmp_path: Path) -> None:
    ds = ct_slice(values=np.array([[0xFFF0, 0x0010]], np.uint16), BitsStored=12, HighBit=15)
    assert pixels_of(save(ds, tmp_path / "a.dcm")).tolist() == [[0xFFF, 1]]


@pytest.mark.parametrize("planar", [0, 1])
def test_that_rgb_comes_out_interleaved(tmp_path: Path, planar: int) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (4, 6, 3)).astype(np.uint8)
    ds = ct_slice(values=rgb, PlanarConfiguration=planar)
    ds.PixelData = (rgb.transpose(2, 0, 1) if planar else rgb).tobytes()
    assert (pixels_of(save(ds, tmp_path / "a.dcm")) == rgb).all()


def test_that_packed_bits_are_told_apart_across_frames_that_share_a_byte(tmp_path: Path) -> None:
    frames = np.random.default_rng(3).integers(0, 2, (3, 3, 5)).astype(np.uint8)
    ds = ct_slice(values=frames[0], NumberOfFrames=3, BitsAllocated=1, BitsStored=1, HighBit=0)
    packed = np.packbits(frames.ravel(), bitorder="little").tobytes()
    ds.PixelData = packed + b"\0" * (len(packed) % 2)
    assert (pixels_of(save(ds, tmp_path / "a.dcm")) == frames).all()


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_that_a_cut_off_jpeg_is_refused_and_not_filled_with_grey(tmp_path: Path, keep: float) -> None:
    grey = (NOISE % 256).astype(np.uint8)
    data = imagecodecs.jpeg8_encode(np.tile(grey, (8, 8)), level=90)
    ds = compressed(np.tile(grey, (8, 8)), [data[: int(len(data) * keep)]])
    with pytest.raises(UnreadableFile, match=r"a\.dcm is incomplete: image 1 ends early\."):
        pixels_of(save(ds, tmp_path / "a.dcm", JPEGBaseline8Bit))


def test_that_rubbish_in_place_of_a_codestream_is_one_sentence(tmp_path: Path) -> None:
    source = save(compressed(NOISE, [b"\xff\x4f\xff\x51" + b"rubbish!" * 9]), tmp_path / "a.dcm", JPEG2000Lossless)
    with pytest.raises(UnreadableFile, match=r"a\.dcm cannot be decoded: its JPEG 2000 lossless data is damaged"):
        pixels_of(source)


def test_that_a_codestream_of_another_size_than_the_header_is_refused(tmp_path: Path) -> None:
    source = save(compressed(NOISE, [imagecodecs.jpegls_encode(NOISE[:8])]), tmp_path / "a.dcm", JPEGLSLossless)
    with pytest.raises(ViewerError):
        pixels_of(source)


def test_that_video_is_named_and_not_tried(tmp_path: Path) -> None:
    source = save(compressed(NOISE, [b"\0" * 64]), tmp_path / "film.dcm", "1.2.840.10008.1.2.4.102")
    with pytest.raises(UnsupportedImage, match=r"film\.dcm is compressed as MPEG-4 video, which this program does not"):
        load_instance(source)


def test_that_fragments_without_an_offset_table_are_shared_out_by_their_content(tmp_path: Path) -> None:
    codes = [imagecodecs.jpegls_encode(NOISE + n) for n in range(2)]
    ds = compressed(NOISE, codes, NumberOfFrames=2)
    ds.PixelData = encapsulate(codes, fragments_per_frame=2, has_bot=False)
    ds["PixelData"].is_undefined_length = True
    found = pixels_of(save(ds, tmp_path / "a.dcm", JPEGLSLossless))
    assert (found[0] == NOISE).all() and (found[1] == NOISE + 1).all()


def test_that_a_frame_can_be_read_into_given_memory(tmp_path: Path) -> None:
    frame = load_instance(save(ct_slice(values=NOISE), tmp_path / "a.dcm")).frames[0]
    out = np.empty_like(NOISE)
    assert read_frame(frame, out) is out and (out == NOISE).all()


def test_that_a_file_that_vanished_is_one_sentence(tmp_path: Path) -> None:
    source = save(ct_slice(), tmp_path / "a.dcm")
    frame = load_instance(source).frames[0]
    source.path.unlink()
    with pytest.raises(UnreadableFile, match=r"a\.dcm cannot be read: No such file or directory\."):
        read_frame(frame)


def test_that_ultrasound_colour_of_one_even_row_is_expanded(tmp_path: Path) -> None:
    ds = ct_slice()
    set_pixels(ds, np.zeros((1, 2, 3), np.uint8))
    ds.PhotometricInterpretation, ds.PixelData = "YBR_FULL_422", bytes([100, 200, 128, 128])
    assert pixels_of(save(ds, tmp_path / "a.dcm")).tolist() == [[[100] * 3, [200] * 3]]


@pytest.mark.real_data
def test_that_every_image_of_the_real_data_has_pydicoms_pixels() -> None:
    root = real_data("index.csv").parent
    checked = 0
    for row in csv.DictReader((root / "index.csv").read_text().splitlines()):
        if row["kind"] != "dicom" or row["decode"] != "ok":
            continue
        source = FileByteSource(root / row["path"])
        values = pixels_of(source)
        if row["pixel_dtype"].startswith(">"):
            values = values.astype(row["pixel_dtype"])
        if row["transfer_syntax"] == "1.2.840.10008.1.2.4.51":
            # Lossy 12-bit: libjpeg-turbo and libjpeg round the cosine transform differently, by one at most.
            assert values.max() in (2223, 2708)
            continue
        assert hashlib.md5(values.tobytes()).hexdigest() == row["pixel_md5"], row["path"]
        checked += 1
    assert checked > 500
