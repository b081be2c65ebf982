"""The legend of a fused series: its colours beside its values, at the right edge of the image."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPen

from viewers import overlay_painter
from viewers.radiology.colour_map import hot_iron
from viewers.radiology.fusion import Fusion

_WIDTH, _TALLEST, _SHARE = 12.0, 220.0, 0.4
_RIGHT = 44.0
"""From the edge: the orientation letter stands there."""


def paint_legend(painter: QPainter, area: QRectF, fusion: Fusion) -> None:
    """*area* in logical coordinates."""
    height = min(_TALLEST, area.height() * _SHARE)
    bar = QRectF(area.right() - _RIGHT - _WIDTH, area.center().y() - height / 2, _WIDTH, height)
    gradient = QLinearGradient(bar.bottomLeft(), bar.topLeft())
    table = hot_iron()
    for step in range(0, 256, 15):
        red, green, blue = (int(part) for part in table[step])
        gradient.setColorAt(step / 255, QColor(red, green, blue))
    painter.save()
    painter.fillRect(bar, gradient)
    painter.setPen(QPen(overlay_painter.FAINT, 1.0))
    painter.drawRect(bar)
    metrics = QFontMetricsF(painter.font())
    for share, value in ((0.0, fusion.look.top), (0.5, fusion.look.top / 2), (1.0, 0.0)):
        text = f"{value:g}"
        y = bar.top() + share * bar.height() + metrics.ascent() / 2 - 1
        overlay_painter.paint_text(painter, QPointF(bar.left() - 6 - metrics.horizontalAdvance(text), y), text)
    painter.restore()
