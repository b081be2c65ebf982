"""How lengths are known, by modality: never millimetres by guess."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.viewers.annotation.marks import line
from viewers.annotation.measurements import measure_shape
from viewers.calibration import CalibrationClass
from viewers.radiology.calibration import calibrate
from viewers.radiology.plane import make_plane

PLANE = make_plane((0, 0, 0), (1, 0, 0, 0, 1, 0), (0.8, 0.7))


def dataset(**elements: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def region(**elements: Any) -> Dataset:
    return dataset(
        **{
            "RegionSpatialFormat": 1,
            "PhysicalUnitsXDirection": 3,
            "PhysicalUnitsYDirection": 3,
            "PhysicalDeltaX": 0.02,
            "PhysicalDeltaY": 0.02,
            "RegionLocationMinX0": 10,
            "RegionLocationMinY0": 10,
            "RegionLocationMaxX1": 90,
            "RegionLocationMaxY1": 90,
        }
        | elements
    )


def test_that_a_cut_through_the_patient_is_calibrated_by_its_geometry() -> None:
    found = calibrate(dataset(PixelSpacing=[0.8, 0.7]), "CT", PLANE)
    assert (found.kind, found.column_mm, found.row_mm) == (CalibrationClass.PATIENT_GEOMETRY, 0.7, 0.8)


def test_that_a_projection_is_calibrated_at_its_detector() -> None:
    found = calibrate(dataset(ImagerPixelSpacing=[0.1, 0.1], PixelSpacing=[0.1, 0.1]), "DX", None)
    assert (found.kind, found.column_mm) == (CalibrationClass.AT_DETECTOR, 0.1)


def test_that_a_projection_with_other_spacing_says_it_was_corrected() -> None:
    found = calibrate(
        dataset(ImagerPixelSpacing=[0.1, 0.1], PixelSpacing=[0.08, 0.08], PixelSpacingCalibrationType="FIDUCIAL"),
        "MG",
        None,
    )
    assert (found.kind, found.column_mm) == (CalibrationClass.MAGNIFICATION_CORRECTED, 0.08)
    assert "object of known size" in found.note


def test_that_a_stated_magnification_divides_the_detector_spacing() -> None:
    found = calibrate(dataset(ImagerPixelSpacing=[0.2, 0.2], EstimatedRadiographicMagnificationFactor=2), "MG", None)
    assert (found.kind, found.column_mm) == (CalibrationClass.MAGNIFICATION_CORRECTED, 0.1)


@pytest.mark.parametrize(
    "regions",
    [
        [],
        [region(), region()],
        [region(PhysicalUnitsYDirection=4)],
        [region(RegionSpatialFormat=2)],
        [region(RegionLocationMaxX1=500)],
        [region(PhysicalDeltaX=0)],
    ],
    ids=["none", "two", "seconds", "M-mode", "outside the image", "no scale"],
)
def test_that_ultrasound_without_one_trustworthy_region_is_in_pixels(regions: list[Dataset]) -> None:
    found = calibrate(
        dataset(SequenceOfUltrasoundRegions=regions, Rows=100, Columns=100, PixelSpacing=[1, 1]), "US", None
    )
    assert not found.is_calibrated and found.note


def test_that_one_ultrasound_region_in_centimetres_calibrates() -> None:
    found = calibrate(dataset(SequenceOfUltrasoundRegions=[region()], Rows=100, Columns=100), "US", None)
    assert (found.kind, found.column_mm, found.row_mm) == (CalibrationClass.ULTRASOUND_REGION, 0.2, 0.2)


@pytest.mark.parametrize("elements", [{}, {"PixelSpacing": [0.5, 0.5]}, {"NominalScannedPixelSpacing": [0.5, 0.5]}])
def test_that_a_secondary_capture_is_in_pixels_whatever_it_claims(elements: dict[str, Any]) -> None:
    assert not calibrate(dataset(**elements), "OT", None).is_calibrated


@pytest.mark.parametrize(
    ("position", "orientation", "spacing"),
    [
        ((0, 0), (1, 0, 0, 0, 1, 0), (1, 1)),
        ((0, 0, 0), (1, 0, 0, 1, 0, 0), (1, 1)),
        ((0, 0, 0), (0, 0, 0, 0, 0, 0), (1, 1)),
        ((0, 0, 0), (1, 0, 0, 0, 1, 0), (0, 1)),
    ],
)
def test_that_an_impossible_plane_is_no_plane(
    position: tuple[float, ...], orientation: tuple[float, ...], spacing: tuple[float, ...]
) -> None:
    assert make_plane(position, orientation, spacing) is None


def test_that_an_ultrasound_length_is_in_millimetres_only_inside_the_region() -> None:
    found = calibrate(dataset(SequenceOfUltrasoundRegions=[region()], Rows=100, Columns=100), "US", None)
    assert found.region is not None
    left, top, right, bottom = found.region
    inside = measure_shape(line((left, top), (right, bottom)), found, on_slide=False)[0]
    outside = measure_shape(line((left, top), (right + 0.5, bottom)), found, on_slide=False)[0]
    assert (inside.unit, inside.calibration) == ("mm", CalibrationClass.ULTRASOUND_REGION)
    assert (outside.unit, outside.calibration) == ("px", CalibrationClass.UNCALIBRATED)
    assert outside.value == pytest.approx(((right + 0.5 - left) ** 2 + (bottom - top) ** 2) ** 0.5)
    assert "outside the ultrasound region" in outside.calibration_text
