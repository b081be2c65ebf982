"""What a stack shares with the stacks beside it: its level, the lines where they cross it, one point. No Qt.

A facet of the stack view. Who goes along with whom is decided outside (`stack_links`); here it is held to be drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from viewers.geometry import PatientPoint, PixelPoint, dot
from viewers.radiology.reference_line import Segment
from viewers.radiology.stack_levels import StackLevels, find_levels

if TYPE_CHECKING:
    from viewers.radiology.stack_controls import ViewPoint
    from viewers.radiology.stack_view import StackView


class SharedPlace:
    """Of one view; empty until somebody links it, and again with every other series."""

    def __init__(self, view: StackView) -> None:
        self._view = view
        self._levels: StackLevels | None = None
        self._levels_of: object = None
        self.words = ""
        """Stands with the image's place: that it is linked, and how."""
        self.notice = ""
        """A warning on the image: it is not the level that the others show."""
        self.scale_words = ""
        """Stands with the zoom: that it is the scale of the images beside it."""
        self.scale_notice = ""
        """A warning on the image: that it is not, where it should be."""
        self.lines: tuple[Segment, ...] = ()
        """Where other images cross the one shown now, in its pixels."""
        self.line_colours: tuple[str, ...] = ()
        """Of each line ("#ffd666"); empty where all are alike."""
        self.point: PatientPoint | None = None
        """What the reader points at, in this or another stack."""

    @property
    def levels(self) -> StackLevels | None:
        """Where the images stand in the patient; None where they do not say, or are not parallel."""
        series = self._view.series
        if series is not self._levels_of:
            self._levels = None if series is None else find_levels(series)
            self._levels_of = series
        return self._levels

    def clear(self) -> None:
        """It stands alone again."""
        self.show_link("")
        self.show_scale("")
        self.show_lines(())
        self.show_point(None)

    def show_link(self, words: str, notice: str = "") -> None:
        if (words, notice) != (self.words, self.notice):
            self.words, self.notice = words, notice
            self._view.update()

    def show_scale(self, words: str, notice: str = "") -> None:
        if (words, notice) != (self.scale_words, self.scale_notice):
            self.scale_words, self.scale_notice = words, notice
            self._view.update()

    def show_lines(self, lines: Sequence[Segment], colours: Sequence[str] = ()) -> None:
        if (tuple(lines), tuple(colours)) != (self.lines, self.line_colours):
            self.lines, self.line_colours = tuple(lines), tuple(colours)
            self._view.update()

    def show_point(self, point: PatientPoint | None) -> None:
        if point != self.point:
            self.point = point
            self._view.update()

    def find_point_at(self, at: ViewPoint) -> PatientPoint | None:
        """The patient point at *at* (logical coordinates); None outside the image, or where it has no place."""
        frame = self._view.current_frame
        if frame is None or frame.geometry is None:
            return None
        ratio = self._view.devicePixelRatioF()
        column, row = self._view.geometry_now().image_to_view().unmap(at.x() * ratio, at.y() * ratio)
        if 0 <= column <= frame.layout.columns and 0 <= row <= frame.layout.rows:
            return frame.geometry.to_patient(PixelPoint(column, row))
        return None

    def place_of_point(self) -> tuple[PixelPoint, str] | None:
        """Where ``point`` is drawn on the image shown, and how far off it lies ("" where it lies in this image)."""
        frame = self._view.current_frame
        if self.point is None or frame is None or frame.geometry is None:
            return None
        plane = frame.geometry
        away_mm = abs(dot(plane.normal, [a - b for a, b in zip(self.point, plane.position, strict=True)]))
        step_mm = 0.0 if self.levels is None else self.levels.usual_step_mm
        is_within = away_mm <= max(step_mm, frame.thickness_mm or 0.0) / 2 + 0.01
        return plane.to_pixel(self.point), "" if is_within else f"{away_mm:.1f} mm from this image"
