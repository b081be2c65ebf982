"""Actions as menus, keys, the shortcut sheet (F1) and the palette (Ctrl+K). The only Qt file among the actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMainWindow,
    QMenu,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workstation.actions.action import Action
from workstation.actions.key_group import KeyGroup
from workstation.actions.registry import ActionRegistry
from workstation.window.icons import icon

MENU_ORDER = ("&File", "&Case", "&Go to", "&Images", "&Transfers", "H&ospital", "&Help")
"""Menus stand in this order, whichever action came first; others follow."""

WHAT_TO_TYPE = (
    "Type a word of what a menu says, such as “images”, “sync” or “lock”; with nothing typed, all that can be done now "
    "is listed. Cases are searched in the worklist (F2)."
)

PAGE_TITLES = {
    "worklist": "Worklist",
    "case": "Case",
    "reading": "Images",
    "opinion": "Opinion",
    "transfers": "Transfers",
}


class Menus:
    """Keeps a window's menu bar and shortcuts equal to the registry.

    *current_page* names the page in front, so that a key bound to one page is silent on the others.
    """

    def __init__(self, window: QMainWindow, registry: ActionRegistry, current_page: Callable[[], str]) -> None:
        self._window = window
        self._registry = registry
        self._current_page = current_page
        self._menus: dict[str, QMenu] = {}
        self._qactions: dict[str, QAction] = {}
        registry.on_changed(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Take in new actions; enable and disable by condition and page."""
        page = self._current_page()
        for action in self._registry:
            qaction = self._qactions.get(action.id) or self._make(action)
            qaction.setEnabled((not action.page or action.page == page) and self._registry.can_run(action.id))

    def menu_of(self, *action_ids: str) -> QMenu:
        """A menu of its own of some of the actions, with their keys; their conditions are those of the menu bar."""
        menu = QMenu(self._window)
        menu.addActions([self._qactions[action_id] for action_id in action_ids])
        menu.aboutToShow.connect(self.refresh)
        return menu

    def _make(self, action: Action) -> QAction:
        qaction = QAction(action.text, self._window)
        if action.icon:
            qaction.setIcon(icon(action.icon))
        if action.shortcut:
            qaction.setShortcut(QKeySequence(action.shortcut))
        qaction.triggered.connect(lambda _checked=False, action_id=action.id: self._registry.run(action_id))
        self._qactions[action.id] = qaction
        if action.menu:
            menu = self._menus.get(action.menu)
            if menu is None:
                menu = self._add_menu(action.menu)
            menu.addAction(qaction)
        else:
            self._window.addAction(qaction)
        return qaction

    def _add_menu(self, title: str) -> QMenu:
        later = MENU_ORDER[MENU_ORDER.index(title) + 1 :] if title in MENU_ORDER else ()
        follower = next((self._menus[name] for name in later if name in self._menus), None)
        menu = self._menus[title] = QMenu(title, self._window)
        bar = self._window.menuBar()
        if follower is None:
            bar.addMenu(menu)
        else:
            bar.insertMenu(follower.menuAction(), menu)
        menu.aboutToShow.connect(self.refresh)
        return menu


class ShortcutSheet(QDialog):
    """Every key and what it does, by page: those of the actions, then those that a part of the page has for itself."""

    def __init__(
        self, registry: ActionRegistry, further: Sequence[KeyGroup] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("shortcut-sheet")
        self.setWindowTitle("Keyboard shortcuts")
        self.resize(680, 620)
        content = QWidget()
        content.setObjectName("shortcut-list")
        self._grid = QGridLayout(content)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(6)
        for page in ("", *PAGE_TITLES):
            actions = [(_native(a.shortcut), plain(a.text)) for a in registry if a.shortcut and a.page == page]
            groups = [group for group in further if group.page == page]
            if actions or groups:
                self._add("heading", PAGE_TITLES.get(page, "Everywhere"), actions)
            for group in groups:
                self._add("caption", group.title, [(_native(keys), text) for keys, text in group.keys])
        self._grid.setColumnStretch(1, 1)
        self._grid.setRowStretch(self._grid.rowCount(), 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(content)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(scroll)
        layout.addWidget(buttons)

    def _add(self, role: str, title: str, lines: Sequence[tuple[str, str]]) -> None:
        heading = QLabel(title)
        heading.setProperty("role", role)
        heading.setContentsMargins(0, 10, 0, 0)
        self._grid.addWidget(heading, self._grid.rowCount(), 0, 1, 2)
        for keys, text in lines:
            row, key = self._grid.rowCount(), QLabel(keys)
            key.setProperty("role", "key")
            self._grid.addWidget(key, row, 0, Qt.AlignmentFlag.AlignLeft)
            self._grid.addWidget(QLabel(text), row, 1)


class Palette(QDialog):
    """Type a few letters of what is wanted, Enter does it."""

    def __init__(self, registry: ActionRegistry, page: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("palette")
        self.setWindowTitle("Do what?")
        self.resize(520, 380)
        self._registry = registry
        self._actions = [a for a in registry if (not a.page or a.page == page) and registry.can_run(a.id)]
        self._search = QLineEdit()
        self._search.setPlaceholderText("Type what you want to do")
        self._search.textChanged.connect(self._fill)
        self._search.returnPressed.connect(self._choose)
        self._list = QListWidget()
        self._list.itemActivated.connect(lambda _item: self._choose())
        self._nothing = QLabel()
        self._nothing.setObjectName("palette-nothing")
        self._nothing.setProperty("role", "muted")
        self._nothing.setWordWrap(True)
        self._nothing.setTextFormat(Qt.TextFormat.PlainText)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.addWidget(self._search)
        layout.addWidget(self._list)
        layout.addWidget(self._nothing, 1)
        self._fill("")

    def _fill(self, typed: str) -> None:
        self._list.clear()
        words = typed.casefold().split()
        for action in self._actions:
            text = plain(action.text)
            if all(word in text.casefold() for word in words):
                item = QListWidgetItem(f"{text}    {action.shortcut}" if action.shortcut else text)
                item.setData(Qt.ItemDataRole.UserRole, action.id)
                if action.icon:
                    item.setIcon(icon(action.icon))
                self._list.addItem(item)
        self._list.setCurrentRow(0)
        is_empty = not self._list.count()
        self._list.setVisible(not is_empty)
        self._nothing.setVisible(is_empty)
        self._nothing.setText(f"Nothing is called “{typed.strip()}” here. {WHAT_TO_TYPE}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move in the list while the typing goes on."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            row = min(max(self._list.currentRow() + step, 0), self._list.count() - 1)
            self._list.setCurrentRow(row)
            return
        super().keyPressEvent(event)

    def _choose(self) -> None:
        item = self._list.currentItem()
        if item is not None:
            self.accept()
            self._registry.run(item.data(Qt.ItemDataRole.UserRole))


def _native(keys: str) -> str:
    """Keys as this computer names them; what is no key (``letters``, ``1–9``) stays as it is."""
    names = []
    for name in keys.split(", "):
        native = QKeySequence(name).toString(QKeySequence.SequenceFormat.NativeText)
        names.append(native or name)
    return ", ".join(names)


def plain(text: str) -> str:
    """A menu text without its mnemonic mark and dots."""
    return text.replace("&", "").removesuffix("…")
