"""The row of tools above the images, each with its key written on it. Emits wishes only."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton

from workstation.reading.layout_menu import LayoutMenu
from workstation.window.icons import icon

TOOLS: tuple[tuple[str | None, str, str, str, str], ...] = (
    (None, "tool-navigate", "navigate", "Navigate", "Esc"),
    ("length", "tool-length", "length", "Length", "L"),
    ("polygon", "tool-polygon", "polygon", "Outline", "P"),
)


class ReadingToolbar(QFrame):
    """Tools, history, layouts, and what lies under the pointer."""

    tool_requested = Signal(object)
    """``length``, ``polygon`` or None."""
    layout_requested = Signal(str)
    undo_requested = Signal()
    redo_requested = Signal()
    removal_requested = Signal()
    drag_mode_requested = Signal(str)
    """What dragging is to do, a `DragMode`."""
    link_requested = Signal()
    mpr_requested = Signal()
    fit_requested = Signal()
    actual_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "strip")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(10, 5, 12, 5)
        self._row.setSpacing(3)
        self._tools: dict[str | None, QToolButton] = {}
        for tool, name, glyph, text, key in TOOLS:
            button = self._button(name, glyph, f"{text}  {key}", f"{text} ({key})", self._asker(tool))
            button.setCheckable(True)
            self._tools[tool] = button
        self._window = self._button(
            "tool-window",
            "window",
            "Window  W",
            "Change the window by dragging (W). The right button does it with any tool.",
            lambda: self.drag_mode_requested.emit("window" if self._window.isChecked() else "scroll"),
        )
        self._point = self._button(
            "tool-point",
            "point",
            "",
            "Point: the other series show the place you press on (C)",
            lambda: self.drag_mode_requested.emit("point" if self._point.isChecked() else "scroll"),
        )
        self._link = self._button(
            "tool-link",
            "link",
            "",
            "Scroll series of one patient together; of another date, from the level shown now (Y)",
            self.link_requested.emit,
        )
        self._mpr = self._button(
            "tool-mpr",
            "mpr",
            "",
            "Three planes of this series beside it, or back to what hung before (O)",
            self.mpr_requested.emit,
        )
        for button in (self._window, self._point, self._link, self._mpr):
            button.setCheckable(True)
        self._gap()
        self._fit = self._button("zoom-fit", "fit", "", "Fit the whole image (0)", self.fit_requested.emit)
        self._actual = self._button("zoom-actual", "actual", "", "Pixel for pixel (Ctrl+0)", self.actual_requested.emit)
        self._gap()
        self._undo = self._button("mark-undo", "undo", "", "Undo (Ctrl+Z)", self.undo_requested.emit)
        self._redo = self._button("mark-redo", "redo", "", "Redo (Ctrl+Shift+Z)", self.redo_requested.emit)
        self._remove = self._button(
            "mark-delete", "delete", "", "Delete the selected mark (Delete)", self.removal_requested.emit
        )
        self._value = QLabel()
        self._value.setObjectName("probed-value")
        self._value.setProperty("role", "muted")
        self._value.setMinimumWidth(260)
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._row.addWidget(self._value, 1)
        self._gap()
        self._layouts = LayoutMenu()
        self._layouts.layout_requested.connect(self.layout_requested)
        self._row.addWidget(self._layouts)
        self._tool: str | None = None
        self.set_drag_mode("scroll", enabled=False)
        self.set_linked(enabled=False, chosen=False)
        self.set_reconstructed(enabled=False, chosen=False)
        self.set_zoom(enabled=False)
        self.set_history(can_undo=False, can_redo=False)
        self.set_selection(False)

    def set_tool(self, tool: str | None) -> None:
        self._tool = tool
        self._show_chosen()

    def set_drag_mode(self, mode: str, *, enabled: bool) -> None:
        """What dragging does, and whether the active image is a stack, with which it can do more than one thing."""
        for button, its_mode in ((self._window, "window"), (self._point, "point")):
            button.setEnabled(enabled)
            button.setChecked(enabled and mode == its_mode)
        self._show_chosen()

    def set_linked(self, *, enabled: bool, chosen: bool) -> None:
        """Whether there are stacks to link, and whether they are."""
        self._link.setEnabled(enabled)
        self._link.setChecked(enabled and chosen)

    def set_reconstructed(self, *, enabled: bool, chosen: bool) -> None:
        """Whether planes can be cut out of the active image, and whether they hang."""
        self._mpr.setEnabled(enabled)
        self._mpr.setChecked(enabled and chosen)

    def set_zoom(self, *, enabled: bool) -> None:
        """Whether there is an image to fit."""
        self._fit.setEnabled(enabled)
        self._actual.setEnabled(enabled)

    def _show_chosen(self) -> None:
        """One of the row is chosen: navigation gives way to the window and to pointing, and these to a tool."""
        is_dragging = self._window.isChecked() or self._point.isChecked()
        for name, button in self._tools.items():
            button.setChecked(name == self._tool and not (name is None and is_dragging))

    def set_layout_name(self, layout: str) -> None:
        self._layouts.set_layout_name(layout)

    def set_hanging(self, rule: str) -> None:
        """By which rule the case hangs; empty for none."""
        self._layouts.set_hanging(rule)

    def set_history(self, *, can_undo: bool, can_redo: bool) -> None:
        self._undo.setEnabled(can_undo)
        self._redo.setEnabled(can_redo)

    def set_selection(self, can_remove: bool) -> None:
        self._remove.setEnabled(can_remove)

    def set_marking(self, enabled: bool) -> None:
        """Whether marks can be made at all: not without images, not after signing."""
        self._tools["length"].setEnabled(enabled)
        self._tools["polygon"].setEnabled(enabled)

    def show_value(self, text: str, explained: str = "") -> None:
        """What lies under the pointer. *explained* is how it comes about: seen with the pointer over these words, which
        then speak of that."""
        words = text or re.split(" = |: |; ", explained)[0]
        metrics, parts = self._value.fontMetrics(), words.split("  ")
        # Parts from the end are left out where there is no room: never a piece of a number.
        while len(parts) > 1 and metrics.horizontalAdvance("  ".join(parts)) > self._value.width():
            parts.pop()
        self._value.setText("  ".join(parts))
        self._value.setToolTip(explained)

    def _asker(self, tool: str | None) -> Callable[[], None]:
        return lambda: self.tool_requested.emit(tool)

    def _button(self, name: str, glyph: str, text: str, tip: str, run: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setIcon(icon(glyph))
        button.setIconSize(QSize(18, 18))
        button.setToolTip(tip)
        if text:
            button.setText(text)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        # The images keep the keyboard: after a click on a tool, its keys and the image's go on working.
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda _checked=False: run())
        self._row.addWidget(button)
        return button

    def _gap(self) -> None:
        self._row.addSpacing(14)
