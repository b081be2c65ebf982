"""PySide6 6.12 on Python 3.11 drops None's reference count at every void call; the pin in pyproject keeps it out."""

from __future__ import annotations

import sys
from typing import Any

import pytest

PAINTS = 120_000


@pytest.mark.soak
@pytest.mark.qt
def test_that_painting_does_not_consume_references_to_none(qapp: Any) -> None:
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QImage, QPainter

    target = QImage(32, 32, QImage.Format.Format_RGB32)
    image = QImage(16, 16, QImage.Format.Format_RGB32)
    image.fill(0)
    before = sys.getrefcount(None)
    painter = QPainter(target)
    for _ in range(PAINTS):
        painter.drawImage(QPointF(0.0, 0.0), image)
    painter.end()
    # Python 3.12 made None immortal: its count never moves, and this holds by itself.
    assert abs(sys.getrefcount(None) - before) < PAINTS // 100


@pytest.mark.soak
@pytest.mark.qt
def test_that_a_hundred_thousand_paints_of_a_small_viewport_keep_none_whole(qapp: Any) -> None:
    import numpy as np
    from PySide6.QtGui import QImage, QTransform

    from viewers.image_view import ImageView

    pixels = np.zeros((24, 32, 4), np.uint8)

    class SmallView(ImageView):
        def _render(self, size_px: Any) -> QImage:
            return QImage(pixels.data, 32, 24, QImage.Format.Format_RGB32)

        def image_to_view(self) -> QTransform:
            return QTransform()

        def current_target(self) -> None:
            return None

    view = SmallView()
    view.resize(32, 24)
    target = QImage(32, 24, QImage.Format.Format_RGB32)
    before = sys.getrefcount(None)
    for _ in range(100_000):
        view.render(target)
    assert abs(sys.getrefcount(None) - before) < 5_000
