"""What dragging and the wheel do to a stack: scroll, window, pan, zoom, point. `stack_view` unpacks Qt's events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from viewers.radiology.display_facts import VoiWindow
    from viewers.radiology.stack_controls import PanControl, ViewPoint, WindowControl, ZoomControl

DragMode = Literal["scroll", "window", "pan", "zoom", "point"]
"""``point`` shows the place under the pointer in every other stack that knows where it is."""

_PX_PER_FRAME = 6.0
_COARSE_STEP = 5


class Scrolled(Protocol):
    """What goes on by whole steps: images, or planes."""

    def by(self, steps: int, /) -> None: ...


class PointedView(Protocol):
    """A view that can be dragged in: a stack, or a plane of a reconstruction."""

    window_level: WindowControl
    zoom: ZoomControl
    pan: PanControl

    @property
    def scroll(self) -> Scrolled: ...

    def point_at(self, at: ViewPoint, /) -> None: ...


class StackPointer:
    """One drag at a time; positions are in the widget's logical coordinates."""

    def __init__(self, view: PointedView) -> None:
        self._view = view
        self._mode: DragMode | None = None
        self._at = self._from = (0.0, 0.0)
        self._window_from: VoiWindow | None = None
        self._frames_due = 0.0
        self._notches_due = 0.0

    def press(self, mode: DragMode, at: ViewPoint) -> None:
        self._mode, self._at, self._frames_due = mode, (at.x(), at.y()), 0.0
        self._from, self._window_from = self._at, self._view.window_level.as_window()
        if mode == "point":
            self._view.point_at(at)

    def move(self, at: ViewPoint) -> None:
        """Nothing unless something is pressed."""
        if self._mode is None:
            return
        dx, dy = at.x() - self._at[0], at.y() - self._at[1]
        self._at = (at.x(), at.y())
        if self._mode == "window":
            if self._window_from is not None:
                self._view.window_level.drag(self._window_from, at.x() - self._from[0], at.y() - self._from[1])
        elif self._mode == "point":
            self._view.point_at(at)
        elif self._mode == "pan":
            self._view.pan.by(dx, dy)
        elif self._mode == "zoom":
            self._view.zoom.by(1.01**-dy)
        else:
            self._frames_due += dy / _PX_PER_FRAME
            steps = int(self._frames_due)
            self._frames_due -= steps
            self._view.scroll.by(steps)

    def release(self) -> None:
        self._mode = None

    def wheel(self, notches: float, at: ViewPoint, *, zooming: bool, coarse: bool) -> None:
        """*notches* away from the reader are positive; touchpads send parts of one, which add up."""
        if zooming:
            self._view.zoom.by(1.2**notches, at)
            return
        self._notches_due += notches
        steps = int(self._notches_due)
        self._notches_due -= steps
        self._view.scroll.by(-steps * (_COARSE_STEP if coarse else 1))
