"""What a stack does with the reader's own windows: offer those of its kind, use one, keep the one shown. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewers.radiology.own_windows import OwnWindow, OwnWindows
from viewers.radiology.unit_words import unit_words

if TYPE_CHECKING:
    from viewers.radiology.stack_view import StackView


class OwnWindowControl:
    """A facet of the stack view. ``kept`` is the reader's, shared by every view of a page."""

    def __init__(self, view: StackView) -> None:
        self._view = view
        self.kept = OwnWindows()

    @property
    def unit(self) -> str:
        """Of the values of the image shown."""
        frame = self._view.current_frame
        return "" if frame is None else frame.display.unit

    @property
    def kind_words(self) -> str:
        """What kind of image they are for ("CT, HU")."""
        return ", ".join(part for part in (self._modality, unit_words(self.unit)) if part)

    @property
    def words(self) -> str:
        """The window now, as the corner has it without its name."""
        window = self._view.window_level.as_window()
        if window is None:
            return "no window"
        centre, width = window.numbers
        return f"C {centre}  W {width}{f' {unit}' if (unit := unit_words(self.unit)) else ''}"

    def offered(self) -> tuple[OwnWindow, ...]:
        """Those for images like this one, in the order of their keys."""
        return self.kept.list_for(self._modality, self.unit)

    def use(self, number: int) -> None:
        """The one of that number (from 1); nothing where there is none, or no window applies."""
        offered, picture = self.offered(), self._view.current_picture()
        if picture is not None and picture.is_grey and 1 <= number <= len(offered):
            self._view.set_voi(offered[number - 1].window)

    def save(self, name: str) -> str:
        """Keep the window now under *name*. Empty, or the sentence that says why not."""
        window = self._view.window_level.as_window()
        if window is None:
            return "There is no window to keep."
        return self.kept.save(self._modality, self.unit, name, window)

    def remove(self, name: str) -> None:
        """The one of that name."""
        self.kept.remove(self._modality, self.unit, name)

    @property
    def _modality(self) -> str:
        return "" if self._view.series is None else self._view.series.modality
