"""Selecting marks and changing their shape: drag a handle to move one point, drag the line to move the whole mark."""

from __future__ import annotations

from viewers.annotation.annotation import Annotation, Target
from viewers.annotation.annotation_set import AnnotationSet
from viewers.annotation.shapes import ImagePoint, Shape, distance, moved, with_point
from viewers.annotation.tools.tool import PointerEvent


class EditTool:
    """Works on marks that exist, one drag at a time; the set changes once, when the button is let go."""

    def __init__(self) -> None:
        self._mark: Annotation | None = None
        self._handle: int | None = None
        self._from = ImagePoint(0.0, 0.0)
        self._draft: Shape | None = None

    @property
    def is_dragging(self) -> bool:
        return self._mark is not None

    @property
    def draft(self) -> tuple[str, Shape] | None:
        """The mark in hand (its id) and the shape it would have if let go here."""
        return None if self._mark is None or self._draft is None else (self._mark.annotation_id, self._draft)

    def press(self, event: PointerEvent, marks: AnnotationSet, target: Target) -> Annotation | None:
        """Take hold of the mark under the pointer; None when there is none."""
        mark = marks.find_near(target, event.point, event.tolerance)
        if mark is None:
            return None
        near = [(distance(p, event.point), i) for i, p in enumerate(mark.shape.points)]
        nearest, index = min(near)
        self._mark = mark
        self._handle = index if nearest <= event.tolerance else None
        self._from = event.point
        self._draft = None
        return mark

    def move(self, event: PointerEvent) -> None:
        if self._mark is None:
            return
        if self._draft is None and distance(self._from, event.point) <= event.tolerance / 2:
            # A click that trembles selects; it must not change a measured length.
            return
        dx, dy = event.point.x - self._from.x, event.point.y - self._from.y
        shape = self._mark.shape
        if self._handle is None:
            self._draft = moved(shape, dx, dy)
        else:
            point = shape.points[self._handle]
            self._draft = with_point(shape, self._handle, ImagePoint(point.x + dx, point.y + dy))

    def release(self, marks: AnnotationSet) -> None:
        """Let go: the mark takes its new shape, if it moved and is still there."""
        mark, draft = self._mark, self._draft
        self.cancel()
        if mark is not None and draft is not None and marks.find(mark.annotation_id) == mark:
            marks.reshape(mark.annotation_id, draft)

    def cancel(self) -> None:
        """Let go without changing anything."""
        self._mark = None
        self._draft = None
