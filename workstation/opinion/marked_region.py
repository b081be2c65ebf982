"""Which part of a slide a mark's picture shows. Regions are (x, y, width, height) in whole level-0 pixels. No Qt."""

from __future__ import annotations

from viewers.annotation.presentation import SlidePresentation
from viewers.annotation.shapes import Shape, bounds_of

Region = tuple[int, int, int, int]

MARGIN = 0.6
"""How much of a slide is shown around a mark, as a share of the mark's size, on each side."""
SMALLEST_PX = 400
LOST_BELOW = 0.1
"""A mark shorter than this share of the picture's longer side is lost in it."""


def region_around(shape: Shape, full_px: tuple[int, int]) -> Region:
    """The region around the mark, so that it fills about half of the picture."""
    bounds = bounds_of(shape)
    across = max(bounds.right - bounds.left, bounds.bottom - bounds.top)
    side = max(across * (1 + 2 * MARGIN), SMALLEST_PX)
    width, height = (int(min(side, whole)) for whole in full_px)
    left = _clamped((bounds.left + bounds.right - width) / 2, full_px[0] - width)
    top = _clamped((bounds.top + bounds.bottom - height) / 2, full_px[1] - height)
    return left, top, width, height


def region_as_marked(shape: Shape, field: SlidePresentation, full_px: tuple[int, int]) -> Region | None:
    """What of the slide lay in the field the mark was made in; None where the mark is not all in it, or lost in it."""
    left, top = _clamped(field.left, full_px[0]), _clamped(field.top, full_px[1])
    width = _clamped(field.left + field.width, full_px[0]) - left
    height = _clamped(field.top + field.height, full_px[1]) - top
    bounds = bounds_of(shape)
    inside = (
        left <= bounds.left and bounds.right <= left + width and top <= bounds.top and bounds.bottom <= top + height
    )
    longest = max(bounds.right - bounds.left, bounds.bottom - bounds.top)
    if width < 1 or height < 1 or not inside or longest < LOST_BELOW * max(width, height):
        return None
    return left, top, width, height


def _clamped(value: float, largest: int) -> int:
    return int(min(max(value, 0), max(largest, 0)))
