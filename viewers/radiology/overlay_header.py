"""Overlay planes as the header holds them (groups 6000-601E, PS3.3 C.9.2), and those that lie in the pixels' own bits.

Drawing them is `overlays`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from pydicom.dataset import Dataset

from viewers.errors import ViewerError
from viewers.radiology.decode import read_frame
from viewers.radiology.display_facts import Overlay
from viewers.radiology.frame import Frame, PixelLayout


@dataclass(frozen=True, slots=True)
class OverlayPlane:
    """One group: ``pictures`` are the overlay's own frames, ``first_frame`` (from 1) is what the first of them is for.

    None there: the only picture is for every frame of the image. ``bit`` is set instead of pictures where the plane
    lies in an unused bit of the pixels (retired in 2004, and still written).
    """

    group: int
    pictures: tuple[Overlay, ...]
    first_frame: int | None
    bit: int | None = None


def own_planes(dataset: Dataset) -> tuple[OverlayPlane, ...]:
    """The planes that hold their own data, of an object that need not be an image."""
    return overlay_planes(dataset, None)


def overlay_planes(dataset: Dataset, layout: PixelLayout | None) -> tuple[OverlayPlane, ...]:
    """The planes of an image; what is malformed is left out."""
    tags = dataset.keys()  # iterating over the data set itself would convert every value
    groups = sorted({tag >> 16 for tag in tags if 0x6000 <= tag >> 16 < 0x6020 and not tag >> 16 & 1})
    planes = []
    for group in groups:
        try:
            plane = _plane(dataset, group, layout)
        except Exception:  # noqa: BLE001 - a malformed value raises many kinds; its plane is none
            continue
        if plane is not None:
            planes.append(plane)
    return tuple(planes)


def overlays_on(planes: Sequence[OverlayPlane], frame_number: int) -> tuple[Overlay, ...]:
    """What *planes* draw over the frame *frame_number* (from 1) out of their own data."""
    found = []
    for plane in planes:
        index = 0 if plane.first_frame is None else frame_number - plane.first_frame
        if 0 <= index < len(plane.pictures):
            found.append(plane.pictures[index])
    return tuple(found)


def with_embedded_overlays(frame: Frame, planes: Sequence[OverlayPlane]) -> Frame:
    """*frame* with the planes that lie in its unused bits; its pixels are read for that, damaged ones have none."""
    embedded = [(plane.group, plane.bit) for plane in planes if plane.bit is not None]
    if not embedded:
        return frame
    container = frame.layout.bits_allocated
    whole = replace(frame.layout, bits_stored=container, high_bit=container - 1, signed=False)
    try:
        values = read_frame(replace(frame, layout=whole))
    except ViewerError:
        return frame
    rows, columns = frame.layout.rows, frame.layout.columns
    drawn = tuple(
        Overlay(rows, columns, 0, 0, np.packbits(plane, bitorder="little").tobytes(), group=group)
        for group, bit in embedded
        if (plane := (values >> bit & 1).astype(np.bool_)).any()
    )
    return replace(frame, display=replace(frame.display, overlays=frame.display.overlays + drawn)) if drawn else frame


def _plane(dataset: Dataset, group: int, layout: PixelLayout | None) -> OverlayPlane | None:
    def whole(element: int, default: int | None = None) -> int | None:
        found = dataset[group, element].value if (group, element) in dataset else None
        return default if found is None or found == "" else int(found)

    rows, columns = whole(0x0010), whole(0x0011)
    if not rows or not columns or rows < 0 or columns < 0:
        return None
    if (group, 0x3000) not in dataset:
        return None if layout is None else _embedded(group, whole(0x0102), layout)
    origin = dataset[group, 0x0050].value if (group, 0x0050) in dataset else (1, 1)
    row, column = int(origin[0]) - 1, int(origin[1]) - 1
    label = str(dataset[group, 0x1500].value) if (group, 0x1500) in dataset else ""
    stated_frames, first_frame = whole(0x0015), whole(0x0051)
    count = max(1, stated_frames or 1)
    bits = np.unpackbits(np.frombuffer(bytes(dataset[group, 0x3000].value), np.uint8), bitorder="little")
    pictures = []
    for index in range(count):
        own = bits[rows * columns * index : rows * columns * (index + 1)]
        if own.size < rows * columns:
            return None
        packed = np.packbits(own, bitorder="little").tobytes()
        pictures.append(Overlay(rows, columns, row, column, packed, label, group))
    if stated_frames is None and first_frame is None:
        return OverlayPlane(group, tuple(pictures), None)
    return OverlayPlane(group, tuple(pictures), first_frame or 1)


def _embedded(group: int, bit: int | None, layout: PixelLayout) -> OverlayPlane | None:
    """A plane in the bit *bit* of each pixel, where that is none of the image's own."""
    lowest = layout.high_bit + 1 - layout.bits_stored
    unused = bit is not None and 0 <= bit < layout.bits_allocated and not lowest <= bit <= layout.high_bit
    if not unused or layout.element != "PixelData" or layout.samples != 1:
        return None
    return OverlayPlane(group, (), None, bit)
