"""A stack at the size of life: a millimetre of the image on a millimetre of the monitor. A facet of the view; no Qt.

Needs what the image says of its pixels (`Series.calibration`) and what the reader measured of the monitor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from viewers.radiology.viewport_geometry import LARGEST_ZOOM, SMALLEST_ZOOM

if TYPE_CHECKING:
    from viewers.radiology.stack_view import StackView

NOT_KNOWN = "True size is not possible here: the image does not say how large its pixels are."
_SAME = 0.002


class TrueSizeControl:
    """``mm_per_px`` gives the size of a device pixel of the monitor that the view is on; None where nobody measured
    it. It is asked at every paint: a window may be moved to another monitor."""

    def __init__(self, view: StackView) -> None:
        self._view = view
        self.mm_per_px: Callable[[], float | None] = lambda: None

    @property
    def is_possible(self) -> bool:
        """Whether the image says how large its pixels are."""
        return self._view.series is not None and self._view.series.calibration.column_mm is not None

    def show(self) -> str:
        """About the middle of the view. Empty, or the sentence that says why not."""
        wanted = self._wanted_zoom()
        if wanted is None:
            return "True size is not possible yet: this monitor is not calibrated." if self.is_possible else NOT_KNOWN
        if not SMALLEST_ZOOM <= wanted <= LARGEST_ZOOM:
            return f"True size is not possible here: it would be a zoom of {wanted * 100:.0f} %."
        geometry = self._view.geometry_now()
        self._view.set_geometry(geometry.zoomed(wanted, geometry.width / 2, geometry.height / 2))
        return ""

    @property
    def words(self) -> str:
        """For the corner, while the image is shown so; empty otherwise."""
        wanted = self._wanted_zoom()
        if wanted is None or abs(self._view.geometry_now().scale / wanted - 1) > _SAME:
            return ""
        return "True size on this monitor"

    def _wanted_zoom(self) -> float | None:
        """Device pixels per image column at the size of life."""
        series, mm_per_px = self._view.series, self.mm_per_px()
        if series is None or series.calibration.column_mm is None or mm_per_px is None:
            return None
        return series.calibration.column_mm / mm_per_px
