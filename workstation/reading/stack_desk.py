"""What is done with the stacks that hang, beyond looking at each: linked, fused, outlined, measured out, taken apart.

Each of these has a file of its own; here they are held together for the page, its actions and its keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from workstation.lanes import Lanes
from workstation.reading.case_reading import CaseReading, SeriesItem
from workstation.reading.followed_elements import FollowedElements
from workstation.reading.fused_stacks import FusedStacks
from workstation.reading.linked_stacks import LinkedStacks
from workstation.reading.open_images import stack_in
from workstation.reading.outlined_stacks import OutlinedStacks
from workstation.reading.own_windows_dialog import OwnWindowsDialog
from workstation.reading.presenter import CaseReadingPresenter
from workstation.reading.screen_size_dialog import ScreenSizeDialog
from workstation.reading.screen_sizes import ScreenSizes
from workstation.reading.toolbar import ReadingToolbar
from workstation.reading.uptake_scales import UptakeScales
from workstation.reading.viewport import Viewport
from workstation.reading.viewport_grid import ViewportGrid

if TYPE_CHECKING:
    from viewers.radiology.own_windows import OwnWindows
    from viewers.radiology.stack_view import StackView

Say = Callable[[str], None]


class StackDesk:
    """UI thread only. *page* is where dialogs open; *said* and *refused* take one sentence for the reader."""

    def __init__(
        self,
        page: QWidget,
        grid: ViewportGrid,
        toolbar: ReadingToolbar,
        lanes: Lanes,
        presenter: CaseReadingPresenter | None,
        *,
        said: Say,
        refused: Say,
        on_elements: Callable[[bool], None],
    ) -> None:
        """*on_elements* hears whether the pane of DICOM elements is open, when that changes."""
        self._page, self._grid, self._toolbar = page, grid, toolbar
        self._said, self._refused = said, refused
        self._reading: CaseReading | None = None
        self.links = LinkedStacks()
        self.elements = FollowedElements(lanes, on_elements)
        self._fused = FusedStacks(lanes, said, refused)
        self._outlined = OutlinedStacks(lanes, said, refused)
        self._uptake = UptakeScales(lanes)
        self._windows = _load_windows(presenter)
        self._screens = _load_screens(presenter)

    def close(self) -> None:
        """The case is closed: nothing of it stays, and no answer comes any more."""
        self._reading = None
        self.links.close()
        self._fused.close()
        self.elements.put_away()
        self._outlined.close()
        self._uptake.close()

    def furnish(self, stack: StackView) -> None:
        """A new view knows the reader's own windows and the size of its monitor."""
        stack.own_windows.kept = self._windows
        stack.true_size.mm_per_px = lambda: self._screens.find(stack.screen())

    def watch(self, reading: CaseReading | None, hanging: Sequence[Viewport], *, are_cut: bool) -> None:
        """These viewports hang images of *reading* now; *are_cut*: planes of one of them hang beside it, and keep
        together with it by themselves."""
        self._reading = reading
        stacks = [
            (stack, viewport.item)
            for viewport in hanging
            if isinstance(viewport.item, SeriesItem) and (stack := stack_in(viewport.view, viewport.item)) is not None
        ]
        active = self._active
        if are_cut:
            self.links.watch((), None)
        else:
            self.links.watch(stacks, active)
        self._uptake.find([stack for stack, _ in stacks])
        beside = [(item.title, stack) for stack, item in stacks if stack is not active]
        self.elements.watch(active, beside)
        self._toolbar.set_linked(enabled=len(stacks) > 1, chosen=self.links.is_on)

    @property
    def _active(self) -> StackView | None:
        active = self._grid.active
        return stack_in(active.view, active.item)

    @property
    def has_active(self) -> bool:
        """Whether the active image is a stack."""
        return self._active is not None

    @property
    def can_link(self) -> bool:
        """Whether several stacks are visible."""
        return sum(stack_in(v.view, v.item) is not None for v in self._grid.visible_viewports) > 1

    def toggle_link(self) -> None:
        """Link the scrolling of the visible stacks, here, or let them go; a sentence says which."""
        sentence = self.links.toggle()
        self._toolbar.set_linked(enabled=self.can_link, chosen=self.links.is_on)
        self._said(sentence)

    def step_fusion(self) -> None:
        """Lay the next PET or SPECT that fits over the active stack, or none after the last."""
        item, stack = self._grid.active.item, self._active
        if stack is not None and isinstance(item, SeriesItem) and self._reading is not None:
            self._fused.step(stack, item, self._reading)

    def toggle_outlines(self) -> None:
        """Draw the outlines of the case's structures over the active stack, or take them off."""
        item, stack = self._grid.active.item, self._active
        if stack is not None and isinstance(item, SeriesItem) and self._reading is not None:
            self._outlined.toggle(stack, item, self._reading)

    def toggle_elements(self) -> None:
        """Open the pane with every DICOM element of the active image, or close it."""
        self.elements.toggle()

    def toggle_differences(self) -> None:
        """Open it with what the active image differs in from the one beside it or before it, or close it."""
        self.elements.toggle_differences()

    def leave_elements(self) -> None:
        """Close that pane; the keys go back to the image."""
        self.elements.close()
        self._grid.active.view.setFocus()

    @property
    def can_name_window(self) -> bool:
        """Whether the active image has a window."""
        stack = self._active
        return stack is not None and stack.window_level.voi is not None

    def name_window(self) -> None:
        """Open the list of the reader's own windows for the active image."""
        stack = self._active
        if stack is not None and self.can_name_window:
            OwnWindowsDialog(self._page, stack).open()

    @property
    def can_show_true_size(self) -> bool:
        """Whether the active image says how large its pixels are."""
        stack = self._active
        return stack is not None and stack.true_size.is_possible

    def show_true_size(self) -> None:
        """The active image at the size of life; on a monitor that was not measured, that is asked for first."""
        stack = self._active
        if stack is None:
            return
        if stack.true_size.is_possible and self._screens.find(self._page.screen()) is None:
            self.calibrate_screen(then=self.show_true_size)
        elif sentence := stack.true_size.show():
            self._refused(sentence)

    def calibrate_screen(self, then: Callable[[], None] | None = None) -> None:
        """Ask how large the pixels of this monitor are."""
        screen = self._page.screen()
        dialog = ScreenSizeDialog(self._page, screen, self._screens.find(screen))

        def measured() -> None:
            self._screens.put(screen, dialog.mm_per_px)
            for viewport in self._grid.viewports:
                viewport.view.update()
            if then is not None:
                then()

        dialog.accepted.connect(measured)
        dialog.open()


def _load_screens(presenter: CaseReadingPresenter | None) -> ScreenSizes:
    if presenter is None:
        return ScreenSizes()
    screens = ScreenSizes(presenter.keep_screens)
    presenter.load_screens(screens.read)
    return screens


def _load_windows(presenter: CaseReadingPresenter | None) -> OwnWindows:
    from viewers.radiology.own_windows import OwnWindows

    if presenter is None:
        return OwnWindows()
    windows = OwnWindows(presenter.keep_windows)
    presenter.load_windows(windows.read)
    return windows
