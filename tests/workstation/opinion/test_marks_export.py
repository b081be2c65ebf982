"""Marks as they leave: measured by their image's own calibration, pixels where it is not known; key images drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication, QImage

from sync.errors import SyncError
from sync.records.annotation_record import AnnotationRevision
from sync.records.opinion import FrozenOpinion
from sync.store.database import Store, open_store
from tests.sync.sample_records import AT, CASE
from tests.viewers.radiology.dicom_files import SERIES
from tests.workstation.reading.stored_case import case_with_images, put_ct, put_slide, write_small_slide
from viewers.annotation.annotation import Annotation, FrameTarget, SlideTarget, Target
from viewers.annotation.presentation import FramePresentation, Presentation, SlidePresentation
from viewers.annotation.shapes import shape_of
from viewers.errors import UnreadableFile
from viewers.overlay_painter import TEXT
from workstation.opinion.key_images import WIDTH_PX, draw_key_images
from workstation.opinion.marks_export import MARK_SYSTEM, MarkShelf, export_marks, read_marks
from workstation.opinion.report import KeyImage
from workstation.opinion.report_content import mark_rows

LINE_ID, REGION_ID = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "profile")
    opened.cases.put_case(case_with_images(), [])
    yield opened
    opened.close()


def put_mark(
    store: Store,
    identifier: str,
    label: str,
    target: Target,
    kind: str,
    points: list[list[float]],
    presentation: Presentation | None = None,
) -> None:
    shape = shape_of(kind, points)
    mark = Annotation(identifier, label, "Practitioner/x", target, shape, AT, AT, presentation=presentation)
    payload = json.dumps(mark.to_json())
    store.annotations.append(
        AnnotationRevision(CASE, identifier, 1, target.key, "Practitioner/x", datetime.now(UTC), False, payload)
    )


def put_both(store: Store, folder: Path) -> None:
    put_ct(store, folder, 2)
    slide = SlideTarget(put_slide(store, write_small_slide(folder / "slide.svs")))
    instance = next(o for o in store.objects.list_objects(CASE) if o.series_uid == SERIES)
    frame = FrameTarget(SERIES, instance.sop_instance_uid or "")
    put_mark(store, LINE_ID, "A1", frame, "polyline", [[1.0, 1.0], [5.0, 1.0]])
    put_mark(store, REGION_ID, "A2", slide, "polygon", [[100.0, 100.0], [300.0, 100.0], [300.0, 300.0], [100.0, 300.0]])


def test_that_each_image_with_marks_gives_one_file_that_reads_back_to_the_same_marks(
    store: Store, tmp_path: Path
) -> None:
    put_both(store, tmp_path)
    on_series, on_slide = export_marks(store, case_with_images())
    assert (on_series.content_type, on_slide.content_type) == ("application/json", "application/geo+json")
    assert (on_series.title, on_slide.title) == ("Marks on CT Chest.json", "Marks on Biopsy, H&E.geojson")
    assert (on_series.subject_reference, on_slide.subject_reference) == ("ImagingStudy/is1", "DocumentReference/wsi1")
    for file, identifier in ((on_series, LINE_ID), (on_slide, REGION_ID)):
        assert file.sha256 == sha256(file.content).hexdigest()
        assert [mark.annotation_id for mark in read_marks(file)] == [identifier] == list(file.annotation_ids)


def test_that_numbers_come_from_the_images_own_calibration(store: Store, tmp_path: Path) -> None:
    put_both(store, tmp_path)
    rows = [row for file in export_marks(store, case_with_images()) for row in mark_rows(file)]
    assert rows == [
        ("A1", "CT Chest, DICOM instance 1", "Length 2.8 mm", "patient geometry", ""),  # 4 columns of 0.7 mm
        ("A2", "Biopsy, H&E", "Area 0.010 mm²\nPerimeter 400.0 µm", "slide MPP", ""),  # 200 px of 0.5 µm
    ]


def test_that_without_the_image_a_length_is_in_pixels_and_fills_no_measurement(store: Store) -> None:
    put_mark(store, LINE_ID, "A1", FrameTarget(SERIES, "1.2.3.404"), "polyline", [[0.0, 0.0], [30.0, 40.0]])
    shelf = MarkShelf(store, case_with_images())
    (length,) = shelf.lengths(shelf.read(store.annotations.list_current(CASE)))
    assert (length.text, length.value_mm) == ("A1 Length 50.0 px on CT Chest", None)


def test_that_a_length_offered_is_the_number_shown(store: Store, tmp_path: Path) -> None:
    put_both(store, tmp_path)
    shelf = MarkShelf(store, case_with_images())
    (length,) = shelf.lengths(shelf.read(store.annotations.list_current(CASE)))
    assert (length.text, length.value_mm) == ("A1 Length 2.8 mm on CT Chest, DICOM instance 1", 2.8)


def test_that_a_damaged_mark_is_not_left_out_silently(store: Store) -> None:
    store.annotations.append(AnnotationRevision(CASE, LINE_ID, 1, "series:1", "x", datetime.now(UTC), False, "{"))
    with pytest.raises(UnreadableFile, match=CASE):
        export_marks(store, case_with_images())
    assert not issubclass(UnreadableFile, SyncError)


@pytest.mark.qt
def test_that_key_images_show_the_mark_with_its_numbers_and_the_patient(
    store: Store, tmp_path: Path, qapp: QGuiApplication
) -> None:
    put_both(store, tmp_path)
    case = case_with_images()
    identifiers = [{"system": MARK_SYSTEM, "value": value} for value in (LINE_ID, REGION_ID, "gone")]
    answers = [{"valueReference": {"identifier": each, "display": "A9"}} for each in identifiers]
    response = {"item": [{"linkId": "find", "item": [{"linkId": "find.keyimages", "answer": answers}]}]}
    frozen = FrozenOpinion(CASE, "x/1/v1", 1, b"{}", AT, response, export_marks(store, case))
    on_series, on_slide, gone = draw_key_images(store, case, frozen)
    words, how, window = on_series.caption.split(" · ")
    assert (words, how) == ("A1 Length 2.8 mm on CT Chest, DICOM instance 1", "patient geometry")
    assert window.startswith("Window C ") and window.endswith(", as the image opens")
    assert "Field" not in on_slide.caption
    assert _has_letter_at(on_series, "left") and _has_letter_at(on_series, "right")
    assert on_slide.caption.startswith("A2 Area 0.010 mm² on Biopsy, H&E")
    assert gone.png == b"" and "not among those" in gone.caption
    for image in (on_series, on_slide):
        picture = QImage.fromData(image.png)
        assert picture.width() == WIDTH_PX
        assert sum(_is_yellow(picture, x, y) for x in range(0, WIDTH_PX, 7) for y in range(picture.height())) > 40
    # Shown are 440 level-0 pixels across, from the slide's left edge on: the outline's left side, at 100, lies there.
    side = round(100 * WIDTH_PX / 440)
    slide = QImage.fromData(on_slide.png)
    centre = (slide.height() - 34) // 2 + 34
    assert any(_is_yellow(slide, x, centre) for x in range(side - 4, side + 5))


def _drawn(store: Store, *identifiers: str) -> tuple[KeyImage, ...]:
    case = case_with_images()
    answers = [{"valueReference": {"identifier": {"system": MARK_SYSTEM, "value": each}}} for each in identifiers]
    response = {"item": [{"linkId": "find.keyimages", "answer": answers}]}
    return draw_key_images(
        store, case, FrozenOpinion(CASE, "x/1/v1", 1, b"{}", AT, response, export_marks(store, case))
    )


@pytest.mark.qt
def test_that_a_key_image_is_drawn_at_the_window_its_mark_was_made_in_and_says_so(
    store: Store, tmp_path: Path, qapp: QGuiApplication
) -> None:
    put_ct(store, tmp_path, 3)
    frame = FrameTarget(SERIES, store.objects.list_objects(CASE)[1].sop_instance_uid or "")
    line = [[1.0, 1.0], [5.0, 1.0]]
    # The slice's values run from -1024 to -1001 HU, row by row from the top left.
    dark, inverted = FramePresentation(2000.0, 100.0), FramePresentation(2000.0, 100.0, inverted=True)
    put_mark(store, LINE_ID, "A1", frame, "polyline", line, dark)
    put_mark(store, REGION_ID, "A2", frame, "polyline", line, inverted)
    black, white = _drawn(store, LINE_ID, REGION_ID)
    assert black.caption.startswith("A1 Length 2.8 mm on CT Chest, image 2 of 3 (DICOM instance 2) · ")
    assert black.caption.endswith(" · Window C 2000 / W 100 HU, as when marked")
    assert white.caption.endswith(" · Window C 2000 / W 100 HU, inverted, as when marked")
    for image, grey in ((black, 0), (white, 255)):
        picture = QImage.fromData(image.png)
        assert picture.pixelColor(WIDTH_PX // 3, picture.height() - 60).getRgb()[:3] == (grey, grey, grey)


@pytest.mark.qt
def test_that_a_key_image_of_a_slide_shows_the_field_its_mark_was_made_in(
    store: Store, tmp_path: Path, qapp: QGuiApplication
) -> None:
    slide = SlideTarget(put_slide(store, write_small_slide(tmp_path / "slide.svs")))
    square = [[200.0, 200.0], [240.0, 200.0], [240.0, 240.0], [200.0, 240.0]]
    put_mark(store, LINE_ID, "A1", slide, "polygon", square, SlidePresentation(150.0, 150.0, 200.0, 100.0, 20.0))
    put_mark(store, REGION_ID, "A2", slide, "polygon", square, SlidePresentation(0.0, 0.0, 500.0, 100.0, None))
    seen, closer = _drawn(store, LINE_ID, REGION_ID)
    assert seen.caption.endswith(" · Field 0.1 × 0.05 mm at 20×, as when marked")
    picture = QImage.fromData(seen.png)
    assert (picture.width(), picture.height()) == (WIDTH_PX, WIDTH_PX // 2 + 34)
    left = round(50 * WIDTH_PX / 200)  # the outline begins 50 level-0 pixels right of the field's left edge
    middle = 34 + round(70 * WIDTH_PX / 200)
    assert any(_is_yellow(picture, x, middle) for x in range(left - 4, left + 5))
    assert "Drawn closer than when marked (Field 0.25 × 0.05 mm)" in closer.caption


def _has_letter_at(image: KeyImage, side: str) -> bool:
    """Whether light letters with a dark edge stand in the middle of that edge (overlay_painter)."""
    picture = QImage.fromData(image.png)
    middle = 34 + (picture.height() - 34) // 2
    columns = range(8, 40) if side == "left" else range(picture.width() - 40, picture.width() - 8)
    colours = {picture.pixelColor(x, y).rgb() for x in columns for y in range(middle - 12, middle + 12)}
    return TEXT.rgb() in colours


def _is_yellow(picture: QImage, x: int, y: int) -> bool:
    red, green, blue, _alpha = picture.pixelColor(x, y).getRgb()
    return red > 180 and green > 140 and blue < 120
