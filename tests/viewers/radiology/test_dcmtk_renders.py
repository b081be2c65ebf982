"""Every monochrome image of the real data looks as DCMTK draws it, at four windows, to one grey level."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.dcmtk import dcmtk, dcmtk_picture
from tests.real_data import DATA, real_data
from viewers.byte_source import FileByteSource
from viewers.errors import ViewerError
from viewers.radiology.decode import read_frame
from viewers.radiology.display_facts import VoiFunction, VoiWindow
from viewers.radiology.frame import Frame
from viewers.radiology.instance import load_instance
from viewers.radiology.picture import Picture
from viewers.radiology.snapshot import paint_bare
from viewers.radiology.voi_choice import minmax_window
from viewers.radiology.windowing import LookupTable, Voi

OTHER_WINDOWS = (VoiWindow(40, 400), VoiWindow(300.5, 777))


def indexed_images(*, grey: bool) -> list[Path]:
    """The images of the index, grey or in colour."""
    rows = csv.DictReader(real_data("index.csv").read_text().splitlines())
    return [
        DATA / row["path"]
        for row in rows
        if row["kind"] == "dicom" and row["photometric"] and row["photometric"].startswith("MONOCHROME") == grey
    ]


def some_frames(file: Path) -> list[Frame]:
    """The pictures that *file* holds (of a mosaic the whole): all of a few, else first, middle and last."""
    instance = load_instance(FileByteSource(file))
    frames = list(dict.fromkeys(frame.stored_picture for frame in instance.frames))
    return frames if len(frames) <= 4 else [frames[0], frames[len(frames) // 2], frames[-1]]


def voi_options(voi: Voi, frame: Frame) -> list[str]:
    """dcmj2pnm's options for *voi*, in stored units.

    DCMTK rounds modality values to whole numbers, which at a slope of 0.00007 leaves four grey levels of a PET: so it
    is given the same window in stored values, where nothing is rounded.
    """
    if isinstance(voi, LookupTable):
        return ["+Wl", "1"]
    slope, intercept = frame.display.slope, frame.display.intercept
    if frame.display.modality_lut is not None or (slope == int(slope) and intercept == int(intercept)):
        centre, width, plain = voi.centre, voi.width, []
    else:
        centre = (voi.centre - 0.5 - intercept) / slope + 0.5
        width, plain = (voi.width - 1) / slope + 1, ["-M"]
    if voi.function is VoiFunction.LINEAR_EXACT:
        centre, width, plain = (voi.centre - intercept) / slope + 0.5, voi.width / slope + 1, ["-M"]
    shape = ["+Wfs"] if voi.function is VoiFunction.SIGMOID else ["+Wfl"]
    return [*plain, *shape, "+Ww", repr(centre), repr(width)]


@pytest.mark.real_data
@pytest.mark.parametrize("half", [0, 1])
def test_that_every_monochrome_file_is_drawn_as_dcmtk_draws_it(tmp_path: Path, half: int) -> None:
    dcmtk("dcmj2pnm")
    compared, differing = 0, []
    for file in indexed_images(grey=True)[half::2]:
        try:
            frames = some_frames(file)
            pictures = [Picture(frame, read_frame(frame)) for frame in frames]
        except ViewerError:
            continue  # what is refused has its own table
        for frame, picture in zip(frames, pictures, strict=True):
            display = frame.display
            stated: tuple[Voi, ...] = (*display.voi_luts[:1], *display.windows[:1])
            whole = minmax_window(picture.stored, display)
            for voi in (*stated, whole, *OTHER_WINDOWS):
                drawn = dcmtk_picture(
                    file,
                    tmp_path,
                    *voi_options(voi, frame),
                    frame=frame.frame_number,
                    transfer_syntax=frame.layout.transfer_syntax,
                )
                if drawn is None:
                    break  # DCMTK 3.6.7 has no JPEG 2000, no floating point and no deflated frames
                ours = paint_bare(picture, voi)
                image = np.ones(drawn.shape, bool)
                if display.supplement is not None:  # in colour here, and grey to DCMTK
                    ours, image = ours[..., 0], picture.stored < display.supplement.first_mapped
                if display.padding is not None:  # black here, and image to DCMTK
                    low, high = display.padding
                    image &= (picture.stored < low) | (picture.stored > high)
                excess = int(np.abs(ours.astype(int) - drawn.astype(int))[image].max(initial=0))
                compared += 1
                if excess > 1:
                    differing.append((file.name, frame.frame_number, voi, excess))
    assert not differing, differing
    assert compared > 850


@pytest.mark.real_data
def test_that_every_colour_file_is_drawn_as_dcmtk_draws_it(tmp_path: Path) -> None:
    dcmtk("dcmj2pnm")
    compared = 0
    for file in indexed_images(grey=False):
        try:
            frames = some_frames(file)
            pictures = [Picture(frame, read_frame(frame)) for frame in frames]
        except ViewerError:
            continue
        for frame, picture in zip(frames, pictures, strict=True):
            syntax = frame.layout.transfer_syntax
            drawn = dcmtk_picture(file, tmp_path, frame=frame.frame_number, transfer_syntax=syntax)
            if drawn is None or frame.display.icc:
                break  # DCMTK 3.6.7 has no JPEG 2000, no segmented palettes and does not manage colour
            ours = paint_bare(picture, None).astype(int)
            # Its tables for YBR_FULL round twice.
            assert np.abs(ours - drawn).max() <= (2 if frame.layout.photometric == "YBR_FULL" else 1), file.name
            compared += 1
    assert compared > 40
