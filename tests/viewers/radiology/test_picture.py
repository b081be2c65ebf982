"""A picture is drawn in the order of PS3.4 N.2: shutter over the windowed image, overlays over the shutter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from tests.viewers.radiology.dicom_files import ct_slice, save
from tests.viewers.radiology.test_overlays import add_overlay
from viewers.errors import UnreadableFile
from viewers.radiology.colour import understands
from viewers.radiology.decode import read_frame
from viewers.radiology.display_facts import VoiFunction, VoiWindow
from viewers.radiology.frame import Frame
from viewers.radiology.instance import load_instance
from viewers.radiology.picture import Picture
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.snapshot import paint_bare
from viewers.radiology.stack_words import colour_text, value_text
from viewers.radiology.voi_choice import auto_window, file_voi, minmax_window

BRIGHT = np.full((8, 10), 200, np.uint8)
WINDOW = VoiWindow(127.5, 255, VoiFunction.LINEAR_EXACT)


def frame_of(ds: Dataset, folder: Path) -> Frame:
    return load_instance(save(ds, folder / "a.dcm")).frames[0]


def drawn(ds: Dataset, folder: Path, voi: Any = WINDOW) -> NDArray[np.uint8]:
    frame = frame_of(ds, folder)
    return paint_bare(Picture(frame, read_frame(frame)), voi)


def bright(**changes: Any) -> Dataset:
    return ct_slice(values=BRIGHT, RescaleIntercept=0, **changes)


def rectangle(left: int, right: int, top: int, bottom: int) -> dict[str, Any]:
    return {
        "ShutterLeftVerticalEdge": left,
        "ShutterRightVerticalEdge": right,
        "ShutterUpperHorizontalEdge": top,
        "ShutterLowerHorizontalEdge": bottom,
    }


def test_that_a_rectangular_shutter_leaves_its_edges_and_what_is_within(tmp_path: Path) -> None:
    picture = drawn(bright(ShutterShape="RECTANGULAR", **rectangle(3, 6, 2, 5)), tmp_path)
    seen = np.zeros(BRIGHT.shape, bool)
    seen[1:5, 2:6] = True
    assert (picture[seen] == 200).all() and (picture[~seen] == 0).all()


def test_that_circle_and_polygon_hide_what_is_outside_of_either(tmp_path: Path) -> None:
    ds = bright(ShutterShape=["CIRCULAR", "POLYGONAL"])
    ds.CenterOfCircularShutter, ds.RadiusOfCircularShutter = [4, 5], 2
    ds.VerticesOfThePolygonalShutter = [1, 1, 1, 5, 8, 5, 8, 1]  # columns 1 to 5
    picture = drawn(ds, tmp_path)
    row, column = np.mgrid[1:9, 1:11]
    seen = ((row - 4) ** 2 + (column - 5) ** 2 <= 4) & (column <= 5)
    assert (picture[seen] == 200).all() and (picture[~seen] == 0).all()


def test_that_a_shutter_far_outside_hides_nothing_or_all(tmp_path: Path) -> None:
    far = bright(ShutterShape=["CIRCULAR", "POLYGONAL"])
    far.CenterOfCircularShutter, far.RadiusOfCircularShutter = [4, 5], 2_000_000_000
    far.VerticesOfThePolygonalShutter = [
        -2_000_000_000,
        -2_000_000_000,
        -2_000_000_000,
        2_000_000_000,
        2_000_000_000,
        0,
    ]
    assert (drawn(far, tmp_path) == 200).all()
    away = bright(ShutterShape="CIRCULAR", CenterOfCircularShutter=[-2_000_000_000, 5], RadiusOfCircularShutter=3)
    assert not drawn(away, tmp_path).any()


def test_that_a_shutter_has_its_own_grey_whatever_is_inverted_and_overlays_lie_over_it(tmp_path: Path) -> None:
    ds = bright(ShutterShape="RECTANGULAR", ShutterPresentationValue=65535 // 5, **rectangle(5, 6, 4, 5))
    add_overlay(ds, np.ones((1, 1), bool))
    frame = frame_of(ds, tmp_path)
    picture = paint_bare(Picture(frame, read_frame(frame)), WINDOW, inverted=True)
    assert picture[0, 0] == 255 and picture[0, 1] == 51 and picture[4, 4] == 55


@pytest.mark.parametrize(
    ("photometric", "shape", "expected"),
    [
        ("MONOCHROME2", None, 200),
        ("MONOCHROME1", None, 55),
        ("MONOCHROME2", "INVERSE", 55),
        ("MONOCHROME1", "INVERSE", 55),
        ("MONOCHROME1", "IDENTITY", 200),
    ],
)
def test_that_the_presentation_lut_shape_comes_last_and_decides(
    tmp_path: Path, photometric: str, shape: str | None, expected: int
) -> None:
    ds = bright(PhotometricInterpretation=photometric)
    if shape:
        ds.PresentationLUTShape = shape
    assert (drawn(ds, tmp_path) == expected).all()


def test_that_values_above_the_grey_ones_are_in_the_colours_of_their_palette(tmp_path: Path) -> None:
    values = np.array([[10, 100, 101, 250]], np.uint16)
    ds = ct_slice(values=values, RescaleIntercept=0, PixelPresentation="MIXED")
    for colour, table in (("Red", [255, 0]), ("Green", [0, 255]), ("Blue", [0, 0])):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [2, 100, 16])
        setattr(ds, f"{colour}PaletteColorLookupTableData", (np.array(table, np.uint16) << 8).tobytes())
    assert drawn(ds, tmp_path).tolist() == [[[10] * 3, [255, 0, 0], [0, 255, 0], [0, 255, 0]]]


def test_that_a_palette_that_cannot_be_read_is_said_and_not_shown_as_grey(tmp_path: Path) -> None:
    ds = bright(PhotometricInterpretation="PALETTE COLOR")
    with pytest.raises(UnreadableFile, match="the palette that its colours are in cannot be read"):
        frame_of(ds, tmp_path)


def test_that_colours_are_converted_by_their_icc_profile_and_it_is_said(tmp_path: Path) -> None:
    rgb = np.full((4, 6, 3), (0, 255, 0), np.uint8)
    ds = ct_slice(values=rgb)
    assert colour_text(frame_of(ds, tmp_path)) == "Colours assumed sRGB"
    ds.ICCProfile = imagecodecs.cms_profile("adobergb")
    picture = drawn(ds, tmp_path, None)
    assert colour_text(frame_of(ds, tmp_path)) == "Colours by ICC profile"
    assert picture[0, 0, 1] == 255 and picture[0, 0, 0] == 0  # Adobe's green is greener than sRGB has
    ds = ct_slice(values=np.full((4, 6, 3), (120, 130, 90), np.uint8))
    ds.ICCProfile = imagecodecs.cms_profile("adobergb")
    managed = drawn(ds, tmp_path, None)[0, 0].astype(int)
    assert managed[0] < 119 and abs(managed[1] - 130) <= 2  # less red of Adobe's wider primaries, by a few levels
    ds.ICCProfile = b"no profile at all"
    assert (drawn(ds, tmp_path, None)[0, 0] == (120, 130, 90)).all() and not understands(b"no profile at all")
    assert colour_text(frame_of(ds, tmp_path)) == "ICC profile unreadable: colours assumed sRGB"


def test_that_real_numbers_that_are_none_are_no_image(tmp_path: Path) -> None:
    values = np.array([[0.0, 0.25, 0.5, np.nan, np.inf, 7.0]], np.float32)
    ds = ct_slice(values=np.zeros((1, 6), np.uint8), RescaleIntercept=0, BitsAllocated=32, PixelData=None)
    ds.FloatPixelData, ds.FloatPixelPaddingValue = values.tobytes(), 7.0
    frame = frame_of(ds, tmp_path)
    stored = read_frame(frame)
    window = minmax_window(stored, frame.display)
    assert (window.centre, window.width, auto_window(stored, frame.display).centre) == (0.25, 0.5, 0.25)
    assert paint_bare(Picture(frame, stored), window).tolist() == [[0, 128, 255, 0, 255, 0]]
    assert value_text(frame, stored, 3, 0) == value_text(frame, stored, 5, 0).replace("5", "3")
    assert value_text(frame, stored, 3, 0) == "no image (padding)  (3, 0)"
    assert value_text(frame, stored, 4, 0).startswith("inf")


def test_that_a_window_on_real_numbers_is_exact(tmp_path: Path) -> None:
    ds = ct_slice(values=np.zeros((1, 2), np.uint8), WindowCenter=0.5, WindowWidth=1, BitsAllocated=32, PixelData=None)
    ds.FloatPixelData = np.array([[0.25, 0.75]], np.float32).tobytes()
    frame = frame_of(ds, tmp_path)
    voi = file_voi(frame.display)
    assert isinstance(voi, VoiWindow) and voi.function is VoiFunction.LINEAR_EXACT


def test_that_a_picture_meant_with_a_mask_subtracted_says_so(tmp_path: Path) -> None:
    mask = Dataset()
    mask.MaskOperation, mask.MaskFrameNumbers = "AVG_SUB", 1
    source = save(bright(RecommendedViewingMode="SUB", MaskSubtractionSequence=[mask]), tmp_path / "a.dcm")
    (series,) = scan_instances([source]).series
    assert "Meant to be seen with a mask subtracted: shown without it." in series.warnings
