"""What a reader's hand does to marks in one view: the tool held, the mark selected, the shape begun. No Qt.

A view turns its toolkit's events into calls here, and draws what `shown_on` gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from viewers.annotation.annotation import SlideTarget, Target
from viewers.annotation.annotation_set import AnnotationSet, Change, MarksLocked
from viewers.annotation.measurements import measure_shape
from viewers.annotation.presentation import Presentation
from viewers.annotation.shapes import Polygon, Shape
from viewers.annotation.tools.edit import EditTool
from viewers.annotation.tools.length import LengthTool
from viewers.annotation.tools.polygon import PolygonTool
from viewers.annotation.tools.tool import PointerEvent, Tool, ToolKey
from viewers.calibration import Calibration

TOOLS: dict[str, Callable[[], Tool]] = {"length": LengthTool, "polygon": PolygonTool}


@dataclass(frozen=True, slots=True)
class ShownMark:
    """A shape to draw, as it is now under the reader's hand. ``label`` is empty for one that is being drawn."""

    shape: Shape
    label: str
    is_selected: bool = False
    is_draft: bool = False


class Marking:
    """One view's hand. Events say whether they were used; what was not is the view's, to navigate with."""

    def __init__(
        self,
        *,
        selected: Callable[[str], None],
        refused: Callable[[str], None],
        changed: Callable[[], None],
        presented: Callable[[], Presentation | None] = lambda: None,
    ) -> None:
        """*selected* gets the id of the newly selected mark (empty for none), *refused* a sentence; after *changed* the
        view draws anew. *presented* says how the image looks, for a mark that is made now."""
        self._on_selected = selected
        self._on_refused = refused
        self.refusal = ""
        """Why no new mark may be made here; empty: it may."""
        self._on_changed = changed
        self._presented = presented
        self._annotations: AnnotationSet | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._tool: Tool | None = None
        self._target: Target | None = None
        self._edit = EditTool()
        self._selected_id = ""

    @property
    def annotations(self) -> AnnotationSet | None:
        return self._annotations

    @annotations.setter
    def annotations(self, annotations: AnnotationSet | None) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
        self.cancel()
        self._annotations = annotations
        self._unsubscribe = None if annotations is None else annotations.subscribe(self._marks_changed)
        self.select("")
        self._on_changed()

    @property
    def tool_name(self) -> str | None:
        return None if self._tool is None else self._tool.name

    def take_tool(self, name: str | None) -> bool:
        """Hold that tool (KeyError for an unknown one), or none; what was begun is dropped. False if it was held."""
        self.cancel()
        if name == self.tool_name:
            return False
        self._tool = None if name is None else TOOLS[name]()
        return True

    @property
    def selected_id(self) -> str:
        return self._selected_id

    def select(self, annotation_id: str) -> None:
        """Select that mark; empty for none."""
        if annotation_id != self._selected_id:
            self._selected_id = annotation_id
            self._on_selected(annotation_id)
            self._on_changed()

    @property
    def is_drawing(self) -> bool:
        """Whether a new shape is begun."""
        return self._tool is not None and self._tool.is_drawing

    @property
    def is_busy(self) -> bool:
        """Whether a shape is begun or a mark is in hand."""
        return self._edit.is_dragging or self.is_drawing

    def cancel(self) -> None:
        """Drop what is begun; marks stay as they are."""
        if self._tool is not None:
            self._tool.cancel()
        self._edit.cancel()
        self._target = None
        self._on_changed()

    # The pointer ---------------------------------------------------------------------------------------------------

    def press(self, pointer: PointerEvent, target: Target | None) -> bool:
        """The drawing button went down on *target*'s image."""
        if not self.is_drawing and self._take_hold(pointer, target):
            return True
        if self._tool is None:
            self.select("")
            return False
        if self._begin(self._tool, target):
            self._finish(self._tool.press(pointer))
        return True

    def move(self, pointer: PointerEvent) -> bool:
        if self._edit.is_dragging:
            self._edit.move(pointer)
            self._on_changed()
            return True
        if self._tool is not None and self._tool.is_drawing:
            self._finish(self._tool.move(pointer))
            return True
        return False

    def release(self, pointer: PointerEvent) -> bool:
        if self._edit.is_dragging and self._annotations is not None:
            self._edit.move(pointer)
            self._edit.release(self._annotations)
            self._on_changed()
            return True
        if self._tool is not None:
            self._finish(self._tool.release(pointer))
            return True
        return False

    def double_click(self, pointer: PointerEvent, target: Target | None) -> bool:
        if self._tool is None:
            return False
        if self._tool.is_drawing and self._begin(self._tool, target):
            self._finish(self._tool.double_click(pointer))
        return True

    def key(self, key: ToolKey) -> None:
        """A key for the shape that is begun."""
        if self._tool is not None:
            self._finish(self._tool.key(key))

    # History -------------------------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Take back the last change, on whatever image it was."""
        self._change(AnnotationSet.undo)

    def redo(self) -> None:
        """Repeat the change last taken back."""
        self._change(AnnotationSet.redo)

    def remove_selected(self) -> None:
        """Take the selected mark away; undo brings it back."""
        marked = self._selected_id
        if self._annotations is not None and self._annotations.find(marked) is not None:
            self._change(lambda annotations: annotations.remove(marked))

    def _change(self, step: Callable[[AnnotationSet], object]) -> None:
        self.cancel()
        if self._annotations is None:
            return
        try:
            step(self._annotations)
        except MarksLocked as error:
            self._on_refused(str(error))

    # What is drawn -------------------------------------------------------------------------------------------------

    def shown_on(self, target: Target) -> Iterator[ShownMark]:
        """The marks of exactly that frame or slide, then the shape that is begun on it."""
        if self._annotations is None:
            return
        in_hand = self._edit.draft
        for mark in self._annotations.marks_on(target):
            shape = in_hand[1] if in_hand is not None and in_hand[0] == mark.annotation_id else mark.shape
            yield ShownMark(shape, mark.label, is_selected=mark.annotation_id == self._selected_id)
        if self._tool is not None and self._target == target and self._tool.draft is not None:
            yield ShownMark(self._tool.draft, "", is_draft=True)

    # ---------------------------------------------------------------------------------------------------------------

    def _take_hold(self, pointer: PointerEvent, target: Target | None) -> bool:
        if self._annotations is None or target is None:
            return False
        if self._tool is not None:
            # With a tool in hand only the selected mark can be corrected; elsewhere a press begins a new shape.
            near = self._annotations.find_near(target, pointer.point, pointer.tolerance)
            if near is None or near.annotation_id != self._selected_id:
                return False
        mark = self._edit.press(pointer, self._annotations, target)
        if mark is not None:
            self.select(mark.annotation_id)
            if self._annotations.read_only:
                self._edit.cancel()
        return mark is not None

    def _begin(self, tool: Tool, target: Target | None) -> bool:
        if self.refusal:
            self._on_refused(self.refusal)
            return False
        if self._annotations is None or target is None:
            self._on_refused("There is no image here to mark.")
            return False
        if self._annotations.read_only:
            self._on_refused(str(MarksLocked()))
            return False
        if tool.is_drawing and self._target != target:
            # The picture changed under a shape that was begun on another: it belongs to neither.
            tool.cancel()
        self._target = target
        return True

    def _finish(self, shape: Shape | None) -> None:
        if shape is not None and self._annotations is not None and self._target is not None:
            self.select(self._annotations.draw(self._target, shape, self._presented()).annotation_id)
        self._on_changed()

    def _marks_changed(self, _changes: list[Change]) -> None:
        if self._annotations is not None and self._annotations.find(self._selected_id) is None:
            self.select("")
        self._on_changed()


def label_lines(shown: ShownMark, target: Target, calibration: Calibration) -> list[str]:
    """What is written beside a mark: its label with the first number, further numbers, how they are known."""
    if shown.is_draft and len(set(shown.shape.points)) < 2:
        return []
    first, *others = measure_shape(shown.shape, calibration, on_slide=isinstance(target, SlideTarget))
    lines = [f"{shown.label}  {first.text}".strip(), *(f"{m.name.lower()} {m.text}" for m in others)]
    if isinstance(shown.shape, Polygon) and first.name != "Area":
        lines.append("crosses itself: no area")
    return [*lines, first.calibration_text]
