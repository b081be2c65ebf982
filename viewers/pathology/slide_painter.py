"""Draws what belongs to a slide over its picture: the scale bar and the overview with the field's frame."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QImage, QPainter, QPen
from PySide6.QtWidgets import QApplication

from viewers.image_text import CornerText
from viewers.overlay_painter import (
    ACCENT,
    MARGIN,
    TEXT,
    lay_corner_text,
    paint_corner_text,
    paint_plate,
    text_font,
    text_size_px,
)

FRAME = QColor(78, 86, 99)
FIELD = QColor(226, 59, 46)
SMALLEST_FRAME_PX = 5.0
_application: list[QApplication] = []
"""The one made here, kept alive."""


def scale_bar_place(area: QRectF, font: QFont, length_px: float, text: str) -> QRectF:
    """The plate of a bar of *length_px* logical pixels: the lower left corner, which is its own."""
    metrics = QFontMetricsF(text_font(font, pixels=font.pixelSize() + 1, bold=True))
    width = max(length_px, metrics.horizontalAdvance(text)) + 20
    height = metrics.height() + 17
    return QRectF(area.left() + MARGIN - 5, area.bottom() - MARGIN + 3 - height, width, height)


def paint_scale_bar(painter: QPainter, plate: QRectF, length_px: float, text: str) -> None:
    """A bar of *length_px* logical pixels on *plate* (`scale_bar_place`), with what it stands for above it."""
    painter.save()
    paint_plate(painter, plate)
    painter.setFont(text_font(painter.font(), pixels=painter.font().pixelSize() + 1, bold=True))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(TEXT)
    at = QRectF(plate.left(), plate.top() + 3, plate.width(), QFontMetricsF(painter.font()).height())
    painter.drawText(at, int(Qt.AlignmentFlag.AlignCenter), text)
    y = plate.bottom() - 7
    left = plate.center().x() - length_px / 2
    painter.setPen(QPen(TEXT, 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    painter.drawLine(QPointF(left, y), QPointF(left + length_px, y))
    for end in (left + 1, left + length_px - 1):
        painter.drawLine(QPointF(end, y - 4), QPointF(end, y + 4))
    painter.restore()


def paint_overview(painter: QPainter, at: QRectF, overview: QImage, field: QRectF) -> None:
    """The whole slide at *at*; *field* is what the view shows, as shares of the slide (0 to 1)."""
    painter.save()
    paint_plate(painter, at.adjusted(-4, -4, 4, 4))
    painter.drawImage(at, overview)
    painter.setPen(QPen(FRAME, 1.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(at)
    frame = QRectF(
        at.left() + field.left() * at.width(),
        at.top() + field.top() * at.height(),
        max(field.width() * at.width(), SMALLEST_FRAME_PX),
        max(field.height() * at.height(), SMALLEST_FRAME_PX),
    ).intersected(at)
    painter.setPen(QPen(FIELD, 1.8))
    painter.drawRect(frame)
    if frame.width() < 14 or frame.height() < 14:  # a speck: cross-hairs lead the eye to it
        centre = frame.center()
        painter.setPen(QPen(ACCENT, 1.0))
        painter.drawLine(QPointF(at.left(), centre.y()), QPointF(frame.left(), centre.y()))
        painter.drawLine(QPointF(frame.right(), centre.y()), QPointF(at.right(), centre.y()))
        painter.drawLine(QPointF(centre.x(), at.top()), QPointF(centre.x(), frame.top()))
        painter.drawLine(QPointF(centre.x(), frame.bottom()), QPointF(centre.x(), at.bottom()))
    painter.restore()


def write_on_picture(pixels: NDArray[np.uint8], bar_px: float, bar_text: str, lines: tuple[str, ...]) -> None:
    """Draw scale bar and *lines* into RGB *pixels* (height, width, 3), in place. Makes itself an application where the
    program (the command line) has none: without it Qt has no fonts."""
    if QGuiApplication.instance() is None and not _application:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        _application.append(QApplication([]))
    height, width = pixels.shape[:2]
    image = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB888)
    painter = QPainter(image)
    area = QRectF(0.0, 0.0, width, height)
    painter.setFont(text_font(painter.font(), pixels=text_size_px(width, height)))
    blocks = lay_corner_text(QFontMetricsF(painter.font()), area, CornerText(top_left=lines))
    paint_corner_text(painter, blocks)
    paint_scale_bar(painter, scale_bar_place(area, painter.font(), bar_px, bar_text), bar_px, bar_text)
    painter.end()
