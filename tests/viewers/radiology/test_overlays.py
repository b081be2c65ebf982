"""Overlay planes are drawn where, and on which frames, the standard and DCMTK draw them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from tests.dcmtk import dcmtk, dcmtk_picture
from tests.viewers.radiology.dicom_files import ct_slice, save
from viewers.radiology.decode import read_frame
from viewers.radiology.display_facts import VoiWindow
from viewers.radiology.instance import load_instance
from viewers.radiology.picture import Picture
from viewers.radiology.snapshot import paint_bare

VALUES = np.arange(64, dtype=np.uint16).reshape(8, 8) * 4
WINDOW = VoiWindow(128, 256)
CORNERS = np.zeros((2, 8, 8), bool)
CORNERS[0, 0, 0] = CORNERS[1, 7, 7] = True


def add_overlay(ds: Dataset, plane: NDArray[Any] | None, **changes: Any) -> None:
    """Group 6002: *plane* as its data, or in the bit ``position`` of ``allocated`` where it is None."""
    rows, columns = (8, 8) if plane is None else plane.shape[-2:]
    group = 0x6002
    ds.add_new((group, 0x0010), "US", rows)
    ds.add_new((group, 0x0011), "US", columns)
    ds.add_new((group, 0x0040), "CS", "G")
    ds.add_new((group, 0x0050), "SS", changes.get("origin", [1, 1]))
    ds.add_new((group, 0x0100), "US", changes.get("allocated", 1))
    ds.add_new((group, 0x0102), "US", changes.get("position", 0))
    if "frames" in changes:
        ds.add_new((group, 0x0015), "IS", changes["frames"])
    if "first" in changes:
        ds.add_new((group, 0x0051), "US", changes["first"])
    if plane is not None:
        packed = np.packbits(plane.ravel(), bitorder="little").tobytes()
        ds.add_new((group, 0x3000), "OW", packed + b"\0" * (len(packed) % 2))


def pictures(ds: Dataset, file: Path, transfer_syntax: str = ExplicitVRLittleEndian) -> list[NDArray[np.uint8]]:
    frames = load_instance(save(ds, file, transfer_syntax)).frames
    return [paint_bare(Picture(frame, read_frame(frame)), WINDOW) for frame in frames]


def film(frames: int = 3) -> Dataset:
    ds = ct_slice(values=VALUES, RescaleIntercept=0, NumberOfFrames=frames)
    ds.PixelData = np.stack([VALUES] * frames).tobytes()
    return ds


@pytest.mark.parametrize(
    ("changes", "marked"),
    [
        ({}, {1: (0, 0), 2: (0, 0), 3: (0, 0)}),  # one picture, no frame named: for all of them
        ({"frames": 1, "first": 2}, {2: (0, 0)}),
        ({"frames": 2}, {1: (0, 0), 2: (7, 7)}),
        ({"frames": 2, "first": 2}, {2: (0, 0), 3: (7, 7)}),
    ],
)
def test_that_an_overlay_is_on_the_frames_it_is_for(
    tmp_path: Path, changes: dict[str, int], marked: dict[int, tuple[int, int]]
) -> None:
    ds, file = film(), tmp_path / "a.dcm"
    add_overlay(ds, CORNERS[: changes.get("frames", 1)], **changes)
    drawn = pictures(ds, file)
    plain = pictures(film(), tmp_path / "plain.dcm")
    for number in (1, 2, 3):
        expected = plain[number - 1].copy()
        if number in marked:
            expected[marked[number]] = 255
        assert (drawn[number - 1] == expected).all()
    dcmtk("dcmj2pnm")
    for number in (1, 2, 3):
        judge = dcmtk_picture(file, tmp_path, "+Ww", "128", "256", frame=number)
        assert judge is not None and np.abs(drawn[number - 1].astype(int) - judge).max() <= 1


@pytest.mark.parametrize("origin", [[3, 4], [-1, -2], [7, 7], [20, 20]])
def test_that_an_overlay_lies_at_its_origin_and_is_cut_at_the_images_edge(tmp_path: Path, origin: list[int]) -> None:
    ds, file = ct_slice(values=VALUES, RescaleIntercept=0), tmp_path / "a.dcm"
    add_overlay(ds, np.ones((4, 4), bool), origin=origin)
    (drawn,) = pictures(ds, file)
    marked = np.zeros((8, 8), bool)
    top, left = origin[0] - 1, origin[1] - 1
    marked[max(0, top) : max(0, top + 4), max(0, left) : max(0, left + 4)] = True
    assert (drawn[marked] == 255).all()
    assert (drawn[~marked] == VALUES[~marked]).all()


@pytest.mark.parametrize(("shift", "stored", "position"), [(0, 12, 14), (4, 12, 2)])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless])
def test_that_an_overlay_in_unused_bits_is_drawn_and_is_no_pixel_value(
    tmp_path: Path, shift: int, stored: int, position: int, syntax: str
) -> None:
    raw = VALUES << shift
    raw[2:4, 3:6] |= 1 << position
    ds = ct_slice(values=raw, RescaleIntercept=0, BitsStored=stored, HighBit=shift + stored - 1)
    add_overlay(ds, None, allocated=16, position=position)
    if syntax == RLELossless:
        ds.file_meta = None
        ds = _run_lengths(ds, raw)
    file = tmp_path / "a.dcm"
    frame = load_instance(save(ds, file, syntax)).frames[0]
    assert (read_frame(frame) == VALUES).all()
    expected = VALUES.astype(np.uint8).copy()
    expected[2:4, 3:6] = 255
    assert (paint_bare(Picture(frame, read_frame(frame)), WINDOW) == expected).all()
    dcmtk("dcmj2pnm")
    judge = dcmtk_picture(file, tmp_path, "+Ww", "128", "256")
    assert judge is not None and np.abs(expected.astype(int) - judge).max() <= 1


def test_that_a_bit_of_the_image_itself_is_no_overlay(tmp_path: Path) -> None:
    ds = ct_slice(values=VALUES, RescaleIntercept=0, BitsStored=12, HighBit=11)
    add_overlay(ds, None, allocated=16, position=3)
    assert load_instance(save(ds, tmp_path / "a.dcm")).frames[0].display.overlays == ()


def test_that_an_overlay_with_too_little_data_is_left_out(tmp_path: Path) -> None:
    ds = ct_slice(values=VALUES, RescaleIntercept=0)
    add_overlay(ds, np.ones((2, 8), bool))
    ds[0x6002, 0x0010].value = 8
    assert load_instance(save(ds, tmp_path / "a.dcm")).frames[0].display.overlays == ()


def _run_lengths(ds: Dataset, raw: NDArray[np.uint16]) -> Dataset:
    from pydicom.encaps import encapsulate

    from tests.viewers.radiology.test_decode import rle

    del ds.file_meta
    ds.PixelData = encapsulate([rle([(raw >> 8).astype(np.uint8), raw.astype(np.uint8)])])
    ds["PixelData"].is_undefined_length = True
    return ds
