"""An image as a presentation state has it (DICOM PS3.4 N.2): its grey levels, shutters, part, turn and drawings.

Reading a state is `presentation_state`. Words are not drawn here: what paints them says them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import cos, pi, sin
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from viewers.errors import OutOfRange, UnsupportedImage
from viewers.radiology.display_facts import DisplayFacts, VoiFunction, VoiWindow
from viewers.radiology.frame import Frame, PixelLayout
from viewers.radiology.overlay_header import overlays_on
from viewers.radiology.picture import Picture
from viewers.radiology.presentation_state import (
    DisplayedArea,
    Graphic,
    GraphicKind,
    GraphicText,
    PresentationState,
    among,
)
from viewers.radiology.snapshot import LARGEST_PICTURE_PX
from viewers.radiology.viewport_geometry import Affine
from viewers.radiology.windowing import GreyTable, Voi, modality_values

_ROUND_POINTS = 96
_CURVE_STEPS = 12
_SUBPIXEL_BITS = 4
_POINT_RADIUS_PX = 2.0
_FARTHEST_PX = 100_000.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Presented:
    """One image under one state: the frame with the state's display facts, its window, part and drawings."""

    frame: Frame
    voi: Voi
    area: DisplayedArea
    graphics: tuple[Graphic, ...]
    texts: tuple[GraphicText, ...]


def present(state: PresentationState, frame: Frame) -> Presented:
    """*frame* as *state* has it; nothing of the image's own display is left but its padding.

    Raises OutOfRange where the state is not for this image, UnsupportedImage where that is no grey image.
    """
    if not state.is_for(frame):
        raise OutOfRange(f"{state.name} is not made for {frame.source.name}, image {frame.frame_number}.")
    if frame.layout.is_colour or frame.display.palette is not None:
        raise UnsupportedImage(f"{state.name} is for grey images, and {frame.source.name} is in colour.")
    own_groups = {plane.group for plane in state.own_overlays}
    kept = (o for o in frame.display.overlays if o.group in state.image_overlays and o.group not in own_groups)
    display = DisplayFacts(
        slope=state.slope,
        intercept=state.intercept,
        unit=state.unit,
        modality_lut=state.modality_lut,
        padding=frame.display.padding,
        inverted=state.inverted,
        overlays=(*kept, *overlays_on(state.own_overlays, frame.frame_number)),
        shutter=state.shutter,
        presentation_lut=state.presentation_lut,
    )
    voi = next((voi for voi, images in state.vois if among(frame, images)), None)
    whole = DisplayedArea(1, 1, frame.layout.columns, frame.layout.rows, None)
    return Presented(
        replace(frame, display=display),
        voi or _identity(frame.layout, display),
        next((area for area in state.areas if among(frame, area.images)), whole),
        tuple(graphic for graphic in state.graphics if among(frame, graphic.images)),
        tuple(words for words in state.texts if among(frame, words.images)),
    )


def paint_presented(
    state: PresentationState, frame: Frame, stored: NDArray[Any], size: tuple[int, int] | None = None
) -> NDArray[np.uint8]:
    """(height, width) grey levels of *frame*'s *stored* values as *state* has them, drawings included, words not.

    *size* is (width, height), the displayed area fitted inside; without it the area at one pixel a pixel. Raises as
    `present`, and OutOfRange for a picture too large to be made.
    """
    presented = present(state, frame)
    area = presented.area
    across, down = area.right - area.left + 1, area.bottom - area.top + 1
    turned = state.orientation.swaps_axes
    width, height = size or ((down, across) if turned else (across, down))
    aspect = 1.0 if size is None else frame.pixel_aspect
    if width * height > LARGEST_PICTURE_PX:
        raise OutOfRange(f"A picture of {width} × {height} pixels cannot be made; ask for a smaller one.")
    fitted = (down * aspect, float(across)) if turned else (float(across), down * aspect)
    scale = 1.0 if size is None else min(width / fitted[0], height / fitted[1])
    to_view = _to_view(state, area, scale, scale * aspect, width, height)
    picture = Picture(presented.frame, stored)
    canvas = np.zeros((height, width, 4), np.uint8)
    table = GreyTable(picture.sample_dtype, presented.frame.display, presented.voi)
    picture.paint(canvas, to_view, table, inverted=False)
    grey = np.ascontiguousarray(canvas[..., 0])
    for graphic in presented.graphics:
        _draw(grey, graphic, to_view, area)
    return grey


def _identity(layout: PixelLayout, display: DisplayFacts) -> VoiWindow:
    """Without a VOI the whole of what modality values can be, from black to white (PS3.4 N.2.1.2)."""
    if display.modality_lut is not None:
        ends = np.array([0.0, float((1 << display.modality_lut.bits) - 1)])
    else:
        lowest = -(1 << (layout.bits_stored - 1)) if layout.signed else 0
        ends = modality_values(np.array([lowest, lowest + (1 << layout.bits_stored) - 1]), display)
    low, high = float(ends.min()), float(ends.max())
    return VoiWindow((low + high) / 2, max(high - low, 1.0), VoiFunction.LINEAR_EXACT)


def _to_view(
    state: PresentationState, area: DisplayedArea, across: float, down: float, width: int, height: int
) -> Affine:
    (a, b), (c, d) = state.orientation.matrix
    xx, xy, yx, yy = a * across, b * down, c * across, d * down
    centre_x, centre_y = (area.left - 1 + area.right) / 2, (area.top - 1 + area.bottom) / 2
    return Affine(
        xx, xy, yx, yy, width / 2 - (xx * centre_x + xy * centre_y), height / 2 - (yx * centre_x + yy * centre_y)
    )


def _draw(grey: NDArray[np.uint8], graphic: Graphic, to_view: Affine, area: DisplayedArea) -> None:
    outline = _outline(graphic)
    if graphic.in_pixels:
        seen = [to_view.map(x, y) for x, y in outline]
    else:
        left, right = sorted(to_view.map(x, y)[0] for x, y in _corners(area))
        top, bottom = sorted(to_view.map(x, y)[1] for x, y in _corners(area))
        seen = [(left + x * (right - left), top + y * (bottom - top)) for x, y in outline]
    # cv2 counts from pixel centres, and takes fractions as whole numbers of sixteenths.
    near = np.clip(np.array(seen) - 0.5, -_FARTHEST_PX, _FARTHEST_PX)
    points = np.round(near * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    if graphic.kind is GraphicKind.POINT:
        radius = round(_POINT_RADIUS_PX * (1 << _SUBPIXEL_BITS))
        for x, y in points.tolist():
            cv2.circle(grey, (x, y), radius, (255,), -1, cv2.LINE_AA, _SUBPIXEL_BITS)
        return
    if graphic.filled and len(points) > 2:
        cv2.fillPoly(grey, [points], (255,), cv2.LINE_AA, _SUBPIXEL_BITS)
    closed = graphic.kind in (GraphicKind.CIRCLE, GraphicKind.ELLIPSE)
    cv2.polylines(grey, [points], closed, (255,), 1, cv2.LINE_AA, _SUBPIXEL_BITS)


def _corners(area: DisplayedArea) -> tuple[Point, Point]:
    return (area.left - 1.0, area.top - 1.0), (float(area.right), float(area.bottom))


def _outline(graphic: Graphic) -> Sequence[Point]:
    """The graphic as a line through points (PS3.3 C.10.5.1.2)."""
    points = graphic.points
    if graphic.kind is GraphicKind.CIRCLE and len(points) == 2:
        (x, y), (edge_x, edge_y) = points
        radius = ((edge_x - x) ** 2 + (edge_y - y) ** 2) ** 0.5
        return _ellipse((x, y), (radius, 0.0), (0.0, radius))
    if graphic.kind is GraphicKind.ELLIPSE and len(points) == 4:
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
        return _ellipse(((ax + bx) / 2, (ay + by) / 2), ((bx - ax) / 2, (by - ay) / 2), ((dx - cx) / 2, (dy - cy) / 2))
    if graphic.kind is GraphicKind.INTERPOLATED and len(points) > 2:
        return _curve(points)
    return points


def _ellipse(centre: Point, one: Point, other: Point) -> list[Point]:
    turns = [2 * pi * step / _ROUND_POINTS for step in range(_ROUND_POINTS)]
    return [
        (centre[0] + cos(t) * one[0] + sin(t) * other[0], centre[1] + cos(t) * one[1] + sin(t) * other[1])
        for t in turns
    ]


def _curve(points: Sequence[Point]) -> list[Point]:
    """A smooth line (Catmull-Rom) through all points; closed where the last is the first again."""
    knots = np.array(points, np.float64)
    closed = points[0] == points[-1]
    before, after = (knots[-2], knots[1]) if closed else (2 * knots[0] - knots[1], 2 * knots[-1] - knots[-2])
    padded = np.vstack([before, knots, after])
    t = np.arange(_CURVE_STEPS)[:, None] / _CURVE_STEPS
    drawn = []
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        drawn.append(
            0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * (p1 - p2) + p3 - p0) * t**3)
        )
    curve = np.vstack([*drawn, knots[-1:]])
    return [(float(x), float(y)) for x, y in curve]
