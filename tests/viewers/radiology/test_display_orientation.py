"""Letters follow the matrix displayed, in all eight flips and turns, straight and oblique."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.viewers.radiology.dicom_files import ct_slice, save
from viewers.geometry import PixelPoint, PlaneGeometry
from viewers.image_text import Letters
from viewers.radiology.display_orientation import DisplayOrientation, letters, letters_of
from viewers.radiology.frame import Frame
from viewers.radiology.instance import load_instance
from viewers.radiology.plane import make_plane
from viewers.radiology.viewport_geometry import ViewportGeometry

ORIENTATIONS = [DisplayOrientation(turns, h, v) for turns in range(4) for h in (False, True) for v in (False, True)]


@pytest.fixture(scope="module")
def axial(tmp_path_factory: pytest.TempPathFactory) -> Frame:
    path: Path = tmp_path_factory.mktemp("orientation") / "a.dcm"
    return load_instance(save(ct_slice(), path)).frames[0]


def test_that_an_axial_image_has_the_patients_right_at_the_left_edge(axial: Frame) -> None:
    assert letters(axial, DisplayOrientation()) == Letters(left="R", right="L", top="A", bottom="P")


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (DisplayOrientation(1), Letters(left="P", right="A", top="R", bottom="L")),
        (DisplayOrientation(2), Letters(left="L", right="R", top="P", bottom="A")),
        (DisplayOrientation(3), Letters(left="A", right="P", top="L", bottom="R")),
        (DisplayOrientation(0, True), Letters(left="L", right="R", top="A", bottom="P")),
        (DisplayOrientation(0, False, True), Letters(left="R", right="L", top="P", bottom="A")),
        (DisplayOrientation(1, True), Letters(left="A", right="P", top="R", bottom="L")),
    ],
)
def test_that_turns_come_before_flips(axial: Frame, orientation: DisplayOrientation, expected: Letters) -> None:
    assert letters(axial, orientation) == expected


@st.composite
def planes(draw: st.DrawFn) -> PlaneGeometry:
    """Any orientation in space: two orthogonal unit vectors from a random rotation."""
    seed = [draw(st.floats(-1, 1)) for _ in range(6)]
    a, b = np.array(seed[:3]), np.array(seed[3:])
    a = a + np.array([1e-3, 0, 0]) if np.linalg.norm(a) < 1e-3 else a
    a = a / np.linalg.norm(a)
    b = b - a * (a @ b)
    if np.linalg.norm(b) < 1e-3:
        b = np.cross(a, np.array([0.0, 0.0, 1.0]) if abs(a[2]) < 0.9 else np.array([1.0, 0.0, 0.0]))
    b = b / np.linalg.norm(b)
    plane = make_plane((1, 2, 3), (*map(float, a), *map(float, b)), (0.8, 0.7))
    assert plane is not None
    return plane


@given(planes(), st.sampled_from(ORIENTATIONS))
def test_that_letters_are_where_the_edges_lead_to(plane: PlaneGeometry, orientation: DisplayOrientation) -> None:
    """The oracle walks the screen: from the middle to each edge, and asks where in the patient that leads."""
    frame = replace(_frame(), geometry=plane)
    shown = letters(frame, orientation)
    assert shown is not None
    view = ViewportGeometry(6, 4, 600, 400, plane.row_spacing_mm / plane.column_spacing_mm, orientation).image_to_view()
    middle = np.array(plane.to_patient(PixelPoint(*view.unmap(300, 200))))
    for name, x, y in (("left", 200, 200), ("right", 400, 200), ("top", 300, 100), ("bottom", 300, 300)):
        there = np.array(plane.to_patient(PixelPoint(*view.unmap(x, y))))
        way = (there - middle) / np.linalg.norm(there - middle)
        # Equal parts may be named in either order.
        if len({round(abs(float(part)), 6) for part in way}) == 3:
            assert getattr(shown, name) == letters_of([float(part) for part in way])


@given(st.sampled_from(ORIENTATIONS), st.integers(-5, 5))
def test_that_turning_what_is_seen_turns_it_clockwise(orientation: DisplayOrientation, turns: int) -> None:
    before, after = np.array(orientation.matrix), np.array(orientation.turned(turns).matrix)
    clockwise = np.linalg.matrix_power(np.array([[0, -1], [1, 0]]), turns % 4)
    assert (after == clockwise @ before).all()


@given(st.sampled_from(ORIENTATIONS), st.booleans())
def test_that_flipping_mirrors_what_is_seen(orientation: DisplayOrientation, horizontally: bool) -> None:
    mirror = np.diag([-1, 1] if horizontally else [1, -1])
    flipped = orientation.flipped(horizontally=horizontally)
    assert (np.array(flipped.matrix) == mirror @ np.array(orientation.matrix)).all()


def test_that_stated_orientation_is_used_without_geometry_and_turned_with_the_image(axial: Frame) -> None:
    frame = replace(axial, geometry=None, patient_orientation=("P", "FL"))
    assert letters(frame, DisplayOrientation()) == Letters(left="A", right="P", top="HR", bottom="FL")
    assert letters(frame, DisplayOrientation(1)) == Letters(left="FL", right="HR", top="A", bottom="P")


@pytest.mark.parametrize("stated", [None, ("LE", "RT"), ("", "F"), ("L", "R"), ("A", "A"), ("LR", "F")])
def test_that_letters_that_cannot_be_known_are_not_given(axial: Frame, stated: tuple[str, str] | None) -> None:
    assert letters(replace(axial, geometry=None, patient_orientation=stated), DisplayOrientation()) is None


def test_that_an_oblique_direction_has_two_letters() -> None:
    assert letters_of((0.8, 0.6, 0.0)) == "LP"
    assert letters_of((-0.99, 0.1, 0.0)) == "R"


def _frame() -> Frame:
    from viewers.byte_source import FileByteSource
    from viewers.radiology.display_facts import DisplayFacts
    from viewers.radiology.frame import PixelLayout

    layout = PixelLayout("1.2.840.10008.1.2.1", 4, 6, 1, 16, 16, 15, True, "MONOCHROME2", 0, 1)
    return Frame("1.2", "1.2", 1, FileByteSource(Path("a.dcm")), layout, DisplayFacts(), ((0, 48),))
