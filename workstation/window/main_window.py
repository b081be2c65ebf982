"""The window: patient strip above, rail of pages at the left, the page, the status line. Knows no page's content."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workstation.window.icons import icon
from workstation.window.offline_pane import OfflinePane
from workstation.window.opening_page import OpeningPage
from workstation.window.patient_strip import PatientStrip
from workstation.window.status_line import StatusLine

TITLE = "Reading Room"
"""Never a patient's name: a title is seen in task bars, screen shares and window lists."""

PAGES = (
    ("worklist", "Worklist", "worklist", "F2"),
    ("case", "Case", "case", "F3"),
    ("reading", "Images", "images", "F4"),
    ("opinion", "Opinion", "opinion", "F6"),
    ("transfers", "Transfers", "transfers", "F7"),
)
AMONG_OTHERS = ("worklist", "transfers")
"""Pages on which other patients than the open case's are on screen."""


class MainWindow(QMainWindow):
    """Pages by id; the strip and the status line are the same widgets on all of them."""

    page_requested = Signal(str)
    """The rail was pressed; whether the page may be shown is decided elsewhere."""
    page_changed = Signal(str)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("main-window")
        self.setWindowTitle(TITLE)
        self.resize(1440, 900)
        self.strip = PatientStrip()
        self.offline = OfflinePane()
        self.status = StatusLine()
        self._stack = QStackedWidget()
        self._pages: dict[str, QWidget] = {}
        self._rail: dict[str, QToolButton] = {}
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._make_rail())
        middle.addWidget(self._stack, 1)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.strip)
        layout.addWidget(self.offline)
        layout.addLayout(middle, 1)
        layout.addWidget(self.status)
        self._cover = QStackedWidget()
        self._cover.addWidget(centre)
        self.setCentralWidget(self._cover)
        self._opening = OpeningPage()
        self._stack.addWidget(self._opening)
        self.set_reachable(())

    def show_opening(self, text: str, fraction: float | None = None) -> None:
        """What the program is busy with before the first page, and how far (0..1; None: not known)."""
        self._opening.show_progress(text, fraction)

    def cover_with(self, page: QWidget | None) -> None:
        """Show *page* alone: no strip, rail, status line or menu beside it. None: the pages again."""
        if page is None:
            self._cover.setCurrentIndex(0)
        else:
            if self._cover.indexOf(page) < 0:
                self._cover.addWidget(page)
            self._cover.setCurrentWidget(page)
        self.menuBar().setVisible(page is None)

    @property
    def is_covered(self) -> bool:
        """Another page than the program's own fills the window."""
        return self._cover.currentIndex() > 0

    def add_page(self, page_id: str, page: QWidget) -> None:
        """Take *page* in under *page_id* (one of `PAGES`)."""
        page.setObjectName(f"page-{page_id}")
        self._pages[page_id] = page
        self._stack.addWidget(page)

    def show_page(self, page_id: str) -> None:
        """Bring a page to the front; KeyError for one that was not added."""
        page = self._pages[page_id]
        self.strip.set_among_others(page_id in AMONG_OTHERS)
        for name, button in self._rail.items():
            button.setChecked(name == page_id)
        if self._stack.currentWidget() is not page:
            self._stack.setCurrentWidget(page)
            self.page_changed.emit(page_id)
        page.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def current_page(self) -> str:
        """Id of the page in front; empty while the program opens."""
        current = self._stack.currentWidget()
        return next((name for name, page in self._pages.items() if page is current), "")

    def set_reachable(self, page_ids: tuple[str, ...]) -> None:
        """Enable the rail's buttons of *page_ids* and no other."""
        for name, button in self._rail.items():
            button.setEnabled(name in page_ids)

    def closeEvent(self, event: QCloseEvent) -> None:
        """The program ends with its window."""
        event.accept()
        self.closed.emit()

    def _make_rail(self) -> QFrame:
        rail = QFrame()
        rail.setProperty("role", "rail")
        rail.setFixedWidth(76)
        layout = QVBoxLayout(rail)
        layout.setContentsMargins(6, 10, 6, 10)
        layout.setSpacing(4)
        for page_id, text, glyph, key in PAGES:
            button = QToolButton()
            button.setObjectName(f"rail-{page_id}")
            button.setIcon(icon(glyph, "text_muted"))
            button.setIconSize(QSize(24, 24))
            button.setText(text)
            button.setToolTip(f"{text} ({key})")
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setCheckable(True)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked=False, wanted=page_id: self._ask_for(wanted))
            layout.addWidget(button)
            self._rail[page_id] = button
        layout.addStretch(1)
        return rail

    def _ask_for(self, page_id: str) -> None:
        for name, button in self._rail.items():
            button.setChecked(name == self.current_page)
        self.page_requested.emit(page_id)
