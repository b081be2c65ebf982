"""A reference line lies where one image's plane really crosses the other, within both, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.viewers.pathology.byte_sources import MemoryByteSource
from tests.workstation.reading.readings import LAYOUT
from viewers.geometry import PatientPoint, PlaneGeometry
from viewers.radiology.display_facts import DisplayFacts
from viewers.radiology.frame import Frame
from viewers.radiology.reference_line import find_reference_line

SAGITTAL = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def frame(position: tuple[float, float, float], axes=AXIAL, spacing=(1.0, 1.0), size=(100, 100)) -> Frame:
    layout = replace(LAYOUT, rows=size[0], columns=size[1])
    plane = PlaneGeometry(PatientPoint(*position), *axes, *spacing)
    return Frame("1", "1", 1, MemoryByteSource("one.dcm", b""), layout, DisplayFacts(), ((0, 48),), plane)


def test_that_an_axial_image_is_a_level_line_in_a_sagittal_one() -> None:
    # The sagittal image spans y 0…99 and z 0 down to -99 (pixel centres); the axial one lies at z = -30.
    line = find_reference_line(frame((-50.0, 0.0, -30.0)), frame((0.0, 0.0, 0.0), SAGITTAL))
    assert line is not None
    assert [tuple(end) for end in sorted(line)] == [pytest.approx((0.0, 30.5)), pytest.approx((100.0, 30.5))]


def test_that_the_line_ends_where_the_smaller_image_ends() -> None:
    # The axial image begins at y = 20 and is 10 rows of 2 mm: its edges are at y = 19 and 39.
    small = frame((-50.0, 20.0, -30.0), spacing=(2.0, 1.0), size=(10, 100))
    line = find_reference_line(small, frame((0.0, 0.0, 0.0), SAGITTAL))
    assert line is not None
    assert [tuple(end) for end in sorted(line)] == [pytest.approx((19.5, 30.5)), pytest.approx((39.5, 30.5))]


@pytest.mark.parametrize("position", [(-50.0, 0.0, 40.0), (-50.0, 0.0, -140.0), (30.0, 0.0, -30.0)])
def test_that_images_that_do_not_meet_have_no_line(position: tuple[float, float, float]) -> None:
    assert find_reference_line(frame(position), frame((0.0, 0.0, 0.0), SAGITTAL)) is None


def test_that_parallel_images_and_images_without_a_place_have_none() -> None:
    here = frame((0.0, 0.0, 0.0))
    assert find_reference_line(frame((0.0, 0.0, 5.0)), here) is None
    assert find_reference_line(replace(here, geometry=None), frame((0.0, 0.0, 0.0), SAGITTAL)) is None
    assert find_reference_line(frame((0.0, 0.0, 0.0), SAGITTAL), replace(here, geometry=None)) is None


def test_that_every_point_of_the_line_lies_in_both_planes() -> None:
    chance = np.random.default_rng(7)
    met = 0
    for _ in range(200):
        planes = []
        for _one in range(2):
            turn, _ = np.linalg.qr(chance.normal(size=(3, 3)))
            spacing = tuple(chance.uniform(0.4, 3.0, 2))
            planes.append(
                frame(tuple(chance.uniform(-60, 20, 3)), (tuple(turn[:, 0]), tuple(turn[:, 1])), spacing, (90, 120))
            )
        of, on = planes
        line = find_reference_line(of, on)
        if line is None:
            continue
        met += 1
        assert of.geometry is not None and on.geometry is not None
        for end in line:
            point = on.geometry.to_patient(end)
            assert abs(np.dot(of.geometry.normal, np.subtract(point, of.geometry.position))) < 1e-6
            for plane, size in ((of, (90, 120)), (on, (90, 120))):
                at = plane.geometry.to_pixel(point)  # type: ignore[union-attr]
                assert -1e-6 <= at.column <= size[1] + 1e-6
                assert -1e-6 <= at.row <= size[0] + 1e-6
    assert met > 50
