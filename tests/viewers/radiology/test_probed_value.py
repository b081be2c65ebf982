"""The value under the pointer as it is meant, stored and shown; uptake has its formula and is not given twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.viewers.radiology.dicom_files import ct_slice, save
from tests.viewers.radiology.test_suv import header
from viewers.radiology.display_facts import VoiWindow
from viewers.radiology.frame import Frame
from viewers.radiology.instance import load_instance
from viewers.radiology.probed_value import probed_words, uptake_words
from viewers.radiology.suv import NoSuv, SuvKind, SuvScale, suv_scale

STORED = np.array([[1064, 2000, 5, 800], [0, 0, 0, 0]], np.int16)
WINDOW = VoiWindow.make(40, 400)


def frame_of(tmp_path: Path, **changes: Any) -> Frame:
    return load_instance(save(ct_slice(values=STORED, **changes), tmp_path / "a.dcm")).frames[0]


def test_that_a_value_is_given_as_meant_as_stored_and_as_shown(tmp_path: Path) -> None:
    frame = frame_of(tmp_path)
    words = [probed_words(frame, STORED, x, 0, WINDOW, inverted=False) for x in (0, 1)]
    assert words == ["40 HU  (0, 0)  stored 1064 · grey 128", "976 HU  (1, 0)  stored 2000 · grey 255"]
    assert probed_words(frame, STORED, 1, 0, WINDOW, inverted=True).endswith("stored 2000 · grey 0")
    assert probed_words(frame, STORED, 9, 0, WINDOW, inverted=False) == ""


def test_that_padding_has_no_uptake_and_colours_are_as_stored(tmp_path: Path) -> None:
    scale = SuvScale("SUVbw", 2.0, "f", ())
    frame = frame_of(tmp_path, PixelPaddingValue=5)
    words = probed_words(frame, STORED, 2, 0, WINDOW, inverted=False, uptake=scale)
    assert words == "no image (padding)  (2, 0)  stored 5 · grey 0"
    colours = np.zeros((2, 2, 3), np.uint8)
    assert probed_words(frame, colours, 0, 0, None, inverted=False) == "R 0  G 0  B 0  (0, 0)"


def test_that_an_uptake_value_stands_beside_the_value_it_is_made_from(tmp_path: Path) -> None:
    frame = frame_of(tmp_path, Modality="PT", Units="BQML", RescaleSlope=10, RescaleIntercept=0)
    scale = suv_scale([header()], SuvKind.BODY_WEIGHT)
    assert isinstance(scale, SuvScale)
    wanted = 8000 * scale.factor
    words = probed_words(frame, STORED, 3, 0, None, inverted=False, uptake=scale)
    assert words == f"SUVbw {wanted:.2f} g/ml = 8000 Bq/ml  (3, 0)  stored 800"
    lines = uptake_words(scale).splitlines()
    assert lines[0].startswith("SUVbw = ") and "injected dose: 400 MBq" in lines and "body weight: 80 kg" in lines


def test_that_what_is_stored_as_suv_is_not_said_twice_nor_converted(tmp_path: Path) -> None:
    frame = frame_of(tmp_path, Modality="PT", Units="GML", RescaleSlope=0.01, RescaleIntercept=0)
    scale = suv_scale([header(Units="GML")], SuvKind.BODY_WEIGHT)
    words = probed_words(frame, STORED, 3, 0, None, inverted=False, uptake=scale)
    assert words == "SUVbw 8.00 g/ml  (3, 0)  stored 800"


def test_that_without_an_uptake_value_the_raw_unit_stays_and_the_reason_is_told(tmp_path: Path) -> None:
    frame = frame_of(tmp_path, Modality="PT", Units="BQML", RescaleSlope=10, RescaleIntercept=0)
    none = suv_scale([header(PatientWeight=None)], SuvKind.BODY_WEIGHT)
    assert isinstance(none, NoSuv)
    words = probed_words(frame, STORED, 3, 0, None, inverted=False, uptake=none)
    assert words == "8000 Bq/ml  (3, 0)  stored 800"
    assert uptake_words(none) == "No SUV: The header does not state the patient's weight." and uptake_words(None) == ""
