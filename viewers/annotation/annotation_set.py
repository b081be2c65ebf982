"""All marks of one open case, in memory: add, reshape, remove, undo, redo. Who stores them listens to the changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from uuid import uuid4

from viewers.annotation.annotation import Annotation, Target
from viewers.annotation.presentation import Presentation
from viewers.annotation.shapes import Bounds, ImagePoint, Shape, bounds_of, distance_to_line
from viewers.errors import ViewerError


class MarksLocked(ViewerError):
    """The marks are part of what was signed."""

    def __init__(self) -> None:
        super().__init__("The opinion is signed; its marks can no longer change.")


class ChangeKind(Enum):
    ADDED = "added"
    REPLACED = "replaced"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one mark. ``annotation`` is its new state; for REMOVED, its last."""

    kind: ChangeKind
    annotation: Annotation


@dataclass(frozen=True, slots=True)
class _Step:
    """One undoable step: the mark before (None: it was not there) and after (None: it is gone)."""

    before: Annotation | None
    after: Annotation | None

    def reversed(self) -> _Step:
        return _Step(self.after, self.before)


Listener = Callable[[list[Change]], None]


class AnnotationSet:
    """The marks of one case on all its images, with one undo history over them.

    ``first_number`` is the lowest number a new label may take (labels of removed marks are not given out again).
    Used from the UI thread only. Every mutation raises MarksLocked while ``read_only``.
    """

    def __init__(
        self, reader: str, marks: Iterable[Annotation] = (), *, first_number: int = 1, read_only: bool = False
    ) -> None:
        self.reader = reader
        self.read_only = read_only
        self._marks: dict[str, Annotation] = {}
        self._bounds: dict[Target, dict[str, Bounds]] = {}
        self._undo: list[_Step] = []
        self._redo: list[_Step] = []
        self._listeners: list[Listener] = []
        for mark in marks:
            self._put(mark)
        self._next_number = max([first_number, *(label_number(m.label) + 1 for m in self._marks.values())])

    @property
    def marks(self) -> tuple[Annotation, ...]:
        """Every mark, in the order they were made."""
        return tuple(sorted(self._marks.values(), key=lambda m: (m.created, label_number(m.label))))

    def find(self, annotation_id: str) -> Annotation | None:
        return self._marks.get(annotation_id)

    def marks_on(self, target: Target) -> tuple[Annotation, ...]:
        """The marks of exactly that frame or slide."""
        return tuple(self._marks[i] for i in self._bounds.get(target, ()))

    def find_near(self, target: Target, point: ImagePoint, distance_px: float) -> Annotation | None:
        """The mark whose line passes nearest to *point*, within *distance_px* image pixels."""
        near = [
            (distance_to_line(self._marks[i].shape, point), i)
            for i, bounds in self._bounds.get(target, {}).items()
            if bounds.is_near(point, distance_px)
        ]
        best = min(near, default=None)
        return self._marks[best[1]] if best is not None and best[0] <= distance_px else None

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call *listener* after each change; the function returned ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def draw(self, target: Target, shape: Shape, presentation: Presentation | None = None) -> Annotation:
        """Add a new mark of this reader under the next free label; *presentation*: how its image looks now."""
        now = datetime.now(UTC)
        label = f"A{self._next_number}"
        mark = Annotation(str(uuid4()), label, self.reader, target, shape, now, now, presentation=presentation)
        self.add(mark)
        return mark

    def add(self, annotation: Annotation) -> None:
        """Add a mark that is not here yet (ValueError if it is)."""
        if annotation.annotation_id in self._marks:
            raise ValueError(f"mark {annotation.label} is already here")
        self._do(_Step(None, annotation))

    def reshape(self, annotation_id: str, shape: Shape) -> None:
        """Give a mark another shape (KeyError if it is not here)."""
        before = self._marks[annotation_id]
        self.replace(replace(before, shape=shape, modified=datetime.now(UTC)))

    def replace(self, annotation: Annotation) -> None:
        """Put a new state of a mark that is here (KeyError if it is not)."""
        self._do(_Step(self._marks[annotation.annotation_id], annotation))

    def remove(self, annotation_id: str) -> None:
        """Take a mark away (KeyError if it is not here); undo brings it back."""
        self._do(_Step(self._marks[annotation_id], None))

    @property
    def can_undo(self) -> bool:
        return bool(self._undo) and not self.read_only

    @property
    def can_redo(self) -> bool:
        return bool(self._redo) and not self.read_only

    def undo(self) -> bool:
        """Take back the last step; False when there is none."""
        self._refuse_when_locked()
        if not self._undo:
            return False
        step = self._undo.pop()
        self._redo.append(step)
        self._apply(step.reversed())
        return True

    def redo(self) -> bool:
        """Repeat the step last taken back; False when there is none."""
        self._refuse_when_locked()
        if not self._redo:
            return False
        step = self._redo.pop()
        self._undo.append(step)
        self._apply(step)
        return True

    def _do(self, step: _Step) -> None:
        self._refuse_when_locked()
        self._undo.append(step)
        self._redo.clear()
        self._apply(step)

    def _apply(self, step: _Step) -> None:
        if step.before is not None:
            self._bounds[step.before.target].pop(step.before.annotation_id)
            del self._marks[step.before.annotation_id]
        if step.after is not None:
            self._put(step.after)
            self._next_number = max(self._next_number, label_number(step.after.label) + 1)
        kind = (
            ChangeKind.REMOVED
            if step.after is None
            else ChangeKind.ADDED
            if step.before is None
            else ChangeKind.REPLACED
        )
        mark = step.after or step.before
        if mark is not None:
            for listener in tuple(self._listeners):
                listener([Change(kind, mark)])

    def _put(self, mark: Annotation) -> None:
        self._marks[mark.annotation_id] = mark
        self._bounds.setdefault(mark.target, {})[mark.annotation_id] = bounds_of(mark.shape)

    def _refuse_when_locked(self) -> None:
        if self.read_only:
            raise MarksLocked


def label_number(label: str) -> int:
    """The number in A7: 7; 0 for a label of another form."""
    match = re.fullmatch(r"A(\d+)", label)
    return int(match[1]) if match else 0
