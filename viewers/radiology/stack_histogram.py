"""The distribution of the values of the image shown, and its window over it, to be dragged. A facet; no Qt.

The view paints it (`histogram_painter`) and gives it the presses that fall on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from viewers.radiology.display_facts import VoiWindow
from viewers.radiology.picture import Picture
from viewers.radiology.voi_choice import shown_values

if TYPE_CHECKING:
    from viewers.radiology.stack_controls import ViewPoint
    from viewers.radiology.stack_view import StackView

BINS = 160
WIDTH_PX, HEIGHT_PX, ABOVE_PX = 340.0, 92.0, 64.0
"""Of the plate, in logical pixels, and how far its lower edge stands above the view's."""
_INSET_PX = 10.0
_GRASP_PX = 8.0
_Part = Literal["low", "high", "both"]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of modality values in equal steps from ``low`` to ``high``."""

    counts: NDArray[np.int64]
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Place:
    """The plate in logical coordinates; values run along its width, within a margin."""

    left: float
    top: float
    width: float
    histogram: Histogram

    def x_of(self, value: float) -> float:
        """Where that value stands; what lies beyond the image's own values stands at the end."""
        share = (value - self.histogram.low) / (self.histogram.high - self.histogram.low)
        return self.left + _INSET_PX + min(max(share, 0.0), 1.0) * (self.width - 2 * _INSET_PX)

    def value_of(self, x: float) -> float:
        """The value at *x*, beyond the ends too."""
        share = (x - self.left - _INSET_PX) / (self.width - 2 * _INSET_PX)
        return self.histogram.low + share * (self.histogram.high - self.histogram.low)

    def contains(self, at: ViewPoint) -> bool:
        return self.left <= at.x() <= self.left + self.width and self.top <= at.y() <= self.top + HEIGHT_PX


def histogram_of(picture: Picture) -> Histogram:
    """Of a grey picture, padding left out."""
    values = shown_values(picture.stored, picture.frame.display)
    low, high = float(values.min()), float(values.max())
    if high <= low:
        high = low + 1.0
    return Histogram(np.histogram(values, BINS, (low, high))[0], low, high)


class StackHistogram:
    """Shown until its key is pressed again, whatever series is shown."""

    def __init__(self, view: StackView) -> None:
        self._view = view
        self.is_on = False
        self._known: tuple[Picture, Histogram] | None = None
        self._grasped: _Part | None = None
        self._grasped_at: tuple[float, VoiWindow] | None = None

    def toggle(self) -> None:
        picture = self._view.current_picture()
        if not self.is_on and picture is not None and not picture.is_grey:
            self._view.refused.emit("This image is in colours: there is no window to show over its values.")
            return
        self.is_on = not self.is_on
        self._known = None
        self._view.update()

    def place(self, width: float, height: float) -> Place | None:
        """Where it stands in a view of that size; None while it is off or there are no values."""
        picture = self._view.current_picture()
        if not self.is_on or picture is None or not picture.is_grey:
            return None
        if self._known is None or self._known[0] is not picture:
            self._known = (picture, histogram_of(picture))
        across = min(WIDTH_PX, width - 20.0)
        return Place((width - across) / 2, height - ABOVE_PX - HEIGHT_PX, across, self._known[1])

    def ends(self) -> tuple[float, float] | None:
        """The lowest and the highest value of the window now."""
        window = self._view.window_level.as_window()
        return None if window is None else (window.centre - window.width / 2, window.centre + window.width / 2)

    def press(self, at: ViewPoint, place: Place | None) -> bool:
        """Whether it was pressed on *place*: near an end of the window that is grasped, between them the whole."""
        ends, window = self.ends(), self._view.window_level.as_window()
        if place is None or ends is None or window is None or not place.contains(at):
            return False
        low_x, high_x = (place.x_of(end) for end in ends)
        if low_x + _GRASP_PX < at.x() < high_x - _GRASP_PX:
            self._grasped = "both"
        else:
            self._grasped = "low" if abs(at.x() - low_x) < abs(at.x() - high_x) else "high"
        self._grasped_at = (place.value_of(at.x()), window)
        return True

    def move(self, at: ViewPoint, place: Place | None) -> bool:
        """Whether the window was dragged."""
        ends = self.ends()
        if self._grasped is None or self._grasped_at is None or place is None or ends is None:
            return False
        value, (began, window) = place.value_of(at.x()), self._grasped_at
        low, high = window.centre - window.width / 2, window.centre + window.width / 2
        if self._grasped == "both":
            low, high = low + value - began, high + value - began
        elif self._grasped == "low":
            low = min(value, high)
        else:
            high = max(value, low)
        aim = VoiWindow.make((low + high) / 2, high - low, window.function)
        self._view.window_level.set(round(aim.centre, aim.decimals), round(aim.width, aim.decimals))
        return True

    def release(self) -> None:
        self._grasped = self._grasped_at = None

    @property
    def is_grasped(self) -> bool:
        return self._grasped is not None
