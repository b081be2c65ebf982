"""The last look before a signature: the exact pages, who signs, what it means, when; then passphrase and key PIN.

Pages are drawn by a child process that startup hands in. Both secrets are asked for every time and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QImage, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workstation.window.icons import icon
from workstation.window.patient_identity import PatientIdentity
from workstation.window.patient_strip import PatientStrip
from workstation.window.theme import COLOURS, set_role

PAGE_WIDTH_PX = 820


class PagePixels(Protocol):
    """A page as 32-bit pixels in the order B, G, R, X."""

    @property
    def width_px(self) -> int: ...

    @property
    def height_px(self) -> int: ...

    @property
    def stride_bytes(self) -> int: ...

    @property
    def pixels(self) -> bytes: ...


RenderPages = Callable[[bytes, int], Sequence[PagePixels]]
"""(PDF, width of a page in device pixels) → its pages. Blocks; raises ViewerError."""


class SigningDialog(QDialog):
    """Shows, asks, and says what came of it. It decides nothing: `sign_requested` goes to the presenter."""

    sign_requested = Signal(str, str)
    """Passphrase for signing, key PIN."""
    cancelled = Signal()

    def __init__(
        self,
        parent: QWidget | None,
        *,
        identity: PatientIdentity,
        title: str,
        signer: str,
        meaning: str,
        moment: str,
        hint: str,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("signing-dialog")
        self.setWindowTitle("Sign the opinion")
        self.setModal(True)
        self.resize(1280, 880)
        self.strip = PatientStrip(name="signing-patient")
        self.strip.show_identity(identity)
        down = QVBoxLayout(self)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(0)
        down.addWidget(self.strip)
        across = QHBoxLayout()
        across.setSpacing(0)
        down.addLayout(across, 1)
        self.preview = QScrollArea()
        self.preview.setObjectName("signing-preview")
        self.preview.setWidgetResizable(True)
        self.preview.setStyleSheet(f"QScrollArea, QWidget#pages {{ background: {COLOURS['deep']}; }}")
        self._pages = QWidget()
        self._pages.setObjectName("pages")
        self._page_column = QVBoxLayout(self._pages)
        self._page_column.setContentsMargins(24, 24, 24, 24)
        self._page_column.setSpacing(18)
        self._loading = QLabel("Drawing the pages …")
        self._loading.setProperty("role", "muted")
        self._loading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._page_column.addWidget(self._loading)
        self.preview.setWidget(self._pages)
        across.addWidget(self.preview, 1)
        across.addWidget(self._side(title, signer, meaning, moment, hint))
        self.confirm.setEnabled(False)  # what nobody has seen yet cannot be signed
        stops = (self.passphrase, self.pin, self.confirm, self.cancel, self.preview)
        for before, after in pairwise(stops):
            QWidget.setTabOrder(before, after)
        self.passphrase.setFocus()

    @property
    def page_width_device_px(self) -> int:
        """How wide a page is to be drawn on this screen."""
        return round(PAGE_WIDTH_PX * self.devicePixelRatioF())

    def show_pages(self, pages: Sequence[PagePixels]) -> None:
        """The drawn pages, in order."""
        self._loading.clear()
        self._loading.hide()
        for page in pages:
            image = QImage(
                page.pixels, page.width_px, page.height_px, page.stride_bytes, QImage.Format.Format_RGB32
            ).copy()
            pixmap = QPixmap.fromImage(image)
            pixmap.setDevicePixelRatio(self.devicePixelRatioF())
            label = QLabel()
            label.setPixmap(pixmap)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self._page_column.addWidget(label)
        self._drawn = True
        self.confirm.setEnabled(not self._busy)

    def show_no_pages(self, sentence: str) -> None:
        """The pages cannot be drawn: then nothing can be signed, for nobody has seen it."""
        self._loading.setText(sentence)
        set_role(self._loading, "error")
        self._drawn = False
        self.confirm.setEnabled(False)

    def show_refusal(self, sentence: str) -> None:
        """Nothing was signed, and why. The secrets are asked for anew."""
        self.message.setText(sentence)
        set_role(self.message, "error")
        self.passphrase.clear()
        self.pin.clear()
        self._set_busy(False)
        self.passphrase.setFocus()

    def finish(self) -> None:
        """It is signed."""
        self.done(QDialog.DialogCode.Accepted)

    def reject(self) -> None:
        if self._busy:
            return  # a signature under way ends one way or the other first
        self.cancelled.emit()
        super().reject()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Page keys turn the pages from wherever the cursor is; a line of text has no use for them."""
        bar = self.preview.verticalScrollBar()
        if event.key() == Qt.Key.Key_PageDown:
            bar.setValue(bar.value() + bar.pageStep())
        elif event.key() == Qt.Key.Key_PageUp:
            bar.setValue(bar.value() - bar.pageStep())
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self.reject()

    def _side(self, title: str, signer: str, meaning: str, moment: str, hint: str) -> QFrame:
        side = QFrame()
        side.setProperty("role", "panel")
        side.setFixedWidth(380)
        column = QVBoxLayout(side)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(6)
        head = QLabel(title)
        head.setProperty("role", "title")
        head.setTextFormat(Qt.TextFormat.PlainText)
        head.setWordWrap(True)
        column.addWidget(head)
        lead = QLabel(
            "The pages on the left are what you sign, to the letter (Page Up, Page Down turn them). "
            "Afterwards nothing of it can change."
        )
        lead.setProperty("role", "muted")
        lead.setWordWrap(True)
        column.addWidget(lead)
        column.addSpacing(10)
        for caption, words in (("SIGNED BY", signer), ("MEANING", meaning), ("DATE AND TIME", moment)):
            head = QLabel(caption)
            head.setProperty("role", "caption")
            text = QLabel(words)
            text.setTextFormat(Qt.TextFormat.PlainText)
            text.setWordWrap(True)
            text.setStyleSheet(f"color: {COLOURS['text_bright']};")
            column.addWidget(head)
            column.addWidget(text)
            column.addSpacing(6)
        column.addSpacing(6)
        self.passphrase = _secret("signing-passphrase")
        self.pin = _secret("signing-pin")
        for caption, line in (("Passphrase for signing", self.passphrase), ("Key PIN", self.pin)):
            label = QLabel(caption)
            label.setBuddy(line)
            column.addWidget(label)
            column.addWidget(line)
        self.passphrase.returnPressed.connect(self.pin.setFocus)
        self.pin.returnPressed.connect(self._ask)
        for line in (self.passphrase, self.pin):
            line.textEdited.connect(self._forget_message)
        self.message = QLabel()
        self.message.setObjectName("signing-message")
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setWordWrap(True)
        self.message.setMinimumHeight(54)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.message)
        if hint:
            shown = QLabel(hint)
            shown.setObjectName("signing-hint")
            shown.setProperty("role", "muted")
            shown.setTextFormat(Qt.TextFormat.PlainText)
            shown.setWordWrap(True)
            column.addWidget(shown)
        column.addStretch(1)
        self.confirm = QPushButton(icon("sign", "text_bright"), "Sign")
        self.confirm.setObjectName("signing-confirm")
        self.confirm.setProperty("role", "primary")
        self.confirm.setMinimumHeight(38)
        self.confirm.clicked.connect(self._ask)
        self.cancel = QPushButton("Not now")
        self.cancel.setObjectName("signing-cancel")
        self.cancel.clicked.connect(self.reject)
        # Enter moves through the fields; it never presses a button by itself.
        self.confirm.setAutoDefault(False)
        self.cancel.setAutoDefault(False)
        column.addWidget(self.confirm)
        column.addWidget(self.cancel)
        self._busy = self._drawn = False
        return side

    def _forget_message(self) -> None:
        """What was said of the last try is not true of what is typed now."""
        if not self._busy:
            self.message.clear()

    def _ask(self) -> None:
        if self._busy:
            return
        if not self._drawn:
            self.message.setText("The pages are not drawn yet; look at them before you sign.")
            set_role(self.message, "warning")
            return
        if not self.passphrase.text() or not self.pin.text():
            self.message.setText("Both are needed: the passphrase for signing and the key PIN.")
            set_role(self.message, "warning")
            return
        self.message.setText("Signing …")
        set_role(self.message, "muted")
        self._set_busy(True)
        self.sign_requested.emit(self.passphrase.text(), self.pin.text())

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        for widget in (self.passphrase, self.pin, self.cancel):
            widget.setEnabled(not busy)
        self.confirm.setEnabled(not busy and self._drawn)


def _secret(name: str) -> QLineEdit:
    line = QLineEdit()
    line.setObjectName(name)
    line.setEchoMode(QLineEdit.EchoMode.Password)
    line.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)
    return line
