"""A stored series is the loaded series, to the last fact, without touching its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.viewers.radiology.dicom_files import ct_slice, save
from tests.viewers.radiology.test_overlays import add_overlay
from viewers.byte_source import FileByteSource
from viewers.errors import UnreadableFile
from viewers.radiology.decode import read_frame
from viewers.radiology.frame import Series, StudyScan
from viewers.radiology.series_facts import series_from_facts, series_to_facts
from viewers.radiology.series_loader import scan_instances


def round_trip(series: Series) -> Series:
    sources = {frame.sop_instance_uid: frame.source for frame in series.frames}
    return series_from_facts(series_to_facts(series), sources.__getitem__)


def test_that_a_series_comes_back_equal_and_reads_the_same_pixels(tmp_path: Path) -> None:
    lut = Dataset()
    lut.LUTDescriptor, lut.LUTData, lut.LUTExplanation = [4, -2, 8], [0, 50, 100, 255], "Übersicht"
    lut["LUTData"].VR = "US"
    changes: dict[str, Any] = {
        "WindowCenter": [40, -600],
        "WindowWidth": [400, 1500],
        "VOILUTSequence": [lut],
        "PixelPaddingValue": -2000,
        "PixelPresentation": "MIXED",
        "ShutterShape": ["RECTANGULAR", "CIRCULAR", "POLYGONAL"],
        "ShutterLeftVerticalEdge": 1,
        "ShutterRightVerticalEdge": 5,
        "ShutterUpperHorizontalEdge": 1,
        "ShutterLowerHorizontalEdge": 4,
        "CenterOfCircularShutter": [2, 3],
        "RadiusOfCircularShutter": 3,
        "VerticesOfThePolygonalShutter": [1, 1, 1, 6, 4, 6],
        "RecommendedViewingMode": "SUB",
        "MaskSubtractionSequence": [Dataset()],
    }
    for colour in ("Red", "Green", "Blue"):
        changes[f"{colour}PaletteColorLookupTableDescriptor"] = [2, 100, 16]
        changes[f"{colour}PaletteColorLookupTableData"] = bytes(4)
    sources = [save(ct_slice(float(z), **changes), tmp_path / f"{z}.dcm") for z in range(3)]
    (series,) = scan_instances(sources).series
    back = round_trip(series)
    assert back == series
    display = series.frames[0].display
    assert display.voi_luts[0].first_mapped == -2 and display.supplement is not None and display.remarks
    assert display.shutter is not None and display.shutter.circle == (2, 3, 3) and len(display.shutter.polygon) == 3
    assert (read_frame(back.frames[1]) == read_frame(series.frames[1])).all()


def test_that_colour_comes_back_with_its_profile_and_its_overlays(tmp_path: Path) -> None:
    ds = ct_slice(values=np.zeros((4, 6, 3), np.uint8), ICCProfile=bytes(range(256)))
    add_overlay(ds, np.ones((2, 2), bool))
    (series,) = scan_instances([save(ds, tmp_path / "a.dcm")]).series
    back = round_trip(series)
    assert back == series and back.frames[0].display.icc == bytes(range(256)) and back.frames[0].display.overlays


@pytest.mark.parametrize("facts", [b"", b"{}", b'{"format": "readingroom.series/0"}', b"[1]", b'{"format": 7'])
def test_that_damaged_or_foreign_facts_are_refused(facts: bytes) -> None:
    with pytest.raises(UnreadableFile):
        series_from_facts(facts, lambda uid: FileByteSource(Path(uid)))


def test_that_shared_facts_are_written_once(tmp_path: Path) -> None:
    table = list(np.arange(256))
    lut = Dataset()
    lut.LUTDescriptor, lut.LUTData = [256, 0, 8], [int(v) for v in table]
    lut["LUTData"].VR = "US"
    sources = [save(ct_slice(float(z), VOILUTSequence=[lut]), tmp_path / f"{z}.dcm") for z in range(10)]
    (series,) = scan_instances(sources).series
    assert series_to_facts(series).count(b"first_mapped") == 1


@pytest.mark.real_data
def test_that_every_real_series_comes_back_equal(real_scan: StudyScan) -> None:
    for series in real_scan.series:
        assert round_trip(series) == series
