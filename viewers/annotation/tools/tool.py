"""What every drawing tool promises, and the events it is given. A view makes these from its toolkit's own events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from viewers.annotation.shapes import ImagePoint, Shape


@dataclass(frozen=True, slots=True)
class PointerEvent:
    """Where the pointer is on the image. ``tolerance`` is how many image pixels pass for "the same place" on screen."""

    point: ImagePoint
    tolerance: float


class ToolKey(Enum):
    """The keys a tool understands while it draws."""

    ENTER = "enter"
    BACKSPACE = "backspace"


class Tool(Protocol):
    """A tool that draws one shape at a time. Each event may complete it: then the shape is returned, once."""

    @property
    def name(self) -> str:
        """What `ImageView.set_tool` calls it."""

    @property
    def draft(self) -> Shape | None:
        """The shape as it would be if the pointer stopped here; None while nothing is begun."""

    @property
    def is_drawing(self) -> bool:
        """Whether a shape is begun and not complete."""

    def press(self, event: PointerEvent, /) -> Shape | None: ...
    def move(self, event: PointerEvent, /) -> Shape | None: ...
    def release(self, event: PointerEvent, /) -> Shape | None: ...
    def double_click(self, event: PointerEvent, /) -> Shape | None: ...
    def key(self, key: ToolKey, /) -> Shape | None: ...

    def cancel(self) -> None:
        """Forget what is begun."""
