"""The facets of a stack view: window, scroll, zoom, pan and turn, each a small object held as an attribute.

They change the view's state by its few state methods and know no events; `stack_view` turns events into these calls.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from viewers.radiology.display_facts import VoiWindow
from viewers.radiology.display_orientation import DisplayOrientation
from viewers.radiology.fusion import Fusion
from viewers.radiology.outlines import Outlines
from viewers.radiology.voi_choice import (
    WindowPreset,
    WindowSource,
    auto_window,
    file_voi,
    minmax_window,
    preset_voi,
    presets_for,
)
from viewers.radiology.windowing import LookupTable, Voi

if TYPE_CHECKING:
    from viewers.radiology.frame import Series
    from viewers.radiology.picture import Picture
    from viewers.radiology.stack_view import StackView
    from viewers.radiology.viewport_geometry import ViewportGeometry


class ViewPoint(Protocol):
    """A point in the widget's logical coordinates; Qt's QPointF is one."""

    def x(self) -> float: ...
    def y(self) -> float: ...


class WindowedView(Protocol):
    """A view whose picture is shown through one window."""

    @property
    def series(self) -> Series | None: ...
    @property
    def is_inverted(self) -> bool: ...

    def current_voi(self) -> Voi | None: ...
    def current_picture(self) -> Picture | None: ...
    def set_voi(self, voi: Voi | None, /) -> None: ...
    def set_inverted(self, inverted: bool, /) -> None: ...


class LaidView(Protocol):
    """A view in which one picture lies somewhere."""

    def geometry_now(self) -> ViewportGeometry: ...
    def set_geometry(self, geometry: ViewportGeometry, /) -> None: ...
    def devicePixelRatioF(self) -> float: ...


class WindowControl:
    """Window centre and width, presets, inversion."""

    def __init__(self, view: WindowedView) -> None:
        self._view = view

    @property
    def voi(self) -> Voi | None:
        """What the frame is shown with now; None while nothing grey is shown."""
        return self._view.current_voi()

    @property
    def centre(self) -> float | None:
        window = self.as_window()
        return None if window is None else window.centre

    @property
    def width(self) -> float | None:
        window = self.as_window()
        return None if window is None else window.width

    @property
    def is_inverted(self) -> bool:
        return self._view.is_inverted

    def set(self, centre: float, width: float) -> None:
        """In modality units; keeps the function (LINEAR, SIGMOID, …) of the window it replaces."""
        before = self.as_window()
        if before is not None:
            self._view.set_voi(VoiWindow.make(centre, width, before.function))

    def drag(self, start: VoiWindow, dx: float, dy: float) -> None:
        """From *start*, the window when the drag began, by logical pixels in all: wider to the right, darker downwards.

        The whole drag counts, not its last step, so that rounding to plain numbers loses nothing on the way: 250 px
        down move the centre by one width, 250 px to the right make the window three times as wide.
        """
        centre, width = start.centre + dy * start.width / 250, start.width * 3 ** (dx / 250)
        aim = VoiWindow.make(centre, width, start.function)
        self.set(round(aim.centre, aim.decimals), round(aim.width, aim.decimals))

    def presets(self) -> tuple[WindowPreset, ...]:
        """What the number keys offer for this series."""
        series, picture = self._view.series, self._view.current_picture()
        if series is None or picture is None or not picture.is_grey:
            return ()
        return presets_for(series.modality, picture.frame.display.unit)

    def preset(self, number: int) -> None:
        """The preset of number key *number* (from 1); nothing where there is none."""
        picture, offered = self._view.current_picture(), self.presets()
        if picture is None or not 1 <= number <= len(offered):
            return
        preset, display = offered[number - 1], picture.frame.display
        if preset.source is WindowSource.FILE and file_voi(display) is not None:
            # Files state a window per image; fixing this one's would be wrong for its neighbours.
            self.reset()
        else:
            self._view.set_voi(preset_voi(preset, picture.stored, display))

    def auto(self) -> None:
        """A window over the bulk of this frame's values."""
        picture = self._view.current_picture()
        if picture is not None and picture.is_grey:
            self._view.set_voi(auto_window(picture.stored, picture.frame.display))

    def reset(self) -> None:
        """Back to what the file says."""
        self._view.set_voi(None)

    def invert(self) -> None:
        """Black for white and back."""
        self._view.set_inverted(not self._view.is_inverted)

    def as_window(self) -> VoiWindow | None:
        """The window now; for a VOI LUT the window over the values it maps."""
        voi = self._view.current_voi()
        if isinstance(voi, LookupTable):
            count = len(voi.entries)
            return VoiWindow.make(voi.first_mapped + count / 2, count)
        picture = self._view.current_picture()
        return minmax_window(picture.stored, picture.frame.display) if voi is None and picture is not None else voi


class ScrollControl:
    """Which frame is shown. Whoever scrolls stops what is played."""

    def __init__(self, view: StackView) -> None:
        self._view = view

    def to(self, index: int) -> None:
        """The frame at *index* (from 0, in display order), the nearest there is."""
        self._go(index)

    def by(self, steps: int) -> None:
        self._go(self._view.frame_index + steps)

    def to_start(self) -> None:
        self._go(0)

    def to_end(self) -> None:
        self._go(self._view.frame_count - 1)

    def _go(self, index: int) -> None:
        self._view.cine.stop()
        self._view.show_frame(index)


class ZoomControl:
    """How large; points are in the widget's logical coordinates."""

    def __init__(self, view: LaidView) -> None:
        self._view = view

    @property
    def factor(self) -> float:
        """Screen pixels per image pixel."""
        return self._view.geometry_now().scale

    def fit(self) -> None:
        """The whole image, centred; follows the size of the view from then on."""
        self._view.set_geometry(replace(self._view.geometry_now(), zoom=None, pan_x=0.0, pan_y=0.0))

    def actual(self) -> None:
        """One image pixel on one screen pixel, about the middle of the view."""
        geometry = self._view.geometry_now()
        self._view.set_geometry(geometry.zoomed(1.0, geometry.width / 2, geometry.height / 2))

    def by(self, factor: float, at: ViewPoint | None = None) -> None:
        """Times *factor*, the image point at *at* staying where it is (the middle without it)."""
        geometry, ratio = self._view.geometry_now(), self._view.devicePixelRatioF()
        x, y = (geometry.width / 2, geometry.height / 2) if at is None else (at.x() * ratio, at.y() * ratio)
        self._view.set_geometry(geometry.zoomed(geometry.scale * factor, x, y))


class PanControl:
    """Where in the view; distances are in the widget's logical pixels."""

    def __init__(self, view: LaidView) -> None:
        self._view = view

    def by(self, dx: float, dy: float) -> None:
        ratio = self._view.devicePixelRatioF()
        self._view.set_geometry(self._view.geometry_now().panned(dx * ratio, dy * ratio))

    def centre(self) -> None:
        """The image's middle back to the view's middle, the zoom kept."""
        self._view.set_geometry(replace(self._view.geometry_now(), pan_x=0.0, pan_y=0.0))


class FuseControl:
    """The series that lies over this one in colour."""

    def __init__(self, view: StackView) -> None:
        self._view = view
        self._fusion: Fusion | None = None

    @property
    def fusion(self) -> Fusion | None:
        """None while nothing lies over."""
        return self._fusion

    def put(self, fusion: Fusion | None) -> None:
        """Lay that over, or nothing. Whoever calls knows that both share a frame of reference and a patient."""
        if fusion is not self._fusion:
            self._fusion = fusion
            self._view.view_changed.emit()

    def more_opaque(self, by: float) -> None:
        if self._fusion is not None:
            self._fusion.more_opaque(by)
            self._view.view_changed.emit()

    def scale_top(self, factor: float) -> None:
        """The value at which the colours end, times *factor*."""
        if self._fusion is not None:
            self._fusion.scale_top(factor)
            self._view.view_changed.emit()


class OutlineControl:
    """The outlines of structures drawn over the images."""

    def __init__(self, view: StackView) -> None:
        self._view = view
        self._outlines: Outlines | None = None

    @property
    def outlines(self) -> Outlines | None:
        """None while none are drawn."""
        return self._outlines

    def put(self, outlines: Outlines | None) -> None:
        """Draw those, or none; they were laid out on the series that is shown."""
        if outlines is not self._outlines:
            self._outlines = outlines
            self._view.view_changed.emit()

    def notices(self) -> tuple[str, ...]:
        """What of the outlines is not to be seen on any image."""
        if self._outlines is None:
            return ()
        found = []
        if self._outlines.elsewhere:
            found.append(f"{_outlines_are(self._outlines.elsewhere)} in no image of this series.")
        if self._outlines.damaged:
            found.append(f"{_outlines_are(self._outlines.damaged)} damaged and not drawn.")
        return tuple(found)


class TurnControl:
    """Rotation by quarter turns and flips; letters follow."""

    def __init__(self, view: LaidView) -> None:
        self._view = view

    def by(self, quarter_turns: int) -> None:
        """Clockwise as seen."""
        self._put(self._view.geometry_now().orientation.turned(quarter_turns))

    def flip_horizontally(self) -> None:
        self._put(self._view.geometry_now().orientation.flipped(horizontally=True))

    def flip_vertically(self) -> None:
        self._put(self._view.geometry_now().orientation.flipped(horizontally=False))

    def reset(self) -> None:
        self._put(DisplayOrientation())

    def _put(self, orientation: DisplayOrientation) -> None:
        self._view.set_geometry(replace(self._view.geometry_now(), orientation=orientation, pan_x=0.0, pan_y=0.0))


def _outlines_are(count: int) -> str:
    return "1 outline is" if count == 1 else f"{count} outlines are"
