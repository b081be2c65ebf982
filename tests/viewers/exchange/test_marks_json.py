from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.viewers.annotation.marks import FRAME, NOON, SLIDE, line, mark, outline
from viewers.annotation.annotation import FrameTarget
from viewers.calibration import Calibration, CalibrationClass, uncalibrated
from viewers.errors import UnreadableFile
from viewers.exchange.marks_json import export_marks_json, read_marks_json

SECOND_FRAME = FrameTarget(FRAME.series_uid, FRAME.sop_instance_uid, 2)
LENGTH = mark(line((10.5, 20.25), (40.5, 60.25)))
OUTLINE = replace(mark(outline((0, 0), (10, 0), (10, 10)), SECOND_FRAME, "A2"), created=NOON + timedelta(seconds=1))


def calibration_of(target: FrameTarget) -> Calibration:
    if target.frame_number == 1:
        return Calibration(CalibrationClass.PATIENT_GEOMETRY, column_mm=0.5, row_mm=0.5)
    return uncalibrated("No PixelSpacing in this frame.")


def test_that_the_same_marks_come_back() -> None:
    content = export_marks_json([OUTLINE, LENGTH], FRAME.series_uid, calibration_of)
    assert read_marks_json(content, "marks.json") == (LENGTH, OUTLINE)


def test_that_each_mark_names_its_instance_and_frame_and_how_it_was_measured() -> None:
    first, second = json.loads(export_marks_json([LENGTH, OUTLINE], FRAME.series_uid, calibration_of))["marks"]
    assert first["target"]["sop_instance_uid"] == FRAME.sop_instance_uid
    assert first["measurements"] == [
        {"name": "Length", "value": 25.0, "unit": "mm", "calibration": "patient geometry", "note": ""}
    ]
    assert second["target"]["frame_number"] == 2
    assert [(m["unit"], m["calibration"], m["note"]) for m in second["measurements"]] == [
        ("px²", "not calibrated", "No PixelSpacing in this frame."),
        ("px", "not calibrated", "No PixelSpacing in this frame."),
    ]


def test_that_only_the_marks_of_that_series_are_in_its_file() -> None:
    others = [mark(line((0, 0), (1, 1)), SLIDE), mark(line((0, 0), (1, 1)), FrameTarget("9.9", "9.9.1", 1))]
    content = export_marks_json([*others, LENGTH], FRAME.series_uid, calibration_of)
    assert read_marks_json(content, "marks.json") == (LENGTH,)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format":"readingroom.marks/1","marks":[{}]}'])
def test_that_another_file_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"^other\.json is not a marks file"):
        read_marks_json(content, "other.json")
