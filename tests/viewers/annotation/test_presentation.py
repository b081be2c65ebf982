"""How an image looked when it was marked: kept with the mark, told apart from the shape, never guessed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.viewers.annotation.marks import FRAME, SLIDE, line, mark, outline
from viewers.annotation.annotation import Annotation
from viewers.annotation.annotation_set import AnnotationSet
from viewers.annotation.presentation import FramePresentation, Presentation, SlidePresentation
from viewers.calibration import uncalibrated
from viewers.errors import UnreadableFile
from viewers.exchange.geojson import export_geojson, read_geojson
from viewers.exchange.marks_json import export_marks_json, read_marks_json
from viewers.radiology.display_facts import DisplayFacts, LookupTable, VoiFunction, VoiWindow
from viewers.radiology.marked_window import marked_voi, marked_words, presentation_of

LUNG = FramePresentation(-600.0, 1500.0, "LINEAR", "Lung", inverted=True)
PLACES = [
    LUNG,
    FramePresentation(0.1, 1 / 3, "SIGMOID"),
    FramePresentation(voi_lut=1),
    FramePresentation(inverted=True),
]
FIELD = SlidePresentation(-10.5, 1 / 3, 4000.0, 3000.0, 20.0)


@pytest.mark.parametrize("presentation", [*PLACES, FIELD, replace(FIELD, magnification=None), None])
def test_that_a_mark_keeps_how_its_image_looked_to_the_last_bit(presentation: Presentation | None) -> None:
    original = replace(mark(line((0, 0), (1, 1))), presentation=presentation)
    assert Annotation.from_json(json.loads(json.dumps(original.to_json()))) == original


def test_that_a_mark_made_before_loads_without_and_is_written_as_before() -> None:
    old = mark(line((0, 0), (1, 1))).to_json()
    assert "presentation" not in old
    assert Annotation.from_json(old).presentation is None


def test_that_a_newer_form_of_it_is_left_out_and_the_mark_still_opens() -> None:
    value = replace(mark(line((0, 0), (1, 1))), presentation=LUNG).to_json()
    value["presentation"] = {"format": "readingroom.presentation/2", "anything": 1}
    assert Annotation.from_json(value).presentation is None


@pytest.mark.parametrize(
    "damage",
    [{"window": [40]}, {"window": [40, "x", "LINEAR", ""]}, {"window": [40, -1, "LINEAR", ""]}, {"window": 7}],
)
def test_that_a_damaged_window_is_not_guessed_at(damage: dict[str, object]) -> None:
    value = replace(mark(line((0, 0), (1, 1))), presentation=LUNG).to_json()
    value["presentation"] |= damage
    with pytest.raises(UnreadableFile):
        Annotation.from_json(value)


def test_that_files_that_leave_keep_it() -> None:
    frame = replace(mark(line((0, 0), (1, 1)), FRAME), presentation=LUNG)
    content = export_marks_json([frame], FRAME.series_uid, lambda _target: uncalibrated(""))
    assert read_marks_json(content, "marks.json") == (frame,)
    slide = replace(mark(outline((0, 0), (9, 0), (0, 9)), SLIDE), presentation=FIELD)
    exported = export_geojson([slide], SLIDE, uncalibrated(""))
    assert read_geojson(exported, "marks.geojson") == (slide,)
    (feature,) = json.loads(exported)["features"]
    assert all(isinstance(value, str) for value in feature["properties"]["metadata"].values())  # QuPath's are texts


def test_that_correcting_a_mark_leaves_the_window_it_was_made_in() -> None:
    marks = AnnotationSet("Practitioner/r")
    made = marks.draw(FRAME, line((0, 0), (1, 1)), LUNG)
    marks.reshape(made.annotation_id, line((0, 0), (2, 2)))
    assert [each.presentation for each in marks.marks] == [LUNG]


def test_that_a_window_is_found_again_as_it_was() -> None:
    display = DisplayFacts(unit="HU")
    for window in (VoiWindow(40, 400, explanation="Soft tissue"), VoiWindow(0.58, 0.8, VoiFunction.SIGMOID)):
        kept = presentation_of(window, display, inverted=False)
        assert kept is not None and marked_voi(kept, display) == window


def test_that_a_table_is_kept_by_its_place_in_the_file_and_by_nothing_elsewhere() -> None:
    one, two = (LookupTable(0, 8, (0, last), "T") for last in (1, 2))
    display = DisplayFacts(voi_luts=(one, two))
    kept = presentation_of(two, display, inverted=False)
    assert kept == FramePresentation(voi_lut=1)
    assert marked_voi(kept, display) == two
    assert marked_voi(kept, DisplayFacts(voi_luts=(one,))) is None
    assert presentation_of(two, DisplayFacts(), inverted=False) is None


def test_that_the_words_say_which_number_is_which() -> None:
    assert marked_words(VoiWindow(40, 400), "HU", inverted=False) == "Window C 40 / W 400 HU"
    lung = VoiWindow(-600, 1500, explanation="Lung")
    assert marked_words(lung, "HU", inverted=True) == "Window C -600 / W 1500 HU (Lung), inverted"
    assert (
        marked_words(VoiWindow(0.58, 0.8, VoiFunction.SIGMOID), "", inverted=False) == "Window C 0.58 / W 0.80 sigmoid"
    )
