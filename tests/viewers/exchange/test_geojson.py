from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.real_data import real_data
from tests.viewers.annotation.marks import FRAME, NOON, SLIDE, line, mark, outline
from viewers.annotation.annotation import SlideTarget
from viewers.calibration import Calibration, CalibrationClass, uncalibrated
from viewers.errors import UnreadableFile
from viewers.exchange.geojson import export_geojson, read_geojson

MPP = Calibration(CalibrationClass.SLIDE_MPP, 0.000499, 0.000499)
OUTLINE = replace(mark(outline((100.25, 200), (300, 210.1), (250, 400)), SLIDE), comment="Drüse, 30 % necrosis")
LENGTH = replace(mark(line((0.1, 0.2), (1000.3, 7)), SLIDE, "A2"), created=NOON + timedelta(seconds=1))


def test_that_the_same_marks_come_back() -> None:
    assert read_geojson(export_geojson([OUTLINE, LENGTH], SLIDE, MPP), "marks.geojson") == (OUTLINE, LENGTH)


def test_that_only_the_marks_of_that_slide_are_in_its_file() -> None:
    others = [mark(line((0, 0), (1, 1))), mark(line((0, 0), (1, 1)), SlideTarget("cd" * 32))]
    assert FRAME != SLIDE
    assert read_geojson(export_geojson([*others, OUTLINE], SLIDE, MPP), "marks.geojson") == (OUTLINE,)


def test_that_the_bytes_do_not_depend_on_the_order_of_the_marks() -> None:
    assert export_geojson([OUTLINE, LENGTH], SLIDE, MPP) == export_geojson([LENGTH, OUTLINE], SLIDE, MPP)


def test_that_rings_are_closed_and_features_are_what_qupath_reads() -> None:
    feature = json.loads(export_geojson([OUTLINE], SLIDE, MPP))["features"][0]
    ring = feature["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1] == [100.25, 200]
    assert len(ring) == 4
    assert feature["properties"]["objectType"] == "annotation"
    assert feature["properties"]["name"] == "A1"
    assert feature["properties"]["measurements"].keys() == {"Area µm^2", "Perimeter µm"}
    assert feature["properties"]["metadata"]["rr:calibration"] == "slide MPP"


def test_that_an_uncalibrated_slide_is_exported_in_pixels() -> None:
    feature = json.loads(export_geojson([LENGTH], SLIDE, uncalibrated("")))["features"][0]
    assert feature["properties"]["measurements"].keys() == {"Length px"}
    assert feature["properties"]["metadata"]["rr:calibration"] == "not calibrated"


@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"[]", b'{"type":"FeatureCollection","features":[]}', b"null"])
def test_that_another_file_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"^other\.geojson is not a marks file"):
        read_geojson(content, "other.geojson")


@pytest.mark.real_data
def test_that_our_features_have_the_keys_of_qupaths_own() -> None:
    theirs = json.loads(real_data("annotations", "qupath_geojson", "qupath05.geojson").read_text())["features"][0]
    ours = json.loads(export_geojson([OUTLINE], SLIDE, MPP))["features"][0]
    assert theirs.keys() <= ours.keys()
    assert theirs["properties"].keys() - {"classification", "color"} <= ours["properties"].keys()
