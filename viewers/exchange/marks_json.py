"""A series' marks as our own JSON: instance, frame, points, and each derived measurement with unit and calibration."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from viewers.annotation.annotation import Annotation, FrameTarget
from viewers.annotation.measurements import measure
from viewers.calibration import Calibration
from viewers.errors import UnreadableFile
from viewers.image_place import ImagePlace

CONTENT_TYPE = "application/json"
FORMAT = "readingroom.marks/1"


def export_marks_json(
    marks: Iterable[Annotation],
    series_uid: str,
    calibration_of: Callable[[FrameTarget], Calibration],
    find_place: Callable[[FrameTarget], ImagePlace | None] = lambda _target: None,
) -> bytes:
    """UTF-8 bytes of the marks on that series; the same marks always give the same bytes.

    ``calibration_of`` gives the calibration of the frame a mark lies on: frames of one series may differ.
    ``find_place`` says which image of the series that is, where it can be told (`read_places`). Points are
    (column, row) in pixels, the top-left corner of the frame (0, 0), as DICOM PS3.3 C.10.5.1.2 "PIXEL".
    """
    on_series = [
        (m, m.target) for m in marks if isinstance(m.target, FrameTarget) and m.target.series_uid == series_uid
    ]
    on_series.sort(key=lambda pair: (pair[0].created, pair[0].annotation_id))
    content = {
        "format": FORMAT,
        "series_uid": series_uid,
        "marks": [_mark_json(mark, calibration_of(target), find_place(target)) for mark, target in on_series],
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def read_marks_json(content: bytes, name: str) -> tuple[Annotation, ...]:
    """The marks of a file written by `export_marks_json`. UnreadableFile, naming *name*, for anything else."""
    try:
        value = json.loads(content)
        if value["format"] != FORMAT:
            raise ValueError(f"format {value['format']}")
        return tuple(Annotation.from_json(mark) for mark in value["marks"])
    except (KeyError, TypeError, ValueError, UnreadableFile) as error:
        raise UnreadableFile(f"{name} is not a marks file of this program ({error}).") from error


def read_places(content: bytes, name: str) -> dict[str, ImagePlace]:
    """By annotation id, which image of the series each mark of the file lies on, where it says. UnreadableFile."""
    try:
        marks = json.loads(content)["marks"]
        return {str(mark["id"]): ImagePlace.from_json(mark["place"]) for mark in marks if mark.get("place")}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableFile(f"{name} is not a marks file of this program ({error}).") from error


def _mark_json(mark: Annotation, calibration: Calibration, place: ImagePlace | None) -> dict[str, Any]:
    return {
        **mark.to_json(),
        "place": None if place is None else place.to_json(),
        "tracking_uid": mark.tracking_uid,
        "measurements": [
            {
                "name": m.name,
                "value": m.value,
                "unit": m.unit,
                "calibration": m.calibration_text,
                "note": m.note,
            }
            for m in measure(mark, calibration)
        ],
    }
