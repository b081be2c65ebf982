"""The grid of viewports: which layout, which of them is active. What they show, the page decides."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from workstation.reading.hanging.layouts import LAYOUTS
from workstation.reading.viewport import Viewport


class ViewportGrid(QWidget):
    """As many viewports as were needed so far; those that the layout has places for are visible, the others keep their
    images.

    In the layout with one place, the active viewport has it: who asks for one image means the one being read.
    """

    changed = Signal()
    """Another layout, or another viewport is active."""
    image_requested = Signal(int, str)
    tool_changed = Signal(object)
    value_probed = Signal(str)
    refused = Signal(str)
    """As the viewports' own signals, whichever it came from."""

    def __init__(self) -> None:
        super().__init__()
        self._made: list[Viewport] = []
        self.active_index = 0
        self.layout_name = "1x1"
        self._arranged: tuple[str, tuple[Viewport, ...]] = ("", ())
        self._places = QGridLayout(self)
        self._places.setContentsMargins(0, 0, 0, 0)
        self._places.setSpacing(2)
        self.set_layout_name("1x1")

    @property
    def viewports(self) -> tuple[Viewport, ...]:
        """All there are by now, in reading order."""
        return tuple(self._made)

    def viewport(self, index: int) -> Viewport:
        """The one at *index*, made now if it has not been needed before."""
        while len(self._made) <= index:
            self._make()
        return self._made[index]

    @property
    def active(self) -> Viewport:
        """The viewport that keys, strip and list act on."""
        return self.viewport(self.active_index)

    @property
    def visible_viewports(self) -> tuple[Viewport, ...]:
        places = LAYOUTS[self.layout_name].places
        return (self.active,) if places == 1 else tuple(map(self.viewport, range(places)))

    def set_layout_name(self, name: str) -> None:
        """A name of `LAYOUTS` (KeyError for another)."""
        rows, columns = LAYOUTS[name].rows, LAYOUTS[name].columns
        self.layout_name = name
        for place in range(max(max(one.rows, one.columns) for one in LAYOUTS.values())):
            self._places.setRowStretch(place, 1 if place < rows else 0)
            self._places.setColumnStretch(place, 1 if place < columns else 0)
        self.activate(self.active_index if rows * columns == 1 or self.active_index < rows * columns else 0)

    def activate(self, index: int) -> None:
        """Make viewport *index* the active one; with only one there is nothing to tell apart, and no border."""
        self.active_index = index
        self._arrange()
        for viewport in self.viewports:
            viewport.set_active(viewport.index == index and self.layout_name != "1x1")
        self.changed.emit()

    def _make(self) -> None:
        viewport = Viewport(len(self._made))
        # Before it is shown: a widget without a parent would be a window of its own.
        viewport.setParent(self)
        viewport.hide()
        viewport.activated.connect(self.activate)
        viewport.image_requested.connect(self.image_requested)
        viewport.tool_changed.connect(self.tool_changed)
        viewport.value_probed.connect(self.value_probed)
        viewport.refused.connect(self.refused)
        self._made.append(viewport)

    def _arrange(self) -> None:
        columns = LAYOUTS[self.layout_name].columns
        visible = self.visible_viewports
        if self._arranged == (self.layout_name, visible):
            return
        self._arranged = (self.layout_name, visible)
        for viewport in self.viewports:
            self._places.removeWidget(viewport)
            viewport.setVisible(viewport in visible)
        for place, viewport in enumerate(visible):
            self._places.addWidget(viewport, place // columns, place % columns)
