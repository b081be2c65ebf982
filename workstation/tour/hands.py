"""Two hands and two eyes: press, drag, type and read, only on widgets that are visible."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLabel,
    QLineEdit,
    QListView,
    QPlainTextEdit,
    QScrollArea,
    QWidget,
)

W = TypeVar("W", bound=QWidget)

PATIENCE_S = 60.0
BREATH_S = 0.005
NO_MODIFIER = Qt.KeyboardModifier.NoModifier


class TourStopped(Exception):
    """The tour cannot go on; ``str(error)`` says what was looked for and not found."""


def let_live(seconds: float) -> None:
    """Let the application work for that long. Not QTest.qWait: PySide's keeps the interpreter to itself meanwhile."""
    deadline = time.monotonic() + seconds
    while True:
        QApplication.processEvents()
        if time.monotonic() >= deadline:
            return
        time.sleep(BREATH_S)


class Hands:
    """Finds visible widgets by their object names in any window of the application, and uses them."""

    def find(self, name: str, kind: type[W]) -> W:
        """The visible widget called *name*; raises TourStopped."""
        found = self.look_for(name, kind)
        if found is None:
            raise TourStopped(f"no visible {kind.__name__} is called {name!r}")
        return found

    def look_for(self, name: str, kind: type[W]) -> W | None:
        """As `find`, or None."""
        for window in QApplication.topLevelWidgets():
            if not window.isVisible():
                continue
            candidates = [window, *window.findChildren(QWidget, name)]
            for widget in candidates:
                if widget.objectName() == name and widget.isVisible() and isinstance(widget, kind):
                    return widget
        return None

    def texts(self) -> list[str]:
        """Every text that a visible widget shows in any window, rows of lists and tables included."""
        seen = []
        for window in QApplication.topLevelWidgets():
            for widget in (window, *window.findChildren(QWidget)):
                if widget.isVisible():
                    seen += _texts_of(widget)
        return seen

    def wait_until(self, holds: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
        """Let the application live until *holds*; TourStopped naming *what* when patience ends."""
        deadline = time.monotonic() + patience_s
        while not holds():
            if time.monotonic() > deadline:
                raise TourStopped(f"waited {patience_s:.0f} s in vain: {what}")
            let_live(BREATH_S)

    def wait_for(self, name: str, kind: type[W], patience_s: float = PATIENCE_S) -> W:
        """The widget called *name* as soon as it is visible."""
        self.wait_until(lambda: self.look_for(name, kind) is not None, f"{name} to appear", patience_s)
        return self.find(name, kind)

    def rest(self, seconds: float) -> None:
        """Look on for a moment."""
        let_live(seconds)

    def bring_into_view(self, widget: QWidget) -> None:
        """Scroll the areas that hold *widget* until it can be seen."""
        parent = widget.parentWidget()
        while parent is not None:
            if isinstance(parent, QScrollArea):
                parent.ensureWidgetVisible(widget, 40, 60)
            parent = parent.parentWidget()
        QApplication.processEvents()

    def click(
        self, widget: QWidget, at: QPointF | None = None, button: Qt.MouseButton = Qt.MouseButton.LeftButton
    ) -> None:
        """Press and release on *widget*, in its middle unless told where (logical coordinates)."""
        self._must_be_usable(widget)
        self.bring_into_view(widget)
        point = widget.rect().center() if at is None else at.toPoint()
        QTest.mouseMove(widget, point)
        QTest.mouseClick(widget, button, NO_MODIFIER, point)
        QApplication.processEvents()

    def double_click(self, widget: QWidget, at: QPointF) -> None:
        self._must_be_usable(widget)
        QTest.mouseDClick(widget, Qt.MouseButton.LeftButton, NO_MODIFIER, at.toPoint())
        QApplication.processEvents()

    def drag(
        self, widget: QWidget, start: QPointF, end: QPointF, button: Qt.MouseButton = Qt.MouseButton.LeftButton
    ) -> None:
        """Press at *start*, move in steps, release at *end*."""
        self._must_be_usable(widget)
        QTest.mouseMove(widget, start.toPoint())
        QTest.mousePress(widget, button, NO_MODIFIER, start.toPoint())
        for step in range(1, 11):
            QTest.mouseMove(widget, (start + (end - start) * (step / 10)).toPoint())
            let_live(0.008)
        QTest.mouseRelease(widget, button, NO_MODIFIER, end.toPoint())
        QApplication.processEvents()

    def wheel(self, widget: QWidget, at: QPointF, notches: int, modifier: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Turn the wheel over *widget*; positive is away from the user."""
        self._must_be_usable(widget)
        for _ in range(abs(notches)):
            event = QWheelEvent(
                at,
                QPointF(widget.mapToGlobal(at.toPoint())),
                QPoint(0, 0),
                QPoint(0, 120 if notches > 0 else -120),
                Qt.MouseButton.NoButton,
                modifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QApplication.sendEvent(widget, event)
            let_live(BREATH_S)

    def key(self, widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        self._must_be_usable(widget)
        self._be_active(widget)
        QTest.keyClick(widget, key, modifier)
        QApplication.processEvents()

    def write(self, widget: QWidget, text: str) -> None:
        """Focus *widget* by a click and type *text* key by key."""
        self.click(widget)
        QTest.keyClicks(widget, text)
        QApplication.processEvents()

    def photograph(self, window: QWidget, path: Path) -> None:
        """Save what *window* shows as PNG."""
        QApplication.processEvents()
        if not window.grab().save(str(path)):
            raise TourStopped(f"the picture {path.name} could not be written")

    def overwrite(self, widget: QWidget, text: str) -> None:
        """Focus *widget* by a click, select what is there, and type *text* in its place."""
        self.click(widget)
        self.key(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(widget, text)
        QApplication.processEvents()

    def _be_active(self, widget: QWidget) -> None:
        """Keys go to the active window, as they would from a keyboard."""
        window = widget.window()
        if not window.isActiveWindow():
            window.activateWindow()
            self.wait_until(window.isActiveWindow, "the window to take the keyboard", 5)

    def _must_be_usable(self, widget: QWidget) -> None:
        if not widget.isVisible() or not widget.isEnabled():
            raise TourStopped(
                f"{widget.objectName() or type(widget).__name__} cannot be used: not visible or not enabled"
            )


def _texts_of(widget: QWidget) -> list[str]:
    if isinstance(widget, QPlainTextEdit):
        return [widget.toPlainText()]
    if isinstance(widget, QLabel | QLineEdit | QAbstractButton):
        return [widget.text()]
    if isinstance(widget, QAbstractItemView) and widget.model() is not None:
        model = widget.model()
        root = widget.rootIndex()
        columns = 1 if isinstance(widget, QListView) else model.columnCount(root)
        places = ((row, column) for row in range(model.rowCount(root)) for column in range(columns))
        return [str(model.index(row, column, root).data() or "") for row, column in places]
    return [widget.windowTitle()] if widget.isWindow() else []
