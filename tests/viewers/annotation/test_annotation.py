from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.viewers.annotation.marks import FRAME, SLIDE, line, mark
from viewers.annotation.annotation import Annotation, FrameTarget, SlideTarget
from viewers.annotation.shapes import ImagePoint, Polygon, Polyline
from viewers.errors import UnreadableFile

POINTS = st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
TARGETS = st.one_of(
    st.builds(FrameTarget, st.just("1.2.3"), st.from_regex(r"[0-9]{1,5}\.[0-9]{1,5}", fullmatch=True), st.integers(1)),
    st.builds(SlideTarget, st.text("0123456789abcdef", min_size=64, max_size=64)),
)
SHAPES = st.one_of(
    st.lists(POINTS, min_size=2, max_size=6).map(lambda p: Polyline(tuple(ImagePoint(*q) for q in p))),
    st.lists(POINTS, min_size=3, max_size=6).map(lambda p: Polygon(tuple(ImagePoint(*q) for q in p))),
)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone(timedelta(hours=-7))))  # noqa: DTZ001
MARKS = st.builds(
    Annotation,
    st.uuids().map(str),
    st.text(max_size=4),
    st.text(max_size=9),
    TARGETS,
    SHAPES,
    MOMENTS,
    MOMENTS,
    st.text(),
)


@given(MARKS)
def test_that_a_mark_survives_its_json_bytes_to_the_last_bit(original: Annotation) -> None:
    assert Annotation.from_json(json.loads(json.dumps(original.to_json()).encode())) == original


def test_that_no_measurement_is_stored_with_a_mark() -> None:
    stored = mark(line((0, 0), (3, 4))).to_json()
    assert 5.0 not in stored.values()
    assert not {"measurements", "length", "unit"} & stored.keys()


@pytest.mark.parametrize(
    "damage",
    [
        {"format": "readingroom.mark/9"},
        {"kind": "spline"},
        {"points": [[1, 2]]},
        {"points": [[1, 2], [3]]},
        {"id": "not a uuid"},
        {"target": {}},
        {"created": "yesterday"},
    ],
)
def test_that_a_damaged_mark_is_refused_in_one_sentence_that_names_it(damage: dict[str, object]) -> None:
    with pytest.raises(UnreadableFile, match=r"^The mark A1 cannot be read \(.*\)\.$"):
        Annotation.from_json(mark(line((0, 0), (3, 4))).to_json() | damage)


def test_that_targets_are_named_as_the_store_names_images() -> None:
    assert FRAME.key == "series:1.2.840.1"
    assert SLIDE.key == "slide:" + "ab" * 32


def test_that_the_tracking_uid_is_the_uuid_as_a_dicom_uid() -> None:
    value = mark(line((0, 0), (3, 4)))
    assert value.tracking_uid == f"2.25.{int(value.annotation_id.replace('-', ''), 16)}"
    assert len(value.tracking_uid) <= 64
