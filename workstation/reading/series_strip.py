"""The strip of everything the case has to look at: thumbnails to drag or open, and what cannot be shown, with why."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QMimeData, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QFontMetricsF, QIcon, QImage, QKeyEvent, QPainter, QPainterPath
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from viewers.overlay_painter import wrapping
from workstation.reading.case_reading import CaseReading, ImageItem, NotShownItem, SlideItem
from workstation.window.icons import icon
from workstation.window.theme import colour

ITEM_MIME = "application/x-readingroom-image"
WIDTH = 196
THUMBNAIL = QSize(164, 112)
PAD = 8

PLAIN = "text_muted"
"""The tone of an entry with nothing wrong; red and amber ones warn."""

KEY, DETAIL, PICTURE, TONE, GLYPH = (Qt.ItemDataRole.UserRole + n for n in range(5))


class SeriesStrip(QListWidget):
    """One entry an image; Enter and double-click ask to open it in the active viewport, dragging takes it anywhere."""

    open_requested = Signal(str)
    """The item's key."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("series-strip")
        self.setFixedWidth(WIDTH)
        self.setItemDelegate(_EntryDelegate(self))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setUniformItemSizes(False)
        self.itemDoubleClicked.connect(self._ask)

    def show_reading(self, reading: CaseReading | None) -> None:
        """Fill the strip anew; None empties it."""
        self.clear()
        if reading is None:
            return
        for item in reading.items:
            self.addItem(_entry_of(item))
        for absent in reading.not_shown:
            self.addItem(_entry_of_absent(absent))

    def renew(self, reading: CaseReading) -> None:
        """The same case with other images: pictures, the current entry and the place scrolled to stay."""
        pictures = {self.item(row).data(KEY): self.item(row).data(PICTURE) for row in range(self.count())}
        current = None if self.currentItem() is None else self.currentItem().data(KEY)
        scrolled = self.verticalScrollBar().value()
        self.show_reading(reading)
        for row in range(self.count()):
            entry = self.item(row)
            key = entry.data(KEY)
            if key and pictures.get(key) is not None:
                entry.setData(PICTURE, pictures[key])
            if key and key == current:
                self.setCurrentItem(entry)
        self.doItemsLayout()
        self.verticalScrollBar().setValue(scrolled)

    def set_thumbnail(self, key: str, picture: QImage) -> None:
        """The picture for that item, whenever it is ready."""
        for entry in self._entries(key):
            entry.setData(PICTURE, picture)

    def set_shown(self, keys: Sequence[str]) -> None:
        """Which items are in a viewport now: they carry an accent dot."""
        for row in range(self.count()):
            entry = self.item(row)
            font = entry.font()
            font.setBold(entry.data(KEY) in keys)
            entry.setFont(font)

    def mimeTypes(self) -> list[str]:
        return [ITEM_MIME]

    def mimeData(self, items: Sequence[QListWidgetItem]) -> QMimeData:
        data = QMimeData()
        if items:
            data.setData(ITEM_MIME, QByteArray(str(items[0].data(KEY)).encode()))
        return data

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem() is not None:
            self._ask(self.currentItem())
            return
        super().keyPressEvent(event)

    def _ask(self, entry: QListWidgetItem) -> None:
        if entry.data(KEY):
            self.open_requested.emit(entry.data(KEY))

    def _entries(self, key: str) -> list[QListWidgetItem]:
        return [self.item(row) for row in range(self.count()) if self.item(row).data(KEY) == key]


def _entry_of(item: ImageItem) -> QListWidgetItem:
    entry = QListWidgetItem(item.title)
    entry.setData(KEY, item.key)
    entry.setData(DETAIL, item.mismatch or item.detail)
    is_slide = isinstance(item, SlideItem)
    incomplete = bool(item.arrived if isinstance(item, SlideItem) else item.here)
    entry.setData(TONE, "danger" if item.mismatch else "warning" if incomplete else PLAIN)
    entry.setData(GLYPH, "blocked" if item.is_blocked else "slide" if is_slide else "study")
    entry.setToolTip(f"{item.title}\n{item.mismatch or item.detail}\nDouble-click or drag to a viewport")
    return entry


def _entry_of_absent(absent: NotShownItem) -> QListWidgetItem:
    entry = QListWidgetItem(absent.name)
    entry.setData(DETAIL, absent.reason)
    entry.setData(TONE, "warning")
    entry.setToolTip(f"{absent.name}\n{absent.reason}")
    entry.setFlags(Qt.ItemFlag.ItemIsEnabled)
    return entry


class _EntryDelegate(QStyledItemDelegate):
    """Thumbnail above, title and one line of detail below; entries that cannot be shown have words only."""

    def sizeHint(self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        view = self.parent()
        font = view.font() if isinstance(view, QWidget) else QFont()
        picture = THUMBNAIL.height() + PAD if index.data(KEY) else 0
        lines = self._words(font, index)
        return QSize(WIDTH - 18, 2 * PAD + picture + sum(rect.height() for rect, *_ in lines) + 2)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = option.rect.adjusted(3, 2, -3, -2)
        state = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        plate = QPainterPath()
        plate.addRoundedRect(QRectF(box), 6, 6)
        if index.data(KEY) and index.data(TONE) != PLAIN:
            painter.fillRect(QRectF(box.left() - 3, box.top() + 4, 3, box.height() - 8), colour(str(index.data(TONE))))
        if chosen or hovered:
            painter.fillPath(plate, colour("accent_wash" if chosen else "hover"))
        top = box.top() + PAD - 2
        if index.data(KEY):
            top = self._paint_picture(painter, box, top, index)
        shown = index.data(Qt.ItemDataRole.FontRole)
        is_shown = shown is not None and shown.bold()
        for number, (rect, text, flags) in enumerate(self._words(option.font, index)):
            font = QFont(option.font)
            font.setBold(False)
            font.setPixelSize(12 if number == 0 else 11)
            painter.setFont(font)
            tone = str(index.data(TONE))
            title = tone if tone != PLAIN else "accent" if is_shown else "text_bright"
            ink = title if number == 0 else tone
            painter.setPen(colour(ink))
            painter.drawText(QRect(box.left() + PAD - 2, top, rect.width(), rect.height()), flags, text)
            top += rect.height()
        painter.restore()

    def _paint_picture(
        self, painter: QPainter, box: QRect, top: int, index: QModelIndex | QPersistentModelIndex
    ) -> int:
        frame = QRect(box.left() + (box.width() - THUMBNAIL.width()) // 2, top, THUMBNAIL.width(), THUMBNAIL.height())
        well = QPainterPath()
        well.addRoundedRect(QRectF(frame), 4, 4)
        painter.fillPath(well, colour("image_ground"))
        picture = index.data(PICTURE)
        if isinstance(picture, QImage):
            painter.setClipPath(well)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            size = picture.size().scaled(frame.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(0, 0, size.width(), size.height())
            place.moveCenter(frame.center())
            painter.drawImage(place, picture)
            painter.setClipping(False)
        else:
            symbol: QIcon = icon(str(index.data(GLYPH)), "danger" if index.data(GLYPH) == "blocked" else "text_faint")
            symbol.paint(painter, frame.adjusted(50, 30, -50, -30))
        return frame.bottom() + PAD

    @staticmethod
    def _words(font: QFont, index: QModelIndex | QPersistentModelIndex) -> list[tuple[QRect, str, int]]:
        """Title and detail with the room each takes and how it wraps: three lines of title, its middle left out where
        it is longer, since names differ at their ends; five of detail. The tooltip has all of both."""
        words = []
        for size, lines, mode, text in (
            (12, 3, Qt.TextElideMode.ElideMiddle, str(index.data())),
            (11, 5, Qt.TextElideMode.ElideRight, str(index.data(DETAIL))),
        ):
            small = QFont(font)
            small.setBold(False)
            small.setPixelSize(size)
            metrics = QFontMetrics(small)
            room = QRect(0, 0, WIDTH - 18 - 2 * PAD, 10_000)
            # Lines break between words and are not filled to the last pixel.
            width = room.width() * lines
            flags = wrapping(QFontMetricsF(small), text, room.width())
            while metrics.boundingRect(room, flags, text).height() > metrics.lineSpacing() * lines + 1:
                width -= room.width() // 8
                text = metrics.elidedText(text, mode, width)
            needed = metrics.boundingRect(room, flags, text)
            needed.setWidth(room.width())
            words.append((needed, text, flags))
        return words
