"""Draws the distribution of an image's values with its window over it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from viewers import overlay_painter
from viewers.radiology.stack_histogram import HEIGHT_PX, Place

_WINDOW = QColor(99, 195, 209, 46)
_VALUES = QColor(150, 160, 172)


def paint_histogram(painter: QPainter, place: Place, ends: tuple[float, float] | None, unit: str) -> None:
    """Heights are square roots of the counts: air would leave nothing else to be seen."""
    plate = QRectF(place.left, place.top, place.width, HEIGHT_PX)
    metrics = QFontMetricsF(painter.font())
    floor, top = plate.bottom() - metrics.height() - 4.0, plate.top() + 8.0
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    overlay_painter.paint_plate(painter, plate)
    found = place.histogram
    heights = np.sqrt(found.counts / max(1, int(found.counts.max())))
    step = (found.high - found.low) / len(heights)
    outline = QPolygonF([QPointF(place.x_of(found.low), floor)])
    for number, height in enumerate(heights):
        outline.append(QPointF(place.x_of(found.low + (number + 0.5) * step), floor - float(height) * (floor - top)))
    outline.append(QPointF(place.x_of(found.high), floor))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_VALUES)
    painter.drawPolygon(outline)
    if ends is not None:
        left, right = (place.x_of(end) for end in ends)
        painter.fillRect(QRectF(left, top, max(1.0, right - left), floor - top), _WINDOW)
        painter.setPen(QPen(overlay_painter.ACCENT, 1.6))
        for x in (left, right):
            painter.drawLine(QPointF(x, top), QPointF(x, floor))
    baseline = plate.bottom() - metrics.descent() - 3.0
    low, high = f"{found.low:.5g}", f"{found.high:.5g}{f' {unit}' if unit else ''}"
    overlay_painter.paint_text(painter, QPointF(plate.left() + 8.0, baseline), low)
    overlay_painter.paint_text(painter, QPointF(plate.right() - 8.0 - metrics.horizontalAdvance(high), baseline), high)
    painter.restore()
