"""The reader's own windows for a kind of image: save the one shown now under a name, use one, delete one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QListWidget, QListWidgetItem, QWidget

from viewers.radiology.unit_words import unit_words
from workstation.window.dialog_column import accept_button, answers, leave_button, stack

if TYPE_CHECKING:
    from viewers.radiology.stack_view import StackView

WIDTH_PX = 380


class OwnWindowsDialog(QDialog):
    """Acts on *view*, whose windows they are."""

    def __init__(self, parent: QWidget | None, view: StackView) -> None:
        super().__init__(parent)
        self.setObjectName("own-windows")
        self.setWindowTitle("Your windows")
        self.setModal(True)
        self._view = view
        self._control = view.own_windows
        title = QLabel(f"Your windows for {self._control.kind_words}")
        title.setProperty("role", "title")
        self._now = QLabel(f"Now: {self._control.words}. Give it a name to keep it.")
        self._name = QLineEdit()
        self._name.setObjectName("own-windows-name")
        self._name.setPlaceholderText("Name")
        self._list = _WindowList(self._use, self._remove)
        self._message = QLabel()
        self._message.setObjectName("own-windows-message")
        self._message.setProperty("role", "warning")
        for part in (self._now, self._name, self._list, self._message):
            part.setFixedWidth(WIDTH_PX)
        self._now.setWordWrap(True)
        self._message.setWordWrap(True)
        hint = QLabel("Alt+1 to Alt+9 use them on the image. In the list, Enter uses one and Del deletes it.")
        hint.setProperty("role", "muted")
        hint.setFixedWidth(WIDTH_PX)
        hint.setWordWrap(True)
        save = accept_button("own-windows-save", "&Save", self._save)
        leave = leave_button("own-windows-close", "Close", self.reject)
        stack(self, title, self._now, self._name, self._list, hint, self._message, answers(leave, save))
        self._fill()
        self._name.setFocus()

    def _fill(self) -> None:
        self._list.clear()
        unit = unit_words(self._control.unit)
        for number, own in enumerate(self._control.offered(), start=1):
            centre, width = own.window.numbers
            words = f"Alt+{number}   {own.name}   C {centre}  W {width}{f' {unit}' if unit else ''}"
            item = QListWidgetItem(words)
            item.setData(Qt.ItemDataRole.UserRole, own.name)
            self._list.addItem(item)

    def _save(self) -> None:
        sentence = self._control.save(self._name.text())
        self._message.setText(sentence)
        if not sentence:
            self._name.clear()
            self._fill()

    def _use(self) -> None:
        row = self._list.currentRow()
        if row >= 0:
            self._control.use(row + 1)
            self.accept()

    def _remove(self) -> None:
        item = self._list.currentItem()
        if item is not None:
            self._control.remove(item.data(Qt.ItemDataRole.UserRole))
            self._message.clear()
            self._fill()


class _WindowList(QListWidget):
    def __init__(self, use: Callable[[], None], remove: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("own-windows-list")
        self.setFixedHeight(190)
        self._use, self._remove = use, remove
        self.itemDoubleClicked.connect(lambda _item: self._use())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._use()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._remove()
        else:
            super().keyPressEvent(event)
