"""Opens the images of one case: views for viewports, slide readers shared between them, thumbnails for the strip.

Heavy imports (pydicom, decoders) happen here, at the first image, not when the window starts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtGui import QImage

from viewers.byte_source import ByteSource
from viewers.calibration import Calibration
from viewers.image_view import ImageView
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


class OpenImages:
    """What is open of one case; `close` ends it, and no answer comes after that. UI thread only."""

    def __init__(self, lanes: Lanes, on_slide_known: Callable[[], None]) -> None:
        """*on_slide_known* is called when a slide's calibration has become known."""
        self._lanes = lanes
        self._on_slide_known = on_slide_known
        self._sources: dict[str, SlideSource] = {}
        self._waiting: dict[str, list[tuple[Callable[[SlideSource], None], Refusal]]] = {}
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
        self._with_source(item, lambda source: done(_slide_view(item, source)), failed)

    def find_calibration(self, item: ImageItem) -> Calibration | None:
        """How lengths on that image are known; None for a slide that is not open yet."""
        if isinstance(item, SeriesItem):
            return item.series.calibration
        source = self._sources.get(item.key)
        return None if source is None else source.calibration

    def make_thumbnails(self, items: Sequence[ImageItem], done: Callable[[str, QImage], None]) -> None:
        """Small pictures of all of them that may be shown, in the background, in that order."""
        for item in items:
            if item.is_blocked:
                continue
            if isinstance(item, SeriesItem):
                self._make_thumbnail(item.key, partial(series_thumbnail, item.series), done)
            else:
                self._with_source(item, partial(self._picture_slide, item.key, done), lambda _error: None)

    def _picture_slide(self, key: str, done: Callable[[str, QImage], None], source: SlideSource) -> None:
        self._make_thumbnail(key, partial(slide_thumbnail, source), done)

    def close(self) -> None:
        """Close every slide once nobody reads it any more. The views were taken out of the viewports before."""
        self._closed = True
        self._waiting.clear()
        self._close_idle_sources()

    def _with_source(self, item: SlideItem, done: Callable[[SlideSource], None], failed: Refusal) -> None:
        source = self._sources.get(item.key)
        if source is not None:
            done(source)
            return
        waiting = self._waiting.setdefault(item.key, [])
        waiting.append((done, failed))
        if len(waiting) > 1:
            return
        key, files = item.key, item.sources

        def opened(source: SlideSource) -> None:
            self._sources[key] = source
            for answer, _ in self._waiting.pop(key, []):
                answer(source)
            if not self._closed:
                self._on_slide_known()

        def refused(error: Exception) -> None:
            for _, refuse in self._waiting.pop(key, []):
                refuse(error)

        self._read(lambda: _open_slide(files), opened, refused)

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


def _open_slide(files: Sequence[ByteSource]) -> SlideSource:
    from viewers.pathology.slide_source import open_slide

    return open_slide(files)


def _slide_view(item: SlideItem, source: SlideSource) -> ImageView:
    from viewers.pathology.slide_view import SlideView

    view = SlideView()
    view.set_slide(source, item.title, item.target)
    return view
