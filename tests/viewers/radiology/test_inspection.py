"""What `inspect` prints is JSON, and says what a reader would be shown."""

from __future__ import annotations

import json
from pathlib import Path

from tests.viewers.radiology.dicom_files import ct_slice, save
from viewers.byte_source import FileByteSource
from viewers.radiology.inspection import inspect_series
from viewers.radiology.series_loader import scan_instances


def test_that_an_inspection_tells_order_spacing_calibration_and_warnings(tmp_path: Path) -> None:
    sources = [save(ct_slice(z, number=n), tmp_path / f"{n}.dcm") for n, z in enumerate((10.0, 5.0, 0.0, 20.0))]
    bad = tmp_path / "bad.txt"
    bad.write_text("no image")
    found = json.loads(json.dumps(inspect_series(scan_instances([*sources, FileByteSource(bad)]))))
    (series,) = found["series"]
    assert [frame["file"] for frame in series["frames"]] == ["2.dcm", "1.dcm", "0.dcm", "3.dcm"]
    assert series["geometry"]["slice_spacing_mm"] == 5.0
    assert series["geometry"]["letters"] == {"left": "R", "right": "L", "top": "A", "bottom": "P"}
    assert series["calibration"]["class"] == "patient geometry"
    assert series["transfer_syntaxes"] == [
        {"uid": "1.2.840.10008.1.2.1", "name": "uncompressed, explicit little endian"}
    ]
    assert series["warnings"] == [
        "Gap of 10.0 mm between images 3 and 4 (about 1 image missing).",
        "Pixels are not square (1.14 times as high as wide): shown in true proportions.",
    ]
    assert found["unusable"] == [{"file": "bad.txt", "reason": "bad.txt is not a DICOM file."}]
