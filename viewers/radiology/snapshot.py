"""A frame as the picture a reader sees, as an array: bare here, with words by way of `snapshot_view`."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewers.annotation.presentation import FramePresentation
from viewers.errors import OutOfRange
from viewers.radiology.display_orientation import DisplayOrientation
from viewers.radiology.frame import Frame, Series
from viewers.radiology.marked_window import marked_voi
from viewers.radiology.picture import Picture
from viewers.radiology.viewport_geometry import Affine, ViewportGeometry, native_size
from viewers.radiology.voi_choice import default_voi, file_voi, find_preset, minmax_window, preset_voi
from viewers.radiology.volume import SeriesPixels
from viewers.radiology.windowing import GreyTable, Voi, VoiWindow

LARGEST_PICTURE_PX = 100_000_000
_UPRIGHT = DisplayOrientation()

WindowWish = VoiWindow | Literal["minmax", "file"] | None
"""A window, the values' full range, the file's first VOI, or None for what the image opens with."""


def render_snapshot(
    series: Series,
    frame: int = 1,
    *,
    window: WindowWish = None,
    preset: str | None = None,
    size: tuple[int, int] | None = None,
    invert: bool = False,
    rotate: int = 0,
    flip: Literal["h", "v"] | None = None,
    bare: bool = False,
    patient_line: str = "",
) -> NDArray[np.uint8]:
    """The picture of one frame: (height, width) grey, or (height, width, 3) RGB for colour and for pictures with words.

    *frame* counts from 1 in display order. *size* is (width, height) in pixels, the image fitted inside; without it
    every image pixel is one picture pixel. *rotate* is in degrees clockwise (multiples of 90) and comes before *flip*.
    Not *bare*: corner text, orientation letters, warnings, and the patient line in a bar above. Overlays are always
    drawn. Raises OutOfRange for a frame, angle or preset that does not exist, ViewerError where pixels cannot be read.
    """
    chosen = get_frame(series, frame)
    if rotate % 90:
        raise OutOfRange(f"An image can be rotated by 90, 180 or 270 degrees, not by {rotate}.")
    if size is not None and size[0] * size[1] > LARGEST_PICTURE_PX:
        raise OutOfRange(f"A picture of {size[0]} × {size[1]} pixels cannot be made; ask for a smaller one.")
    orientation = DisplayOrientation(rotate // 90 % 4, flip == "h", flip == "v")
    pixels = SeriesPixels(series)
    stored = pixels.read_frame(frame - 1)
    picture = Picture(chosen, stored)
    voi = _voi(series, chosen, picture, window, preset) if picture.is_grey else None
    if not bare:
        from viewers.radiology.snapshot_view import grab_snapshot  # Qt only where words are drawn

        return grab_snapshot(pixels, frame - 1, voi, size, orientation, inverted=invert, patient_line=patient_line)
    return paint_bare(picture, voi, size, orientation, inverted=invert)


def render_as_marked(
    series: Series, frame: int, marked: FramePresentation | None
) -> tuple[NDArray[np.uint8], Voi | None, bool]:
    """The bare picture of one frame at one pixel a pixel, its window (None for colour), and whether that is *marked*'s.

    Without *marked*, or where the frame has no such window, it is the one the image opens with. As `render_snapshot`
    otherwise, for pictures whose words somebody else draws.
    """
    chosen = get_frame(series, frame)
    picture = Picture(chosen, SeriesPixels(series).read_frame(frame - 1))
    voi = None if marked is None or not picture.is_grey else marked_voi(marked, chosen.display)
    is_as_marked = marked is not None and (voi is not None or not picture.is_grey)
    if voi is None and picture.is_grey:
        voi = _voi(series, chosen, picture, None, None)
    inverted = marked is not None and is_as_marked and marked.inverted
    return paint_bare(picture, voi, inverted=inverted), voi, is_as_marked


def paint_bare(
    picture: Picture,
    voi: Voi | None,
    size: tuple[int, int] | None = None,
    orientation: DisplayOrientation = _UPRIGHT,
    *,
    inverted: bool = False,
) -> NDArray[np.uint8]:
    """The picture without words: (height, width) grey, or (height, width, 3) RGB; *voi* is needed for grey ones.

    *size* is (width, height), the image fitted inside; without it every image pixel is one picture pixel.
    """
    chosen = picture.frame
    width, height = size or native_size(chosen.layout.columns, chosen.layout.rows, orientation)
    canvas = np.zeros((height, width, 4), np.uint8)
    table = None
    if voi is not None:
        table = GreyTable(picture.sample_dtype, chosen.display, voi, inverted=inverted)
    to_view = _native(chosen, orientation) if size is None else _fitted(chosen, orientation, width, height)
    picture.paint(canvas, to_view, table, inverted=inverted)
    if picture.is_grey and not picture.is_tinted:
        return np.ascontiguousarray(canvas[..., 0])
    return np.ascontiguousarray(canvas[..., 2::-1])


def get_frame(series: Series, number: int) -> Frame:
    """The frame *number* (from 1, in display order). Raises OutOfRange."""
    if not 1 <= number <= len(series.frames):
        raise OutOfRange(f"{series.title} has images 1 to {len(series.frames)}; there is no image {number}.")
    return series.frames[number - 1]


def _voi(series: Series, frame: Frame, picture: Picture, window: WindowWish, preset: str | None) -> Voi:
    stored, display = picture.stored, frame.display
    if preset is not None:
        return preset_voi(find_preset(preset, series.modality, display.unit), stored, display)
    if isinstance(window, VoiWindow):
        return window
    if window == "minmax":
        return minmax_window(stored, display)
    if window == "file":
        stated = file_voi(display)
        if stated is None:
            raise OutOfRange(f"{frame.source.name} states no window.")
        return stated
    return default_voi(stored, display, series.modality)


def _native(frame: Frame, orientation: DisplayOrientation) -> Affine:
    width, height = native_size(frame.layout.columns, frame.layout.rows, orientation)
    layout = frame.layout
    return ViewportGeometry(layout.columns, layout.rows, width, height, 1.0, orientation, zoom=1.0).image_to_view()


def _fitted(frame: Frame, orientation: DisplayOrientation, width: int, height: int) -> Affine:
    layout = frame.layout
    return ViewportGeometry(layout.columns, layout.rows, width, height, frame.pixel_aspect, orientation).image_to_view()
