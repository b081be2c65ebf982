"""“Keep this hanging…”, through the page, the store and real keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from sync.store.database import Store, open_store
from tests.sync.sample_records import CASE
from tests.workstation.lanes import ImmediateLanes
from tests.workstation.reading.lanes import LanesAtOnce
from tests.workstation.reading.stored_case import SERIES_KEY, case_with_images, put_ct
from workstation.reading.hanging.rule import HangingRule, Place
from workstation.reading.hanging_dialog import HangingDialog
from workstation.reading.kept_hangings import SESSION_KEY
from workstation.reading.page import ReadingPage
from workstation.reading.presenter import CaseReadingPresenter

pytestmark = pytest.mark.qt


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "profile")
    store.cases.put_case(case_with_images(), [])
    put_ct(store, tmp_path, 6)
    yield store
    store.close()


@pytest.fixture
def page(qapp: Any, store: Store) -> Iterator[ReadingPage]:
    page = ReadingPage(LanesAtOnce(), CaseReadingPresenter(store, ImmediateLanes(), "Practitioner/reader"))
    page.resize(1200, 800)
    page.show()
    page.open_case(CASE)
    yield page
    page.show_reading(None)
    page.deleteLater()
    QApplication.processEvents()


def ask(page: ReadingPage) -> HangingDialog:
    page.keep_hanging()
    assert page.keeping is not None and page.keeping.dialog is not None
    return page.keeping.dialog


def test_that_what_hangs_is_kept_by_enter_and_hangs_the_case_from_its_next_opening_on(
    page: ReadingPage, store: Store
) -> None:
    said: list[str] = []
    page.said.connect(said.append)
    page.set_layout_name("2x1")
    page.show_image(0, SERIES_KEY)
    dialog = ask(page)
    words = dialog.findChild(QLabel, "hanging-words")
    assert isinstance(words, QLabel) and words.text().startswith("Two, one above the other:\n1. CT")
    assert dialog.tried.text() == "It fits 1 of 1 case with images on this computer."
    assert (dialog.trials.item(0, 0).text(), "CT" in dialog.trials.item(0, 1).text()) == (CASE, True)
    dialog.name.setText("Mine")
    QTest.keyClick(dialog.name, Qt.Key.Key_Return)
    assert not dialog.isVisible() and "Mine" in said[-1] and "Mine" in (store.session.find(SESSION_KEY) or "")
    page.open_case(None)
    page.open_case(CASE)
    assert page.layout_name == "2x1"
    assert page.reading is not None and [rule.name for rule in page.reading.kept_rules] == ["Mine"]


def test_that_a_kept_rule_is_listed_and_goes_by_its_button(page: ReadingPage, store: Store) -> None:
    presenter = page.keeping
    assert presenter is not None
    kept = CaseReadingPresenter(store, ImmediateLanes(), "r").hangings
    for name in ("One", "Two", "One"):
        kept.keep(HangingRule(name, "1x1", (Place(),)), lambda _rules: None)
    page.open_case(None)
    page.open_case(CASE)
    dialog = ask(page)
    assert [dialog.kept.item(row, 0).text() for row in range(dialog.kept.rowCount())] == ["One", "Two"]
    remove = dialog.findChild(QPushButton, "hanging-remove")
    assert isinstance(remove, QPushButton)
    remove.click()
    assert [dialog.kept.item(row, 0).text() for row in range(dialog.kept.rowCount())] == ["Two"]
    assert [rule.name for rule in kept.list_rules()] == ["Two"]


def test_that_nothing_is_kept_without_a_name_or_after_escape(page: ReadingPage, store: Store) -> None:
    dialog = ask(page)
    dialog.name.setText("  ")
    QTest.keyClick(dialog.name, Qt.Key.Key_Return)
    assert dialog.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible() and store.session.find(SESSION_KEY) is None


def test_that_a_kept_rule_that_cannot_be_read_is_left_out(store: Store) -> None:
    kept = CaseReadingPresenter(store, ImmediateLanes(), "r").hangings
    kept.keep(HangingRule("Good", "1x1", (Place(),)), lambda _rules: None)
    store.session.change(SESSION_KEY, lambda text: (text or "").replace("[", '["{}", ', 1))
    assert [rule.name for rule in kept.list_rules()] == ["Good"]
    store.session.put(SESSION_KEY, "damaged")
    assert kept.list_rules() == ()


def test_that_the_dialog_closes_with_its_case(page: ReadingPage) -> None:
    dialog = ask(page)
    page.open_case(None)
    assert not dialog.isVisible() and page.keeping is not None and page.keeping.dialog is None
