"""Images that hang in pairs at one scale: as many millimetres to a pixel of the screen, chest walls to their edge.

It follows the room there is until the reader zooms one of them; where it cannot be had, the image says so. What the
reader moved stays where it was moved to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from shiboken6 import isValid

from viewers.calibration import CalibrationClass

if TYPE_CHECKING:
    from viewers.radiology.stack_view import StackView

NOT_CALIBRATED = "Not at the scale of the images beside it: not calibrated."
OTHERWISE_CALIBRATED = "Not at the scale of the images beside it: they are calibrated in different ways."


class PairedScale(QObject):
    """UI thread only. `hold` begins, `let_go` ends; a view that was closed is left out."""

    def __init__(self) -> None:
        super().__init__()
        self._pans: dict[int, tuple[float, float]] = {}
        self._views: list[StackView] = []
        self._walls: dict[int, str] = {}
        self._has_one_scale = False
        self._is_setting = False

    def hold(self, view: StackView, *, same_scale: bool) -> None:
        """It hangs beside those that are held already; one scale for all of them where *same_scale*."""
        self._has_one_scale = same_scale
        self._views.append(view)
        view.installEventFilter(self)
        view.view_changed.connect(self._look)
        self._set()

    def face(self, view: StackView, posterior: str) -> None:
        """Turn *view* so that posterior is at that side of the screen ("left", "right") and lies at its edge.

        Nothing where the header does not say which way the image lies: never by guess.
        """
        frame = view.current_frame
        letters = None if frame is None else frame.patient_orientation
        if letters is None or letters[0][:1] not in ("A", "P"):
            return
        is_right = letters[0][0] == "P"
        if is_right != (posterior == "right"):
            view.turn.flip_horizontally()
        self._walls[id(view)] = posterior

    def look_for_gaps(self) -> None:
        """Where another image took the place of one of them, none says any more that its neighbours are like it."""
        if not all(_is_open(view) for view in self._views):
            self.let_go()

    def let_go(self) -> None:
        """They stand as they are, each for itself."""
        for view in filter(_is_open, self._views):
            view.removeEventFilter(self)
            view.view_changed.disconnect(self._look)
            view.shared.show_scale("")
        self._views.clear()
        self._walls.clear()
        self._pans.clear()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """More or less room for one of them: the scale is found anew."""
        if event.type() == QEvent.Type.Resize:
            self._set()
        return False

    def _set(self) -> None:
        """The largest scale at which every image is whole."""
        self._views = list(filter(_is_open, self._views))
        sizes = {id(view): view.calibration().column_mm for view in self._views}
        kinds = {view.calibration().kind for view in self._views if sizes[id(view)] is not None}
        is_one = self._has_one_scale and len(kinds) == 1 and len(self._views) > 1
        scaled = [view for view in self._views if sizes[id(view)] is not None] if is_one else []
        mm_per_px = max((_mm(view) / view.geometry_now().fitted_zoom for view in scaled), default=0.0)
        self._is_setting = True
        try:
            for view in self._views:
                one = mm_per_px if any(view is other for other in scaled) and len(scaled) > 1 else 0.0
                self._place(view, one)
                view.shared.show_scale(*self._words(one, kinds))
        finally:
            self._is_setting = False

    def _place(self, view: StackView, mm_per_px: float) -> None:
        geometry = view.geometry_now()
        wall = self._walls.get(id(view), "")
        zoom = _mm(view) / mm_per_px if mm_per_px else geometry.fitted_zoom
        room = (geometry.width - geometry.columns * zoom) / 2
        pan = ({"right": room, "left": -room}.get(wall, 0.0), 0.0)
        now = (geometry.pan_x, geometry.pan_y)
        if now != self._pans.get(id(view), now):
            pan = now
        if mm_per_px or wall:
            self._pans[id(view)] = pan
            view.set_geometry(replace(geometry, zoom=zoom, pan_x=pan[0], pan_y=pan[1]))

    def _words(self, mm_per_px: float, kinds: set[CalibrationClass]) -> tuple[str, str]:
        if not self._has_one_scale or len(self._views) < 2:
            return "", ""
        if mm_per_px:
            return "Same scale", ""
        return "", OTHERWISE_CALIBRATED if len(kinds) > 1 else NOT_CALIBRATED

    def _look(self) -> None:
        """The reader zoomed one: from here on they are not alike, and no image says they are."""
        if self._is_setting:
            return
        scaled = [view for view in self._views if _is_open(view) and view.shared.scale_words]
        scales = [_mm(view) / view.geometry_now().scale for view in scaled]
        if scales and max(scales) - min(scales) > 1e-6 * max(scales):
            self.let_go()


def _is_open(view: StackView) -> bool:
    return isValid(view) and view.series is not None


def _mm(view: StackView) -> float:
    return view.calibration().column_mm or 0.0
