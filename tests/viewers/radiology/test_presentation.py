"""A presentation state is applied whole: as DCMTK's dcmp2pgm applies it, and with the drawings that it leaves out."""

from __future__ import annotations

import contextlib
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from tests.dcmtk import dcmtk, dcmtk_presented
from tests.real_data import real_data
from tests.viewers.radiology.dicom_files import ct_slice, save
from tests.viewers.radiology.test_overlays import add_overlay
from viewers.byte_source import FileByteSource
from viewers.errors import OutOfRange, UnsupportedImage, ViewerError
from viewers.radiology.decode import read_frame
from viewers.radiology.frame import Frame
from viewers.radiology.instance import load_instance
from viewers.radiology.presentation import paint_presented, present
from viewers.radiology.presentation_state import GREYSCALE_STATE, PresentationState, read_presentation_state

VALUES = np.arange(40 * 60, dtype=np.uint16).reshape(40, 60)


def item(**elements: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def reference(ds: Dataset) -> Dataset:
    return item(ReferencedSOPClassUID=ds.SOPClassUID, ReferencedSOPInstanceUID=ds.SOPInstanceUID)


def state_for(image: Dataset, **changes: Any) -> Dataset:
    """A state that shows all of *image* at a window over its values; *changes* are further elements."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = GREYSCALE_STATE, generate_uid(), "PR"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = image.StudyInstanceUID, generate_uid()
    ds.PatientID, ds.PatientName, ds.PatientBirthDate, ds.PatientSex = "P1", "MUSTER^ANNA", "19600101", "F"
    ds.StudyDate = ds.StudyTime = ds.StudyID = ds.AccessionNumber = ds.ReferringPhysicianName = ds.Manufacturer = ""
    ds.SeriesNumber, ds.InstanceNumber = 9, 1
    ds.ContentLabel, ds.ContentDescription, ds.ContentCreatorName = "TEST", "", ""
    ds.PresentationCreationDate, ds.PresentationCreationTime = "20260101", "120000"
    ds.ReferencedSeriesSequence = [
        item(SeriesInstanceUID=image.SeriesInstanceUID, ReferencedImageSequence=[reference(image)])
    ]
    ds.SoftcopyVOILUTSequence = [item(WindowCenter=1200, WindowWidth=2400)]
    ds.DisplayedAreaSelectionSequence = [
        item(
            DisplayedAreaTopLeftHandCorner=[1, 1],
            DisplayedAreaBottomRightHandCorner=[60, 40],
            PresentationSizeMode="SCALE TO FIT",
            PresentationPixelAspectRatio=[1, 1],
        )
    ]
    ds.PresentationLUTShape = "IDENTITY"
    for keyword, value in changes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def image(**changes: Any) -> Dataset:
    return ct_slice(values=VALUES, RescaleIntercept=0, **changes)


def files(folder: Path, of: Dataset, state: Dataset) -> tuple[Frame, PresentationState]:
    frame = load_instance(save(of, folder / "image.dcm")).frames[0]
    return frame, read_presentation_state(save(state, folder / "state.dcm"))


def drawn(folder: Path, of: Dataset, state: Dataset) -> NDArray[np.uint8]:
    frame, read = files(folder, of, state)
    return paint_presented(read, frame, read_frame(frame))


def ramp_table(first: int, entries: list[int]) -> Dataset:
    ds = Dataset()
    ds.add_new("LUTDescriptor", "US", [len(entries), first, 16])
    ds.add_new("LUTData", "US", entries)
    return ds


PRESENTATION_TABLE = [round(65535 * (n / 4095) ** 2) for n in range(4096)]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"RescaleSlope": 2, "RescaleIntercept": -1000, "RescaleType": "HU"},
        {"PresentationLUTShape": "INVERSE"},
        {"SoftcopyVOILUTSequence": [item(VOILUTSequence=[ramp_table(500, list(range(0, 65536, 64)))])]},
        {"ModalityLUTSequence": [ramp_table(0, [n % 600 * 4 for n in range(2400)])]},
        {"PresentationLUTShape": None, "PresentationLUTSequence": [ramp_table(0, PRESENTATION_TABLE)]},
        {"ImageRotation": 90, "ImageHorizontalFlip": "N"},
        {"ImageRotation": 270, "ImageHorizontalFlip": "Y"},
        {"ImageRotation": 180, "ImageHorizontalFlip": "Y"},
    ],
    ids=["window", "rescale", "inverse", "VOI LUT", "modality LUT", "presentation LUT", "90", "270 flip", "180 flip"],
)
@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_that_a_state_looks_as_dcmtk_draws_it(tmp_path: Path, changes: dict[str, Any], photometric: str) -> None:
    dcmtk("dcmp2pgm")
    if "ModalityLUTSequence" in changes:
        changes["ModalityLUTSequence"][0].ModalityLUTType = "US"
    shown = image(PhotometricInterpretation=photometric)
    ours = drawn(tmp_path, shown, state_for(shown, **changes))
    judge = dcmtk_presented(tmp_path / "image.dcm", tmp_path / "state.dcm", tmp_path)
    assert ours.shape == judge.shape
    assert np.abs(ours.astype(int) - judge).max() <= 1


@pytest.mark.parametrize("activated", [True, False])
def test_that_an_images_overlay_is_seen_only_where_the_state_switches_it_on(tmp_path: Path, activated: bool) -> None:
    shown = image()
    add_overlay(shown, np.ones((4, 4), bool), origin=[3, 5])
    state = state_for(shown)
    if activated:
        state.GraphicLayerSequence = [item(GraphicLayer="LAYER", GraphicLayerOrder=1)]
        state.add_new((0x6002, 0x1001), "CS", "LAYER")
    ours = drawn(tmp_path, shown, state)
    assert (ours[2:6, 4:8] == 255).all() == activated


def test_that_shutters_and_a_bitmap_shutter_hide_what_they_say(tmp_path: Path) -> None:
    shown = image()
    state = state_for(shown)
    state.ShutterShape = ["RECTANGULAR", "BITMAP"]
    state.ShutterLeftVerticalEdge, state.ShutterRightVerticalEdge = 11, 50
    state.ShutterUpperHorizontalEdge, state.ShutterLowerHorizontalEdge = 6, 30
    state.ShutterPresentationValue, state.ShutterOverlayGroup = 32896, 0x6002
    add_overlay(state, np.ones((2, 2), bool), origin=[10, 20])
    hidden = np.ones(VALUES.shape, bool)
    hidden[5:30, 10:50] = False
    hidden[9:11, 19:21] = True
    ours, plain = drawn(tmp_path, shown, state), drawn(tmp_path, shown, state_for(shown))
    assert (ours[hidden] == 128).all() and (ours[~hidden] == plain[~hidden]).all()


def test_that_the_displayed_area_is_what_is_seen_and_is_turned_with_the_image(tmp_path: Path) -> None:
    shown = image()
    area = item(DisplayedAreaTopLeftHandCorner=[21, 11], DisplayedAreaBottomRightHandCorner=[40, 15])
    whole = drawn(tmp_path, shown, state_for(shown))
    part = drawn(tmp_path, shown, state_for(shown, DisplayedAreaSelectionSequence=[area]))
    assert (part == whole[10:15, 20:40]).all()
    turned = state_for(shown, DisplayedAreaSelectionSequence=[area], ImageRotation=90, ImageHorizontalFlip="Y")
    assert (drawn(tmp_path, shown, turned) == np.rot90(whole[10:15, 20:40], -1)[:, ::-1]).all()
    frame, read = files(tmp_path, shown, turned)
    assert paint_presented(read, frame, read_frame(frame), (50, 200)).shape == (200, 50)
    area.DisplayedAreaBottomRightHandCorner = [2_000_000_000, 2_000_000_000]
    with pytest.raises(OutOfRange, match="cannot be made"):
        drawn(tmp_path, shown, state_for(shown, DisplayedAreaSelectionSequence=[area]))


def graphic(kind: str, data: list[float], **changes: Any) -> Dataset:
    ds = item(
        GraphicAnnotationUnits="PIXEL",
        GraphicDimensions=2,
        NumberOfGraphicPoints=len(data) // 2,
        GraphicData=data,
        GraphicType=kind,
        GraphicFilled="N",
    )
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    return ds


def marked(folder: Path, *graphics: Dataset, **changes: Any) -> NDArray[np.bool_]:
    """Where the drawings are, on an image that is black."""
    shown = image()
    state = state_for(shown, SoftcopyVOILUTSequence=[item(WindowCenter=9000, WindowWidth=2)], **changes)
    state.GraphicAnnotationSequence = [item(GraphicLayer="1", GraphicObjectSequence=list(graphics))]
    marks: NDArray[np.bool_] = drawn(folder, shown, state) > 100
    return marks


def test_that_a_line_lies_on_the_pixels_it_names(tmp_path: Path) -> None:
    # (0, 0) is the corner of the first pixel, so the middle of column 5 is at 5.5.
    found = marked(tmp_path, graphic("POLYLINE", [5.5, 3.5, 15.5, 3.5]))
    assert np.argwhere(found).tolist() == [[3, column] for column in range(5, 16)]


def test_that_circles_and_ellipses_have_their_axes(tmp_path: Path) -> None:
    circle = np.argwhere(marked(tmp_path, graphic("CIRCLE", [20.5, 20.5, 30.5, 20.5])))
    assert circle.min(axis=0).tolist() == [10, 10] and circle.max(axis=0).tolist() == [30, 30]
    ellipse = np.argwhere(marked(tmp_path, graphic("ELLIPSE", [10.5, 20.5, 50.5, 20.5, 30.5, 15.5, 30.5, 25.5])))
    assert np.abs(ellipse.min(axis=0) - [15, 10]).max() <= 1 and np.abs(ellipse.max(axis=0) - [25, 50]).max() <= 1
    filled = marked(tmp_path, graphic("ELLIPSE", [10, 20, 50, 20, 30, 15, 30, 25], GraphicFilled="Y"))
    inside = ((np.arange(40)[:, None] + 0.5 - 20) / 5) ** 2 + ((np.arange(60) + 0.5 - 30) / 20) ** 2 < 1
    assert filled[inside].all() and filled.sum() < inside.sum() + 110  # and its own outline


def test_that_a_curve_goes_through_its_points_and_a_point_is_a_dot(tmp_path: Path) -> None:
    found = marked(tmp_path, graphic("INTERPOLATED", [5.5, 5.5, 20.5, 15.5, 35.5, 5.5]))
    assert found[5, 5] and found[15, 20] and found[5, 35]
    assert marked(tmp_path, graphic("POINT", [7.5, 9.5])).sum() in range(9, 30)


def test_that_shares_of_the_display_follow_the_area_as_it_is_turned(tmp_path: Path) -> None:
    line = graphic("POLYLINE", [0.0, 0.5, 1.0, 0.5], GraphicAnnotationUnits="DISPLAY")
    found = marked(tmp_path, line, ImageRotation=90, ImageHorizontalFlip="N")
    assert found.shape == (60, 40)
    assert set(np.argwhere(found)[:, 0]) <= {29, 30} and len(set(np.argwhere(found)[:, 1])) == 40


def test_that_its_words_are_kept_with_their_place(tmp_path: Path) -> None:
    words = item(UnformattedTextValue="Läsion 1", AnchorPoint=[12.0, 14.0], AnchorPointAnnotationUnits="PIXEL")
    shown = image()
    state = state_for(shown, SpecificCharacterSet="ISO_IR 100")
    state.GraphicAnnotationSequence = [item(GraphicLayer="1", TextObjectSequence=[words])]
    frame, read = files(tmp_path, shown, state)
    (text,) = present(read, frame).texts
    assert (text.words, text.place, text.in_pixels) == ("Läsion 1", (12.0, 14.0), True)


def test_that_what_is_for_another_image_is_not_applied(tmp_path: Path) -> None:
    shown, other = image(), image()
    with pytest.raises(OutOfRange, match=r"state\.dcm is not made for image\.dcm, image 1\."):
        drawn(tmp_path, shown, state_for(other))
    state = state_for(shown)
    state.SoftcopyVOILUTSequence = [
        item(WindowCenter=1, WindowWidth=1, ReferencedImageSequence=[reference(other)]),
        item(WindowCenter=600, WindowWidth=200),
    ]
    frame, read = files(tmp_path, shown, state)
    assert present(read, frame).voi.centre == 600  # type: ignore[union-attr]


def test_that_without_a_window_all_that_can_be_stored_is_from_black_to_white(tmp_path: Path) -> None:
    shown = image(BitsStored=12, HighBit=11)
    ours = drawn(tmp_path, shown, state_for(shown, SoftcopyVOILUTSequence=None))
    assert np.abs(ours - VALUES / 4095 * 255).max() <= 0.51


def test_that_another_object_is_no_state_and_colour_is_not_for_one(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedImage, match="is not a greyscale presentation state"):
        read_presentation_state(save(image(), tmp_path / "a.dcm"))
    coloured = ct_slice(values=np.zeros((40, 60, 3), np.uint8))
    with pytest.raises(UnsupportedImage, match=r"is for grey images, and image\.dcm is in colour"):
        drawn(tmp_path, coloured, state_for(coloured))


def test_that_a_damaged_state_is_applied_or_refused_and_nothing_else(tmp_path: Path) -> None:
    shown = image()
    state = state_for(shown, ShutterShape="CIRCULAR", CenterOfCircularShutter=[9, 9], RadiusOfCircularShutter=5)
    add_overlay(state, np.ones((2, 2), bool))
    state.GraphicAnnotationSequence = [item(GraphicObjectSequence=[graphic("CIRCLE", [20, 20, 30, 20])])]
    frame, _ = files(tmp_path, shown, state)
    stored, whole = read_frame(frame), (tmp_path / "state.dcm").read_bytes()
    chance = random.Random(7)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(132, len(whole) - 4)
            damaged[at : at + 2] = chance.choice(
                (b"\xff\xff", b"\0\0", b"\x7f\xff", bytes([chance.randrange(256)] * 2))
            )
        (tmp_path / "damaged.dcm").write_bytes(damaged)
        with contextlib.suppress(ViewerError):
            read = read_presentation_state(FileByteSource(tmp_path / "damaged.dcm"))
            assert paint_presented(read, frame, stored, (90, 60)).shape == (60, 90)


@pytest.mark.real_data
def test_that_a_vendors_state_looks_as_dcmtk_draws_it_on_every_image_it_is_for(tmp_path: Path) -> None:
    dcmtk("dcmp2pgm")
    folder = real_data("dicom", "mr_liver_T2longTE_25sl_with_GSPS")
    state = read_presentation_state(FileByteSource(folder / "PS_0181"))
    images = sorted(folder.glob("IM_*"))
    assert len(images) == len(state.images) == 25
    for file in images:
        (frame,) = load_instance(FileByteSource(file)).frames
        stored = read_frame(frame)
        whole = paint_presented(replace(state, areas=()), frame, stored)
        judge = dcmtk_presented(file, folder / "PS_0181", tmp_path)
        assert np.abs(whole.astype(int) - judge).max() <= 1
        assert (paint_presented(state, frame, stored) == whole[18:238, 18:238]).all()
