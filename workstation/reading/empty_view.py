"""What a viewport holds while there is no image in it: a view of nothing but one sentence."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage, QTransform

from viewers.annotation.annotation import Target
from viewers.image_view import ImageView


class EmptyView(ImageView):
    """Shows ``empty_text``."""

    def _render(self, _size_px: QSize) -> QImage | None:
        return None

    def image_to_view(self) -> QTransform:
        return QTransform()

    def current_target(self) -> Target | None:
        return None
