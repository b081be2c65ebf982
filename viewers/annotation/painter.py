"""Draws marks on whatever is under them: a dark halo below every line, to show on white slides and black CT."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from viewers.annotation.shapes import Polygon, Shape

MARK = QColor(255, 213, 74)
SELECTED = QColor(92, 225, 255)
HALO = QColor(8, 10, 14, 190)
PLATE = QColor(12, 15, 20, 205)
DIM = QColor(196, 202, 212)


def paint_mark(
    painter: QPainter,
    shape: Shape,
    to_view: QTransform,
    label: Sequence[str],
    *,
    selected: bool = False,
    drawing: bool = False,
    within: QRectF | None = None,
    taken: list[QRectF] | None = None,
) -> None:
    """Draw one mark in view coordinates.

    ``to_view`` maps image pixels to the painter's coordinates. ``label``: its first line is bright, the others dim.
    ``within`` keeps the label inside the visible rectangle, clear of the rectangles in ``taken``, to which its own is
    added. ``drawing``: dashed, with a handle at every point.
    """
    points = [to_view.map(QPointF(p.x, p.y)) for p in shape.points]
    path = QPainterPath()
    path.addPolygon(QPolygonF(points))
    if isinstance(shape, Polygon):
        path.closeSubpath()
    colour = SELECTED if selected or drawing else MARK
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_pen(HALO, 4.5))
    painter.drawPath(path)
    line = _pen(colour, 1.8)
    if drawing and isinstance(shape, Polygon):
        line.setDashPattern([4.0, 3.0])
    painter.setPen(line)
    painter.drawPath(path)
    _paint_ends(painter, shape, points, colour, handles=selected or drawing)
    if label:
        plate = _place_label(painter, points, label, within, taken or [])
        _paint_label(painter, plate, label, colour)
        if taken is not None:
            taken.append(plate)
    painter.restore()


def _paint_ends(painter: QPainter, shape: Shape, points: list[QPointF], colour: QColor, *, handles: bool) -> None:
    if handles:
        painter.setPen(_pen(HALO, 1.5))
        painter.setBrush(colour)
        for point in points:
            painter.drawRect(QRectF(point.x() - 3.5, point.y() - 3.5, 7.0, 7.0))
        return
    if isinstance(shape, Polygon):
        return
    # Short bars across the two ends say exactly where a length begins and stops; a filled dot would hide the place.
    first, last = points[0], points[-1]
    across = QPointF(first.y() - last.y(), last.x() - first.x())
    size = max((across.x() ** 2 + across.y() ** 2) ** 0.5, 1e-6)
    half = QPointF(across.x() / size * 5.0, across.y() / size * 5.0)
    for pen in (_pen(HALO, 4.5), _pen(colour, 1.8)):
        painter.setPen(pen)
        painter.drawLine(first - half, first + half)
        painter.drawLine(last - half, last + half)


def _place_label(
    painter: QPainter, points: list[QPointF], label: Sequence[str], within: QRectF | None, taken: Sequence[QRectF]
) -> QRectF:
    """Beside, below or above the shape, never on it where there is room: what is measured must stay visible."""
    metrics = QFontMetricsF(painter.font())
    width = max(metrics.horizontalAdvance(line) for line in label) + 12.0
    height = metrics.height() * len(label) + 6.0
    rightmost, leftmost = max(points, key=lambda p: p.x()), min(points, key=lambda p: p.x())
    top, bottom = min(p.y() for p in points), max(p.y() for p in points)
    centre_x = (leftmost.x() + rightmost.x() - width) / 2
    places = [
        QRectF(rightmost.x() + 10.0, rightmost.y() - height / 2, width, height),
        QRectF(leftmost.x() - 10.0 - width, leftmost.y() - height / 2, width, height),
        QRectF(centre_x, bottom + 10.0, width, height),
        QRectF(centre_x, top - 10.0 - height, width, height),
    ]
    if within is None:
        return places[0]
    inside = [place for place in places if within.contains(place)]
    free = [place for place in inside if not any(place.intersects(other) for other in taken)]
    return next(iter(free or inside or places))


def _paint_label(painter: QPainter, plate: QRectF, label: Sequence[str], colour: QColor) -> None:
    metrics = QFontMetricsF(painter.font())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(plate, 4.0, 4.0)
    baseline = plate.top() + 3.0 + metrics.ascent()
    for number, line in enumerate(label):
        painter.setPen(colour if number == 0 else DIM)
        painter.drawText(QPointF(plate.left() + 6.0, baseline), line)
        baseline += metrics.height()


def _pen(colour: QColor, width: float) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
