"""Linked scrolling keeps two stacks at one level of the patient, and says by which offset where none is shared."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.viewers.pathology.byte_sources import MemoryByteSource
from tests.workstation.reading.readings import LAYOUT, PATIENT
from viewers.calibration import Calibration, CalibrationClass
from viewers.geometry import PatientPoint, PlaneGeometry
from viewers.radiology.display_facts import DisplayFacts
from viewers.radiology.frame import Frame, Series
from viewers.radiology.stack_levels import StackLevels, find_levels
from viewers.radiology.stack_links import StackLinks

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
CORONAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
TILTED = ((1.0, 0.0, 0.0), (0.0, 0.9659258, -0.2588190))


def stack(levels: list[float], frame_of_reference: str = "1.9", axes=AXIAL, uid: str = "1.2") -> Series:
    """Images of 4 × 6 px of 1 mm whose first pixels are at (0, 0, level)."""
    source = MemoryByteSource("one.dcm", b"")
    frames = tuple(
        Frame(
            f"{uid}.{n}", "1", 1, source, LAYOUT, DisplayFacts(), ((0, 48),),
            PlaneGeometry(PatientPoint(0.0, 0.0, level), *axes, 1.0, 1.0),
        )
        for n, level in enumerate(levels)
    )  # fmt: skip
    calibration = Calibration(CalibrationClass.PATIENT_GEOMETRY, 1.0, 1.0)
    return Series("1", uid, 1, "CT", "Chest", PATIENT, frames, calibration, (), 4, 6, frame_of_reference, "CHEST")


def levels(*arguments: object, **more: object) -> StackLevels:
    found = find_levels(stack(*arguments, **more))  # type: ignore[arg-type]
    assert found is not None
    return found


def test_that_within_a_frame_of_reference_position_alone_decides() -> None:
    upwards = levels([0.0, 5.0, 10.0, 15.0])
    downwards = levels([14.0, 11.0, 8.0, 5.0, 2.0], uid="1.3")
    links = StackLinks()
    for index, (expected, away_mm) in {0: (4, 2.0), 1: (3, 0.0), 2: (1, 1.0), 3: (0, -1.0)}.items():
        place = links.follow(upwards, index, downwards)
        assert place is not None
        assert (place.index, place.offset_mm) == (expected, None)
        assert place.away_mm == pytest.approx(away_mm)


def test_that_beyond_its_end_a_stack_says_how_far_it_stays_behind() -> None:
    place = StackLinks().follow(levels([0.0, 50.0]), 1, levels([0.0, 5.0, 10.0], uid="1.3"))
    assert place is not None
    assert (place.index, place.away_mm) == (2, pytest.approx(-40.0))


def test_that_another_frame_of_reference_is_followed_only_after_the_reader_linked_two_images() -> None:
    now, prior = levels([0.0, 5.0, 10.0]), levels([100.0, 105.0, 110.0, 115.0], "1.8", uid="1.3")
    links = StackLinks()
    assert links.follow(now, 0, prior) is None
    links.link(now, 0, prior, 1)
    there, back = links.follow(now, 2, prior), links.follow(prior, 1, now)
    assert there is not None and back is not None
    assert (there.index, there.offset_mm) == (3, pytest.approx(105.0))
    assert (back.index, back.offset_mm) == (0, pytest.approx(-105.0))
    links.forget()
    assert links.follow(now, 0, prior) is None


def test_that_a_stack_without_a_frame_of_reference_shares_none_with_another() -> None:
    assert StackLinks().follow(levels([0.0, 5.0], ""), 0, levels([0.0, 5.0], "", uid="1.3")) is None


def test_that_sections_of_another_kind_do_not_go_along_and_tilted_ones_do() -> None:
    axial = levels([0.0, 5.0, 10.0])
    links = StackLinks()
    assert links.follow(axial, 0, levels([0.0, 5.0], axes=CORONAL, uid="1.3")) is None
    links.link(axial, 0, levels([0.0, 5.0], "1.8", CORONAL, "1.3"), 0)
    assert links.follow(axial, 0, levels([0.0, 5.0], "1.8", CORONAL, "1.3")) is None
    assert links.follow(axial, 1, levels([0.0, 5.0, 10.0], axes=TILTED, uid="1.4")) is not None


def test_that_images_that_are_not_parallel_or_nowhere_have_no_levels() -> None:
    mixed = stack([0.0, 5.0])
    turned = replace(mixed.frames[1], geometry=PlaneGeometry(PatientPoint(0.0, 0.0, 5.0), *CORONAL, 1.0, 1.0))
    nowhere = replace(mixed.frames[1], geometry=None)
    for other in (turned, nowhere):
        assert find_levels(replace(mixed, frames=(mixed.frames[0], other))) is None


def test_that_the_nearest_of_many_uneven_levels_is_found() -> None:
    chance = random.Random(4)
    heights = [chance.uniform(-300, 300) for _ in range(200)]
    found = levels(heights)
    for _ in range(200):
        wanted = chance.uniform(-320, 320)
        nearest = found.nearest(wanted)
        assert abs(heights[nearest.place] - wanted) == min(abs(height - wanted) for height in heights)
        assert nearest.away_mm == pytest.approx(heights[nearest.place] - wanted)
