"""Gaps, uneven spacing, shared positions and tilt are said, never smoothed over."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.viewers.radiology.dicom_files import ct_slice, save
from viewers.radiology.frame import Series
from viewers.radiology.series_loader import scan_instances


def load(tmp_path: Path, slices: Iterable[dict[str, Any]]) -> tuple[Series, ...]:
    return scan_instances(
        [save(ct_slice(**{"PixelSpacing": [0.8, 0.8], **s}), tmp_path / f"{i}.dcm") for i, s in enumerate(slices)]
    ).series


def test_that_a_missing_slice_is_named_with_its_place(tmp_path: Path) -> None:
    (series,) = load(tmp_path, ({"z_mm": z} for z in (0, 5, 10, 20, 25)))
    assert series.warnings == ("Gap of 10.0 mm between images 3 and 4 (about 1 image missing).",)


def test_that_uneven_spacing_is_said(tmp_path: Path) -> None:
    (series,) = load(tmp_path, ({"z_mm": z} for z in (0, 5, 10, 15.5, 20, 25)))
    assert series.warnings == ("Uneven spacing: 4.50 to 5.50 mm between images.",)


@pytest.mark.parametrize("error_mm", [0.0, 0.004, -0.004])
def test_that_rounding_of_positions_is_no_uneven_spacing(tmp_path: Path, error_mm: float) -> None:
    (series,) = load(tmp_path, ({"z_mm": z} for z in (0, 5 + error_mm, 10, 15)))
    assert series.warnings == ()


def test_that_every_position_twice_becomes_two_phases(tmp_path: Path) -> None:
    slices = [
        {"z_mm": z, "number": n, "AcquisitionNumber": a} for n, (a, z) in enumerate([(1, 0), (1, 5), (2, 0), (2, 5)])
    ]
    first, second = load(tmp_path, slices)
    assert [f.instance_number for f in first.frames] == [0, 1]
    assert [f.instance_number for f in second.frames] == [2, 3]
    assert "Each position has 2 images, told apart by acquisition: this is acquisition 2 of 2." in second.warnings
    assert (first.part, second.part, first.parts) == (1, 2, 2)


def test_that_one_doubled_position_stays_in_the_stack_and_is_said(tmp_path: Path) -> None:
    (series,) = load(tmp_path, ({"z_mm": z, "number": n} for n, z in enumerate((0, 5, 5, 10))))
    assert len(series.frames) == 4
    assert "2 images share 1 position." in series.warnings


def test_that_images_at_a_single_position_keep_their_own_order(tmp_path: Path) -> None:
    (series,) = load(tmp_path, ({"z_mm": 0.0, "number": n} for n in (3, 1, 2)))
    assert [frame.instance_number for frame in series.frames] == [1, 2, 3]
    assert series.warnings == ("All 3 images lie at one position: ordered by time and number.",)


def test_that_gantry_tilt_is_measured(tmp_path: Path) -> None:
    slices = [{"z_mm": z, "ImagePositionPatient": [10.0, 20.0 + z * 0.2679, z]} for z in (0.0, 5.0, 10.0, 15.0)]
    (series,) = load(tmp_path, slices)
    assert series.warnings == ("Tilted by 15.0° (gantry tilt): images are shifted against each other.",)


def test_that_an_oblique_stack_is_ordered_along_its_own_normal(tmp_path: Path) -> None:
    # Coronal: the normal runs along y, so z tells nothing about the order.
    slices = [
        {"ImagePositionPatient": [0.0, y, 50.0 - y], "ImageOrientationPatient": [1, 0, 0, 0, 0, -1], "number": n}
        for n, y in enumerate((30.0, 10.0, 20.0))
    ]
    (series,) = load(tmp_path, slices)
    assert [f.geometry.position.y_mm for f in series.frames if f.geometry] == [10.0, 20.0, 30.0]
