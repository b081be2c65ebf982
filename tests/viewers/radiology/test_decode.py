"""Pixels come out as pydicom's, for every storage and codec; damage is said, never painted."""

from __future__ import annotations

import csv
import hashlib
import struct
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tests.dcmtk import dcmtk_decompressed
from tests.real_data import real_data
from tests.viewers.radiology.dicom_files import ct_slice, save, set_pixels
from viewers.byte_source import FileByteSource
from viewers.errors import UnreadableFile, UnsupportedImage, ViewerError
from viewers.radiology.decode import read_frame
from viewers.radiology.frame import Frame
from viewers.radiology.instance import load_instance
from viewers.radiology.stored_values import frame_shape, stored_dtype

ENCAPSULATED = "1.2.840.10008.1.2.1.98"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
JPEG_XL_LOSSLESS = "1.2.840.10008.1.2.4.110"


def deflated(values: NDArray[Any]) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(values.tobytes()) + packer.flush()


def pixels_of(source: FileByteSource) -> NDArray[Any]:
    frames = [into_memory(frame) for frame in dict.fromkeys(f.stored_picture for f in load_instance(source).frames)]
    return np.stack(frames) if len(frames) > 1 else frames[0]


def into_memory(frame: Frame) -> NDArray[Any]:
    """The frame read by itself, which is what it is when read into its place in a volume."""
    alone = read_frame(frame)
    volume = np.full((3, *frame_shape(frame.layout)), 7, stored_dtype(frame.layout))
    place = volume[1]
    assert read_frame(frame, place) is place
    assert np.array_equal(alone, place, equal_nan=alone.dtype.kind == "f")
    assert (volume[0] == 7).all() and (volume[2] == 7).all()
    return alone


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
        (HTJ2KLossless, lambda v: imagecodecs.htj2k_encode(v, reversible=True)),
        (JPEGLosslessSV1, lambda v: imagecodecs.jpeg8_encode(v, lossless=True, bitspersample=16, predictor=1)),
        (JPEG_XL_LOSSLESS, lambda v: imagecodecs.jpegxl_encode(v, lossless=True)),
        (DEFLATED_FRAMES, deflated),
        (ENCAPSULATED, lambda v: v.tobytes()),
    ],
    ids=["JPEG-LS", "JPEG 2000", "HTJ2K", "JPEG lossless", "JPEG XL", "deflated frames", "encapsulated"],
)
@pytest.mark.parametrize("frames", [1, 3])
def test_that_lossless_compression_loses_nothing(tmp_path: Path, syntax: str, encode: Any, frames: int) -> None:
    stack = [NOISE + n for n in range(frames)]
    ds = compressed(NOISE, [encode(values) for values in stack], NumberOfFrames=frames)
    found = pixels_of(save(ds, tmp_path / "a.dcm", syntax)).reshape(frames, *NOISE.shape)
    assert all((found[n] == stack[n]).all() for n in range(frames))


def packbits(plane: NDArray[np.uint8]) -> bytes:
    packed = imagecodecs.packbits_encode(plane.tobytes())
    return packed + b"\0" * (len(packed) % 2)


def rle(planes: list[NDArray[np.uint8]]) -> bytes:
    segments = [packbits(plane) for plane in planes]
    starts = [64 + sum(map(len, segments[:n])) for n in range(len(segments))]
    return struct.pack("<16I", len(segments), *starts, *[0] * (15 - len(segments))) + b"".join(segments)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32])
def test_that_run_lengths_of_every_width_are_put_together_from_their_byte_planes(tmp_path: Path, dtype: type) -> None:
    values = (NOISE.astype(np.int64) * 70_001 - 9).astype(dtype)
    ordered = values.astype(values.dtype.newbyteorder(">")).view(np.uint8).reshape(*values.shape, -1)
    ds = compressed(values, [rle([ordered[..., n] for n in range(ordered.shape[-1])])])
    assert (pixels_of(save(ds, tmp_path / "a.dcm", RLELossless)) == values).all()


@pytest.mark.parametrize(("syntax", "packer"), [(RLELossless, lambda v: rle([v])), (DEFLATED_FRAMES, deflated)])
def test_that_single_bits_come_out_of_packed_frames(tmp_path: Path, syntax: str, packer: Any) -> None:
    frames = np.random.default_rng(3).integers(0, 2, (2, 3, 5)).astype(np.uint8)
    codes = [packer(np.packbits(frame.ravel(), bitorder="little")) for frame in frames]
    ds = compressed(frames[0], codes, NumberOfFrames=2, BitsAllocated=1, BitsStored=1, HighBit=0)
    assert (pixels_of(save(ds, tmp_path / "a.dcm", syntax)) == frames).all()


@pytest.mark.parametrize(("keyword", "dtype"), [("FloatPixelData", np.float32), ("DoubleFloatPixelData", np.float64)])
def test_that_floating_point_pixels_keep_every_bit(tmp_path: Path, keyword: str, dtype: type) -> None:
    values = (NOISE / 7).astype(dtype)
    ds = ct_slice(values=NOISE, BitsAllocated=values.itemsize * 8, PixelData=None)
    setattr(ds, keyword, values.tobytes())
    found = pixels_of(save(ds, tmp_path / "a.dcm"))
    assert found.dtype == values.dtype and (found == values).all()


def test_that_frames_with_an_extended_offset_table_are_told_apart(tmp_path: Path) -> None:
    codes = [imagecodecs.jpegls_encode(NOISE + n) for n in range(3)]
    ds = compressed(NOISE, codes, NumberOfFrames=3)
    ds.PixelData, ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = encapsulate_extended(codes)
    found = pixels_of(save(ds, tmp_path / "a.dcm", JPEGLSLossless))
    assert all((found[n] == NOISE + n).all() for n in range(3))


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (HTJ2KLossless, lambda v: imagecodecs.htj2k_encode(v, reversible=True)),
        (JPEG2000Lossless, lambda v: imagecodecs.jpeg2k_encode(v, level=0, reversible=True, codecformat="j2k")),
        (JPEGLSLossless, imagecodecs.jpegls_encode),
        (JPEG_XL_LOSSLESS, lambda v: imagecodecs.jpegxl_encode(v, lossless=True)),
        (DEFLATED_FRAMES, deflated),
        (RLELossless, lambda v: rle([(v >> 8).astype(np.uint8), v.astype(np.uint8)])),
    ],
    ids=["HTJ2K", "JPEG 2000", "JPEG-LS", "JPEG XL", "deflated frames", "RLE"],
)
@pytest.mark.parametrize("keep", [0.5, 0.97])
def test_that_a_cut_off_picture_is_refused_by_every_codec(
    tmp_path: Path, syntax: str, encode: Any, keep: float
) -> None:
    values = np.tile(NOISE, (8, 8))
    data = encode(values)
    source = save(compressed(values, [data[: int(len(data) * keep)]]), tmp_path / "a.dcm", syntax)
    with pytest.raises(UnreadableFile, match=r"a\.dcm (is incomplete|cannot be decoded)"):
        pixels_of(source)


def test_that_a_deflated_frame_unpacks_to_no_more_than_it_has_pixels(tmp_path: Path) -> None:
    bomb = deflated(np.zeros(1 << 24, np.uint8))
    found = pixels_of(save(compressed(NOISE, [bomb]), tmp_path / "a.dcm", DEFLATED_FRAMES))
    assert found.shape == NOISE.shape and not found.any()


def test_that_a_jpeg_xl_claiming_more_than_the_header_is_not_decoded(tmp_path: Path) -> None:
    huge = imagecodecs.jpegxl_encode(np.zeros((200, 300), np.uint8), lossless=True)
    source = save(compressed(NOISE, [huge]), tmp_path / "a.dcm", JPEG_XL_LOSSLESS)
    with pytest.raises(UnreadableFile, match="should have 20 × 16 pixels and claims 300 × 200"):
        pixels_of(source)


@pytest.mark.parametrize(
    ("syntax", "photometric", "encode"),
    [
        ("1.2.840.10008.1.2.4.112", "XYB", lambda v: imagecodecs.jpegxl_encode(v, distance=0.5)),
        (
            "1.2.840.10008.1.2.4.111",
            "YBR_FULL_422",
            lambda v: imagecodecs.jpegxl_encode_jpeg(imagecodecs.jpeg8_encode(v, level=95)),
        ),
        (JPEG_XL_LOSSLESS, "RGB", lambda v: imagecodecs.jpegxl_encode(v, lossless=True)),
    ],
    ids=["XYB", "recompressed JPEG", "lossless"],
)
def test_that_colours_come_out_of_jpeg_xl_as_they_went_in(
    tmp_path: Path, syntax: str, photometric: str, encode: Any
) -> None:
    rgb = np.empty((32, 32, 3), np.uint8)
    rgb[:16], rgb[16:] = (200, 40, 60), (20, 90, 220)
    ds = compressed(rgb, [encode(rgb)], PhotometricInterpretation=photometric)
    found = pixels_of(save(ds, tmp_path / "a.dcm", syntax))
    assert (
        np.abs(found[4:12].astype(int) - rgb[4:12]).max() <= 4
        and np.abs(found[20:28].astype(int) - rgb[20:28]).max() <= 4
    )


def test_that_the_colour_space_of_jpeg_xl_is_not_believed_elsewhere(tmp_path: Path) -> None:
    ds = ct_slice(values=np.zeros((4, 4, 3), np.uint8), PhotometricInterpretation="XYB")
    with pytest.raises(UnsupportedImage, match="3 samples a pixel as XYB, which is not shown here"):
        load_instance(save(ds, tmp_path / "a.dcm"))


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


def test_that_chroma_with_head_and_foot_room_is_stretched(tmp_path: Path) -> None:
    # ITU-R BT.601: black is 16, white 235; pure red is 81, 90, 240.
    ds = ct_slice()
    set_pixels(ds, np.zeros((1, 4, 3), np.uint8))
    ds.PhotometricInterpretation = "YBR_PARTIAL_422"
    ds.PixelData = bytes([16, 235, 128, 128, 81, 81, 90, 240])
    found = pixels_of(save(ds, tmp_path / "a.dcm"))
    assert found[0, :2].tolist() == [[0, 0, 0], [255, 255, 255]]
    assert np.abs(found[0, 2:].astype(int) - [255, 0, 0]).max() <= 1


def test_that_deep_colour_differences_are_about_their_own_middle(tmp_path: Path) -> None:
    ybr = np.array([[[4095, 2048, 2048], [1000, 2048, 2048]]], np.uint16)
    ds = ct_slice(values=ybr, PhotometricInterpretation="YBR_FULL", BitsStored=12, HighBit=11)
    assert pixels_of(save(ds, tmp_path / "a.dcm")).tolist() == [[[4095] * 3, [1000] * 3]]


@pytest.mark.real_data
@pytest.mark.parametrize("packed", ["liver_rle.dcm", "liver_deflate.dcm"])
def test_that_real_packed_bits_are_those_of_the_same_object_uncompressed(packed: str) -> None:
    folder = real_data("dicom", "pydicom_data_singles")
    plain = pixels_of(FileByteSource(folder / "liver.dcm"))
    assert plain.any() and (pixels_of(FileByteSource(folder / packed)) == plain).all()


@pytest.mark.real_data
@pytest.mark.parametrize("syntax", ["51", "53", "55"])
def test_that_twelve_bit_jpeg_is_what_dcmtk_makes_of_it(tmp_path: Path, syntax: str) -> None:
    (file,) = real_data("dicom", "transfer_syntaxes_same_image").glob(f"CTImage*1.2.840.10008.1.2.4.{syntax}.dcm")
    plain = dcmtk_decompressed(file, tmp_path)
    assert (pixels_of(FileByteSource(file)) == pixels_of(FileByteSource(plain))).all()


@pytest.mark.real_data
def test_that_the_twelve_bit_jpeg_pydicom_refuses_is_what_dcmtk_makes_of_it(tmp_path: Path) -> None:
    file = real_data("dicom", "pydicom_testfiles", "JPEG-lossy.dcm")
    plain = dcmtk_decompressed(file, tmp_path)
    assert (pixels_of(FileByteSource(file)) == pixels_of(FileByteSource(plain))).all()


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
            continue  # libjpeg and libjpeg-turbo round the cosine transform differently; DCMTK judges them above
        assert hashlib.md5(values.tobytes()).hexdigest() == row["pixel_md5"], row["path"]
        checked += 1
    assert checked > 500
