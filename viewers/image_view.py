"""The base of every viewport: paints one QImage, the marks and the words over it, and hands the pointer to a tool.

What the image is, how it is navigated and which words belong to it, the subclasses say (`StackView`, `SlideView`).
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QCursor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from viewers import overlay_painter
from viewers.annotation.annotation import Target
from viewers.annotation.annotation_set import AnnotationSet
from viewers.annotation.marking import Marking, label_lines
from viewers.annotation.painter import paint_mark
from viewers.annotation.presentation import Presentation
from viewers.annotation.shapes import ImagePoint
from viewers.annotation.tools.tool import PointerEvent, ToolKey
from viewers.calibration import Calibration, CalibrationClass
from viewers.image_text import CornerText, Letters

SLIP_PX = 6.0
"""Logical view pixels that pass for the same place."""


class ImageView(QWidget):
    """One viewport. Subclasses implement the methods that raise NotImplementedError, and may override the others.

    The left button goes to the active tool, or (without one) first to the marks, then to ``navigate_*``; the other
    buttons and the wheel always navigate.
    """

    activated = Signal()
    view_changed = Signal()
    """Subclasses emit it after every change of what is shown or how; the view then repaints."""
    value_probed = Signal(str)
    """What lies under the pointer, in words (``312 HU``); empty when it left."""
    tool_changed = Signal(object)
    """The tool's name, or None for navigation."""
    mark_selected = Signal(str)
    """The annotation id; empty for none."""
    refused = Signal(str)
    """One sentence: why a mark cannot be made or changed here."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, True)
        self.setMinimumSize(160, 120)
        self.patient_line = ""
        self.empty_text = "Nothing is shown here yet."
        self.alert_lines: tuple[str, ...] = ()
        """Permanent red notices, e.g. that these images are of another patient; not the subclass's to clear."""
        self.notice_lines: tuple[str, ...] = ()
        """Amber notices of the page, before the subclass's own (``notices``)."""
        self._marking = Marking(
            selected=self.mark_selected.emit,
            refused=self.refused.emit,
            changed=self.update,
            presented=self.presentation_now,
        )
        self._is_active = False
        self.view_changed.connect(self.update)

    # What subclasses say -------------------------------------------------------------------------------------------

    def _render(self, size_px: QSize) -> QImage | None:
        """The picture at exactly that size in device pixels (RGB32 preferred); None when there is nothing to show."""
        raise NotImplementedError

    def image_to_view(self) -> QTransform:
        """Image pixels (`PixelPoint` or `SlidePoint`) → this widget's logical coordinates."""
        raise NotImplementedError

    def refuse_marks(self, sentence: str) -> None:
        """No new mark on this image; *sentence* says why. Empty: marks are welcome again."""
        self._marking.refusal = sentence

    def current_target(self) -> Target | None:
        """What new marks would belong to, and whose marks are drawn."""
        raise NotImplementedError

    def target_key(self) -> str | None:
        """``series:<uid>`` or ``slide:<sha256>``; None when nothing is shown."""
        target = self.current_target()
        return None if target is None else target.key

    def calibration(self) -> Calibration:
        """Of the frame or slide shown now."""
        return Calibration(CalibrationClass.UNCALIBRATED, None, None)

    def presentation_now(self) -> Presentation | None:
        """How the image looks now, for a mark made on it; None where there is nothing to tell."""
        return None

    def is_shown_as(self, _presentation: Presentation, /) -> bool:
        """Whether it looks so already."""
        return True

    def show_as(self, _presentation: Presentation, /) -> None:
        """Make the image look so."""

    def words_for(self, _presentation: Presentation, /) -> str:
        """That look in words; empty where there is nothing to offer."""
        return ""

    def corner_text(self) -> CornerText:
        return CornerText()

    def orientation_letters(self) -> Letters | None:
        """Letters of the picture as displayed; None where there are none to give."""
        return None

    def notices(self) -> tuple[str, ...]:
        """Warnings drawn on the image, amber, one sentence each."""
        return ()

    def paint_over_image(self, painter: QPainter, area: QRectF) -> None:
        """Anything of the subclass's own above image and marks (scale bar, overview); logical coordinates."""

    def kept_places(self, _area: QRectF, _font: QFont, /) -> tuple[QRectF, ...]:
        """What `paint_over_image` draws in the lower corners with that font: the words stay clear of it."""
        return ()

    def zoom_to_fit(self) -> None:
        """The whole image, centred."""

    def zoom_to_actual(self) -> None:
        """One pixel of the image on one of the screen."""

    def navigate_press(self, event: QMouseEvent) -> None: ...
    def navigate_move(self, event: QMouseEvent) -> None: ...
    def navigate_release(self, event: QMouseEvent) -> None: ...
    def navigate_double_click(self, event: QMouseEvent) -> None: ...
    def navigate_wheel(self, event: QWheelEvent) -> None: ...

    def navigate_key(self, _event: QKeyEvent, /) -> bool:
        """Whether the key was used."""
        return False

    def probe(self, position: QPointF | None) -> None:
        """The pointer is at *position* (logical coordinates), or left (None): emit ``value_probed`` if it changed."""

    # Marks and tools -----------------------------------------------------------------------------------------------

    @property
    def annotations(self) -> AnnotationSet | None:
        return self._marking.annotations

    @annotations.setter
    def annotations(self, annotations: AnnotationSet | None) -> None:
        self._marking.annotations = annotations

    @property
    def tool_name(self) -> str | None:
        return self._marking.tool_name

    def set_tool(self, tool_name: str | None) -> None:
        """``length``, ``polygon``, or None to navigate and edit (KeyError for another). What was begun is dropped."""
        if self._marking.take_tool(tool_name):
            shape = Qt.CursorShape.ArrowCursor if tool_name is None else Qt.CursorShape.CrossCursor
            self.setCursor(QCursor(shape))
            self.tool_changed.emit(tool_name)

    @property
    def selected_id(self) -> str:
        return self._marking.selected_id

    def select_mark(self, annotation_id: str) -> None:
        """Show that mark with handles; empty for none."""
        self._marking.select(annotation_id)

    def remove_selected(self) -> None:
        """Take the selected mark away; undo brings it back."""
        self._marking.remove_selected()

    @property
    def is_drawing(self) -> bool:
        """Whether a shape is begun or a mark is in hand."""
        return self._marking.is_busy

    def _pointer_event(self, position: QPointF) -> PointerEvent | None:
        to_image, invertible = self.image_to_view().inverted()
        if not invertible:
            return None
        here, aside = to_image.map(position), to_image.map(position + QPointF(SLIP_PX, 0.0))
        tolerance = ((aside.x() - here.x()) ** 2 + (aside.y() - here.y()) ** 2) ** 0.5
        return PointerEvent(ImagePoint(here.x(), here.y()), tolerance)

    # Events --------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.activated.emit()
        pointer = self._drawing_pointer(event)
        if pointer is None or not self._marking.press(pointer, self.current_target()):
            self.navigate_press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.probe(event.position())
        pointer = self._pointer_event(event.position())
        used = pointer is not None and self._marking.move(pointer)
        # The other buttons go on navigating under a shape that is begun.
        if not used or event.buttons() & ~Qt.MouseButton.LeftButton:
            self.navigate_move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pointer = self._drawing_pointer(event)
        if pointer is None or not self._marking.release(pointer):
            self.navigate_release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        pointer = self._drawing_pointer(event)
        if pointer is None or not self._marking.double_click(pointer, self.current_target()):
            self.navigate_double_click(event)

    def _drawing_pointer(self, event: QMouseEvent) -> PointerEvent | None:
        return self._pointer_event(event.position()) if event.button() == Qt.MouseButton.LeftButton else None

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.activated.emit()
        self.navigate_wheel(event)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self.probe(None)
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.activated.emit()
        super().focusInEvent(event)

    def event(self, event: QEvent) -> bool:
        # Keys of the image go to the image that has the focus, even where a menu knows the same key.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._command(event) is not None
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        command = self._command(event)
        if command is not None:
            command()
        elif not self.navigate_key(event):
            super().keyPressEvent(event)

    def _command(self, event: QKeyEvent) -> Callable[[], None] | None:
        if event.matches(QKeySequence.StandardKey.Undo):
            return self._marking.undo
        if event.matches(QKeySequence.StandardKey.Redo):
            return self._marking.redo
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return None
        key = event.key()
        if self._marking.is_drawing and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return lambda: self._marking.key(ToolKey.ENTER)
        if self._marking.is_drawing and key == Qt.Key.Key_Backspace:
            return lambda: self._marking.key(ToolKey.BACKSPACE)
        if key == Qt.Key.Key_Escape and (self.is_drawing or self.tool_name is not None):
            # The first Esc drops what is begun, the next puts the tool down.
            return self._marking.cancel if self.is_drawing else lambda: self.set_tool(None)
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.selected_id:
            return self.remove_selected
        if key == Qt.Key.Key_L:
            return lambda: self.set_tool("length")
        if key == Qt.Key.Key_P:
            return lambda: self.set_tool("polygon")
        return None

    # Painting ------------------------------------------------------------------------------------------------------

    @property
    def is_active(self) -> bool:
        return self._is_active

    def set_active(self, active: bool) -> None:
        """Whether this is the viewport that keys and the strip act on: it has the accent border."""
        self._is_active = active
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._paint(painter, self.devicePixelRatioF())
        if self._is_active:
            painter.setPen(QPen(overlay_painter.ACCENT, 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(1.0, 1.0, self.width() - 2.0, self.height() - 2.0))
        painter.end()

    def grab_image(self) -> QImage:
        """What the reader sees, at the screen's resolution, with the whole patient line in a bar above it."""
        ratio = self.devicePixelRatioF()
        font = overlay_painter.text_font(self.font(), pixels=13, bold=True)
        bar = overlay_painter.patient_bar_height(font, self.patient_line, self.width())
        size = QSizeF(self.width() * ratio, (self.height() + bar) * ratio).toSize()
        image = QImage(size, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(overlay_painter.BACKGROUND)
        painter = QPainter(image)
        if bar:
            painter.setFont(font)
            overlay_painter.paint_patient_bar(painter, QRectF(0.0, 0.0, self.width(), bar), self.patient_line)
        painter.translate(0.0, bar)
        self._paint(painter, ratio)
        painter.end()
        return image

    def _paint(self, painter: QPainter, ratio: float) -> None:
        area = QRectF(0.0, 0.0, self.width(), self.height())
        painter.fillRect(area, overlay_painter.BACKGROUND)
        pixels = overlay_painter.text_size_px(area.width(), area.height())
        painter.setFont(overlay_painter.text_font(self.font(), pixels=pixels))
        size_px = QSize(max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio)))
        image = self._render(size_px)
        if image is None:
            overlay_painter.paint_empty(painter, area, self.empty_text)
            return
        painter.save()
        # Not setDevicePixelRatio: on an image that its view keeps, that copies every pixel at every paint.
        painter.scale(1.0 / ratio, 1.0 / ratio)
        painter.drawImage(QPointF(0.0, 0.0), image)
        painter.restore()
        painter.setClipRect(area)
        self._paint_marks(painter, area)
        self.paint_over_image(painter, area)
        self._paint_words(painter, area)

    def _paint_words(self, painter: QPainter, area: QRectF) -> None:
        font, letters = painter.font(), self.orientation_letters()
        metrics = QFontMetricsF(font)
        words, kept = self.corner_text(), self.kept_places(area, font)
        blocks = overlay_painter.lay_corner_text(metrics, area, words, kept, letters=letters is not None)
        overlay_painter.paint_corner_text(painter, blocks)
        top = max([0.0, *(block.box.bottom() for block in blocks if block.box.center().y() < area.center().y())])
        if letters is not None:
            bold = overlay_painter.text_font(font, pixels=font.pixelSize() + 4, bold=True)
            painter.setFont(bold)
            overlay_painter.paint_letters(painter, area, letters)
            painter.setFont(font)
            top = max(top, overlay_painter.MARGIN + QFontMetricsF(bold).height())
        notices = (*self.notice_lines, *self.notices())
        overlay_painter.paint_notices(painter, area, notices, self.alert_lines, top + overlay_painter.MARGIN)

    def _paint_marks(self, painter: QPainter, area: QRectF) -> None:
        target = self.current_target()
        if target is None:
            return
        to_view, calibration = self.image_to_view(), self.calibration()
        labels: list[QRectF] = []
        for shown in self._marking.shown_on(target):
            paint_mark(
                painter,
                shown.shape,
                to_view,
                label_lines(shown, target, calibration),
                selected=shown.is_selected,
                drawing=shown.is_draft,
                within=area,
                taken=labels,
            )
