"""Brings a mark into a view: the right frame of a stack, the right place and size on a slide."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF

from viewers.annotation.annotation import Annotation
from viewers.annotation.shapes import bounds_of
from viewers.geometry import SlidePoint
from viewers.image_view import ImageView

LARGEST_SHARE = 0.7
SMALLEST_PX = 40.0


def show_mark_in(view: ImageView, mark: Annotation, frame_index: int) -> None:
    """Show *mark* in *view*, which holds its image; *frame_index* is its frame's place in the stack."""
    from viewers.pathology.slide_view import SlideView
    from viewers.radiology.stack_view import StackView

    if isinstance(view, StackView):
        view.scroll.to(frame_index)
        if not QRectF(view.rect()).intersects(_box_in(view, mark)):
            view.zoom.fit()
    elif isinstance(view, SlideView):
        bounds = bounds_of(mark.shape)
        view.pan.centre_on(SlidePoint((bounds.left + bounds.right) / 2, (bounds.top + bounds.bottom) / 2))
        factor = _factor_to_fit(view, _box_in(view, mark))
        if factor != 1.0:
            view.zoom.by(factor, QPointF(view.rect().center()))
    view.select_mark(mark.annotation_id)
    view.setFocus()


def _box_in(view: ImageView, mark: Annotation) -> QRectF:
    bounds = bounds_of(mark.shape)
    image_box = QRectF(QPointF(bounds.left, bounds.top), QPointF(bounds.right, bounds.bottom))
    return view.image_to_view().mapRect(image_box)


def _factor_to_fit(view: ImageView, box: QRectF) -> float:
    """1 while the mark is neither too large for the view nor too small to be seen."""
    size = max(box.width() / max(view.width(), 1), box.height() / max(view.height(), 1))
    if size > LARGEST_SHARE:
        return LARGEST_SHARE / size
    longest = max(box.width(), box.height(), 1e-6)
    return SMALLEST_PX / longest if longest < SMALLEST_PX else 1.0
