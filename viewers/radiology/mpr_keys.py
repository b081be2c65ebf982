"""The keys of a plane of a reconstruction, as text, and what each does: a stack's where they mean the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from viewers.radiology.stack_keys import LARGER

if TYPE_CHECKING:
    from viewers.radiology.mpr_view import MprView

MPR_KEYS: dict[str, str] = {
    "Down": "Next plane",
    "Right": "Next plane",
    "Up": "Plane before",
    "Left": "Plane before",
    "PgDown": "Ten planes on",
    "PgUp": "Ten planes back",
    "Home": "Where the volume begins",
    "End": "Where the volume ends",
    **dict.fromkeys(map(str, range(1, 10)), "Window preset"),
    "A": "Window by the plane's own values",
    "I": "Invert",
    "W": "Window by dragging, or scroll again",
    "C": "Cross the planes where you press, or scroll again",
    "B": "Slab: MIP, MinIP, mean",
    "]": "Thicker slab",
    "[": "Thinner slab",
    "+": "Larger",
    "-": "Smaller",
    "0": "Fit the view",
    "Ctrl+0": "One pixel of the plane on one screen pixel",
    "R": "Turn right",
    "Shift+R": "Turn left",
    "H": "Flip left and right",
    "V": "Flip up and down",
    "X": "As it opened: planes, slab, window",
    "Space": "Held: drag moves the picture",
}
"""What each key does, in words; of those that do the same as “+” only that one."""


def mpr_keys(view: MprView) -> dict[str, Callable[[], None]]:
    """Every key the view answers, by its portable name."""
    scene = view.scene
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
        "C": lambda: view.set_drag_mode("scroll" if view.drag_mode == "point" else "point"),
        "B": scene.next_mode,
        "]": lambda: scene.thicker(1),
        "[": lambda: scene.thicker(-1),
        "0": view.zoom.fit,
        "Ctrl+0": view.zoom.actual,
        "-": lambda: view.zoom.by(0.8),
        "R": lambda: view.turn.by(1),
        "Shift+R": lambda: view.turn.by(-1),
        "H": view.turn.flip_horizontally,
        "V": view.turn.flip_vertically,
        "X": view.show_as_opened,
    }
    keys.update(dict.fromkeys(LARGER, lambda: view.zoom.by(1.25)))
    keys.update({str(number): partial(view.window_level.preset, number) for number in range(1, 10)})
    return keys
