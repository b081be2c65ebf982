"""The keys of a stack view, as text ("Shift+R"), and what each does. Number keys are window presets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viewers.radiology.stack_view import StackView


LARGER = ("+", "=", "Shift++", "Shift+=")
"""“+” is Shift and “=” on many keyboards, and a key of its own on others."""

STACK_KEYS: dict[str, str] = {
    "Down": "Next image",
    "Right": "Next image",
    "Up": "Image before",
    "Left": "Image before",
    "PgDown": "Ten images on",
    "PgUp": "Ten images back",
    "Home": "First image",
    "End": "Last image",
    **dict.fromkeys(map(str, range(1, 10)), "Window preset"),
    **{f"Alt+{number}": "Window of your own (N names them)" for number in range(1, 10)},
    "A": "Window by the image's own values",
    "I": "Invert",
    "W": "Window by dragging, or scroll again",
    "C": "Point in every series, or scroll again",
    "]": "Colours laid over: stronger",
    "[": "Colours laid over: fainter",
    "Ctrl+]": "Colours laid over: end at a higher value",
    "Ctrl+[": "Colours laid over: end at a lower value",
    "+": "Larger",
    "-": "Smaller",
    "0": "Fit the view",
    "Ctrl+0": "One image pixel on one screen pixel",
    "R": "Turn right",
    "Shift+R": "Turn left",
    "H": "Flip left and right",
    "V": "Flip up and down",
    "X": "As it opened",
    "K": "Play, or pause",
    ",": "Play slower",
    ".": "Play faster",
    "Shift+K": "Play there and back, or in a loop",
    "B": "Play from this image on; again: from the first",
    "E": "Play up to this image; again: to the last",
    "D": "Values and window; drag to change it",
    "G": "Go to an image: type its number, then Enter",
    "Z": "Held: twice as large under the pointer",
    "Space": "Held: drag moves the image",
}
"""What each key does, in words; of those that do the same as “+” only that one."""


def stack_keys(view: StackView) -> dict[str, Callable[[], None]]:
    """Every key the view answers, by its portable name."""
    keys: dict[str, Callable[[], None]] = {
        "Down": lambda: view.scroll.by(1),
        "Right": lambda: view.scroll.by(1),
        "Up": lambda: view.scroll.by(-1),
        "Left": lambda: view.scroll.by(-1),
        "PgDown": lambda: view.scroll.by(10),
        "PgUp": lambda: view.scroll.by(-10),
        "Home": view.scroll.to_start,
        "End": view.scroll.to_end,
        "I": view.window_level.invert,
        "A": view.window_level.auto,
        "W": lambda: view.set_drag_mode("scroll" if view.drag_mode == "window" else "window"),
        "]": lambda: view.fuse.more_opaque(0.1),
        "[": lambda: view.fuse.more_opaque(-0.1),
        "Ctrl+]": lambda: view.fuse.scale_top(1.25),
        "Ctrl+[": lambda: view.fuse.scale_top(0.8),
        "0": view.zoom.fit,
        "Ctrl+0": view.zoom.actual,
        "-": lambda: view.zoom.by(0.8),
        "C": lambda: view.set_drag_mode("scroll" if view.drag_mode == "point" else "point"),
        "R": lambda: view.turn.by(1),
        "Shift+R": lambda: view.turn.by(-1),
        "H": view.turn.flip_horizontally,
        "V": view.turn.flip_vertically,
        "X": view.show_as_opened,
        "K": view.cine.toggle,
        ",": view.cine.slower,
        ".": view.cine.faster,
        "Shift+K": view.cine.toggle_sweep,
        "B": view.cine.from_here,
        "E": view.cine.to_here,
        "D": view.histogram.toggle,
        "G": view.jump.begin,
    }
    keys.update(dict.fromkeys(LARGER, lambda: view.zoom.by(1.25)))
    keys.update({str(number): partial(view.window_level.preset, number) for number in range(1, 10)})
    keys.update({f"Alt+{number}": partial(view.own_windows.use, number) for number in range(1, 10)})
    return keys
