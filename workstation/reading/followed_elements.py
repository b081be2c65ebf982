"""Keeps the pane of elements at the image shown: live while scrolling, and against the image it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from weakref import WeakSet

from workstation.lanes import Lanes
from workstation.reading.elements_pane import ElementsPane
from workstation.reading.elements_presenter import ElementsPresenter, NamedImage

if TYPE_CHECKING:
    from viewers.radiology.stack_view import StackView

BEFORE = "before"
NO_STACK = "Elements are listed of series: choose one (a slide or an empty viewport has none here)."


class FollowedElements:
    """UI thread only. `watch` says what hangs; nothing is read while the pane is closed."""

    def __init__(self, lanes: Lanes, on_open: Callable[[bool], None]) -> None:
        """*on_open* hears whether the pane is open, when that changes."""
        self._on_open = on_open
        self.pane = ElementsPane()
        self._presenter = ElementsPresenter(lanes, self.pane.show_elements, self.pane.say)
        self._active: StackView | None = None
        self._beside: dict[str, tuple[str, StackView]] = {}
        self._heard: WeakSet[StackView] = WeakSet()
        self._compared = ""
        self.pane.comparison_requested.connect(self._compare)

    def watch(self, active: StackView | None, beside: Sequence[tuple[str, StackView]]) -> None:
        """The stack that keys act on, and the other visible ones with what they are called."""
        self._active = active
        self._beside = {f"beside {number}": one for number, one in enumerate(beside)}
        for view in (active, *(view for _, view in beside)):
            if view is not None and view not in self._heard:
                self._heard.add(view)
                view.frame_changed.connect(self._scrolled)
        self._show()

    @property
    def is_open(self) -> bool:
        return not self.pane.isHidden()

    def toggle(self) -> None:
        """Open the pane with all elements, or close it."""
        self._open("", close=self.is_open and not self._compared)

    def toggle_differences(self) -> None:
        """Open it with what differs from the stack beside, else from the image before; or close it."""
        wanted = next(iter(self._beside), BEFORE)
        self._open(wanted, close=self.is_open and bool(self._compared))

    def close(self) -> None:
        """The pane goes, and with it all that was read."""
        self._presenter.put_away()
        self.pane.put_away()
        self.pane.hide()
        self._compared = ""
        self._on_open(False)

    def put_away(self) -> None:
        """The case is closed: nothing of it stays."""
        self.close()
        self._active, self._beside = None, {}

    def _open(self, compared: str, *, close: bool) -> None:
        if close:
            self.close()
            return
        self._compared = compared
        self.pane.show()
        self._on_open(True)
        self._show()
        self.pane.focus_search()

    def _scrolled(self, _index: int) -> None:
        self._show()

    def _compare(self, key: str) -> None:
        self._compared = key
        self._show()

    def _show(self) -> None:
        if not self.is_open:
            return
        image = None if self._active is None else _image_of(self._active)
        if self._active is None or image is None:
            self._presenter.put_away()
            self.pane.offer((), "")
            self.pane.say(NO_STACK)
            return
        if self._compared not in self._beside and self._compared != BEFORE:
            self._compared = ""
        choices = [(key, f"Differences from {title}") for key, (title, _view) in self._beside.items()]
        self.pane.offer([(BEFORE, "Differences from the image before"), *choices], self._compared)
        other = None
        if self._compared == BEFORE:
            other = _image_before(self._active)
            if other is None:
                self._presenter.put_away()
                self.pane.say("There is no image of another file before this one.")
                return
        elif self._compared:
            other = _image_of(self._beside[self._compared][1])
        self._presenter.want(image, other)


def _image_of(view: StackView, index: int | None = None) -> NamedImage | None:
    from viewers.radiology.stack_words import place_of

    series = view.series
    if series is None:
        return None
    at = view.frame_index if index is None else index
    frame = series.frames[at]
    words = place_of(series, at, is_whole=view.is_whole_series).words
    return NamedImage(frame.sop_instance_uid, f"{series.title}, {words}", frame.source)


def _image_before(view: StackView) -> NamedImage | None:
    """The nearest image before it that is another file: frames of one file share a header."""
    series = view.series
    if series is None:
        return None
    own = series.frames[view.frame_index].sop_instance_uid
    before = range(view.frame_index - 1, -1, -1)
    found = next((index for index in before if series.frames[index].sop_instance_uid != own), None)
    return None if found is None else _image_of(view, found)
