"""Hangs a case on the page: puts the images where a rule says, at their level, side and scale."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from viewers.image_view import ImageView
from workstation.reading.hanging.choosing import Hanging, HungPicture
from workstation.reading.hanging.example import ShownPicture
from workstation.reading.linked_stacks import LinkedStacks
from workstation.reading.open_images import stack_in
from workstation.reading.paired_scale import PairedScale
from workstation.reading.viewport_grid import ViewportGrid

if TYPE_CHECKING:
    from viewers.radiology.stack_view import StackView

    Show = Callable[[int, str, Callable[[ImageView], None]], None]

NOTHING_FITS = "No image of this case belongs here by the rule that it hangs by. Drag one here from the strip."


class HungCase:
    """UI thread only. *show* puts the item with a key into a viewport, and tells when its view is there."""

    def __init__(self, grid: ViewportGrid, links: LinkedStacks, show: Show) -> None:
        self._grid = grid
        self._links = links
        self._show = show
        self._scale = PairedScale()

    def hang(self, hanging: Hanging) -> None:
        """Every image of *hanging* at its place; the first is the active one."""
        self.close()
        self._grid.set_layout_name(hanging.layout)
        for index, place in enumerate(hanging.places):
            if place is None:
                self._grid.viewport(index).say(NOTHING_FITS)
            else:
                self._show(index, place.key, partial(self._place, hanging, place))
        self._grid.activate(0)

    def close(self) -> None:
        """What hung is over: nothing is kept at one scale any more."""
        self._scale.let_go()

    def images_changed(self) -> None:
        """The reader may have put another image where one hung."""
        self._scale.look_for_gaps()

    def shown(self) -> tuple[ShownPicture | None, ...]:
        """What hangs in the visible viewports now, in reading order."""
        shown: list[ShownPicture | None] = []
        for viewport in self._grid.visible_viewports:
            stack, posterior, letters = stack_in(viewport.view, viewport.item), "", None
            if stack is not None:
                letters = stack.orientation_letters()
            if letters is not None:
                posterior = {letters.left: "left", letters.right: "right"}.get("P", "")
            index = 0 if stack is None else stack.frame_index
            shown.append(None if viewport.item is None else ShownPicture(viewport.item.key, index, posterior))
        return tuple(shown)

    def _place(self, hanging: Hanging, place: HungPicture, view: ImageView) -> None:
        stack = self._stack_at(hanging, place)
        if stack is None or stack is not view:
            return
        if place.frame_index is not None:
            stack.scroll.to(place.frame_index)
        if place.posterior:
            self._scale.face(stack, place.posterior)
        beside = None if place.beside is None else hanging.places[place.beside]
        leader = None if beside is None else self._stack_at(hanging, beside)
        if leader is not None:
            self._links.start_beside(leader, stack)
        if hanging.same_scale or place.posterior:
            self._scale.hold(stack, same_scale=hanging.same_scale)

    def _stack_at(self, hanging: Hanging, place: HungPicture) -> StackView | None:
        viewport = self._grid.viewport(hanging.places.index(place))
        return stack_in(viewport.view, viewport.item)
