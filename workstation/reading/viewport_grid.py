"""The grid of viewports: which layout, which of them is active. What they show, the page decides."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from workstation.reading.hanging import LAYOUTS
from workstation.reading.viewport import Viewport


class ViewportGrid(QWidget):
    """Four viewports, as many of them visible as the layout has places. Those that disappear keep their images.

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
        self.viewports = tuple(Viewport(index) for index in range(4))
        self.active_index = 0
        self.layout_name = "1x1"
        self._arranged: tuple[str, tuple[Viewport, ...]] = ("", ())
        self._places = QGridLayout(self)
        self._places.setContentsMargins(0, 0, 0, 0)
        self._places.setSpacing(2)
        for viewport in self.viewports:
            # Before the first is shown: a widget without a parent would be a window of its own.
            viewport.setParent(self)
            viewport.activated.connect(self.activate)
            viewport.image_requested.connect(self.image_requested)
            viewport.tool_changed.connect(self.tool_changed)
            viewport.value_probed.connect(self.value_probed)
            viewport.refused.connect(self.refused)
        self.set_layout_name("1x1")

    @property
    def active(self) -> Viewport:
        """The viewport that keys, strip and list act on."""
        return self.viewports[self.active_index]

    @property
    def visible_viewports(self) -> tuple[Viewport, ...]:
        rows, columns = LAYOUTS[self.layout_name]
        return (self.active,) if rows * columns == 1 else self.viewports[: rows * columns]

    def set_layout_name(self, name: str) -> None:
        """``1x1``, ``1x2`` or ``2x2`` (KeyError for another)."""
        rows, columns = LAYOUTS[name]
        self.layout_name = name
        for place in range(2):
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

    def _arrange(self) -> None:
        _rows, columns = LAYOUTS[self.layout_name]
        visible = self.visible_viewports
        if self._arranged == (self.layout_name, visible):
            return
        self._arranged = (self.layout_name, visible)
        for viewport in self.viewports:
            self._places.removeWidget(viewport)
            viewport.setVisible(viewport in visible)
        for place, viewport in enumerate(visible):
            self._places.addWidget(viewport, place // columns, place % columns)
