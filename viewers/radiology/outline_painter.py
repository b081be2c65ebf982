"""Draws the outlines of structures over an image, and which colour is whose."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QTransform

from viewers import overlay_painter
from viewers.radiology.outlines import Outline, Outlines

_DOT_PX = 2.5
_SWATCH_PX, _MOST_NAMES = 9.0, 12


def paint_outlines(painter: QPainter, outlines: Sequence[Outline], to_view: QTransform) -> None:
    """Each a line in its structure's colour on a dark one; a single point is a dot."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for outline in outlines:
        places = [to_view.map(QPointF(point.column, point.row)) for point in outline.points]
        path = QPainterPath(places[0])
        for place in places[1:]:
            path.lineTo(place)
        if outline.is_closed:
            path.closeSubpath()
        if len(places) == 1:
            path.addEllipse(places[0], _DOT_PX, _DOT_PX)
        for pen in (QPen(overlay_painter.SHADOW, 3.2), QPen(QColor(*outline.colour), 1.6)):
            painter.strokePath(path, pen)
    painter.restore()


def paint_names(painter: QPainter, area: QRectF, outlines: Outlines, shown: Sequence[Outline]) -> None:
    """At the left edge, below the middle: every structure of the series, faint where it is not on this image."""
    here = {outline.name for outline in shown}
    metrics = QFontMetricsF(painter.font())
    names = list(outlines.names[:_MOST_NAMES])
    more = len(outlines.names) - len(names)
    x, y = area.left() + 2 * overlay_painter.MARGIN, area.center().y() + 2 * metrics.height()
    painter.save()
    for name, colour in names:
        painter.setOpacity(1.0 if name in here else 0.45)
        painter.fillRect(QRectF(x, y - _SWATCH_PX, _SWATCH_PX, _SWATCH_PX), QColor(*colour))
        overlay_painter.paint_text(painter, QPointF(x + _SWATCH_PX + 6, y), name)
        y += metrics.height() + 2
    painter.setOpacity(1.0)
    if more:
        overlay_painter.paint_text(painter, QPointF(x, y), f"… and {more} more")
    painter.restore()
