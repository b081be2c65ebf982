"""Draws the words over an image: corner text, orientation letters, notices, the sentence of an empty view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from viewers.image_text import CornerText, Letters

BACKGROUND = QColor(11, 13, 16)
TEXT = QColor(222, 227, 235)
SHADOW = QColor(0, 0, 0, 215)
FAINT = QColor(132, 141, 155)
AMBER = QColor(255, 190, 92)
RED = QColor(255, 112, 104)
ACCENT = QColor(99, 195, 209)
PLATE = QColor(4, 5, 7, 200)
NOTICE_PLATE = QColor(38, 28, 8, 225)
ALERT_PLATE = QColor(92, 12, 14, 235)
MARGIN = 10.0


def text_font(base: QFont, *, pixels: int = 12, bold: bool = False) -> QFont:
    """The overlay's font: the application's family at a size that does not follow the image's zoom."""
    font = QFont(base)
    font.setPixelSize(pixels)
    font.setBold(bold)
    return font


def text_size_px(width: float, height: float) -> int:
    """Size of the overlay's letters in a view of that many logical pixels: 12 in small ones, up to 15 in large ones."""
    return min(15, max(12, round(12 + (min(height, 1.4 * width) - 450) / 150)))


@dataclass(frozen=True, slots=True)
class TextBlock:
    """One corner's lines as they are drawn: wrapped to their room, in ``box``, at its left or right side."""

    lines: tuple[str, ...]
    box: QRectF
    is_left: bool


def lay_corner_text(
    metrics: QFontMetricsF, area: QRectF, text: CornerText, kept: Sequence[QRectF] = (), *, letters: bool = False
) -> tuple[TextBlock, ...]:
    """Where each corner's words go: beside one another where there is room, else wrapped, never cut or overlapping.

    *kept* are places in the lower corners that something else is drawn in: words of the same corner stand above it,
    words of the other end before it. With *letters* the middle of the upper and lower edge stays free.
    """
    blocks = []
    for at_top, left_lines, right_lines in (
        (True, text.top_left, text.top_right),
        (False, text.bottom_left, text.bottom_right),
    ):
        in_the_way = () if at_top else tuple(kept)
        beside = [place for place in in_the_way if place.center().x() > area.center().x()]
        right_edge = area.right() - MARGIN
        left_room = min([right_edge, *(place.left() - MARGIN for place in beside)]) - area.left() - MARGIN
        right_room = right_edge - area.left() - MARGIN
        if right_lines or letters:
            half = area.width() / 2 - (3 if letters else 2) * MARGIN
            right_wish = max((metrics.horizontalAdvance(line) for line in right_lines), default=0.0)
            left_wish = max((metrics.horizontalAdvance(line) for line in left_lines), default=0.0)
            spare = 0.0 if letters else right_room - 2 * MARGIN
            left_room = min(left_room, max(half, spare - right_wish))
            right_room = min(right_room, max(half, spare - left_wish))
        for lines, is_left, room in ((left_lines, True, left_room), (right_lines, False, right_room)):
            shown = tuple(part for line in lines for part in wrap(metrics, line, room))
            if not shown:
                continue
            width = max(metrics.horizontalAdvance(line) for line in shown)
            box = QRectF(0.0, area.top() + MARGIN, width, metrics.height() * len(shown))
            box.moveLeft(area.left() + MARGIN if is_left else right_edge - width)
            if not at_top:
                below = [place for place in in_the_way if (place.center().x() < area.center().x()) is is_left]
                box.moveBottom(min([area.bottom() - MARGIN, *(place.top() - 6.0 for place in below)]))
            blocks.append(TextBlock(shown, box, is_left))
    return tuple(blocks)


def wrap(metrics: QFontMetricsF, line: str, room: float) -> list[str]:
    """*line* in as many lines as *room* asks for, broken between words; a word too long for it loses its middle."""
    parts: list[str] = []
    for word in line.split(" "):
        longer = f"{parts[-1]} {word}" if parts else word
        if parts and metrics.horizontalAdvance(longer) <= room:
            parts[-1] = longer
        else:
            parts.append(metrics.elidedText(word, Qt.TextElideMode.ElideMiddle, max(room, 1.0)))
    # A separating dot at a line's end separates nothing.
    return [part.strip(" ·") for part in parts if part.strip(" ·")]


def wrapping(metrics: QFontMetricsF, text: str, room: float) -> int:
    """Qt's flag that wraps *text* between words; inside them only where one is longer than *room*. Nothing is cut."""
    too_long = any(metrics.horizontalAdvance(word) > room for word in text.split())
    return int(Qt.TextFlag.TextWrapAnywhere if too_long else Qt.TextFlag.TextWordWrap)


def paint_corner_text(painter: QPainter, blocks: Sequence[TextBlock]) -> None:
    """Each block on a dark plate as wide as its words: stained tissue and bright bone leave light letters no ground."""
    metrics = QFontMetricsF(painter.font())
    for block in blocks:
        paint_plate(painter, block.box.adjusted(-5.0, -3.0, 5.0, 3.0))
        baseline = block.box.top() + metrics.ascent()
        for line in block.lines:
            x = block.box.left() if block.is_left else block.box.right() - metrics.horizontalAdvance(line)
            paint_text(painter, QPointF(x, baseline), line)
            baseline += metrics.height()


def paint_plate(painter: QPainter, plate: QRectF) -> None:
    """The dark ground of words over an image."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(plate, 4.0, 4.0)
    painter.restore()


def paint_letters(painter: QPainter, area: QRectF, letters: Letters) -> None:
    """Orientation letters in the middle of each edge."""
    metrics = QFontMetricsF(painter.font())
    centre_y = area.center().y() + metrics.ascent() / 2

    def centred(letter: str) -> float:
        return area.center().x() - metrics.horizontalAdvance(letter) / 2

    right_x = area.right() - MARGIN - metrics.horizontalAdvance(letters.right)
    paint_text(painter, QPointF(area.left() + MARGIN, centre_y), letters.left)
    paint_text(painter, QPointF(right_x, centre_y), letters.right)
    paint_text(painter, QPointF(centred(letters.top), area.top() + MARGIN + metrics.ascent()), letters.top)
    bottom_y = area.bottom() - MARGIN - metrics.descent()
    paint_text(painter, QPointF(centred(letters.bottom), bottom_y), letters.bottom)


def paint_notices(painter: QPainter, area: QRectF, notices: Sequence[str], alerts: Sequence[str], below: float) -> None:
    """Plates in the upper middle, one below the other from *below* on: first ``alerts`` (red), then ``notices``
    (amber)."""
    metrics = QFontMetricsF(painter.font())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    y = below
    for lines, ink, plate in ((alerts, RED, ALERT_PLATE), (notices, AMBER, NOTICE_PLATE)):
        for line in lines:
            bounds = metrics.boundingRect(
                QRectF(0, 0, area.width() - 4 * MARGIN, 1000), int(Qt.TextFlag.TextWordWrap), line
            )
            box = QRectF(0, y, bounds.width() + 18, bounds.height() + 8)
            box.moveLeft(area.center().x() - box.width() / 2)
            painter.setPen(QPen(ink, 1.0))
            painter.setBrush(plate)
            painter.drawRoundedRect(box, 4.0, 4.0)
            painter.setPen(TEXT if plate is ALERT_PLATE else ink)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), line)
            y += box.height() + 4


def patient_bar_height(font: QFont, text: str, width: int) -> int:
    """Logical pixels that the patient line needs at that width, wrapped rather than cut; 0 for no text."""
    if not text:
        return 0
    room, metrics = QRectF(0, 0, width - 2 * MARGIN, 1000), QFontMetricsF(font)
    return ceil(metrics.boundingRect(room, wrapping(metrics, text, room.width()), text).height()) + 10


def paint_patient_bar(painter: QPainter, bar: QRectF, text: str) -> None:
    """The patient line in its bar above a picture that leaves."""
    painter.setPen(TEXT)
    room = bar.adjusted(MARGIN, 5, -MARGIN, -5)
    painter.drawText(room, wrapping(QFontMetricsF(painter.font()), text, room.width()), text)


def paint_empty(painter: QPainter, area: QRectF, text: str) -> None:
    """One sentence in the middle of a view that shows nothing."""
    painter.setPen(FAINT)
    inner = area.adjusted(area.width() * 0.15, 0, -area.width() * 0.15, 0)
    painter.drawText(inner, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), text)


def paint_text(painter: QPainter, at: QPointF, text: str) -> None:
    """Light text with a dark edge: legible on white and on black."""
    if not text:
        return
    painter.setPen(SHADOW)
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        painter.drawText(at + QPointF(dx, dy), text)
    painter.setPen(TEXT)
    painter.drawText(at, text)
