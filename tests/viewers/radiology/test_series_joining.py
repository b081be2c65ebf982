"""A reader may put the parts of a series together again, and is told what that means; never two patients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.viewers.radiology.dicom_files import ct_slice
from tests.viewers.radiology.phantom_volumes import in_memory
from viewers.calibration import CalibrationClass
from viewers.errors import UnsupportedImage
from viewers.radiology.frame import Series
from viewers.radiology.series_joining import join_parts
from viewers.radiology.series_loader import scan_instances

SAGITTAL = [0, 1, 0, 0, 0, -1]


def load(*slices: dict[str, Any]) -> tuple[Series, ...]:
    files = [in_memory(ct_slice(**{"PixelSpacing": [0.7, 0.7], **s}), f"{n}.dcm") for n, s in enumerate(slices)]
    return scan_instances(files).series


def test_that_phases_put_together_stand_by_position_with_a_warning() -> None:
    parts = load(
        *({"z_mm": z, "number": n, "EchoTime": str(te)} for n, (te, z) in enumerate([(5, 0), (5, 5), (9, 0), (9, 5)]))
    )
    joined = join_parts(parts)
    assert [frame.instance_number for frame in joined.frames] == [0, 2, 1, 3]
    assert joined.warnings == (
        "Put together by the reader from 2 parts that do not belong in one stack, ordered by position: "
        "neighbouring images need not be neighbours in the patient.",
    )
    assert (joined.part, joined.parts, joined.apart) == (1, 1, "")
    assert joined.calibration.kind is CalibrationClass.PATIENT_GEOMETRY


def test_that_orientations_put_together_stand_by_number() -> None:
    parts = load({"number": 2}, {"z_mm": 5, "number": 4}, {"number": 3, "ImageOrientationPatient": SAGITTAL})
    joined = join_parts(parts)
    assert [frame.instance_number for frame in joined.frames] == [2, 3, 4]
    assert "ordered by image number" in joined.warnings[0]


def test_that_unlike_pixels_leave_no_millimetres() -> None:
    parts = load({"number": 1}, {"z_mm": 5, "number": 2, "PixelSpacing": [0.9, 0.9]})
    assert not join_parts(parts).calibration.is_calibrated


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ({"PatientID": "P2"}, "These images are of more than one patient; they are never put together."),
        (
            {"values": np.zeros((8, 8), np.int16)},
            "These images differ in size or colour and cannot stand in one stack.",
        ),
    ],
)
def test_that_what_no_stack_can_hold_is_refused(second: dict[str, Any], words: str) -> None:
    with pytest.raises(UnsupportedImage) as refused:
        join_parts(load({"number": 1}, {"z_mm": 5, **second}))
    assert str(refused.value) == words


def test_that_two_series_are_never_put_together() -> None:
    (series,) = load({"number": 1})
    with pytest.raises(UnsupportedImage):
        join_parts((series, replace(series, series_uid="1.2.3")))
