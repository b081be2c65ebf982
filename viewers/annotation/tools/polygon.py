"""The polygon tool: click each corner; double-click, Enter or a click on the first one closes; Backspace takes back."""

from __future__ import annotations

from viewers.annotation.shapes import ImagePoint, Polygon, Polyline, Shape, distance
from viewers.annotation.tools.tool import PointerEvent, ToolKey


class PolygonTool:
    """Draws a `Polygon` of three points or more."""

    name = "polygon"

    def __init__(self) -> None:
        self._points: list[ImagePoint] = []
        self._hover: ImagePoint | None = None

    @property
    def draft(self) -> Shape | None:
        points = [*self._points]
        if points and self._hover is not None and self._hover != points[-1]:
            points.append(self._hover)
        if len(points) >= 3:
            return Polygon(tuple(points))
        if len(points) == 2:
            return Polyline(tuple(points))
        return Polyline((points[0], points[0])) if points else None

    @property
    def is_drawing(self) -> bool:
        return bool(self._points)

    def press(self, event: PointerEvent) -> Shape | None:
        self._hover = event.point
        if len(self._points) >= 3 and distance(self._points[0], event.point) <= event.tolerance:
            return self._close()
        if not self._points or distance(self._points[-1], event.point) > event.tolerance / 2:
            self._points.append(event.point)
        return None

    def move(self, event: PointerEvent) -> Shape | None:
        self._hover = event.point
        return None

    def release(self, _event: PointerEvent) -> Shape | None:
        return None

    def double_click(self, _event: PointerEvent) -> Shape | None:
        # Its first click has already set the last corner.
        return self._close()

    def key(self, key: ToolKey) -> Shape | None:
        if key is ToolKey.ENTER:
            return self._close()
        if self._points:
            self._points.pop()
        return None

    def cancel(self) -> None:
        self._points.clear()
        self._hover = None

    def _close(self) -> Shape | None:
        if len(self._points) < 3:
            return None
        shape = Polygon(tuple(self._points))
        self.cancel()
        return shape
