"""A window is kept under a name, used by its key in every image of its kind, and deleted; it outlives the program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListWidget, QPushButton

from sync.store.database import open_store
from tests.workstation.reading.lanes import LanesAtOnce
from tests.workstation.reading.stored_case import CASE, case_with_images, put_ct
from viewers.radiology.stack_view import StackView
from workstation.reading.own_windows_dialog import OwnWindowsDialog
from workstation.reading.page import ReadingPage
from workstation.reading.presenter import CaseReadingPresenter

pytestmark = pytest.mark.qt


MakePage = Callable[[], ReadingPage]


@pytest.fixture
def make_page(qapp: Any, tmp_path: Path) -> Iterator[MakePage]:
    """A page that has the case open; each of them over the same store."""
    store = open_store(tmp_path / "profile")
    store.cases.put_case(case_with_images(), [])
    put_ct(store, tmp_path, 2)
    pages: list[ReadingPage] = []

    def make() -> ReadingPage:
        lanes = LanesAtOnce()
        page = ReadingPage(lanes, CaseReadingPresenter(store, lanes, "Practitioner/r"))
        page.show()
        page.open_case(CASE)
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.show_reading(None)
        page.deleteLater()
    QApplication.processEvents()
    store.close()


def stack_of(page: ReadingPage) -> StackView:
    view = page.viewport_view(0)
    assert isinstance(view, StackView) and view.pixels is not None and view.pixels.wait(10)
    return view


def find(dialog: OwnWindowsDialog, kind: Any, name: str) -> Any:
    found = dialog.findChild(kind, name)
    assert found is not None
    return found


def opened(page: ReadingPage) -> OwnWindowsDialog:
    QTest.keyClick(stack_of(page), Qt.Key.Key_N)
    dialogs = [d for d in page.findChildren(OwnWindowsDialog) if d.isVisible()]
    assert len(dialogs) == 1
    return dialogs[0]


def test_that_a_named_window_is_used_by_its_key_and_is_there_the_next_time(make_page: MakePage) -> None:
    page = make_page()
    view = stack_of(page)
    view.window_level.set(70, 150)
    dialog = opened(page)
    save = find(dialog, QPushButton, "own-windows-save")
    save.click()
    assert find(dialog, QLabel, "own-windows-message").text() == "Give the window a name first."
    QTest.keyClicks(find(dialog, QLineEdit, "own-windows-name"), "My liver")
    QTest.keyClick(find(dialog, QLineEdit, "own-windows-name"), Qt.Key.Key_Return)
    assert find(dialog, QListWidget, "own-windows-list").item(0).text().startswith("Alt+1   My liver   C 70  W 150")
    dialog.reject()
    view.window_level.set(-600, 1500)
    QTest.keyClick(view, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert (view.window_level.centre, view.window_level.width) == (70, 150)
    assert "My liver" in view.corner_text().bottom_left[0]
    again = make_page()
    assert [own.name for own in stack_of(again).own_windows.offered()] == ["My liver"]


def test_that_the_list_uses_and_deletes_by_keys(make_page: MakePage) -> None:
    page = make_page()
    view = stack_of(page)
    for name, centre in (("one", 10), ("two", 20)):
        view.window_level.set(centre, 100)
        assert view.own_windows.save(name) == ""
    dialog = opened(page)
    names = find(dialog, QListWidget, "own-windows-list")
    names.setCurrentRow(0)
    QTest.keyClick(names, Qt.Key.Key_Delete)
    assert [own.name for own in view.own_windows.offered()] == ["two"] and names.count() == 1
    view.window_level.set(500, 500)
    names.setCurrentRow(0)
    QTest.keyClick(names, Qt.Key.Key_Return)
    assert view.window_level.centre == 20 and not dialog.isVisible()
