"""Draws on a stack what it shares with the others: where their planes cross it, and the point they all point at."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

from viewers import overlay_painter
from viewers.geometry import PixelPoint
from viewers.radiology.reference_line import Segment
from viewers.radiology.stack_sharing import SharedPlace

LINE = QColor(255, 214, 102)
"""Of reference lines and the shared point: the accent is the marks' and the active viewport's."""
_ARM_PX, _GAP_PX = 14.0, 4.0


def paint_shared(painter: QPainter, shared: SharedPlace, to_view: QTransform) -> None:
    """All of it; *to_view* is from pixels of the image to logical coordinates."""
    _paint_lines(painter, shared.lines, shared.line_colours or (LINE.name(),) * len(shared.lines), to_view)
    place = shared.place_of_point()
    if place is not None:
        _paint_point(painter, *place, to_view)


def _paint_lines(painter: QPainter, lines: Sequence[Segment], colours: Sequence[str], to_view: QTransform) -> None:
    """Each a thin line on a dark one, so that it is seen on white bone and on black air."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for (start, end), colour in zip(lines, colours, strict=True):
        ends = (to_view.map(QPointF(start.column, start.row)), to_view.map(QPointF(end.column, end.row)))
        for pen in (QPen(overlay_painter.SHADOW, 3.0), QPen(QColor(colour), 1.2)):
            painter.setPen(pen)
            painter.drawLine(*ends)
    painter.restore()


def _paint_point(painter: QPainter, at: PixelPoint, words: str, to_view: QTransform) -> None:
    """A cross with an open middle; dashed, with *words* beside it, where the point does not lie in this image."""
    centre = to_view.map(QPointF(at.column, at.row))
    painter.save()
    style = Qt.PenStyle.DotLine if words else Qt.PenStyle.SolidLine
    for pen in (QPen(overlay_painter.SHADOW, 3.0), QPen(LINE, 1.4, style)):
        painter.setPen(pen)
        for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            arm = QPointF(x, y)
            painter.drawLine(centre + arm * _GAP_PX, centre + arm * _ARM_PX)
    if words:
        overlay_painter.paint_text(painter, centre + QPointF(_ARM_PX + 4, -6.0), words)
    painter.restore()
