"""The reading page: strip, viewports, marks. Hangs images and keeps tools, marks and lists in step.

Nothing of a case outlives it: marks, undo history, windows, tools, thumbnails and layout all go when it is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sync.changes import Changes
from sync.errors import CaseLocked
from sync.records.case import CaseId
from viewers.annotation.annotation_set import AnnotationSet
from viewers.errors import UnsupportedImage
from viewers.image_view import ImageView
from viewers.pathology.plain_file import Lend, lend_nothing
from workstation.failure_words import sentence_for
from workstation.lanes import Lanes
from workstation.reading.annotation_autosave import SaveState
from workstation.reading.annotation_pane import NARROW_PANE, WIDE_PANE, AnnotationPane
from workstation.reading.case_marks import CaseMarks
from workstation.reading.case_reading import CaseReading, ImageItem, SlideItem
from workstation.reading.empty_view import EmptyView
from workstation.reading.hanging.choosing import choose_hanging
from workstation.reading.hanging.layouts import LAYOUTS
from workstation.reading.hanging_desk import NOTHING_TO_KEEP, HangingDesk
from workstation.reading.hung_case import HungCase
from workstation.reading.mark_place import show_mark_in
from workstation.reading.mpr_layout import MprLayout
from workstation.reading.open_images import OpenImages, close_view, extend_view, refine_view, stack_in
from workstation.reading.presenter import CaseReadingPresenter
from workstation.reading.series_strip import SeriesStrip
from workstation.reading.stack_desk import StackDesk
from workstation.reading.toolbar import ReadingToolbar
from workstation.reading.viewport import Viewport
from workstation.reading.viewport_grid import ViewportGrid
from workstation.window.release_banner import ReleaseBanner

if TYPE_CHECKING:
    from viewers.pathology.slide_source import SlideSource
    from viewers.radiology.stack_pointer import DragMode

NO_CASE = "No case is open. Choose one in the worklist (F2)."
NO_IMAGES = "There are no images of this case on this computer yet. Sync, or see on the case page (F3) what is missing."


LOOK_AGAIN_MS = 1500
REASONS_SHOWN = 3
"""Images come one by one while the case is open; the page takes them in at this pace."""
NARROW_PX = 1250


class ReadingPage(QWidget):
    """Shows one `CaseReading`. *presenter* loads cases and keeps marks; without one there is only `show_reading`."""

    stored = Signal(object)
    """`sync.changes.Changes` of marks that were just written."""
    images_shown = Signal(str, object)
    """Case, and the keys of the images that stand in visible viewports now (``tuple[str, ...]``)."""
    refused = Signal(str)
    """One sentence for the reader: why something cannot be done or shown."""
    said = Signal(str)
    """One sentence for the reader: what was just done."""
    state_changed = Signal()
    """Tools, history or selection changed: conditions of actions may have."""

    def __init__(self, lanes: Lanes, presenter: CaseReadingPresenter | None = None) -> None:
        super().__init__()
        self.setObjectName("page-reading")
        self._lanes = lanes
        self._presenter = presenter
        self._reading: CaseReading | None = None
        self._wanted: CaseId | None = None
        self._is_loading = False
        self._marks: CaseMarks | None = None
        self._images = self._images_of(None)
        self._mpr: MprLayout | None = None
        self._layout_before_mpr = "1x1"
        self._tool: str | None = None
        self._drag_mode: DragMode = "scroll"
        self._selected_id = ""
        self._offered = ""
        self._withheld: CaseId | None = None
        self.release = ReleaseBanner("strip")
        self._toolbar = ReadingToolbar()
        self._strip = SeriesStrip()
        self._pane = AnnotationPane()
        self._grid = ViewportGrid()
        self.stacks = StackDesk(
            self, self._grid, self._toolbar, lanes, presenter, said=self.said.emit, refused=self.refused.emit,
            on_elements=lambda is_open: self._pane.setVisible(not is_open),
        )  # fmt: skip
        """What is done with the stacks that hang."""
        self._hung = HungCase(self._grid, self.stacks.links, self.show_image)
        self.keeping = None if presenter is None else HangingDesk(self, presenter.hangings, self.said.emit)
        """Hang by example; None without a store."""
        self._look_again = QTimer(self)
        self._look_again.setSingleShot(True)
        self._look_again.setInterval(LOOK_AGAIN_MS)
        self._arrange()
        self._connect()
        self.show_reading(None)

    # The case ------------------------------------------------------------------------------------------------------

    @property
    def reading(self) -> CaseReading | None:
        return self._reading

    @property
    def annotations(self) -> AnnotationSet | None:
        """The marks of the open case, with their undo history."""
        return None if self._marks is None else self._marks.annotations

    def open_case(self, case_id: CaseId | None) -> None:
        """Open that case from the store, in the background; None closes at once.

        The case that is open already stays as it hangs, unless what there is to see of it has changed.
        """
        if case_id is None or self._reading is None or self._reading.case_id != case_id:
            self.show_reading(None)
        self._wanted = case_id
        if case_id is None:
            return
        if self._presenter is None:
            raise ValueError("this page has no store to open a case from")
        if self._reading is None:
            self._grid.viewports[0].say("Opening the images…")
        self._is_loading = True
        self._presenter.load(case_id, self._loaded, partial(self._not_loaded, case_id))

    def changes_happened(self, changes: Changes) -> bool:
        """Something changed in the store. True when the case should be opened anew before it is next looked at.

        In front of the reader, the page looks by itself what came.
        """
        if self._withheld is not None and self._withheld in changes.cases:
            if self.isVisible():
                self.open_case(self._withheld)
            return True
        case_id = None if self._reading is None else self._reading.case_id
        if case_id is None:
            return False
        if case_id in changes.cases and self._presenter is not None:
            self._presenter.ask_why_withheld(case_id, partial(self._heard_why_withheld, case_id))
        if case_id in changes.opinions and self._presenter is not None:
            self._presenter.ask_whether_closed(case_id, partial(self._heard_whether_closed, case_id))
        if case_id in changes.objects and self.isVisible() and not self._look_again.isActive():
            self._look_again.start()
        return case_id in changes.objects

    def show_reading(self, reading: CaseReading | None) -> None:
        """Show *reading*; None closes. Whatever was open before leaves nothing behind."""
        self._wanted = self._withheld = None
        self._close_case()
        self._reading = reading
        self._strip.show_reading(reading)
        if reading is None:
            self._grid.viewports[0].say(NO_CASE)
        else:
            self._open(reading)
        self._list_marks()

    def set_read_only(self) -> None:
        """The opinion was signed: marks stay as they are from now on."""
        if self._marks is not None:
            self.choose_tool(None)
            self._marks.lock()
            self._list_marks()

    def _heard_whether_closed(self, case_id: CaseId, closed: bool) -> None:
        if self._reading is None or self._reading.case_id != case_id or self._marks is None:
            return
        if closed:
            self.set_read_only()
        elif self._marks.annotations.read_only:
            # An amendment was begun: what is amended may be a mark.
            self._marks.unlock()
            self._pane.say("")
            self._list_marks()

    def _heard_why_withheld(self, case_id: CaseId, sentence: str) -> None:
        """The images close at once, and leave nothing behind; marks are written first."""
        if sentence and self._reading is not None and self._reading.case_id == case_id:
            self._withhold(case_id, sentence)

    def _withhold(self, case_id: CaseId, sentence: str) -> None:
        self.show_reading(None)
        self._withheld = case_id
        self._grid.viewports[0].say(sentence)
        self._list_marks()

    def _loaded(self, reading: CaseReading) -> None:
        self._is_loading = False
        if reading.case_id != self._wanted:
            return
        shown = self._reading
        if shown is None or self._marks is None:
            self.show_reading(reading)
            if self._presenter is not None and reading.case_id is not None:
                # The release may have ended while this was being loaded.
                self._presenter.ask_why_withheld(reading.case_id, partial(self._heard_why_withheld, reading.case_id))
        elif shown.shows_the_same_as(reading):
            return
        elif shown.items and shown.read_only == reading.read_only:
            self._take_in(shown, reading, self._marks)
        else:
            self.show_reading(reading)

    def _look_for_images(self) -> None:
        if self._is_loading:
            self._look_again.start()
        elif self._reading is not None and self._reading.case_id is not None:
            self.open_case(self._reading.case_id)

    def _take_in(self, before: CaseReading, reading: CaseReading, marks: CaseMarks) -> None:
        """Images of the open case came or went: only what they concern changes. Marks, history and hanging stay."""
        self._reading = reading
        marks.images_came(reading)
        self._strip.renew(reading)
        for viewport in self._grid.viewports:
            self._renew(viewport, reading)
        self._follow_with_mpr()
        self._images.make_thumbnails(
            [item for item in reading.items if before.find_item(item.key) != item], self._show_thumbnail
        )
        self._after_hanging()
        self._list_marks()

    def _renew(self, viewport: Viewport, reading: CaseReading) -> None:
        shown = viewport.item
        item = None if shown is None else reading.find_successor(shown, viewport.view.current_target())
        if shown is None or item == shown:
            return
        if item is None:
            close_view(viewport.clear(f"{shown.title} is not here any more."))
        elif not item.is_blocked and extend_view(viewport.view, item):
            viewport.item = item
            _write_on(viewport.view, item)
        elif isinstance(item, SlideItem) and not item.is_blocked and viewport.view.current_target() is not None:
            self._refine(viewport, item)
        else:
            self.show_image(viewport.index, item.key)

    def _refine(self, viewport: Viewport, item: SlideItem) -> None:
        """More of a slide's parts are here: the same field, finer. What is shown stays until they are open."""
        view, viewport.item = viewport.view, item

        def opened(source: SlideSource) -> None:
            if viewport.item is item and viewport.view is view:
                refine_view(view, item, source)
                _write_on(view, item)
                self._after_hanging()
                self._list_marks()

        def failed(error: Exception) -> None:
            if viewport.item is item:
                self.refused.emit(sentence_for(error))

        self._images.open_source(item, opened, failed)

    def _not_loaded(self, case_id: CaseId, error: Exception) -> None:
        self._is_loading = False
        if case_id != self._wanted:
            return
        if isinstance(error, CaseLocked):
            self._withhold(case_id, str(error))
        else:
            self._grid.viewports[0].say(sentence_for(error))

    def _open(self, reading: CaseReading) -> None:
        self._images = self._images_of(reading.case_id)
        self._marks = CaseMarks(
            reading,
            self._presenter,
            on_changed=self._list_marks,
            on_state=self._show_saving,
            on_stored=self.stored.emit,
            later=lambda seconds, call: QTimer.singleShot(round(seconds * 1000), call),
        )
        if not self._marks.are_kept:
            self._pane.say("Files of this computer, not of a case: these marks are not kept.")
        hanging = choose_hanging(reading, reading.kept_rules)
        self._hung.hang(hanging)
        self._toolbar.set_hanging(hanging.rule)
        if not hanging.keys:
            self._grid.viewports[0].say(_nothing_to_show(reading))
        self._images.make_thumbnails(reading.items, self._show_thumbnail)

    def _close_case(self) -> None:
        self._look_again.stop()
        if self._marks is not None:
            self._marks.close()
        self._marks = None
        self._reading = None
        self._selected_id = ""
        self._end_mpr()
        self._hung.close()
        if self.keeping is not None:
            self.keeping.close()
        for viewport in self._grid.viewports:
            close_view(viewport.clear())
        self.stacks.close()
        self._images.close()
        self._images = self._images_of(None)
        self.navigate()
        self.set_layout_name("1x1")
        self._grid.activate(0)
        self._toolbar.show_value("")
        self._pane.say("")

    # Images --------------------------------------------------------------------------------------------------------

    def show_image(self, index: int, key: str, then: Callable[[ImageView], None] | None = None) -> None:
        """Show the item with that key in viewport *index*; *then* is called with its view when it is there."""
        item = None if self._reading is None else self._reading.find_item(key)
        if item is None:
            return
        self._leave_mpr()
        viewport = self._grid.viewport(index)
        if item.is_blocked:
            close_view(viewport.clear(_blocked_sentence(item), item))
            self.refused.emit(_blocked_sentence(item))
            return
        close_view(viewport.clear(f"Opening {item.title}…", item))

        def opened(view: ImageView) -> None:
            if viewport.item is not item:
                close_view(view)
                return
            self._furnish(view, item)
            close_view(viewport.show_view(view, item))
            self._after_hanging()
            if then is not None:
                then(view)

        def failed(error: Exception) -> None:
            if viewport.item is item:
                viewport.say(sentence_for(error))

        self._images.open_view(item, opened, failed)
        self._after_hanging()

    def _images_of(self, case_id: CaseId | None) -> OpenImages:
        def lender(on_step: Callable[[str], None]) -> Lend:
            return lend_nothing if self._presenter is None else self._presenter.lend_slides(case_id, on_step)

        return OpenImages(self._lanes, self._list_marks, self._say_step, lender)

    def _say_step(self, key: str, words: str) -> None:
        """Opening that image takes a while; where it is waited for, say what for."""
        for viewport in self._grid.viewports:
            if viewport.item is not None and viewport.item.key == key and isinstance(viewport.view, EmptyView):
                viewport.say(f"Opening {viewport.item.title}: {words}…")

    def _furnish(self, view: ImageView, item: ImageItem) -> None:
        _write_on(view, item)
        stack = stack_in(view, item)
        if stack is not None:
            self.stacks.furnish(stack)
            stack.set_drag_mode(self._drag_mode)
            stack.drag_mode_changed.connect(self.set_drag_mode)
        view.annotations = self.annotations
        view.set_tool(self._tool)
        view.select_mark(self._selected_id)
        view.mark_selected.connect(self.select_mark)
        view.view_changed.connect(self._offer_as_marked)

    def _after_hanging(self) -> None:
        hanging = [v for v in self._grid.visible_viewports if v.item is not None]
        self._strip.set_shown([v.item.key for v in hanging if v.item is not None])
        case_id = None if self._reading is None else self._reading.case_id
        seen = [v.item.key for v in hanging if v.item is not None and v.view.current_target() is not None]
        self.images_shown.emit(case_id or "", tuple(dict.fromkeys(seen)))
        self._watch_stacks(hanging)
        self._hung.images_changed()
        # Whoever turns to the page gives the keys to the active image.
        self.setFocusProxy(self._grid.active.view)
        self._show_view_tools()

    def _watch_stacks(self, hanging: Sequence[Viewport]) -> None:
        self.stacks.watch(self._reading, hanging, are_cut=self._mpr is not None)
        if self._mpr is not None:
            self._mpr.show_lines()

    @property
    def can_reconstruct(self) -> bool:
        """Whether the active image is a stack, or planes are shown that can be put away."""
        return self._mpr is not None or stack_in(self._grid.active.view, self._grid.active.item) is not None

    def toggle_mpr(self) -> None:
        """Hang three planes of the active series beside it (MPR), or bring back what hung before."""
        if self._mpr is not None:
            self._leave_mpr()
            return
        active = self._grid.active
        stack = stack_in(active.view, active.item)
        if stack is None or stack.pixels is None:
            self.refused.emit("Planes are cut out of a series: show one, click it, and press O again.")
            return
        self._layout_before_mpr = self._grid.layout_name
        self.set_layout_name("2x2")
        try:
            self._mpr = MprLayout(stack, [v for v in self._grid.visible_viewports if v is not active])
        except UnsupportedImage as error:
            self.set_layout_name(self._layout_before_mpr)
            self.refused.emit(str(error))
            return
        self._mpr.set_drag_mode(self._drag_mode)
        self._mpr.drag_mode_changed.connect(self.set_drag_mode)
        self._mpr.failed.connect(self._mpr_failed)
        for view in self._mpr.views:
            view.set_tool(self._tool)
        self._grid_changed()
        self.said.emit("Planes of this series. Drag their lines, turn them at the dots; O or Esc goes back.")

    def _mpr_failed(self, sentence: str) -> None:
        self._leave_mpr()
        self.refused.emit(sentence)

    def _follow_with_mpr(self) -> None:
        """The stack that the planes are cut out of may have got more images, or be gone."""
        if self._mpr is not None:
            if any(viewport.view is self._mpr.stack for viewport in self._grid.viewports):
                self._mpr.follow_stack()
            else:
                self._leave_mpr()

    def _leave_mpr(self) -> None:
        """What hung before hangs again, as it is by now."""
        if self._mpr is None:
            return
        covered = self._end_mpr()
        for viewport in covered:
            viewport.view.set_tool(self._tool)
            viewport.view.select_mark(self._selected_id)
            stack = stack_in(viewport.view, viewport.item)
            if stack is not None:
                stack.set_drag_mode(self._drag_mode)
            if self._reading is not None:
                self._renew(viewport, self._reading)
            if viewport.item is not None and isinstance(viewport.view, EmptyView) and not viewport.item.is_blocked:
                # It was being opened when the planes were hung over it.
                self.show_image(viewport.index, viewport.item.key)
        self.set_layout_name(self._layout_before_mpr)

    def _end_mpr(self) -> Sequence[Viewport]:
        """The planes go; the viewports that they covered."""
        mpr, self._mpr = self._mpr, None
        if mpr is None:
            return ()
        covered = [viewport for viewport in self._grid.viewports if mpr.holds(viewport.view)]
        mpr.close()
        return covered

    def _show_thumbnail(self, key: str, picture: QImage) -> None:
        self._strip.set_thumbnail(key, picture)

    # Viewports -----------------------------------------------------------------------------------------------------

    def viewport_view(self, index: int) -> ImageView:
        """The view in viewport *index* (from 0), whether it is visible in this layout or not."""
        return self._grid.viewport(index).view

    @property
    def layout_name(self) -> str:
        return self._grid.layout_name

    def set_layout_name(self, name: str) -> None:
        """A name of `LAYOUTS`. Images in viewports that disappear come back with them."""
        self._grid.set_layout_name(name)

    @property
    def can_keep_hanging(self) -> bool:
        """Whether what hangs can become a rule: there is a store to keep it in, and something hangs."""
        return self.keeping is not None and self._reading is not None and bool(self._reading.items)

    def keep_hanging(self) -> None:
        """Ask whether to hang cases like this one as it hangs now."""
        if self.keeping is None or self._reading is None:
            return
        self._leave_mpr()
        if not self.keeping.ask(self._reading, self._grid.layout_name, self._hung.shown()):
            self.refused.emit(NOTHING_TO_KEEP)

    def _grid_changed(self) -> None:
        self._toolbar.set_layout_name(self._grid.layout_name)
        self._after_hanging()
        self.state_changed.emit()

    # Tools and marks -----------------------------------------------------------------------------------------------

    def choose_tool(self, tool: str | None) -> None:
        """``length``, ``polygon`` or None, in every viewport."""
        if tool == self._tool:
            return
        self._tool = tool
        if tool is not None:
            self.set_drag_mode("scroll")
        for viewport in self._grid.viewports:
            viewport.view.set_tool(tool)
        self._toolbar.set_tool(tool)
        self.state_changed.emit()

    def navigate(self) -> None:
        """Put tool and window down: the left button scrolls stacks, pans slides and edits marks. With nothing in hand,
        put a reconstruction away."""
        if self._tool is None and self._drag_mode == "scroll":
            self._leave_mpr()
        self._put_down()

    def _put_down(self) -> None:
        self.choose_tool(None)
        self.set_drag_mode("scroll")

    def _take_tool(self, tool: str | None) -> None:
        if tool is None:
            self._put_down()
        else:
            self.choose_tool(tool)

    def set_drag_mode(self, mode: DragMode) -> None:
        """What the left button does without a tool, in every stack; the tool is put down for all but scrolling."""
        if mode == self._drag_mode:
            return
        self._drag_mode = mode
        if mode != "scroll":
            self.choose_tool(None)
        if mode != "point":
            self.stacks.links.clear_point()
        for viewport in self._grid.viewports:
            stack = stack_in(viewport.view, viewport.item)
            if stack is not None:
                stack.set_drag_mode(mode)
        if self._mpr is not None:
            self._mpr.set_drag_mode(mode)
        self._show_view_tools()

    @property
    def drag_mode(self) -> DragMode:
        return self._drag_mode

    def _show_value(self, words: str) -> None:
        """What lies under the pointer; how the uptake values of a PET come about stays to be read there."""
        active = self._grid.active
        stack = stack_in(active.view, active.item)
        if stack is None or stack.uptake is None:
            self._toolbar.show_value(words)
            return
        from viewers.radiology.probed_value import uptake_words

        self._toolbar.show_value(words, uptake_words(stack.uptake))

    def _show_view_tools(self) -> None:
        active = self._grid.active
        is_plane = self._mpr is not None and self._mpr.holds(active.view)
        is_stack = stack_in(active.view, active.item) is not None
        self._toolbar.set_drag_mode(self._drag_mode, enabled=is_stack or is_plane)
        self._toolbar.set_zoom(enabled=is_plane or active.view.current_target() is not None)
        self._toolbar.set_reconstructed(enabled=self.can_reconstruct, chosen=self._mpr is not None)

    @property
    def tool(self) -> str | None:
        return self._tool

    @property
    def selected_id(self) -> str:
        """The selected mark; empty for none."""
        return self._selected_id

    def select_mark(self, annotation_id: str) -> None:
        """Select that mark in every viewport and in the list, without going there; empty for none."""
        if annotation_id == self._selected_id:
            return
        self._selected_id = annotation_id
        for viewport in self._grid.viewports:
            viewport.view.select_mark(annotation_id)
        self._pane.select(annotation_id)
        self._refresh_history()

    @property
    def can_mark(self) -> bool:
        """Whether marks can be made or changed: not without images, not after signing."""
        return self._marks is not None and self._marks.can_change

    @property
    def can_undo(self) -> bool:
        return self._marks is not None and self._marks.annotations.can_undo

    @property
    def can_redo(self) -> bool:
        return self._marks is not None and self._marks.annotations.can_redo

    def undo(self) -> None:
        """Take back the last change of a mark, on whatever image of the case it was."""
        if self._marks is not None:
            self._marks.undo()

    def redo(self) -> None:
        """Repeat the change last taken back."""
        if self._marks is not None:
            self._marks.redo()

    def remove_mark(self, annotation_id: str) -> None:
        """Take that mark away; undo brings it back."""
        refusal = "" if self._marks is None else self._marks.remove(annotation_id)
        if refusal:
            self.refused.emit(refusal)

    def go_to_mark(self, annotation_id: str) -> None:
        """Show that mark: in the viewport that has its image, else in the active one."""
        place = "" if self._marks is None else self._marks.find_place(annotation_id)
        if isinstance(place, str):
            self.refused.emit(place)
            return
        mark, item, frame_index = place
        holders = [v for v in self._grid.visible_viewports if v.item is not None and v.item.key == item.key]
        viewport = holders[0] if holders else self._grid.active
        self._grid.activate(viewport.index)

        def show(view: ImageView) -> None:
            show_mark_in(view, mark, frame_index)

        if holders and viewport.view.current_target() is not None:
            show(viewport.view)
        else:
            self.show_image(viewport.index, item.key, show)

    @property
    def can_show_as_marked(self) -> bool:
        """Whether the selected mark was made in another window, or another field, than is shown."""
        return bool(self._as_marked()[1])

    def show_as_marked(self) -> None:
        """The selected mark's image as it looked when the mark was made: asked for, never of itself."""
        view, words = self._as_marked()
        mark = None if self.annotations is None else self.annotations.find(self._selected_id)
        if view is not None and words and mark is not None and mark.presentation is not None:
            view.show_as(mark.presentation)

    def _as_marked(self) -> tuple[ImageView | None, str]:
        """The view that shows the selected mark's image (the active one first), and what could be shown, in words."""
        mark = None if self.annotations is None else self.annotations.find(self._selected_id)
        if mark is None or mark.presentation is None:
            return None, ""
        views = [self._grid.active.view, *(viewport.view for viewport in self._grid.visible_viewports)]
        view = next((view for view in views if view.current_target() == mark.target), None)
        if view is None or view.is_shown_as(mark.presentation):
            return view, ""
        return view, view.words_for(mark.presentation)

    def _offer_as_marked(self) -> None:
        words = self._as_marked()[1]
        if words != self._offered:
            self._offered = words
            self._pane.offer_as_marked(words)
            self.state_changed.emit()

    def _list_marks(self) -> None:
        marks = self._marks
        if marks is None:
            self._pane.show_marks((), lambda _mark: ("", ""), selected_id="", read_only=False)
            if self._withheld is not None:
                self._pane.show_kept()
        else:
            read_only = marks.annotations.read_only
            self._pane.show_marks(
                marks.annotations.marks,
                lambda mark: marks.describe(mark, self._images.find_calibration),
                selected_id=self._selected_id,
                read_only=read_only,
            )
            if read_only:
                self._pane.say("Signed: marks can no longer change.")
        self._toolbar.set_marking(self.can_mark)
        self._refresh_history()

    def _refresh_history(self) -> None:
        self._toolbar.set_history(can_undo=self.can_undo, can_redo=self.can_redo)
        self._toolbar.set_selection(self.can_mark and bool(self.selected_id))
        self._offer_as_marked()
        self.state_changed.emit()

    def _show_saving(self, marks: CaseMarks, state: SaveState) -> None:
        if state.trouble:
            self.refused.emit(state.trouble)
        if marks is not self._marks:
            return
        if not state.trouble:
            self._pane.say("All marks are saved." if state.is_saved else "Saving…")
            return
        self._pane.say(state.trouble, failure=True)
        if marks.annotations.read_only and self._reading is not None:
            # Signed from elsewhere: show what is stored, without the change that was refused.
            self.open_case(self._reading.case_id)

    def resizeEvent(self, event: QResizeEvent) -> None:
        # In a narrow window the images need the room more than the list does.
        self._pane.setFixedWidth(NARROW_PANE if self.width() < NARROW_PX else WIDE_PANE)
        super().resizeEvent(event)

    # Construction and keys -----------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._strip)
        middle.addWidget(self._grid, 1)
        middle.addWidget(self.stacks.elements.pane)
        middle.addWidget(self._pane)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._toolbar)
        layout.addWidget(self.release)
        layout.addLayout(middle, 1)

    def _connect(self) -> None:
        self._look_again.timeout.connect(self._look_for_images)
        self._strip.open_requested.connect(lambda key: self.show_image(self._grid.active_index, key))
        self._toolbar.tool_requested.connect(self._take_tool)
        self._toolbar.drag_mode_requested.connect(self.set_drag_mode)
        self._toolbar.link_requested.connect(self.stacks.toggle_link)
        self._toolbar.mpr_requested.connect(self.toggle_mpr)
        self._toolbar.fit_requested.connect(lambda: self._grid.active.view.zoom_to_fit())
        self._toolbar.actual_requested.connect(lambda: self._grid.active.view.zoom_to_actual())
        self._toolbar.layout_requested.connect(self.set_layout_name)
        self._toolbar.undo_requested.connect(self.undo)
        self._toolbar.redo_requested.connect(self.redo)
        self._toolbar.removal_requested.connect(lambda: self.remove_mark(self.selected_id))
        self._pane.mark_requested.connect(self.go_to_mark)
        self._pane.mark_chosen.connect(self.select_mark)
        self._pane.removal_requested.connect(self.remove_mark)
        self._pane.as_marked_requested.connect(self.show_as_marked)
        self._grid.changed.connect(self._grid_changed)
        self._grid.image_requested.connect(self.show_image)
        self._grid.tool_changed.connect(self.choose_tool)
        self._grid.value_probed.connect(self._show_value)
        self._grid.refused.connect(self.refused)
        self.stacks.elements.pane.left.connect(self.stacks.leave_elements)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that neither a view nor a list has used, where no menu knows them."""
        pressed = QKeySequence(event.keyCombination()).toString()
        layout = next((one.name for one in LAYOUTS.values() if one.key == pressed), None)
        tools = {Qt.Key.Key_L: "length", Qt.Key.Key_P: "polygon"}
        key = Qt.Key(event.key())
        if layout is not None:
            self.set_layout_name(layout)
        elif event.matches(QKeySequence.StandardKey.Undo):
            self.undo()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self.redo()
        elif not event.modifiers() and key == Qt.Key.Key_M:
            self.show_as_marked()
        elif not event.modifiers() and key == Qt.Key.Key_O and self.can_reconstruct:
            self.toggle_mpr()
        elif not event.modifiers() and key == Qt.Key.Key_Escape:
            self.navigate()
        elif not event.modifiers() and key == Qt.Key.Key_Y and self.stacks.can_link:
            self.stacks.toggle_link()
        elif not event.modifiers() and key == Qt.Key.Key_F:
            self.stacks.step_fusion()
        elif not event.modifiers() and key == Qt.Key.Key_U:
            self.stacks.show_true_size()
        elif not event.modifiers() and key == Qt.Key.Key_N:
            self.stacks.name_window()
        elif key == Qt.Key.Key_T and event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.ShiftModifier,
        ):
            (self.stacks.toggle_differences if event.modifiers() else self.stacks.toggle_elements)()
        elif not event.modifiers() and key == Qt.Key.Key_S:
            self.stacks.toggle_outlines()
        elif not event.modifiers() and key in tools and self._marks is not None:
            self._take_tool(tools[key])
        else:
            super().keyPressEvent(event)


def _write_on(view: ImageView, item: ImageItem) -> None:
    """Whose image it is, and what of it is not here, where the view cannot count it itself."""
    view.patient_line = item.patient_line
    view.alert_lines = (item.mismatch,) if item.mismatch else ()
    if isinstance(item, SlideItem):
        view.notice_lines = (f"{item.arrived} have come; finer detail follows.",) if item.arrived else ()
        view.refuse_marks(f"{item.arrived} of this slide have come; it can be marked when all are here."
                          if item.arrived else "")  # fmt: skip
    else:
        view.notice_lines = (f"{item.here}.",) if item.here and item.expected_frames is None else ()
    view.update()


def _blocked_sentence(item: ImageItem) -> str:
    return (
        f"{item.title} is held back: {item.mismatch} "
        "If these images do belong to this patient, say why in the banner on the case page (F3)."
    )


def _nothing_to_show(reading: CaseReading) -> str:
    """Why no image is in front: what came and cannot be shown, or shown yet, is not "no images"."""
    if not reading.not_shown:
        return NO_IMAGES
    reasons = [f"{item.name}: {item.reason}" for item in reading.not_shown[:REASONS_SHOWN]]
    more = len(reading.not_shown) - len(reasons)
    return "\n".join((*reasons, f"… and {more} more, listed on the left.") if more else reasons)
