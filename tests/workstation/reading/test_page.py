from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QByteArray, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QListWidget, QTreeWidget, QWidget

from sync.changes import Changes
from sync.records.amendment import AmendmentKind
from sync.records.case import CaseId
from sync.release_end import withhold_ended_releases
from sync.store.database import Store, open_store
from tests.sync.sample_records import AT, CASE, sample_receipt, sample_signed
from tests.viewers.pathology.vendor_slides import write_ndpi
from tests.workstation.lanes import ImmediateLanes
from tests.workstation.reading.lanes import LanesAtOnce, LanesWhenTold
from tests.workstation.reading.stored_case import (
    SERIES_KEY,
    case_with_images,
    case_with_slide_series,
    put_ct,
    put_instance,
    put_slide,
    write_slide_part,
    write_small_slide,
)
from viewers.byte_source import ByteSource
from viewers.image_view import ImageView
from viewers.pathology.plain_file import Lend, NoPlainFile, PlainFile
from viewers.pathology.slide_view import SlideView
from viewers.radiology.stack_view import StackView
from workstation.reading.case_reading import CaseReading, NotShownItem, SlideItem
from workstation.reading.page import ReadingPage
from workstation.reading.presenter import CaseReadingPresenter
from workstation.reading.reading_actions import reading_actions
from workstation.reading.series_strip import DETAIL, ITEM_MIME, KEY, PLAIN, TONE
from workstation.record_views import RecordViews

OTHER = CaseId("SO-2026-00043")
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "profile")
    store.cases.put_case(case_with_images(), [])
    store.cases.put_case(replace(case_with_images(), case_id=OTHER, studies=(), documents=()), [])
    yield store
    store.close()


@pytest.fixture
def make_page(qapp: Any, store: Store) -> Iterator[Callable[..., ReadingPage]]:
    pages: list[ReadingPage] = []

    def make(lanes: LanesAtOnce | None = None, lender: Any = None) -> ReadingPage:
        lanes = lanes or LanesAtOnce()
        page = ReadingPage(lanes, CaseReadingPresenter(store, lanes, "Practitioner/r", lender))
        page.resize(1300, 800)
        page.show()
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.show_reading(None)
        page.deleteLater()
    QApplication.processEvents()


@pytest.fixture
def case(store: Store, tmp_path: Path) -> None:
    put_ct(store, tmp_path, 3)
    put_slide(store, write_small_slide(tmp_path / "slide.tif"))


def find(page: ReadingPage, kind: type[Any], name: str) -> Any:
    found = page.findChild(kind, name)
    assert found is not None, name
    return found


def view(page: ReadingPage, index: int) -> ImageView:
    return page.viewport_view(index)


def draw_length(on: ImageView, start: tuple[int, int] = (80, 200), end: tuple[int, int] = (180, 200)) -> None:
    QTest.keyClick(on, Qt.Key.Key_L)
    QTest.mousePress(on, LEFT, pos=QPoint(*start))
    QTest.mouseMove(on, QPoint(*end))
    QTest.mouseRelease(on, LEFT, pos=QPoint(*end))
    QTest.keyClick(on, Qt.Key.Key_Escape)


def rows(page: ReadingPage) -> list[list[str]]:
    tree = find(page, QTreeWidget, "marks-list")
    entries = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    return [[entry.text(column) for column in range(3)] for entry in entries]


@pytest.mark.usefixtures("case")
def test_that_a_stack_and_a_slide_hang_side_by_side(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page()
    page.open_case(CASE)
    assert page.layout_name == "1x2"
    assert isinstance(view(page, 0), StackView)
    assert isinstance(view(page, 1), SlideView)
    assert view(page, 0).objectName() == "viewport-0-view"
    strip = find(page, QListWidget, "series-strip")
    assert [strip.item(row).text() for row in range(strip.count())] == ["3. CT Chest", "Biopsy, H&E"]
    assert view(page, 0).patient_line.startswith("Zürcher, Øyvind")


@pytest.mark.usefixtures("case")
def test_that_the_audit_trail_knows_which_images_stood_before_the_reader(
    make_page: Callable[..., ReadingPage], store: Store
) -> None:
    page = make_page()
    views = RecordViews(store, ImmediateLanes(), lambda: 0.0)
    views.page_turned("reading")
    page.images_shown.connect(lambda case_id, keys: views.shown("reading", case_id, keys))
    page.open_case(CASE)
    opened = [(row.case_id, row.object) for row in store.audit.entries() if row.action == "record opened"]
    slide_key = opened[1][1]
    assert opened == [(CASE, SERIES_KEY), (CASE, slide_key)] and slide_key.startswith("slide:")
    page.set_layout_name("1x1")  # the slide's viewport is hidden now
    assert [row.object for row in store.audit.entries() if row.action == "record viewed"] == [slide_key]
    page.open_case(None)
    assert [row.object for row in store.audit.entries() if row.action == "record viewed"] == [slide_key, SERIES_KEY]


@pytest.mark.usefixtures("case")
def test_that_a_length_drawn_is_listed_and_in_the_store_at_once(
    make_page: Callable[..., ReadingPage], store: Store
) -> None:
    page = make_page()
    stored: list[Changes] = []
    page.stored.connect(stored.append)
    page.open_case(CASE)
    draw_length(view(page, 0))
    ((label, measured, where),) = rows(page)
    assert (label, where) == ("A1", "Image 2 of 3 (DICOM instance 2) · 3. CT Chest")
    assert measured.endswith(" mm")
    assert len(store.annotations.list_current(CASE)) == 1
    assert stored == [Changes(annotations=frozenset({CASE}))]
    assert find(page, QLabel, "marks-saved").text() == "All marks are saved."


@pytest.mark.usefixtures("case")
def test_that_the_length_tool_agrees_with_the_spacing_of_each_axis(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page()
    page.open_case(CASE)
    stack = view(page, 0)
    to_view = stack.image_to_view()
    start, end = to_view.map(QPointF(1, 1)).toPoint(), to_view.map(QPointF(5, 3)).toPoint()
    draw_length(stack, (start.x(), start.y()), (end.x(), end.y()))
    measured = float(rows(page)[0][1].removesuffix(" mm"))
    assert measured == pytest.approx(((4 * 0.7) ** 2 + (2 * 0.8) ** 2) ** 0.5, abs=0.1)


@pytest.mark.usefixtures("case")
def test_that_a_slides_length_is_in_micrometres_by_its_own_mpp(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page()
    page.open_case(CASE)
    draw_length(view(page, 1))
    ((_, measured, where),) = rows(page)
    assert measured.endswith(" µm")
    assert where == "Biopsy, H&E"


@pytest.mark.usefixtures("case")
def test_that_nothing_of_one_case_is_seen_in_the_next(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page()
    page.open_case(CASE)
    stack = view(page, 0)
    assert isinstance(stack, StackView)
    stack.window_level.set(10, 20)
    draw_length(stack)
    page.set_layout_name("2x2")
    page.choose_tool("polygon")
    page.open_case(OTHER)
    assert rows(page) == []
    assert not page.can_undo and not page.can_redo
    assert page.tool is None
    assert page.layout_name == "1x1"
    assert page.selected_id == ""
    assert find(page, QListWidget, "series-strip").count() == 0
    assert all(
        view(page, n).current_target() is None and view(page, n).annotations is not None for n in range(4)
    ) or all(view(page, n).current_target() is None for n in range(4))
    assert all(view(page, n).patient_line == "" for n in range(4))
    assert not find(page, QAbstractButton, "mark-undo").isEnabled()
    page.open_case(CASE)
    again = view(page, 0)
    assert isinstance(again, StackView)
    assert again.window_level.width != 20
    assert len(rows(page)) == 1, "its own mark is there again"
    assert not page.can_undo


@pytest.mark.usefixtures("case")
def test_that_an_answer_that_comes_after_the_case_was_closed_shows_nothing(
    make_page: Callable[..., ReadingPage],
) -> None:
    lanes = LanesWhenTold()
    page = make_page(lanes)
    page.open_case(CASE)
    page.open_case(None)
    lanes.run()
    assert page.reading is None
    page.open_case(CASE)
    while page.reading is None:
        work, done, _failed = lanes.waiting.pop(0)
        done(work())
    page.open_case(None)
    lanes.run()
    assert all(view(page, n).current_target() is None for n in range(4))


@pytest.mark.usefixtures("case")
def test_that_marks_come_back_when_the_case_is_opened_again(make_page: Callable[..., ReadingPage]) -> None:
    first = make_page()
    first.open_case(CASE)
    draw_length(view(first, 0))
    draw_length(view(first, 1))
    again = make_page()
    again.open_case(CASE)
    assert rows(again) == rows(first)
    draw_length(view(again, 0), (80, 300), (180, 300))
    assert [row[0] for row in rows(again)] == ["A1", "A2", "A3"]


@pytest.mark.usefixtures("case")
def test_that_a_mark_is_gone_to_from_the_list(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page()
    page.open_case(CASE)
    stack = view(page, 0)
    assert isinstance(stack, StackView)
    draw_length(stack)
    stack.show_frame(0)
    tree = find(page, QTreeWidget, "marks-list")
    tree.setCurrentItem(tree.topLevelItem(0))
    QTest.keyClick(tree, Qt.Key.Key_Return)
    assert stack.frame_index == 1
    assert stack.selected_id == page.selected_id != ""


@pytest.mark.usefixtures("case")
def test_that_delete_in_the_list_takes_the_current_mark_away_and_undo_brings_it_back(
    make_page: Callable[..., ReadingPage], store: Store
) -> None:
    page = make_page()
    page.open_case(CASE)
    draw_length(view(page, 0))
    draw_length(view(page, 0), (80, 300), (180, 300))
    tree = find(page, QTreeWidget, "marks-list")
    tree.setCurrentItem(tree.topLevelItem(0))
    QTest.keyClick(tree, Qt.Key.Key_Delete)
    assert [row[0] for row in rows(page)] == ["A2"]
    QTest.mouseClick(find(page, QAbstractButton, "mark-undo"), LEFT)
    assert [row[0] for row in rows(page)] == ["A1", "A2"]
    assert len(store.annotations.list_current(CASE)) == 2


@pytest.mark.usefixtures("case")
def test_that_the_layout_of_one_shows_the_image_being_read(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page()
    page.open_case(CASE)
    page.set_layout_name("2x2")
    page.set_layout_name("1x2")
    QTest.mouseClick(view(page, 1), LEFT, pos=QPoint(40, 40))
    page.set_layout_name("1x1")
    assert [find(page, QWidget, f"viewport-{n}").isVisibleTo(page) for n in range(4)] == [False, True, False, False]
    page.set_layout_name("2x2")
    assert all(find(page, QWidget, f"viewport-{n}").isVisibleTo(page) for n in range(4))


@pytest.mark.usefixtures("case")
def test_that_an_image_dropped_or_entered_opens_in_that_viewport(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page()
    page.open_case(CASE)
    page.set_layout_name("2x2")
    data = QMimeData()
    data.setData(ITEM_MIME, QByteArray(SERIES_KEY.encode()))
    drop = QDropEvent(QPointF(20, 20), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    find(page, QWidget, "viewport-2").dropEvent(drop)
    assert isinstance(view(page, 2), StackView)
    QTest.mouseClick(view(page, 3), LEFT, pos=QPoint(40, 40))
    strip = find(page, QListWidget, "series-strip")
    strip.setCurrentRow(1)
    QTest.keyClick(strip, Qt.Key.Key_Return)
    assert isinstance(view(page, 3), SlideView)


def test_that_images_of_another_patient_are_shown_only_after_the_override_and_then_bear_a_notice(
    make_page: Callable[..., ReadingPage], store: Store, tmp_path: Path
) -> None:
    sentence = "Its patient is DOE, JOHN."
    put_ct(store, tmp_path, 1, mismatch=sentence, PatientName="DOE^JOHN", PatientID="X9")
    page = make_page()
    said: list[str] = []
    page.refused.connect(said.append)
    page.open_case(CASE)
    key = f"{SERIES_KEY}#foreign"
    page.show_image(0, key)
    assert view(page, 0).current_target() is None
    assert sentence in said[0]
    changes = store.objects.put_mismatch_override(CASE, "Confirmed by phone", AT)
    assert page.changes_happened(changes)
    page.open_case(CASE)
    page.show_image(0, key)
    assert view(page, 0).current_target() is not None
    assert view(page, 0).alert_lines == (sentence,)
    assert view(page, 0).patient_line.startswith("DOE, JOHN")


@pytest.mark.usefixtures("case")
def test_that_after_signing_the_marks_are_read_only(make_page: Callable[..., ReadingPage], store: Store) -> None:
    page = make_page()
    page.open_case(CASE)
    draw_length(view(page, 0))
    page.changes_happened(store.opinions.put_signed(sample_signed()))
    assert not find(page, QAbstractButton, "tool-length").isEnabled()
    draw_length(view(page, 0), (80, 300), (180, 300))
    page.undo()
    assert len(rows(page)) == 1
    assert len(store.annotations.list_history(CASE)) == 1
    again = make_page()
    again.open_case(CASE)
    assert not again.can_mark


@pytest.mark.usefixtures("case")
def test_that_an_amendment_opens_the_marks_again_and_dropping_it_closes_them(
    make_page: Callable[..., ReadingPage], store: Store
) -> None:
    page = make_page()
    page.open_case(CASE)
    draw_length(view(page, 0))
    page.changes_happened(store.opinions.put_signed(sample_signed()))
    page.changes_happened(store.opinions.put_receipt(sample_receipt()))
    assert not page.can_mark
    page.changes_happened(store.amendments.begin(CASE, AmendmentKind.CORRECTION, "The length was wrong."))
    assert page.can_mark
    draw_length(view(page, 0), (80, 300), (180, 300))
    assert len(store.annotations.list_history(CASE)) == 2, "and what is drawn now is kept"
    page.changes_happened(store.amendments.drop(CASE))
    assert not page.can_mark


@pytest.mark.usefixtures("case")
def test_that_the_open_case_stays_as_it_hangs_while_its_images_are_the_same(
    make_page: Callable[..., ReadingPage],
) -> None:
    page = make_page()
    page.open_case(CASE)
    draw_length(view(page, 0))
    stack = view(page, 0)
    page.open_case(CASE)
    assert view(page, 0) is stack
    assert page.can_undo


def test_that_a_slide_that_cannot_be_read_says_so_in_its_viewport(
    make_page: Callable[..., ReadingPage], store: Store, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.tif"
    bad.write_bytes(b"II*\0 and nothing after it")
    put_slide(store, bad)
    page = make_page()
    page.open_case(CASE)
    assert view(page, 0).current_target() is None
    assert "Biopsy, H&E" in view(page, 0).empty_text


class Lender:
    """Lends plain files as they are, says what it does meanwhile, and has none left when it is told so."""

    def __init__(self, plain: Path) -> None:
        self.plain, self.lent, self.given_back, self.has_none = plain, 0, 0, False

    def __call__(self, _case: CaseId, on_step: Callable[[str], None]) -> Lend:
        def lend(source: ByteSource) -> PlainFile:
            if self.has_none:
                raise NoPlainFile(f"{source.name} needs more memory than there is.")
            on_step("decrypting it, 40 %")
            self.lent += 1
            return PlainFile(self.plain, on_close=self._came_back)

        return lend

    def _came_back(self) -> None:
        self.given_back += 1


@pytest.fixture
def lender(store: Store, tmp_path: Path) -> Lender:
    """Of a slide that only OpenSlide reads, and that is the only image of the case."""
    path = tmp_path / "slide.ndpi"
    write_ndpi(path)
    put_slide(store, path)
    return Lender(path)


def test_that_a_slide_that_has_to_be_decrypted_whole_says_how_far_it_is_and_is_given_back(
    make_page: Callable[..., ReadingPage], lender: Lender
) -> None:
    lanes = LanesWhenTold()
    page = make_page(lanes, lender)
    page.open_case(CASE)
    lanes.run_until(lambda: lender.lent > 0)
    QApplication.processEvents()
    assert view(page, 0).empty_text == "Opening Biopsy, H&E: decrypting it, 40 %…"
    lanes.run()
    QApplication.processEvents()
    assert isinstance(view(page, 0), SlideView) and view(page, 0).current_target() is not None
    assert lender.lent == 1, "view and small picture read the same copy"
    page.open_case(None)
    lanes.run()
    assert lender.given_back == 1


def test_that_a_small_picture_alone_is_not_worth_a_copy_and_comes_with_the_look_at_the_slide(
    make_page: Callable[..., ReadingPage], store: Store, lender: Lender, tmp_path: Path
) -> None:
    put_ct(store, tmp_path, 2)
    lanes = LanesAtOnce()
    page = make_page(lanes, lender)
    page.open_case(CASE)
    page.set_layout_name("1x1")
    slide = page.reading.slides[0]
    pictures: list[str] = []
    page._images.close()
    page._images = page._images_of(CASE)
    lender.lent = 0
    page._images.make_thumbnails([slide], lambda key, _picture: pictures.append(key))
    assert (lender.lent, pictures) == (0, [])
    page.show_image(0, slide.key)
    assert (lender.lent, pictures) == (1, [slide.key])


def test_that_who_looks_while_a_small_picture_is_made_is_not_put_off_with_it(
    make_page: Callable[..., ReadingPage], lender: Lender
) -> None:
    lanes = LanesWhenTold()
    page = make_page(lanes, lender)
    reading = CaseReadingPresenter(page._presenter._store, LanesAtOnce(), "Practitioner/r").build(CASE)
    page.show_reading(reading)
    lanes.run()
    slide = reading.slides[0]
    page._images.close()
    page._images = page._images_of(CASE)
    pictures: list[str] = []
    page._images.make_thumbnails([slide], lambda key, _picture: pictures.append(key))
    page.show_image(0, slide.key)
    lanes.run()
    assert view(page, 0).current_target() is not None and pictures == [slide.key]


def test_that_a_slide_that_cannot_be_lent_says_why_and_opens_once_it_can(
    make_page: Callable[..., ReadingPage], lender: Lender
) -> None:
    lender.has_none = True
    page = make_page(LanesAtOnce(), lender)
    page.open_case(CASE)
    QApplication.processEvents()
    assert view(page, 0).empty_text == "Biopsy, H&E needs more memory than there is."
    lender.has_none = False
    page.show_image(0, page.reading.slides[0].key)
    QApplication.processEvents()
    assert view(page, 0).current_target() is not None


def test_that_closing_the_case_gives_up_a_slide_that_is_being_decrypted(
    make_page: Callable[..., ReadingPage], lender: Lender
) -> None:
    lanes = LanesWhenTold()
    page = make_page(lanes, lender)
    page.open_case(CASE)
    lanes.run_until(lambda: any(isinstance(v.item, SlideItem) for v in page._grid.viewports))
    page.open_case(None)
    lanes.run()
    assert lender.lent == 0


def test_that_a_case_without_images_says_what_to_do(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page()
    page.open_case(OTHER)
    assert "no images of this case" in view(page, 0).empty_text
    assert not find(page, QAbstractButton, "tool-length").isEnabled()
    page.open_case(None)
    assert "No case is open" in view(page, 0).empty_text


@pytest.mark.usefixtures("case")
def test_that_files_of_this_computer_can_be_marked_and_the_page_says_it_does_not_keep_that(
    make_page: Callable[..., ReadingPage], store: Store
) -> None:
    page = make_page()
    reading = CaseReadingPresenter(store, LanesAtOnce(), "Practitioner/r").build(CASE)
    page.show_reading(replace(reading, case_id=None))
    draw_length(view(page, 0))
    assert len(rows(page)) == 1
    assert store.annotations.list_history(CASE) == ()
    assert "not kept" in find(page, QLabel, "marks-saved").text()


def test_that_every_tool_and_layout_is_an_action_with_its_own_key(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page()
    actions = {action.id: action for action in reading_actions(page)}
    keys = [action.shortcut for action in actions.values()]
    assert len(set(keys)) == len(keys)
    assert not actions["reading.length"].enabled_when()
    actions["reading.layout-2x2"].run()
    assert page.layout_name == "2x2"


@pytest.mark.usefixtures("case")
def test_that_a_mark_refused_because_the_case_was_signed_elsewhere_does_not_stay_on_the_screen(
    make_page: Callable[..., ReadingPage], store: Store
) -> None:
    page = make_page()
    page.open_case(CASE)
    said: list[str] = []
    page.refused.connect(said.append)
    store.opinions.put_signed(sample_signed())
    draw_length(view(page, 0))
    assert "signed" in said[0]
    assert rows(page) == []
    assert not page.can_mark


@pytest.mark.usefixtures("case")
def test_that_turning_to_the_page_gives_the_keys_to_the_active_image(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page()
    page.setFocus()
    page.open_case(CASE)
    assert page.focusWidget() is view(page, 0), "also when the image comes after the page"
    find(page, QListWidget, "series-strip").setFocus()
    page.setFocus()
    assert page.focusWidget() is view(page, 0)


@pytest.mark.usefixtures("case")
def test_that_an_entry_of_the_strip_can_be_dragged_by_its_key(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page()
    page.open_case(CASE)
    strip = find(page, QListWidget, "series-strip")
    assert strip.mimeData([strip.item(0)]).data(ITEM_MIME).toStdString() == SERIES_KEY


def test_that_missing_images_are_said_on_the_image_and_in_the_strip_until_they_are_here(
    make_page: Callable[..., ReadingPage], store: Store, tmp_path: Path
) -> None:
    put_ct(store, tmp_path, 2)
    page = make_page()
    page.open_case(CASE)
    stack = view(page, 0)
    strip = find(page, QListWidget, "series-strip")
    assert "2 of 3 images here." in (*stack.notice_lines, *stack.notices())
    assert strip.item(0).data(DETAIL) == "2 of 3 images here"
    assert strip.item(0).data(TONE) == "warning"
    put_ct(store, tmp_path, 1, first=2)
    page.open_case(CASE)
    assert view(page, 0) is stack
    assert not any("images here" in line for line in (*stack.notice_lines, *stack.notices()))
    assert strip.item(0).data(DETAIL) == "3 images"
    assert strip.item(0).data(TONE) == PLAIN


def test_that_images_that_arrive_while_reading_leave_marks_history_and_hanging_as_they_are(
    make_page: Callable[..., ReadingPage], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workstation.reading.page.LOOK_AGAIN_MS", 1)
    put_ct(store, tmp_path, 2)
    page = make_page()
    page.open_case(CASE)
    stack = view(page, 0)
    assert isinstance(stack, StackView)
    draw_length(stack)
    page.set_layout_name("1x2")
    stack.window_level.set(30, 60)
    target, strip = stack.current_target(), find(page, QListWidget, "series-strip")
    put_ct(store, tmp_path, 1, first=2)
    put_slide(store, write_small_slide(tmp_path / "slide.tif"))
    assert page.changes_happened(Changes(objects=frozenset({CASE})))
    for _ in range(200):
        if strip.count() == 2 and strip.item(1).data(KEY):
            break
        QTest.qWait(5)
    assert [strip.item(row).text() for row in range(strip.count())] == ["3. CT Chest", "Biopsy, H&E"]
    assert view(page, 0) is stack and stack.frame_count == 3
    assert stack.current_target() == target
    assert (stack.window_level.centre, stack.window_level.width) == (30, 60)
    assert page.layout_name == "1x2" and view(page, 1).current_target() is None
    assert page.can_undo
    page.undo()
    assert rows(page) == []
    page.redo()
    ((label, _, where),) = rows(page)
    assert (label, where) == ("A1", "Image 2 of 3 (DICOM instance 2) · 3. CT Chest")
    page.go_to_mark(page.annotations.marks[0].annotation_id if page.annotations else "")
    assert view(page, 0) is stack and stack.current_target() == target


@pytest.mark.usefixtures("case")
def test_that_images_of_one_series_that_arrive_leave_the_view_of_another_alone(
    make_page: Callable[..., ReadingPage], store: Store, tmp_path: Path
) -> None:
    page = make_page()
    page.open_case(CASE)
    slide = view(page, 1)
    assert isinstance(slide, SlideView)
    slide.zoom.to_magnification(10)
    place = slide.place
    put_ct(store, tmp_path, 1, first=3)
    page.open_case(CASE)
    assert view(page, 1) is slide and slide.place == place
    stack = view(page, 0)
    assert isinstance(stack, StackView) and stack.frame_count == 4


@pytest.mark.usefixtures("case")
def test_that_the_window_button_follows_the_w_key_and_belongs_to_stacks(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page()
    page.open_case(CASE)
    window, navigate = find(page, QAbstractButton, "tool-window"), find(page, QAbstractButton, "tool-navigate")
    stack = view(page, 0)
    assert isinstance(stack, StackView)
    assert window.isEnabled() and not window.isChecked() and navigate.isChecked()
    QTest.keyClick(stack, Qt.Key.Key_W)
    assert window.isChecked() and not navigate.isChecked()
    QTest.mouseClick(window, LEFT)
    assert stack.drag_mode == "scroll" and navigate.isChecked()
    QTest.mouseClick(window, LEFT)
    assert stack.drag_mode == "window"
    page.choose_tool("length")
    assert stack.drag_mode == "scroll" and not window.isChecked(), "one thing at a time in the left hand"
    QTest.mouseClick(window, LEFT)
    assert page.tool is None and stack.drag_mode == "window"
    QTest.mouseClick(navigate, LEFT)
    assert stack.drag_mode == "scroll"
    QTest.mouseClick(view(page, 1), LEFT, pos=QPoint(200, 300))
    assert not window.isEnabled()


@pytest.mark.usefixtures("case")
def test_that_fit_and_pixel_for_pixel_act_on_the_active_image(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page()
    page.open_case(CASE)
    stack, slide = view(page, 0), view(page, 1)
    assert isinstance(stack, StackView) and isinstance(slide, SlideView)
    fitted = stack.zoom.factor
    QTest.mouseClick(find(page, QAbstractButton, "zoom-actual"), LEFT)
    assert stack.zoom.factor == pytest.approx(1)
    QTest.mouseClick(find(page, QAbstractButton, "zoom-fit"), LEFT)
    assert stack.zoom.factor == pytest.approx(fitted)
    slide.setFocus()
    slide.activated.emit()
    QTest.mouseClick(find(page, QAbstractButton, "zoom-actual"), LEFT)
    assert slide.zoom.factor == pytest.approx(1 / slide.devicePixelRatioF())
    QTest.mouseClick(find(page, QAbstractButton, "zoom-fit"), LEFT)
    assert slide.place.is_fitted


def test_that_what_came_and_cannot_be_shown_yet_is_not_called_no_images(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page()
    reason = "Only 4 of 8 files here; a slide is shown when all of it has come."
    page.show_reading(CaseReading(CASE, "Practitioner/1", not_shown=(NotShownItem("Slide", reason),)))
    assert view(page, 0).empty_text == f"Slide: {reason}"
    many = tuple(NotShownItem(f"Slide {number}", "Not here yet.") for number in range(5))
    page.show_reading(CaseReading(CASE, "Practitioner/1", not_shown=many))
    assert view(page, 0).empty_text.splitlines()[-1] == "… and 2 more, listed on the left."


@pytest.mark.usefixtures("case")
def test_that_a_mark_offers_the_window_it_was_made_in_and_changes_nothing_unasked(
    make_page: Callable[..., ReadingPage],
) -> None:
    page = make_page()
    page.open_case(CASE)
    stack, offer = view(page, 0), find(page, QAbstractButton, "marks-as-marked")
    assert isinstance(stack, StackView) and page.annotations is not None
    stack.window_level.set(-600, 1500)
    stack.set_inverted(True)
    draw_length(stack)
    (made,) = page.annotations.marks
    assert not page.can_show_as_marked and offer.isHidden()
    stack.set_inverted(False)
    stack.window_level.set(40, 400)
    assert page.can_show_as_marked and not offer.isHidden()
    assert offer.text() == "As when marked (M)\nWindow C -600 / W 1500 HU, inverted"
    page.go_to_mark(made.annotation_id)
    assert (stack.window_level.centre, stack.window_level.width, stack.is_inverted) == (40, 400, False)
    QTest.keyClick(stack, Qt.Key.Key_M)
    assert (stack.window_level.centre, stack.window_level.width, stack.is_inverted) == (-600, 1500, True)
    assert not page.can_show_as_marked and offer.isHidden()


@pytest.mark.usefixtures("case")
def test_that_a_mark_on_a_slide_offers_the_field_it_was_made_in(make_page: Callable[..., ReadingPage]) -> None:
    page = make_page()
    page.open_case(CASE)
    slide = view(page, 1)
    assert isinstance(slide, SlideView) and page.annotations is not None
    slide.zoom.to_magnification(20)
    draw_length(slide)
    field = slide.place
    assert not page.can_show_as_marked
    slide.zoom.by(0.5)
    slide.pan.by(QPointF(40, 10))
    assert page.can_show_as_marked
    page.show_as_marked()
    assert slide.place.zoom == pytest.approx(field.zoom) and slide.place.centre == pytest.approx(field.centre)
    assert not page.can_show_as_marked


def test_that_a_dicom_slide_opens_with_what_has_come_and_takes_marks_when_it_is_whole(
    make_page: Callable[..., ReadingPage], store: Store, tmp_path: Path
) -> None:
    parts = [write_slide_part(tmp_path / f"{step}.dcm", step) for step in (8, 4, 1)]
    store.cases.put_case(case_with_slide_series(parts[0], listed_files=3), [])
    put_instance(store, parts[0])
    page = make_page()
    page.open_case(CASE)
    slide, strip = view(page, 0), find(page, QListWidget, "series-strip")
    assert isinstance(slide, SlideView) and slide.notice_lines == ("1 of 3 parts have come; finer detail follows.",)
    assert (strip.item(0).data(DETAIL), strip.item(0).data(TONE)) == ("1 of 3 parts here", "warning")
    refused: list[str] = []
    page.refused.connect(refused.append)
    draw_length(slide)
    assert rows(page) == [] and "can be marked when all are here" in refused[0]
    page.choose_tool(None)
    slide.zoom.by(3.0)
    magnification = slide.zoom.magnification
    for part, said in ((parts[1], ("2 of 3 parts have come; finer detail follows.",)), (parts[2], ())):
        put_instance(store, part)
        page.open_case(CASE)
        assert view(page, 0) is slide and slide.notice_lines == said
        assert slide.zoom.magnification == pytest.approx(magnification)
    assert slide.slide is not None and len(slide.slide.levels) == 3
    assert (strip.item(0).data(DETAIL), strip.item(0).data(TONE)) == ("Whole slide", PLAIN)
    draw_length(slide)
    assert len(rows(page)) == 1 and len(refused) == 1


def test_that_a_slide_opens_by_itself_once_its_first_level_follows_the_label(
    make_page: Callable[..., ReadingPage], store: Store, tmp_path: Path
) -> None:
    label, coarse = write_slide_part(tmp_path / "l.dcm", 16, "LABEL"), write_slide_part(tmp_path / "c.dcm", 8)
    store.cases.put_case(case_with_slide_series(label, listed_files=3), [])
    put_instance(store, label)
    page = make_page()
    page.open_case(CASE)
    assert "opens as soon as its first level has" in view(page, 0).empty_text
    put_instance(store, coarse)
    page.open_case(CASE)
    assert isinstance(view(page, 0), SlideView)


@pytest.mark.usefixtures("case")
def test_that_the_images_close_when_the_release_ends_and_no_mark_is_lost(
    make_page: Callable[..., ReadingPage], store: Store
) -> None:
    page = make_page()
    page.open_case(CASE)
    draw_length(view(page, 0))
    released = store.cases.get_case(CASE)
    at = datetime(2020, 3, 28, 14, tzinfo=UTC)
    store.cases.put_case(replace(released, release_until=at), [])
    page.changes_happened(withhold_ended_releases(store, at + timedelta(seconds=1)))
    assert page.reading is None
    assert page.annotations is None
    assert view(page, 0).current_target() is None
    assert view(page, 0).empty_text.startswith(f"The patient's release for case {CASE} ended on 28 March 2020")
    assert len(store.annotations.list_current(CASE)) == 1
    assert "Your marks are kept. They are shown again with the images." in [
        label.text() for label in page.findChildren(QLabel)
    ]
    page.open_case(CASE)
    assert page.reading is None, "nor can it be opened again"
    # A new release: the images hang again by themselves, with the mark.
    page.changes_happened(store.cases.put_case(replace(released, release_until=None), []))
    assert [row[0] for row in rows(page)] == ["A1"]
    assert view(page, 0).current_target() is not None
