"""Draws the magnifier over a stack, and the number of the image that is being typed."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPen

from viewers import overlay_painter
from viewers.radiology.stack_magnifier import SIDE_PX, Magnified


def paint_magnified(painter: QPainter, magnified: Magnified) -> None:
    """In a frame around the pointer, with its factor: marks and words are not in it."""
    side = magnified.pixels.shape[0]
    image = QImage(magnified.pixels.data, side, side, side * 4, QImage.Format.Format_RGB32)
    box = QRectF(magnified.x - SIDE_PX / 2, magnified.y - SIDE_PX / 2, SIDE_PX, SIDE_PX)
    painter.save()
    painter.drawImage(box, image)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(overlay_painter.SHADOW, 4.0), QPen(overlay_painter.ACCENT, 1.5)):
        painter.setPen(pen)
        painter.drawRect(box)
    overlay_painter.paint_text(painter, box.bottomLeft() + QPointF(8.0, -8.0), f"× {magnified.factor:.3g}")
    painter.restore()


def paint_typed(painter: QPainter, area: QRectF, words: str) -> None:
    """*words* on a plate in the middle of the view."""
    painter.save()
    painter.setFont(overlay_painter.text_font(painter.font(), pixels=painter.font().pixelSize() + 5, bold=True))
    metrics = QFontMetricsF(painter.font())
    plate = QRectF(0.0, 0.0, metrics.horizontalAdvance(words) + 36.0, metrics.height() + 20.0)
    plate.moveCenter(area.center())
    overlay_painter.paint_plate(painter, plate)
    baseline = plate.center().y() + (metrics.ascent() - metrics.descent()) / 2
    overlay_painter.paint_text(painter, QPointF(plate.left() + 18.0, baseline), words)
    painter.restore()
