"""Measures a monitor: the reader makes a card on the screen as wide as a real one held against it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QScreen
from PySide6.QtWidgets import QDialog, QLabel, QSizePolicy, QWidget

from workstation.reading.screen_sizes import LARGEST_MM, SMALLEST_MM
from workstation.window.dialog_column import accept_button, answers, leave_button, stack
from workstation.window.theme import colour

CARD_MM = (85.60, 53.98)
"""ISO/IEC 7810 ID-1: bank cards, many identity cards and driving licences."""
_USUAL_MM = 0.265
_STEP, _COARSE = 0.25, 4.0
"""Logical pixels of the card's width by an arrow key, alone and with Shift."""


class ScreenSizeDialog(QDialog):
    """``mm_per_px`` is what was measured, of *screen*, in millimetres per device pixel."""

    def __init__(self, parent: QWidget | None, screen: QScreen, known_mm_per_px: float | None) -> None:
        super().__init__(parent)
        self.setObjectName("screen-size")
        self.setWindowTitle("Calibrate this monitor")
        self.setModal(True)
        self._ratio = screen.devicePixelRatio()
        told = 25.4 / screen.physicalDotsPerInch() / self._ratio if screen.physicalDotsPerInch() > 0 else 0.0
        usual = told if SMALLEST_MM <= told <= LARGEST_MM else _USUAL_MM
        self._width_px = CARD_MM[0] / ((known_mm_per_px or usual) * self._ratio)
        self.card = _Card(self._width_px)
        title = QLabel("How large is this monitor?")
        title.setProperty("role", "title")
        text = QLabel(
            "Hold a bank card against the screen, and make the card below exactly as wide with the arrow keys "
            "(Shift: in larger steps). True size is as right as this is."
        )
        self._width = QLabel()
        self._width.setObjectName("screen-size-width")
        self._width.setProperty("role", "muted")
        for label in (text, self._width):
            label.setWordWrap(True)
            label.setFixedWidth(520)
        save = accept_button("screen-size-save", "It is &as wide", self.accept)
        leave = leave_button("screen-size-leave", "Cancel", self.reject)
        stack(self, title, text, self.card, self._width, answers(leave, save))
        for button in (save, leave):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # A button that has the focus would take the arrow keys for itself.
        self.card.setFocus()
        self._show()

    @property
    def mm_per_px(self) -> float:
        return CARD_MM[0] / (self._width_px * self._ratio)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        direction = {Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1}
        step = direction.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        factor = _COARSE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else _STEP
        most, least = (CARD_MM[0] / (mm * self._ratio) for mm in (SMALLEST_MM, LARGEST_MM))
        self._width_px = min(max(self._width_px + step * factor, least), most)
        self._show()

    def _show(self) -> None:
        self.card.show_width(self._width_px)
        self._width.setText(
            f"{CARD_MM[0]:.2f} mm are {self._width_px * self._ratio:.1f} pixels of this monitor: "
            f"{self.mm_per_px:.4f} mm a pixel."
        )


class _Card(QWidget):
    def __init__(self, width_px: float) -> None:
        super().__init__()
        self.setObjectName("screen-size-card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._width_px = width_px

    def show_width(self, width_px: float) -> None:
        self._width_px = width_px
        self.setFixedSize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(max(520, round(self._width_px) + 8), round(self._height_px) + 8)

    @property
    def _height_px(self) -> float:
        return self._width_px * CARD_MM[1] / CARD_MM[0]

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(colour("accent"), 1.0))
        painter.setBrush(colour("accent_wash"))
        corner_px = 3.18 / CARD_MM[0] * self._width_px
        painter.drawRoundedRect(QRectF(4.0, 4.0, self._width_px, self._height_px), corner_px, corner_px)
        painter.end()
