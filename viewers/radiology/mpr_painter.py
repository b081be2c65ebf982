"""Draws on one plane of a reconstruction where the others cross it, each in its own colour, and how thick they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

from viewers import overlay_painter
from viewers.radiology.mpr_axes import COLOURS, Axis
from viewers.radiology.orthogonal_planes import Orientation

_GAP_PX, _END_PX, _BAR_PX = 14.0, 4.5, 4.0


def paint_axes(painter: QPainter, axes: Sequence[Axis], to_view: QTransform, area: QRectF) -> None:
    """All lines; *to_view* is from pixels of the plane to logical coordinates."""
    painter.save()
    painter.setClipRect(area)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    far = area.width() + area.height()
    for axis in axes:
        colour = QColor(COLOURS[axis.of])
        for line in _arms(axis, to_view, far):
            for pen in (QPen(overlay_painter.SHADOW, 3.0), QPen(colour, 1.2)):
                painter.setPen(pen)
                painter.drawLine(line)
        if axis.half_slab_px > 0:
            faint = QColor(colour)
            faint.setAlpha(170)
            painter.setPen(QPen(faint, 1.0, Qt.PenStyle.DashLine))
            for line in _faces(axis, to_view, far):
                painter.drawLine(line)
        painter.setPen(QPen(overlay_painter.SHADOW, 1.0))
        painter.setBrush(colour)
        for end in axis.ends:
            painter.drawEllipse(to_view.map(QPointF(end.column, end.row)), _END_PX, _END_PX)
        painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.restore()


def paint_own_colour(painter: QPainter, area: QRectF, orientation: Orientation) -> None:
    """The colour of this plane's line in the other views, as a short bar at the top."""
    painter.fillRect(QRectF(area.center().x() - 30.0, area.top() + 1.0, 60.0, _BAR_PX), QColor(COLOURS[orientation]))


def _directions(axis: Axis, to_view: QTransform) -> tuple[QPointF, QPointF]:
    """The crossing on the screen and the line's direction there, one logical pixel long."""
    crossing = to_view.map(QPointF(axis.crossing.column, axis.crossing.row))
    beside = to_view.map(QPointF(axis.crossing.column + axis.along[0], axis.crossing.row + axis.along[1]))
    along = QLineF(crossing, beside)
    return crossing, QPointF(along.dx(), along.dy()) / along.length()


def _arms(axis: Axis, to_view: QTransform, far: float) -> Iterator[QLineF]:
    """Both sides, open about the crossing: what is looked at stays free."""
    crossing, along = _directions(axis, to_view)
    for way in (1.0, -1.0):
        yield QLineF(crossing + along * (way * _GAP_PX), crossing + along * (way * far))


def _faces(axis: Axis, to_view: QTransform, far: float) -> Iterator[QLineF]:
    _, along = _directions(axis, to_view)
    for way in (1.0, -1.0):
        off = axis.half_slab_px * way
        middle = to_view.map(
            QPointF(axis.crossing.column + axis.across[0] * off, axis.crossing.row + axis.across[1] * off)
        )
        yield QLineF(middle - along * far, middle + along * far)
