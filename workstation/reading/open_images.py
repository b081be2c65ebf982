"""Opens the images of one case: views for viewports, slide readers shared between them, thumbnails for the strip.

Heavy imports (pydicom, decoders) happen here, at the first image, not when the window starts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from viewers.byte_source import ByteSource
from viewers.calibration import Calibration
from viewers.image_view import ImageView
from viewers.pathology.plain_file import Lend, NoPlainFile, OpeningGivenUp, lend_nothing
from workstation.lanes import Lanes
from workstation.reading.case_reading import ImageItem, SeriesItem, SlideItem
from workstation.reading.empty_view import EmptyView
from workstation.reading.thumbnails import series_thumbnail, slide_thumbnail

if TYPE_CHECKING:
    from viewers.pathology.slide_source import SlideSource
    from viewers.radiology.stack_view import StackView

T = TypeVar("T")
Answer = Callable[[ImageView], None]
Refusal = Callable[[Exception], None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Somebody who wants a slide. *borrows*: badly enough to have it decrypted whole, where it can be had only so."""

    done: Callable[[SlideSource], None]
    failed: Refusal
    borrows: bool


class _Steps(QObject):
    """Carries what a thread says while it opens a slide to the UI thread."""

    came = Signal(str, str)

    def __init__(self, heard: Callable[[str, str], None]) -> None:
        super().__init__()
        self._heard = heard
        self.came.connect(self._hear, Qt.ConnectionType.QueuedConnection)

    def _hear(self, key: str, words: str) -> None:
        self._heard(key, words)


class OpenImages:
    """What is open of one case; `close` ends it, and no answer comes after that. UI thread only."""

    def __init__(
        self,
        lanes: Lanes,
        on_slide_known: Callable[[], None],
        on_step: Callable[[str, str], None],
        lender: Callable[[Callable[[str], None]], Lend],
    ) -> None:
        """*on_slide_known* is called when a slide's calibration has become known, *on_step* with an item's key and in
        words what opening it waits for. *lender* lends slides that have to be decrypted whole, and tells its steps."""
        self._lanes = lanes
        self._on_slide_known = on_slide_known
        self._lender = lender
        self._steps = _Steps(lambda key, words: on_step(key, words) if key in self._waiting else None)
        self._sources: dict[str, SlideSource] = {}
        self._waiting: dict[str, list[_Waiting]] = {}
        self._unpictured: dict[str, Callable[[str, QImage], None]] = {}
        self._readers = 0
        self._closed = False

    def open_view(self, item: ImageItem, done: Answer, failed: Refusal) -> None:
        """A new view that shows *item*; a stack at once, a slide when its reader has found its way in the file."""
        if isinstance(item, SeriesItem):
            from viewers.radiology.stack_view import StackView

            view = StackView()
            view.set_series(item.series)
            view.expected_frames, view.is_whole_series = item.expected_frames, item.is_whole
            done(view)
            return
        self._with_source(item, _Waiting(lambda source: done(_slide_view(item, source)), failed, borrows=True))

    def open_source(self, item: SlideItem, done: Callable[[SlideSource], None], failed: Refusal) -> None:
        """The slide itself, for a view that shows fewer of its parts (`refine_view`)."""
        self._with_source(item, _Waiting(done, failed, borrows=True))

    def find_calibration(self, item: ImageItem) -> Calibration | None:
        """How lengths on that image are known; None for a slide that is not open yet."""
        if isinstance(item, SeriesItem):
            return item.series.calibration
        source = self._sources.get(item.target.key)
        return None if source is None else source.calibration

    def make_thumbnails(self, items: Sequence[ImageItem], done: Callable[[str, QImage], None]) -> None:
        """Small pictures of all of them that may be shown, in the background, in that order.

        A slide that would have to be decrypted whole for it gets its picture when it is opened to be looked at.
        """
        for item in items:
            if item.is_blocked:
                continue
            if isinstance(item, SeriesItem):
                self._make_thumbnail(item.key, partial(series_thumbnail, item.series), done)
            else:
                picture = partial(self._picture_slide, item.key, done)
                self._with_source(item, _Waiting(picture, partial(self._picture_later, item.key, done), borrows=False))

    def _picture_slide(self, key: str, done: Callable[[str, QImage], None], source: SlideSource) -> None:
        self._make_thumbnail(key, partial(slide_thumbnail, source), done)

    def _picture_later(self, key: str, done: Callable[[str, QImage], None], error: Exception) -> None:
        if isinstance(error, NoPlainFile):
            self._unpictured[key] = done

    def close(self) -> None:
        """Close every slide once nobody reads it any more. The views were taken out of the viewports before."""
        self._closed = True
        self._waiting.clear()
        self._close_idle_sources()

    def _with_source(self, item: SlideItem, asking: _Waiting) -> None:
        source = self._sources.get(item.target.key)
        if source is not None:
            asking.done(source)
            return
        waiting = self._waiting.setdefault(item.target.key, [])
        waiting.append(asking)
        if len(waiting) == 1:
            self._open_source(item, asking.borrows)

    def _open_source(self, item: SlideItem, borrows: bool) -> None:
        key, files, is_partial = item.target.key, item.sources, bool(item.arrived)
        lend = self._lender(partial(self._step, key)) if borrows else lend_nothing

        def opened(source: SlideSource) -> None:
            self._sources[key] = source
            picture = self._unpictured.pop(key, None)
            for asking in self._waiting.pop(key, []):
                asking.done(source)
            if picture is not None:
                self._picture_slide(key, picture, source)
            if not self._closed:
                self._on_slide_known()

        def refused(error: Exception) -> None:
            asked = self._waiting.pop(key, [])
            # Whoever came to look while only a small picture was wanted is worth a copy.
            insisting = [
                asking for asking in asked if asking.borrows and not borrows and isinstance(error, NoPlainFile)
            ]
            if insisting:
                self._waiting[key] = insisting
                self._open_source(item, True)
            for asking in asked:
                if asking not in insisting:
                    asking.failed(error)

        self._read(lambda: _open_slide(files, lend, is_partial), opened, refused)

    def _step(self, key: str, words: str) -> None:
        """On the thread that opens. Nobody waits any more: the opening is given up."""
        if self._closed:
            raise OpeningGivenUp("The case was closed before its slide was open.")
        self._steps.came.emit(key, words)

    def _make_thumbnail(self, key: str, picture: Callable[[], QImage], done: Callable[[str, QImage], None]) -> None:
        def made(image: QImage) -> None:
            if not self._closed:
                done(key, image)

        self._read(picture, made, lambda _error: None)

    def _read(self, work: Callable[[], T], done: Callable[[T], None], failed: Refusal) -> None:
        """Work that may be reading from a slide: none is closed before it ends."""
        self._readers += 1

        def answered(result: T) -> None:
            self._readers -= 1
            done(result)
            self._close_idle_sources()

        def refused(error: Exception) -> None:
            self._readers -= 1
            failed(error)
            self._close_idle_sources()

        self._lanes.cpu_lane(work, answered, refused)

    def _close_idle_sources(self) -> None:
        if self._closed and not self._readers:
            for source in self._sources.values():
                source.close()
            self._sources.clear()


def stack_in(view: ImageView, item: ImageItem | None) -> StackView | None:
    """*view* as a stack view, if it is one that shows *item*."""
    if not isinstance(item, SeriesItem) or isinstance(view, EmptyView):
        return None
    from viewers.radiology.stack_view import StackView

    return view if isinstance(view, StackView) else None


def extend_view(view: ImageView, item: ImageItem) -> bool:
    """Go on in *view* with *item*, of which it shows an earlier state; False where that has to be opened anew."""
    if isinstance(item, SlideItem):
        return view.current_target() == item.target
    stack = stack_in(view, item)
    if stack is None or stack.series is None:
        return False
    stack.expected_frames, stack.is_whole_series = item.expected_frames, item.is_whole
    if stack.series != item.series:
        stack.extend_series(item.series)
    return True


def refine_view(view: ImageView, item: SlideItem, source: SlideSource) -> None:
    """Go on in *view* with *source*, the slide it shows with more of its parts."""
    from viewers.pathology.slide_view import SlideView

    if isinstance(view, SlideView):
        view.refine_slide(source, item.target)


def close_view(view: ImageView) -> None:
    """End a view that is not in a viewport any more: it says nothing further, reads nothing further, and goes."""
    view.blockSignals(True)
    view.annotations = None
    if not isinstance(view, EmptyView):
        from viewers.pathology.slide_view import SlideView
        from viewers.radiology.stack_view import StackView

        if isinstance(view, StackView):
            view.set_series(None)
        elif isinstance(view, SlideView):
            view.stop()
    view.deleteLater()


def _open_slide(files: Sequence[ByteSource], lend: Lend, is_partial: bool) -> SlideSource:
    from viewers.pathology.slide_source import open_slide

    return open_slide(files, lend, is_partial=is_partial)


def _slide_view(item: SlideItem, source: SlideSource) -> ImageView:
    from viewers.pathology.slide_view import SlideView

    view = SlideView()
    view.set_slide(source, item.title, item.target)
    return view
