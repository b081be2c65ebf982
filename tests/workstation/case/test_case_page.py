"""The case page: what it says, what a foreign image blocks, and what its buttons write into the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListWidget, QPushButton, QTableWidget, QWidget

from sync.changes import Changes
from sync.records.case import CaseId, CaseStatus, ConsentState
from sync.records.stored_object import RejectedObject
from sync.store.database import Store, open_store
from tests.workstation.cases import CASE_ID, NOW, REPORT, make_case, make_file, make_image
from tests.workstation.lanes import ImmediateLanes
from workstation.background import Background
from workstation.case.case_summary import CaseSummary
from workstation.case.page import CasePage
from workstation.case.presenter import CasePresenter, load_summary
from workstation.size_words import size_words

MISMATCH = "The image is of patient P-2, the case of patient P-1."


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "profile")
    yield opened
    opened.close()


@pytest.fixture
def page(qapp: QApplication) -> Iterator[CasePage]:
    background = Background()
    made = CasePage(background, lambda _case, _key: b"")
    made.resize(1200, 800)
    made.show()
    yield made
    made.document.close_process()
    background.shutdown()
    made.close()
    made.deleteLater()


W = TypeVar("W", bound=QWidget)


def child(page: QWidget, kind: type[W], name: str) -> W:
    found = page.findChild(kind, name)
    assert isinstance(found, kind), name
    return found


def make_presenter(store: Store, heard: list[Changes]) -> CasePresenter:
    def changed(changes: Changes) -> None:
        heard.append(changes)
        presenter.changes_happened(changes)

    presenter = CasePresenter(store, ImmediateLanes(), lambda: NOW, changed, lambda error: pytest.fail(str(error)))
    return presenter


def is_blocked(presenter: CasePresenter) -> bool:
    assert presenter.summary is not None
    return presenter.summary.is_blocked


def summary_of(store: Store) -> CaseSummary:
    return load_summary(store, CASE_ID, NOW)


def test_that_records_stand_in_time_order(store: Store) -> None:
    store.cases.put_case(make_case(), [])
    assert [line.title for line in summary_of(store).records] == [
        "CT chest",
        "CT report",
        "Biopsy",
        "Laboratory results",
    ]


def test_that_everything_missing_is_listed_with_its_reason(store: Store) -> None:
    store.cases.put_case(make_case(), [])
    store.objects.put_object(make_image(1))
    store.objects.put_rejected(RejectedObject(CASE_ID, REPORT.reference, "CT report", "Its digest is wrong.", NOW))
    lines = [line.text for line in summary_of(store).missing]
    assert "1 of 2 images here" in lines
    assert "CT report: Its digest is wrong." in lines


def test_that_a_cancelled_case_claims_no_list_of_records(store: Store) -> None:
    store.cases.put_case(
        make_case(status=CaseStatus.CANCELLED, consent=ConsentState.MISSING, studies=(), documents=()), []
    )
    summary = summary_of(store)
    assert summary.missing == (), "nothing of it is awaited"
    assert summary.standing.text == (
        "The hospital has cancelled this case; it gave no reason. Nothing is fetched, and no opinion can be written."
    )


def test_that_the_hospitals_reason_for_cancelling_is_said_first(store: Store) -> None:
    reason = "The referring doctor no longer needs the opinion."
    store.cases.put_case(make_case(status=CaseStatus.CANCELLED, status_reason=reason), [])
    assert summary_of(store).standing.text.startswith(f"The hospital has cancelled this case: “{reason}” Nothing is")


def test_that_without_consent_an_empty_list_is_not_called_a_list(store: Store) -> None:
    store.cases.put_case(make_case(consent=ConsentState.MISSING, studies=(), documents=()), [])
    assert [line.text for line in summary_of(store).missing] == ["Withheld: no release. No record is listed."]


def test_that_missing_consent_is_said_once_instead_of_counts(store: Store) -> None:
    store.cases.put_case(make_case(consent=ConsentState.MISSING), [])
    assert [line.text for line in summary_of(store).missing] == [
        "Withheld: no release. The records are listed, and nothing is downloaded."
    ]


def test_that_a_withheld_record_says_that_the_patient_gave_no_release(store: Store) -> None:
    store.cases.put_case(make_case(consent=ConsentState.MISSING), [])
    lines = summary_of(store).records
    files = [line.details for line in lines if line.kind != "labs"]
    assert len(files) == 3 and all("withheld: no release" in details for details in files)


def test_that_a_foreign_image_blocks_until_a_reason_is_given_and_audited(store: Store) -> None:
    store.cases.put_case(make_case(), [])
    store.objects.put_object(make_image(1, mismatch=MISMATCH))
    heard: list[Changes] = []
    presenter = make_presenter(store, heard)
    presenter.open_case(CASE_ID)
    assert is_blocked(presenter)
    assert not presenter.override_mismatch("ok  ")
    assert is_blocked(presenter)
    assert presenter.override_mismatch("Maiden name; birth date and address agree")
    assert not is_blocked(presenter)
    assert any("Maiden name" in str(entry.detail) for entry in store.audit.entries())


def test_that_nothing_of_the_last_patient_stays_while_the_next_case_loads(store: Store) -> None:
    for name in ("A", "B"):
        store.cases.put_case(make_case(case_id=CaseId(name)), [])
    shown: list[str | None] = []

    class View:
        def show_case(self, summary: CaseSummary | None) -> None:
            shown.append(summary.case.case_id if summary else None)

    lanes = ImmediateLanes()
    presenter = CasePresenter(store, lanes, lambda: NOW, lambda _c: None, lambda error: pytest.fail(str(error)))
    presenter.attach(View())
    presenter.open_case(CaseId("A"))
    lanes.is_held = True
    presenter.open_case(CaseId("B"))
    assert shown == [None, "A", None]
    lanes.release()
    assert shown[-1] == "B"


@pytest.mark.qt
def test_that_the_page_shows_question_diagnosis_report_and_flags(page: CasePage, store: Store) -> None:
    store.cases.put_case(make_case(), [])
    page.show_case(summary_of(store))
    assert child(page, QLabel, "case-question").text() == "Is the nodule malignant?"
    assert "Solid nodule." in child(page, QLabel, "case-first-report").text()
    records = child(page, QListWidget, "case-records")
    records.setCurrentRow(3)
    labs = child(page, QTableWidget, "case-labs")
    assert labs.isVisible()
    assert [labs.model().index(0, column).data() for column in range(5)] == ["CEA", "9.1", "µg/L", "< 5", "high"]


@pytest.mark.qt
def test_that_the_banner_takes_a_reason_of_five_characters_and_no_less(page: CasePage, store: Store) -> None:
    store.cases.put_case(make_case(), [])
    store.objects.put_object(make_image(1, mismatch=MISMATCH))
    page.show_case(summary_of(store))
    reasons: list[str] = []
    page.override_requested.connect(reasons.append)
    banner, reason = child(page, QWidget, "banner"), child(page, QLineEdit, "banner-reason")
    button = child(page, QPushButton, "banner-override")
    assert banner.isVisible()
    assert not child(page, QPushButton, "case-open-images").isEnabled()
    QTest.keyClicks(reason, "abcd")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert reasons == []
    QTest.keyClicks(reason, "e")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert reasons == ["abcde"]


@pytest.mark.qt
def test_that_images_cannot_be_asked_for_where_none_are_here(page: CasePage, store: Store) -> None:
    store.cases.put_case(make_case(due=NOW + timedelta(days=1)), [])
    page.show_case(summary_of(store))
    assert not child(page, QPushButton, "case-open-images").isEnabled()
    store.objects.put_object(make_image(1))
    page.show_case(summary_of(store))
    assert child(page, QPushButton, "case-open-images").isEnabled()


@pytest.mark.qt
def test_that_a_refresh_keeps_the_chosen_record(page: CasePage, store: Store) -> None:
    store.cases.put_case(make_case(), [])
    store.objects.put_object(make_file(REPORT))
    page.show_case(summary_of(store))
    records = child(page, QListWidget, "case-records")
    records.setCurrentRow(0)
    store.objects.put_object(make_image(1))
    page.show_case(summary_of(store))
    assert records.currentRow() == 0


def test_that_a_case_shown_again_says_what_is_missing_once(page: CasePage, store: Store) -> None:
    store.cases.put_case(make_case(consent=ConsentState.MISSING), [])
    for _ in range(3):  # in one turn of the event loop, as when an acceptance is queued, sent and answered
        page.show_case(None)
        page.show_case(summary_of(store))
    card = child(page, QWidget, "case-missing")
    drawn = [label.text() for label in card.findChildren(QLabel) if label.isVisibleTo(card)]
    assert drawn == [line.text for line in summary_of(store).missing]


def test_that_small_files_are_given_in_kilobytes() -> None:
    assert [size_words(n) for n in (120, 31_000, 9_500_000, 3_200_000_000)] == ["1 kB", "31 kB", "9.5 MB", "3.2 GB"]
