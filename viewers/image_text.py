"""The words a view writes on its image: corner text and orientation letters. Which words, the view decides."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CornerText:
    """Lines of text for the four corners, first line outermost at the top, last line outermost at the bottom."""

    top_left: tuple[str, ...] = ()
    top_right: tuple[str, ...] = ()
    bottom_left: tuple[str, ...] = ()
    bottom_right: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Letters:
    """Patient directions at the edges of the picture as displayed, e.g. R, L, A, P or combinations such as RA."""

    left: str
    right: str
    top: str
    bottom: str
