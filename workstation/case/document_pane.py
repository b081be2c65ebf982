"""A PDF shown inside the program, page by page at the pane's width. Drawing happens in `document_rendering`."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QImage, QKeyEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from workstation.background import Background
from workstation.case.document_rendering import DocumentProcess, PageSize, RenderedPage
from workstation.failure_words import sentence_for
from workstation.window.icons import icon

ZOOMS = (0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0)
MARGIN_PX = 24
MAX_FIT_WIDTH_PX = 980
RESIZE_REST_MS = 120


class DocumentPane(QFrame):
    """Shows one document at a time; results of one that was left meanwhile are dropped."""

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("case-document")
        self.setProperty("role", "card")
        self._background = background
        self._process = DocumentProcess()
        self._pages: tuple[PageSize, ...] = ()
        self._page = 0
        self._zoom = ZOOMS.index(1.0)
        self._generation = 0
        self._title = QLabel()
        self._title.setObjectName("document-title")
        self._title.setProperty("role", "heading")
        self._counter = QLabel()
        self._counter.setObjectName("document-page")
        self._counter.setProperty("role", "muted")
        self._previous = self._button("previous", "Previous page (Page up)", lambda: self.turn(-1))
        self._next = self._button("next", "Next page (Page down)", lambda: self.turn(1))
        self._smaller = self._button("zoom-out", "Smaller (−)", lambda: self.zoom_by(-1))
        self._larger = self._button("zoom-in", "Larger (+)", lambda: self.zoom_by(1))
        self._fit = self._button("fit", "Fit the width (0)", self.zoom_fit)
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 8, 6)
        head.addWidget(self._title, 1)
        head.addWidget(self._previous)
        head.addWidget(self._counter)
        head.addWidget(self._next)
        head.addSpacing(12)
        for button in (self._smaller, self._fit, self._larger):
            head.addWidget(button)
        self._paper = QLabel()
        self._paper.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._paper.setWordWrap(True)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # the width never jumps
        self._scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._scroll.setWidget(self._paper)
        self.setFocusProxy(self._scroll)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._scroll, 1)
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(RESIZE_REST_MS)
        self._redraw.timeout.connect(self._draw)
        self.clear("")

    def show_document(self, title: str, load: Callable[[], bytes]) -> None:
        """Show a document; *load* fetches its bytes off the UI thread."""
        self.clear("Opening…")
        self._title.setText(title)
        generation = self._generation
        process = self._process
        self._background.cpu_lane(
            lambda: process.open(load(), title),
            lambda pages: self._opened(generation, pages),
            lambda error: self._failed(generation, error),
        )

    def clear(self, sentence: str) -> None:
        """Show no document, only *sentence*."""
        self._generation += 1
        self._pages = ()
        self._page = 0
        self._title.setText("")
        self._say(sentence)
        self._show_where()

    def turn(self, by: int) -> None:
        """Go *by* pages on, as far as there are pages."""
        wanted = min(max(self._page + by, 0), len(self._pages) - 1)
        if self._pages and wanted != self._page:
            self._page = wanted
            self._scroll.verticalScrollBar().setValue(0)
            self._draw()

    def zoom_by(self, steps: int) -> None:
        """The next larger or smaller size."""
        self._zoom = min(max(self._zoom + steps, 0), len(ZOOMS) - 1)
        self._draw()

    def zoom_fit(self) -> None:
        """As wide as the pane."""
        self._zoom = ZOOMS.index(1.0)
        self._draw()

    def close_process(self) -> None:
        """End the drawing process with the program."""
        self._generation += 1
        self._process.close()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw anew at the new width, once the resizing rests."""
        super().resizeEvent(event)
        if self._pages:
            self._redraw.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Page keys turn pages, + − 0 size them."""
        steps = {
            Qt.Key.Key_PageDown: lambda: self.turn(1),
            Qt.Key.Key_PageUp: lambda: self.turn(-1),
            Qt.Key.Key_Plus: lambda: self.zoom_by(1),
            Qt.Key.Key_Minus: lambda: self.zoom_by(-1),
            Qt.Key.Key_0: self.zoom_fit,
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            step()

    def _opened(self, generation: int, pages: tuple[PageSize, ...]) -> None:
        if generation == self._generation:
            self._pages = pages
            self._draw()

    def _draw(self) -> None:
        self._show_where()
        if not self._pages:
            return
        generation = self._generation
        page = self._page
        ratio = self.devicePixelRatioF()
        fit_px = min(max(self._scroll.viewport().width() - 2 * MARGIN_PX, 200), MAX_FIT_WIDTH_PX)
        width_px = round(fit_px * ZOOMS[self._zoom] * ratio)
        process = self._process
        self._background.cpu_lane(
            lambda: process.render(page, width_px),
            lambda drawn: self._drawn(generation, page, ratio, drawn),
            lambda error: self._failed(generation, error),
        )

    def _drawn(self, generation: int, page: int, ratio: float, drawn: RenderedPage) -> None:
        if generation != self._generation or page != self._page:
            return
        image = QImage(drawn.pixels, drawn.width_px, drawn.height_px, drawn.stride_bytes, QImage.Format.Format_RGB32)
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(ratio)
        self._paper.setText("")
        self._paper.setPixmap(pixmap)
        self._paper.setMinimumSize(
            QSize(round(drawn.width_px / ratio) + 2 * MARGIN_PX, round(drawn.height_px / ratio) + 2 * MARGIN_PX)
        )

    def _failed(self, generation: int, error: Exception) -> None:
        if generation == self._generation:
            self._say(sentence_for(error))

    def _say(self, sentence: str) -> None:
        self._paper.clear()
        self._paper.setMinimumSize(QSize(0, 0))
        self._paper.setText(sentence)

    def _show_where(self) -> None:
        count = len(self._pages)
        self._counter.setText(f"{self._page + 1} of {count}" if count else "")
        self._previous.setEnabled(self._page > 0)
        self._next.setEnabled(self._page < count - 1)
        for button in (self._smaller, self._fit, self._larger):
            button.setEnabled(bool(count))

    def _button(self, name: str, tip: str, pressed: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        button.setObjectName(f"document-{name}")
        button.setIcon(icon(name))
        button.setIconSize(QSize(18, 18))
        button.setToolTip(tip)
        button.clicked.connect(pressed)
        return button
