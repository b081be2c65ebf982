"""The ways to divide the room for images: rows and columns, what each is called, and its key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GridLayout:
    """Named by its size, ``2x3`` for two rows of three."""

    rows: int
    columns: int
    words: str
    key: str

    @property
    def name(self) -> str:
        return f"{self.rows}x{self.columns}"

    @property
    def places(self) -> int:
        return self.rows * self.columns


_ALL = (
    GridLayout(1, 1, "One image", "Ctrl+1"),
    GridLayout(1, 2, "Two side by side", "Ctrl+2"),
    GridLayout(1, 3, "Three side by side", "Ctrl+3"),
    GridLayout(2, 2, "Four images", "Ctrl+4"),
    GridLayout(2, 1, "Two, one above the other", "Ctrl+5"),
    GridLayout(2, 3, "Six images", "Ctrl+6"),
    GridLayout(2, 4, "Eight images", "Ctrl+8"),
)
LAYOUTS = {layout.name: layout for layout in _ALL}
MOST_PLACES = max(layout.places for layout in _ALL)
