"""One case at a time: what opening, turning pages and putting away do, and what a start comes back to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from sync.changes import Changes
from sync.records.case import CaseId
from sync.store.database import Store, open_store
from tests.workstation.cases import CASE_ID, NOW, make_case, make_image
from tests.workstation.lanes import ImmediateLanes
from workstation.actions.registry import ActionRegistry
from workstation.case.case_summary import CaseSummary
from workstation.case.presenter import CasePresenter
from workstation.desk import OPEN_CASE, OPEN_PAGE, Desk
from workstation.window.main_window import MainWindow

pytestmark = pytest.mark.qt


class Images:
    """A reading page that only remembers."""

    def __init__(self) -> None:
        self.opened: list[str | None] = []
        self.is_out_of_date = False

    def open_case(self, case_id: CaseId | None) -> None:
        self.opened.append(case_id)

    def changes_happened(self, changes: Changes) -> bool:
        return self.is_out_of_date


class Room:
    """A window with a desk over a store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.window = MainWindow()
        self.registry = ActionRegistry()
        lanes = ImmediateLanes()
        self.cases = CasePresenter(store, lanes, lambda: NOW, self._changed, lambda error: pytest.fail(str(error)))
        self.desk = Desk(self.window, store, lanes, self.cases, self.registry)
        self.cases.attach(self)
        self.images = Images()
        self.window.add_page("worklist", QWidget())
        self.window.add_page("case", QWidget())
        self.registry.add(self.desk.actions())

    def show_case(self, summary: CaseSummary | None) -> None:
        self.desk.case_shown(summary)

    def add_images(self) -> None:
        self.window.add_page("reading", QWidget())
        self.desk.attach("reading", self.images)

    def _changed(self, changes: Changes) -> None:
        self.desk.changes_happened(changes)

    @property
    def name(self) -> str:
        label = self.window.findChild(QLabel, "patient-strip-name")
        assert label is not None
        return label.text()


@pytest.fixture
def room(qapp: QApplication, tmp_path: Path) -> Iterator[Room]:
    store = open_store(tmp_path / "profile")
    store.cases.put_case(make_case(), [])
    store.objects.put_object(make_image(1))
    made = Room(store)
    yield made
    made.window.close()
    made.window.deleteLater()
    store.close()


def test_that_the_strip_names_the_patient_only_while_a_case_is_open(room: Room) -> None:
    assert room.name == "No case open"
    room.desk.open_case(CASE_ID)
    assert room.name == "Thornbury, Ada"
    assert room.window.windowTitle() == "Reading Room"
    room.desk.close_case()
    assert room.name == "No case open"


def test_that_images_open_when_they_are_turned_to_and_are_put_away_with_the_case(room: Room) -> None:
    room.add_images()
    room.desk.open_case(CASE_ID)
    assert room.images.opened == []
    room.registry.run("page.reading")
    room.registry.run("page.case")
    room.registry.run("page.reading")
    assert room.images.opened == [CASE_ID]
    room.desk.close_case()
    assert room.images.opened == [CASE_ID, None]


def test_that_a_foreign_image_keeps_the_images_out_of_reach_of_every_key(room: Room) -> None:
    room.store.objects.put_object(make_image(2, mismatch="It is of patient P-2."))
    room.add_images()
    room.desk.open_case(CASE_ID)
    assert not room.registry.run("page.reading")
    room.desk.show_page("reading")
    assert room.window.current_page == "case"
    room.cases.override_mismatch("Same person, maiden name")
    assert room.registry.run("page.reading")


def test_that_a_foreign_image_that_arrives_while_reading_closes_the_page(room: Room) -> None:
    room.add_images()
    room.desk.open_case(CASE_ID)
    room.registry.run("page.reading")
    room.desk.changes_happened(room.store.objects.put_object(make_image(2, mismatch="It is of patient P-2.")))
    assert room.window.current_page == "case"


def test_that_a_start_comes_back_to_the_case_and_page_of_the_last_run(room: Room) -> None:
    room.add_images()
    room.desk.open_case(CASE_ID)
    room.registry.run("page.reading")
    assert (room.store.session.find(OPEN_CASE), room.store.session.find(OPEN_PAGE)) == (CASE_ID, "reading")
    room.desk.put_away()  # what the end of the program does
    again = Room(room.store)
    again.desk.restore(room.store.session.find(OPEN_CASE), room.store.session.find(OPEN_PAGE))
    assert again.window.current_page == "case"
    again.add_images()
    assert (again.window.current_page, again.images.opened) == ("reading", [CASE_ID])
    again.window.close()


def test_that_a_page_out_of_date_is_opened_anew_when_it_is_turned_to(room: Room) -> None:
    room.add_images()
    room.desk.open_case(CASE_ID)
    room.registry.run("page.reading")
    room.images.is_out_of_date = True
    room.desk.changes_happened(room.store.objects.put_object(make_image(2)))
    assert room.images.opened == [CASE_ID]
    room.registry.run("page.case")
    room.registry.run("page.reading")
    assert room.images.opened == [CASE_ID, CASE_ID]


def test_that_opening_and_closing_a_case_is_audited(room: Room) -> None:
    room.desk.open_case(CASE_ID)
    room.desk.close_case()
    assert [entry.action for entry in room.store.audit.entries()][-2:] == ["case opened", "case closed"]
