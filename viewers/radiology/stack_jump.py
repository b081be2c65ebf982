"""Going to an image by typing its number: a key, digits, Enter. A facet of the stack view; no Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viewers.radiology.stack_view import StackView

_MOST_DIGITS = 6


class JumpControl:
    """``typed`` is None while nobody types."""

    def __init__(self, view: StackView) -> None:
        self._view = view
        self.typed: str | None = None

    def begin(self) -> None:
        """From now on digits make a number, until Enter or Esc."""
        if self._view.frame_count > 1:
            self._put("")
        else:
            self._view.refused.emit("There is one image here: nowhere else to go.")

    def leave(self) -> None:
        """Stay at the image shown."""
        if self.typed is not None:
            self._put(None)

    def command(self, key: str) -> Callable[[], None] | None:
        """What *key* (as `stack_keys` calls it) does while a number is typed; None for a key that ends the typing."""
        if self.typed is None:
            return None
        if key.isdecimal() and len(key) == 1:
            longer = (self.typed + key)[:_MOST_DIGITS]
            return lambda: self._put(longer)
        if key == "Backspace":
            shorter = self.typed[:-1]
            return lambda: self._put(shorter)
        if key in ("Return", "Enter"):
            return self._go
        return self.leave if key == "Esc" else None

    @property
    def words(self) -> str:
        """What stands on the image meanwhile; empty while nobody types."""
        if self.typed is None:
            return ""
        count = self._view.frame_count
        if self.typed and not 1 <= int(self.typed) <= count:
            return f"Go to image {self.typed}: there are 1 to {count}"
        return f"Go to image {self.typed or '…'} of {count}"

    def _go(self) -> None:
        """A number that no image has stays, to be mended; none at all leaves."""
        if not self.typed:
            self.leave()
        elif 1 <= int(self.typed) <= self._view.frame_count:
            index = int(self.typed) - 1
            self._put(None)
            self._view.scroll.to(index)

    def _put(self, typed: str | None) -> None:
        self.typed = typed
        self._view.update()
