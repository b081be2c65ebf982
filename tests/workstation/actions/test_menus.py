"""Menus, keys, sheet and palette show the registry, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMainWindow

from workstation.actions.action import Action
from workstation.actions.menus import Menus, Palette, ShortcutSheet
from workstation.actions.registry import ActionRegistry

pytestmark = pytest.mark.qt


@pytest.fixture
def window(qapp: QApplication) -> Iterator[QMainWindow]:
    made = QMainWindow()
    made.show()
    yield made
    made.close()
    made.deleteLater()


def test_that_a_key_does_its_action_only_on_its_page(window: QMainWindow) -> None:
    page = "worklist"
    done: list[str] = []
    registry = ActionRegistry()
    registry.add([Action("a", "A", run=lambda: done.append("a"), shortcut="Ctrl+J", page="reading", menu="Go")])
    menus = Menus(window, registry, lambda: page)
    QTest.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert done == []
    page = "reading"
    menus.refresh()
    QTest.qWaitForWindowActive(window)
    QTest.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert done == ["a"]


def test_that_the_sheet_lists_every_key(qapp: QApplication) -> None:
    registry = ActionRegistry()
    registry.add([Action("a", "&Sync now", run=lambda: None, shortcut="Ctrl+R"), Action("b", "Idle", run=lambda: None)])
    sheet = ShortcutSheet(registry)
    words = [label.text() for label in sheet.findChildren(QLabel)]
    assert "Sync now" in words
    assert "Ctrl+R" in words
    assert "Idle" not in words
    sheet.deleteLater()


def test_that_the_palette_does_what_was_typed(qapp: QApplication) -> None:
    done: list[str] = []
    registry = ActionRegistry()
    registry.add([Action(n, f"Open {n}", run=partial(done.append, n)) for n in ("worklist", "opinion")])
    palette = Palette(registry, "worklist")
    palette.show()
    entry = palette.findChild(QLineEdit)
    assert entry is not None
    QTest.keyClicks(entry, "opi")
    QTest.keyClick(entry, Qt.Key.Key_Return)
    assert done == ["opinion"]
    palette.deleteLater()
