from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.records.stored_object import RejectedObject
from sync.store.database import Store, open_store
from tests.sync.sample_records import AT, CASE, sample_signed
from tests.viewers.annotation.marks import FRAME, line
from tests.viewers.radiology.dicom_files import SERIES
from tests.workstation.reading.lanes import LanesAtOnce, LanesWhenTold
from tests.workstation.reading.stored_case import (
    SERIES_KEY,
    case_with_images,
    case_with_slide_series,
    put_ct,
    put_instance,
    put_slide,
    write_slide_part,
)
from viewers.annotation.annotation import SlideTarget
from viewers.annotation.annotation_set import AnnotationSet
from viewers.radiology import series_loader
from workstation.reading.case_reading import CaseReading, NotShownItem
from workstation.reading.presenter import CaseReadingPresenter, digest_of_files


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "profile")
    store.cases.put_case(case_with_images(), [])
    yield store
    store.close()


def build(store: Store) -> CaseReading:
    return CaseReadingPresenter(store, LanesAtOnce(), "Practitioner/r").build(CASE)


def test_that_a_case_is_built_from_what_lies_in_the_vault(store: Store, tmp_path: Path) -> None:
    put_ct(store, tmp_path, 3)
    slide = tmp_path / "slide.tif"
    slide.write_bytes(b"II*\0 not looked into here")
    sha256 = put_slide(store, slide)
    case = build(store)
    (stack,), (biopsy,) = case.series, case.slides
    assert (stack.key, stack.title, stack.detail) == (SERIES_KEY, "3. CT Chest", "3 images")
    assert [frame.geometry.position.z_mm for frame in stack.series.frames if frame.geometry] == [0.0, 5.0, 10.0]
    assert (biopsy.target, biopsy.title) == (SlideTarget(sha256), "Biopsy, H&E")
    assert biopsy.sources[0].open().read(4) == b"II*\0"
    assert stack.patient_line.startswith("Zürcher, Øyvind · male · born 1961-04-09")
    assert case.not_shown == ()


def test_that_headers_are_parsed_once_and_then_remembered(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_ct(store, tmp_path, 2)
    first = build(store)

    def parsed_again(*_: object) -> None:
        raise AssertionError("a header was parsed again")

    monkeypatch.setattr(series_loader, "scan_instances", parsed_again)
    again = build(store)
    assert again.series == first.series
    assert again.series[0].series.frames[1].source.open().read(132)[128:] == b"DICM"


def test_that_remembered_facts_give_way_when_more_images_arrive(store: Store, tmp_path: Path) -> None:
    put_ct(store, tmp_path, 2)
    assert build(store).series[0].detail == "2 of 3 images here"
    put_ct(store, tmp_path, 1, first=2)
    case = build(store)
    assert len(case.series[0].series.frames) == 3
    assert case.series[0].here == ""


def test_that_the_instance_list_of_the_hospital_counts_before_the_studys_own_number(
    store: Store, tmp_path: Path
) -> None:
    put_ct(store, tmp_path, 2)
    listed = [f"1.2.3.{n}" for n in range(54)]
    here = [obj.sop_instance_uid or "" for obj in store.objects.list_objects(CASE)]
    store.objects.put_expected(CASE, "ImagingStudy/is1", SERIES, [*here, *listed])
    assert build(store).series[0].detail == "2 of 56 images here"


def test_that_what_is_not_here_or_was_turned_away_stays_in_the_list(store: Store) -> None:
    store.objects.put_rejected(RejectedObject(CASE, "ImagingStudy/is1", "ct9.dcm", "Its pixels are cut short.", AT))
    assert build(store).not_shown == (
        NotShownItem("CT Chest", "Not here yet: 0 of 3 images."),
        NotShownItem("Biopsy, H&E", "Not here yet."),
        NotShownItem("ct9.dcm", "Its pixels are cut short."),
    )


def test_that_images_of_another_patient_stand_apart_and_blocked_until_overridden(store: Store, tmp_path: Path) -> None:
    sentence = "Its patient is DOE, JOHN, not Zürcher, Øyvind."
    put_ct(store, tmp_path, 2)
    put_ct(store, tmp_path, 1, first=2, mismatch=sentence, PatientName="DOE^JOHN", PatientID="X9")
    own, foreign = build(store).series
    assert (own.is_blocked, own.mismatch, len(own.series.frames)) == (False, "", 2)
    assert (foreign.is_blocked, foreign.mismatch, len(foreign.series.frames)) == (True, sentence, 1)
    assert foreign.patient_line.startswith("DOE, JOHN")
    assert "NOT the patient of case" in foreign.patient_line
    store.objects.put_mismatch_override(CASE, "Married name, confirmed by phone", AT)
    _, shown = build(store).series
    assert (shown.is_blocked, shown.mismatch) == (False, sentence), "shown, and still marked"


def test_that_stored_marks_come_back_with_their_labels_and_revisions(store: Store) -> None:
    presenter = CaseReadingPresenter(store, LanesAtOnce(), "Practitioner/r")
    case = presenter.build(CASE)
    marks = AnnotationSet(case.reader, case.marks)
    presenter.keep_marks(
        case, marks, on_state=lambda state: None, on_stored=lambda changes: None, later=lambda seconds, call: None
    )
    kept = marks.draw(FRAME, line((0, 0), (3, 4)))
    marks.remove(marks.draw(FRAME, line((0, 0), (1, 1))).annotation_id)
    again = presenter.build(CASE)
    assert again.marks == (kept,)
    assert again.first_label_number == 3
    assert sorted(again.revisions.values()) == [1, 2]


def test_that_a_signed_case_is_read_only(store: Store) -> None:
    assert not build(store).read_only
    store.opinions.put_signed(sample_signed())
    assert build(store).read_only


def test_that_loading_waits_for_marks_that_were_handed_over_before(store: Store) -> None:
    lanes = LanesWhenTold()
    presenter = CaseReadingPresenter(store, lanes, "Practitioner/r")
    case = presenter.build(CASE)
    marks = AnnotationSet(case.reader)
    presenter.keep_marks(
        case, marks, on_state=lambda state: None, on_stored=lambda changes: None, later=lambda seconds, call: None
    )
    drawn = marks.draw(FRAME, line((0, 0), (3, 4)))
    loaded: list[CaseReading] = []
    presenter.load(CASE, loaded.append)
    lanes.run()
    assert loaded[0].marks == (drawn,)


def test_that_a_dicom_slide_is_one_image_from_its_first_part_on(store: Store, tmp_path: Path) -> None:
    parts = [write_slide_part(tmp_path / f"{step}.dcm", step) for step in (4, 1)]
    store.cases.put_case(case_with_slide_series(parts[0], listed_files=2), [])
    put_instance(store, parts[0])
    (partial,) = build(store).slides
    assert (partial.arrived, partial.detail, len(partial.sources)) == ("1 of 2 parts", "1 of 2 parts here", 1)
    put_instance(store, parts[1])
    whole = build(store)
    assert [slide.key for slide in whole.slides] == [partial.key] and whole.not_shown == ()
    (slide,) = whole.slides
    assert (slide.arrived, slide.detail, len(slide.sources)) == ("", "Whole slide", 2)
    assert slide.target != partial.target
    assert slide.target.sha256 == digest_of_files([obj.sha256 for obj in store.objects.list_objects(CASE)])


def test_that_a_stack_of_an_incomplete_series_knows_how_many_images_are_listed(store: Store, tmp_path: Path) -> None:
    put_ct(store, tmp_path, 2)
    assert build(store).series[0].expected_frames == 3
    put_ct(store, tmp_path, 1, first=2)
    assert build(store).series[0].expected_frames is None


def test_that_stacks_that_share_an_incomplete_series_only_say_what_of_the_series_is_here(
    store: Store, tmp_path: Path
) -> None:
    put_ct(store, tmp_path, 1)
    put_ct(store, tmp_path, 1, first=1, mismatch="Its patient is DOE, JOHN.", PatientName="DOE^JOHN", PatientID="X9")
    assert [(item.here, item.expected_frames) for item in build(store).series] == [("2 of 3 images here", None)] * 2
