"""The truth that the phantoms state is what lies in their pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
import pytest

from sync.demo_hospital.phantoms import PhantomPatient
from sync.demo_hospital.phantoms.ct_chest import write_ct_chest
from sync.demo_hospital.phantoms.mr_brain import (
    LESION_CENTRE,
    LESION_DIAMETER_MM,
    PIXEL_MM,
    SIZE,
    _BrainPainter,
    _oblique_axes,
)

PATIENT = PhantomPatient("DEMO-1", "MUSTER^Erika", "19680514", "F", "Chest CT", "A1")


def _half_height_width(profile: npt.NDArray[np.float64], centre: int, low: float, high: float) -> float:
    """Width in samples between the half-height crossings on both sides of *centre*, with linear interpolation."""
    half = (low + high) / 2
    edges = []
    for step in (-1, 1):
        i = centre
        while profile[i] > half:
            i += step
        edges.append(abs(i - centre) - (half - profile[i]) / (profile[i - step] - profile[i]))
    return float(edges[0] + edges[1])


def test_that_the_nodule_has_its_stated_diameter_at_its_stated_place(tmp_path: Path) -> None:
    truth = write_ct_chest(tmp_path, PATIENT, slices=13)
    ds = pydicom.dcmread(tmp_path / truth.files[truth.nodule_slice])
    hu = ds.pixel_array.astype(float) + float(ds.RescaleIntercept)
    x0, y0, z = (float(v) for v in ds.ImagePositionPatient)
    assert abs(z - truth.nodule_centre[2]) <= truth.spacing_mm[0] / 2
    column = round((truth.nodule_centre[0] - x0) / truth.spacing_mm[2])
    row = round((truth.nodule_centre[1] - y0) / truth.spacing_mm[1])
    across = hu[row - 1 : row + 2].mean(axis=0)
    width_mm = _half_height_width(across, column, -865, 42) * truth.spacing_mm[2]
    assert width_mm == pytest.approx(truth.nodule_diameter_mm, abs=truth.spacing_mm[2])


def test_that_instance_numbers_run_against_positions(tmp_path: Path) -> None:
    truth = write_ct_chest(tmp_path, PATIENT, slices=3)
    read = [pydicom.dcmread(tmp_path / name, stop_before_pixels=True) for name in truth.files]
    assert [float(ds.ImagePositionPatient[2]) for ds in read] == sorted(
        float(ds.ImagePositionPatient[2]) for ds in read
    )
    assert [ds.InstanceNumber for ds in read] == [3, 2, 1]


def test_that_the_same_phantom_is_built_twice_byte_for_byte(tmp_path: Path) -> None:
    first = write_ct_chest(tmp_path / "a", PATIENT, slices=2)
    second = write_ct_chest(tmp_path / "b", PATIENT, slices=2)
    assert first == second
    assert all((tmp_path / "a" / n).read_bytes() == (tmp_path / "b" / n).read_bytes() for n in first.files)


def test_that_the_lesion_has_its_stated_diameter_in_an_oblique_plane() -> None:
    row, column, _normal = _oblique_axes()
    half = 0.5 * (SIZE - 1) * PIXEL_MM
    corner = np.array(LESION_CENTRE) - row * half - column * half
    signal = _BrainPainter().slice_signal(0, corner, row, column).astype(float)
    middle = SIZE // 2
    line = signal[middle - 1 : middle + 1].mean(axis=0)
    bright = np.flatnonzero(line[middle - 16 : middle + 16] > 520)
    assert (bright[-1] - bright[0] + 1) * PIXEL_MM == pytest.approx(LESION_DIAMETER_MM, abs=1.5 * PIXEL_MM)


def test_that_the_brain_is_double_oblique(tmp_path: Path) -> None:
    row, column, normal = _oblique_axes()
    assert np.allclose(np.cross(row, column), normal)
    assert min(abs(normal)) > 0.005
