"""One place of the grid: shows one image at a time, and takes what is dropped on it from the strip."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout

from viewers.image_view import ImageView
from workstation.reading.case_reading import ImageItem
from workstation.reading.empty_view import EmptyView
from workstation.reading.series_strip import ITEM_MIME

EMPTY = "Drag an image here from the strip, or click here and double-click one there."


class Viewport(QFrame):
    """Viewport number *index*. Which view it holds the page decides."""

    activated = Signal(int)
    image_requested = Signal(int, str)
    """An item of the strip was dropped here: this viewport's index, the item's key."""
    tool_changed = Signal(object)
    value_probed = Signal(str)
    refused = Signal(str)
    """As the view's own signals, whichever view is here."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index = index
        self.item: ImageItem | None = None
        self._beneath: tuple[ImageView, ImageItem | None] | None = None
        self.setObjectName(f"viewport-{index}")
        self.setProperty("role", "viewport")
        self.setAcceptDrops(True)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.view: ImageView = EmptyView()
        self._install(self.view)
        self.say(EMPTY)

    def show_view(self, view: ImageView, item: ImageItem) -> ImageView:
        """Put *view* of *item* here; the view that was here is returned, for the page to close."""
        self.item = item
        return self._replace(view)

    def clear(self, sentence: str = EMPTY, item: ImageItem | None = None) -> ImageView:
        """Show only *sentence* (on *item*, where it stands for one); the view that was here is returned."""
        self.item = item
        old = self._replace(EmptyView())
        self.say(sentence)
        return old

    def cover(self, view: ImageView) -> None:
        """Show *view*, of no item, over what is here, which stays as it is until `uncover`."""
        assert self._beneath is None
        had_focus = self._has_focus()
        self._beneath = (self.view, self.item)
        self.view.setObjectName("")
        self.view.hide()
        view.set_active(self.view.is_active)
        self.item = None
        self._install(view)
        if had_focus:
            view.setFocus()

    def uncover(self) -> None:
        """What was covered is shown again; what covered it is no longer here, and the caller's to end."""
        if self._beneath is None:
            return
        had_focus, cover = self._has_focus(), self.view
        (self.view, self.item), self._beneath = self._beneath, None
        self._layout.removeWidget(cover)
        cover.hide()
        self.view.setObjectName(cover.objectName())
        self.view.set_active(cover.is_active)
        self.view.show()
        if had_focus:
            self.view.setFocus()

    def say(self, sentence: str) -> None:
        """The sentence shown while there is no picture."""
        self.view.empty_text = sentence
        self.view.update()

    def set_active(self, active: bool) -> None:
        self.view.set_active(active)

    def _replace(self, view: ImageView) -> ImageView:
        old = self.view
        had_focus = self._has_focus()
        view.set_active(old.is_active)
        self._layout.removeWidget(old)
        old.hide()
        self._install(view)
        if had_focus:
            view.setFocus()
        return old

    def _has_focus(self) -> bool:
        return self.view.window().focusWidget() is self.view

    def _install(self, view: ImageView) -> None:
        self.view = view
        view.setObjectName(f"viewport-{self.index}-view")
        view.activated.connect(lambda: self.activated.emit(self.index))
        view.tool_changed.connect(self.tool_changed)
        view.value_probed.connect(self.value_probed)
        view.refused.connect(self.refused)
        self._layout.addWidget(view)
        # At once, not with the next event: a widget that is not shown cannot take the focus.
        view.show()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(ITEM_MIME):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        key = event.mimeData().data(ITEM_MIME).toStdString()
        event.acceptProposedAction()
        self.image_requested.emit(self.index, key)
