"""The button for the layout: shows which is chosen; its menu has them all, and says by which rule the case hangs."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton

from workstation.reading.hanging.layouts import LAYOUTS
from workstation.window.icons import icon


class LayoutMenu(QToolButton):
    """Emits wishes only."""

    layout_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("layouts")
        self.setIconSize(QSize(18, 18))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        # The images keep the keyboard, as with every button beside it.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._menu = QMenu(self)
        self._group = QActionGroup(self)
        self._actions: dict[str, QAction] = {}
        for layout in LAYOUTS.values():
            # After a tab, as text alone: the key itself belongs to the action of the menu bar.
            action = self._menu.addAction(icon(f"layout-{layout.name}"), f"{layout.words}\t{layout.key}")
            action.setObjectName(f"layout-{layout.name}")
            action.setCheckable(True)
            action.triggered.connect(lambda _checked=False, name=layout.name: self.layout_requested.emit(name))
            self._group.addAction(action)
            self._actions[layout.name] = action
        self._menu.addSeparator()
        self._hung_by = self._menu.addAction("")
        self._hung_by.setEnabled(False)
        self.setMenu(self._menu)
        self._layout_name, self._rule = "1x1", ""
        self._show()

    def set_layout_name(self, name: str) -> None:
        self._layout_name = name
        self._show()

    def set_hanging(self, rule: str) -> None:
        """The name of the rule that the case was hung by; empty for none."""
        self._rule = rule
        self._show()

    def _show(self) -> None:
        layout = LAYOUTS[self._layout_name]
        hung = f"Hung by the rule “{self._rule}”" if self._rule else "Nothing was hung by a rule"
        self._actions[layout.name].setChecked(True)
        self._hung_by.setText(hung)
        self.setIcon(icon(f"layout-{layout.name}"))
        self.setToolTip(f"{layout.words} ({layout.key})\n{hung}.")
