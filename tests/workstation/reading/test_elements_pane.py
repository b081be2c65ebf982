"""The pane of elements shows the image in front, follows it, compares it, and keeps nothing of a closed case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPlainTextEdit, QTreeWidget, QWidget

from sync.records.case import CaseId
from tests.workstation.reading.lanes import LanesAtOnce, LanesWhenTold
from tests.workstation.reading.test_linked_stacks import stack
from viewers.errors import UnreadableFile
from workstation.reading.case_reading import CaseReading, SeriesItem
from workstation.reading.elements_presenter import Elements, ElementsPresenter, NamedImage
from workstation.reading.page import ReadingPage

pytestmark = pytest.mark.qt
W = TypeVar("W", bound=QWidget)


@pytest.fixture
def page(qapp: Any) -> Iterator[ReadingPage]:
    shown = ReadingPage(LanesAtOnce())
    shown.resize(1300, 800)
    shown.show()
    series = (stack("1.71", 3, 5.0), stack("1.72", 3, 5.0, PatientComments="beside"))
    items = tuple(SeriesItem(f"series:{one.series_uid}", one, "MUSTER, ANNA") for one in series)
    shown.show_reading(CaseReading(CaseId("SO-1"), "Practitioner/r", items))
    shown.set_layout_name("1x1")
    shown.show_image(0, items[0].key)
    shown.show_image(1, items[1].key)
    yield shown
    shown.show_reading(None)
    shown.close()
    shown.deleteLater()
    QApplication.processEvents()


def find(page: ReadingPage, kind: type[W], name: str) -> W:
    found = page.findChild(kind, name)
    assert found is not None
    return found


def lines(page: ReadingPage) -> dict[str, str]:
    """Of every row its tag and its last value."""
    tree = find(page, QTreeWidget, "elements-tree")
    items = [tree.topLevelItem(number) for number in range(tree.topLevelItemCount())]
    return {item.text(0): item.text(3) or item.text(2) for item in items if item is not None}


def press_on_image(page: ReadingPage, key: Qt.Key, modifiers: Any = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(page.viewport_view(0), key, modifiers)


def test_that_the_pane_lists_the_image_in_front_and_follows_it(page: ReadingPage) -> None:
    press_on_image(page, Qt.Key.Key_T)
    assert find(page, QWidget, "elements-pane").isVisible() and not find(page, QTreeWidget, "marks-list").isVisible()
    before = lines(page)["(0008,0018)"]
    press_on_image(page, Qt.Key.Key_Home)
    assert lines(page)["(0008,0018)"] == "1.71.0" != before
    assert "1.71.0" not in find(page, QLabel, "elements-image").text()
    press_on_image(page, Qt.Key.Key_T)
    assert not find(page, QWidget, "elements-pane").isVisible() and lines(page) == {}


def test_that_a_search_is_kept_while_scrolling_and_esc_ends_first_it_and_then_the_pane(page: ReadingPage) -> None:
    press_on_image(page, Qt.Key.Key_T)
    search = find(page, QLineEdit, "elements-search")
    QTest.keyClicks(search, "sop instance")
    assert set(lines(page)) == {"(0002,0003)", "(0008,0018)"}
    press_on_image(page, Qt.Key.Key_End)
    assert lines(page)["(0008,0018)"] == "1.71.2"
    QTest.keyClicks(search, "zzz")
    assert find(page, QLabel, "elements-count").text() == "No element has “sop instancezzz”."
    QTest.keyClick(search, Qt.Key.Key_Escape)
    assert search.text() == "" and find(page, QWidget, "elements-pane").isVisible()
    QTest.keyClick(search, Qt.Key.Key_Escape)
    assert not find(page, QWidget, "elements-pane").isVisible()


def test_that_a_value_is_shown_whole_and_copied(page: ReadingPage) -> None:
    press_on_image(page, Qt.Key.Key_T)
    QTest.keyClicks(find(page, QLineEdit, "elements-search"), "0010,0010")
    tree = find(page, QTreeWidget, "elements-tree")
    tree.setCurrentItem(tree.topLevelItem(0))
    assert find(page, QLabel, "elements-about").text() == "(0010,0010) · PN · Patient's Name"
    assert find(page, QPlainTextEdit, "elements-value").toPlainText() == "MUSTER^ANNA"
    QTest.keyClick(tree, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "MUSTER^ANNA"


def test_that_only_what_differs_from_the_image_before_or_beside_is_listed(page: ReadingPage) -> None:
    press_on_image(page, Qt.Key.Key_T, Qt.KeyboardModifier.ShiftModifier)
    assert "(0008,0018)" in lines(page) and "(0010,0010)" not in lines(page)
    press_on_image(page, Qt.Key.Key_Home)
    assert lines(page) == {}
    assert find(page, QLabel, "elements-count").text() == "There is no image of another file before this one."
    page.set_layout_name("1x2")
    choice = find(page, QComboBox, "elements-comparison")
    assert [choice.itemText(n) for n in range(choice.count())][2].startswith("Differences from 3. CT")
    choice.setCurrentIndex(2)
    choice.activated.emit(2)
    assert lines(page)["(0010,4000)"] == "beside"


def test_that_nothing_of_a_closed_case_stays(page: ReadingPage) -> None:
    press_on_image(page, Qt.Key.Key_T)
    page.show_reading(None)
    assert lines(page) == {} and find(page, QLabel, "elements-image").text() == ""
    assert find(page, QPlainTextEdit, "elements-value").toPlainText() == ""
    assert not find(page, QWidget, "elements-pane").isVisible()


# The presenter -----------------------------------------------------------------------------------------------------


def image(number: int) -> NamedImage:
    frame = stack("1.73", 3, 5.0).frames[number]
    return NamedImage(frame.sop_instance_uid, f"image {number}", frame.source)


def presented(lanes: LanesWhenTold) -> tuple[ElementsPresenter, list[str], list[str]]:
    shown: list[str] = []
    said: list[str] = []
    heard: Callable[[Elements], None] = lambda elements: shown.append(elements.image.title)  # noqa: E731
    return ElementsPresenter(lanes, heard, said.append), shown, said


def test_that_who_scrolls_fast_waits_for_the_last_header_alone() -> None:
    lanes = LanesWhenTold()
    presenter, shown, _said = presented(lanes)
    for number in range(3):
        presenter.want(image(number))
    assert len(lanes.waiting) == 1
    lanes.run()
    assert shown == ["image 2"]


def test_that_what_is_read_after_the_pane_was_put_away_is_not_shown() -> None:
    lanes = LanesWhenTold()
    presenter, shown, said = presented(lanes)
    presenter.want(image(0))
    presenter.put_away()
    lanes.run()
    assert shown == [] and said == []
    presenter.want(image(1))
    lanes.run()
    assert shown == ["image 1"]


def test_that_a_header_that_cannot_be_read_is_said() -> None:
    class Broken:
        name, path, size_bytes = "a.dcm", None, 4

        def open(self) -> Any:
            raise UnreadableFile("a.dcm is damaged.")

    lanes = LanesWhenTold()
    presenter, shown, said = presented(lanes)
    presenter.want(NamedImage("1", "image 1", Broken()))
    lanes.run()
    assert (shown, said) == ([], ["a.dcm is damaged."])
