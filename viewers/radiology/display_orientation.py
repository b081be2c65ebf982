"""How an image is turned and flipped on the screen, and the patient letters that follow from exactly that.

Letters come from the matrix displayed, never from a default (DICOM PS3.3 C.7.6.1.1.1, C.7.6.2.1.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from viewers.geometry import PlaneGeometry
from viewers.image_text import Letters
from viewers.radiology.frame import Frame

Matrix = tuple[tuple[int, int], tuple[int, int]]

_SECOND_LETTER = 0.2
"""Share of a direction above which a further letter is shown (11.5° off the axis)."""
_AXES = (("L", "R"), ("P", "A"), ("H", "F"))
_OPPOSITE = {"L": "R", "R": "L", "P": "A", "A": "P", "H": "F", "F": "H"}


@dataclass(frozen=True, slots=True)
class DisplayOrientation:
    """Quarter turns clockwise first, then flips; at most one flip is ever needed, both are kept as the reader said."""

    quarter_turns: int = 0
    flipped_horizontally: bool = False
    flipped_vertically: bool = False

    @property
    def matrix(self) -> Matrix:
        """Image direction (to the right, downwards) → screen direction (to the right, downwards)."""
        a, b, c, d = ((1, 0, 0, 1), (0, -1, 1, 0), (-1, 0, 0, -1), (0, 1, -1, 0))[self.quarter_turns % 4]
        if self.flipped_horizontally:
            a, b = -a, -b
        if self.flipped_vertically:
            c, d = -c, -d
        return ((a, b), (c, d))

    @property
    def swaps_axes(self) -> bool:
        """Whether rows run up and down on the screen."""
        return self.quarter_turns % 2 == 1

    def turned(self, quarter_turns: int) -> DisplayOrientation:
        """What is seen now, turned clockwise by *quarter_turns*: turning comes after the flips already made."""
        mirrored = self.flipped_horizontally != self.flipped_vertically
        turns = -quarter_turns if mirrored else quarter_turns
        return replace(self, quarter_turns=(self.quarter_turns + turns) % 4)

    def flipped(self, *, horizontally: bool) -> DisplayOrientation:
        """What is seen now, mirrored on the screen."""
        if horizontally:
            return replace(self, flipped_horizontally=not self.flipped_horizontally)
        return replace(self, flipped_vertically=not self.flipped_vertically)


def letters(frame: Frame, orientation: DisplayOrientation) -> Letters | None:
    """The patient directions at the four edges of the screen; None where they cannot be known."""
    if frame.geometry is not None:
        return plane_letters(frame.geometry, orientation)
    if frame.patient_orientation is None or _contradicts_itself(frame.patient_orientation):
        return None
    if any(not stated or set(stated) - set(_OPPOSITE) for stated in frame.patient_orientation):
        return None
    (a, b), (c, d) = orientation.matrix
    # The matrix is orthogonal: its transpose takes screen directions back to image directions.
    right, down = _stated(frame.patient_orientation, a, b), _stated(frame.patient_orientation, c, d)
    left, up = _stated(frame.patient_orientation, -a, -b), _stated(frame.patient_orientation, -c, -d)
    return Letters(left=left, right=right, top=up, bottom=down)


def plane_letters(plane: PlaneGeometry, orientation: DisplayOrientation) -> Letters:
    """The same for a picture whose plane in the patient is known, an image's or one cut out of a volume."""

    def towards(across: int, down: int) -> str:
        rows, columns = plane.row_direction, plane.column_direction
        return letters_of([across * along + down * below for along, below in zip(rows, columns, strict=True)])

    (a, b), (c, d) = orientation.matrix
    return Letters(left=towards(-a, -b), right=towards(a, b), top=towards(-c, -d), bottom=towards(c, d))


def _stated(patient_orientation: tuple[str, str], across: int, down: int) -> str:
    """Letters of an image direction along a row (*across*) or a column (*down*), by Patient Orientation (0020,0020)."""
    stated = patient_orientation[0 if across else 1]
    return stated if across + down > 0 else "".join(_OPPOSITE[letter] for letter in stated)


def _contradicts_itself(stated: tuple[str, str]) -> bool:
    """Rows and columns cannot both run along one axis of the patient, nor a direction both ways along an axis."""
    axes = [[frozenset((letter, _OPPOSITE.get(letter, ""))) for letter in direction] for direction in stated]
    return any(len(set(own)) < len(own) for own in axes) or (axes[0] == axes[1] and len(axes[0]) == 1)


def letters_of(vector: Sequence[float]) -> str:
    """Letters of an LPS direction, the strongest first: "L", or "LA" for an oblique one."""
    parts = sorted(((abs(part), axis) for axis, part in enumerate(vector)), reverse=True)
    shown = [(size, axis) for size, axis in parts[:2] if size >= _SECOND_LETTER] or parts[:1]
    return "".join(_AXES[axis][0 if vector[axis] > 0 else 1] for _, axis in shown)
