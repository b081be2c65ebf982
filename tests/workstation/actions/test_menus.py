"""Menus, keys, sheet and palette show the registry, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMainWindow

from tests.workstation.reading.stored_case import write_small_slide
from viewers.byte_source import FileByteSource
from viewers.pathology.slide_keys import SLIDE_KEYS
from viewers.pathology.slide_source import open_slide
from viewers.pathology.slide_view import SlideView
from viewers.radiology.stack_keys import LARGER, STACK_KEYS, stack_keys
from viewers.radiology.stack_view import StackView
from workstation.actions.action import Action
from workstation.actions.key_group import key_group
from workstation.actions.menus import PAGE_TITLES, Menus, Palette, ShortcutSheet
from workstation.actions.registry import ActionRegistry
from workstation.further_keys import FURTHER_KEYS

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


def test_that_the_sheet_lists_the_keys_that_are_no_actions_under_their_page(qapp: QApplication) -> None:
    registry = ActionRegistry()
    registry.add([Action("a", "&Length", run=lambda: None, shortcut="L", page="reading")])
    further = [key_group("On a series", "reading", {"Up": "Scroll", "Down": "Scroll", "1": "P", "2": "P", "3": "P"})]
    sheet = ShortcutSheet(registry, further)
    words = [label.text() for label in sheet.findChildren(QLabel)]
    assert words == ["Images", "L", "Length", "On a series", "Up, Down", "Scroll", "1–3", "P"]
    sheet.deleteLater()


def test_that_every_key_a_viewer_answers_is_on_the_sheet_and_no_other(qapp: QApplication, tmp_path: Path) -> None:
    stack = StackView()
    assert set(stack_keys(stack)) - set(LARGER[1:]) == set(STACK_KEYS) - {"Space", "Z"}
    slide = SlideView()
    source = open_slide([FileByteSource(write_small_slide(tmp_path / "slide.tif"))])
    slide.set_slide(source, "Slide", "ab" * 32)
    answered = {name for name in (*SLIDE_KEYS, *STACK_KEYS) if slide.navigate_key(_press(name))}
    slide.stop()
    source.close()
    assert answered == set(SLIDE_KEYS)
    for view in (stack, slide):
        view.deleteLater()
    assert {group.page for group in FURTHER_KEYS} <= set(PAGE_TITLES)


def _press(name: str) -> QKeyEvent:
    combination = QKeySequence(name)[0]
    return QKeyEvent(QEvent.Type.KeyPress, combination.key(), combination.keyboardModifiers())


def test_that_the_palette_says_when_nothing_is_called_so_and_what_can_be_typed(qapp: QApplication) -> None:
    done: list[str] = []
    registry = ActionRegistry()
    registry.add([Action("opinion", "Open opinion", run=partial(done.append, "opinion"))])
    palette = Palette(registry, "worklist")
    palette.show()
    entry, nothing = palette.findChild(QLineEdit), palette.findChild(QLabel, "palette-nothing")
    assert entry is not None and nothing is not None and nothing.isHidden()
    QTest.keyClicks(entry, "biopsy")
    assert nothing.isVisible() and nothing.text().startswith("Nothing is called “biopsy” here. Type a word")
    QTest.keyClick(entry, Qt.Key.Key_Down)
    QTest.keyClick(entry, Qt.Key.Key_Return)
    assert done == [] and palette.isVisible()
    entry.clear()
    assert nothing.isHidden()
    palette.deleteLater()


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
