"""Display shutters: what of an image is not to be seen (DICOM PS3.3 C.7.6.11), as the header states and as a mask."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from viewers.radiology.dicom_header import items, number, numbers, texts
from viewers.radiology.display_facts import Shutter
from viewers.radiology.overlays import overlay_mask

_EDGES = (
    "ShutterLeftVerticalEdge",
    "ShutterRightVerticalEdge",
    "ShutterUpperHorizontalEdge",
    "ShutterLowerHorizontalEdge",
)
_WHITEST = 65535
_FARTHEST = 1_000_000
"""Rows and columns beyond it are taken as it: no image reaches there, and squares stay whole numbers."""


def read_shutter(dataset: Dataset, groups: Sequence[Dataset] = (), *, always: bool = False) -> Shutter | None:
    """The shutter of an image, of a frame by its functional *groups*, or of a presentation state; None without shapes,
    or *always* one, for its grey."""
    for group in groups:
        for item in items(group, "FrameDisplayShutterSequence")[:1]:
            return read_shutter(item)
    shapes = texts(dataset, "ShutterShape")
    edges = [number(dataset, keyword) for keyword in _EDGES]
    left, right, top, bottom = edges
    rectangle = None
    if "RECTANGULAR" in shapes and left is not None and right is not None and top is not None and bottom is not None:
        rectangle = (_whole(left), _whole(right), _whole(top), _whole(bottom))
    centre, radius = numbers(dataset, "CenterOfCircularShutter"), number(dataset, "RadiusOfCircularShutter")
    circle = None
    if "CIRCULAR" in shapes and len(centre) == 2 and radius is not None:
        circle = (_whole(centre[0]), _whole(centre[1]), _whole(radius))
    corners = numbers(dataset, "VerticesOfThePolygonalShutter")
    polygon: tuple[tuple[int, int], ...] = ()
    if "POLYGONAL" in shapes and len(corners) >= 6 and len(corners) % 2 == 0:
        polygon = tuple((_whole(row), _whole(column)) for row, column in zip(corners[::2], corners[1::2], strict=True))
    if rectangle is None and circle is None and not polygon and not always:
        return None
    grey = number(dataset, "ShutterPresentationValue") or 0.0
    return Shutter(rectangle, circle, polygon, round(255 * min(max(grey, 0.0), _WHITEST) / _WHITEST))


def _whole(value: float) -> int:
    return int(min(max(value, -_FARTHEST), _FARTHEST))


def shuttered(shutter: Shutter, rows: int, columns: int) -> NDArray[np.bool_]:
    """(rows, columns), true where the image is hidden: outside any one of the shapes. Edges themselves are seen."""
    hidden = np.zeros((rows, columns), np.bool_)
    row, column = np.ogrid[1 : rows + 1, 1 : columns + 1]
    if shutter.rectangle is not None:
        left, right, top, bottom = shutter.rectangle
        hidden |= (column < left) | (column > right) | (row < top) | (row > bottom)
    if shutter.circle is not None:
        centre_row, centre_column, radius = shutter.circle
        hidden |= (row - centre_row) ** 2 + (column - centre_column) ** 2 > radius**2
    if shutter.polygon:
        inside = np.zeros((rows, columns), np.uint8)
        corners = np.array([(c - 1, r - 1) for r, c in shutter.polygon], np.int32)
        cv2.fillPoly(inside, [corners], 1)
        hidden |= inside == 0
    if shutter.bitmap is not None:
        covered = overlay_mask((shutter.bitmap,), rows, columns)
        assert covered is not None
        hidden |= covered
    return hidden
