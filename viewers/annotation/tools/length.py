"""The length tool: press, drag, release; or click, then click."""

from __future__ import annotations

from viewers.annotation.shapes import ImagePoint, Polyline, Shape, distance
from viewers.annotation.tools.tool import PointerEvent, ToolKey


class LengthTool:
    """Draws a `Polyline` of two points. A length shorter than the tolerance is a slip and is not made."""

    name = "length"

    def __init__(self) -> None:
        self._start: ImagePoint | None = None
        self._end = ImagePoint(0.0, 0.0)
        self._button_down = False

    @property
    def draft(self) -> Shape | None:
        return None if self._start is None else Polyline((self._start, self._end))

    @property
    def is_drawing(self) -> bool:
        return self._start is not None

    def press(self, event: PointerEvent) -> Shape | None:
        if self._start is None:
            self._start = event.point
        self._end = event.point
        self._button_down = True
        return None

    def move(self, event: PointerEvent) -> Shape | None:
        if self._start is not None:
            self._end = event.point
        return None

    def release(self, event: PointerEvent) -> Shape | None:
        if self._start is None or not self._button_down:
            return None
        self._button_down = False
        self._end = event.point
        if distance(self._start, event.point) <= event.tolerance:
            # The button came up where it went down: the first of two clicks.
            return None
        shape = Polyline((self._start, event.point))
        self.cancel()
        return shape

    def double_click(self, event: PointerEvent) -> Shape | None:
        # The toolkit calls the second of two quick clicks a double click; for a length it is only a click.
        return self.press(event)

    def key(self, _key: ToolKey) -> Shape | None:
        return None

    def cancel(self) -> None:
        self._start = None
        self._button_down = False
