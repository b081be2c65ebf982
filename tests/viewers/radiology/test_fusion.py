"""What lies over an image lies at its place in the patient, in the colours and values it is said to have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.viewers.radiology.phantom_volumes import grid, random_rotation, series_from, volume_from
from viewers.geometry import PixelPoint
from viewers.radiology.colour_map import hot_iron
from viewers.radiology.frame import Series
from viewers.radiology.fused_series import FusedSeries, can_lie_over
from viewers.radiology.fusion import Fusion, FusionLook
from viewers.radiology.fusion_words import fusion_lines, notices, value_words
from viewers.radiology.viewport_geometry import ViewportGeometry


def ramp(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear in the patient, so that interpolation reproduces it anywhere."""
    return np.asarray(20.0 + 0.1 * points[..., 0] + 0.05 * points[..., 1] - 0.08 * points[..., 2])


def ball(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """10 within 9 mm of (6, -4, 2), else 0."""
    return np.where(np.linalg.norm(points - np.array([6.0, -4.0, 2.0]), axis=-1) < 9.0, 10.0, 0.0)


def fused(truth: Any = ramp, **changes: Any) -> Fusion:
    """Voxels of 4 mm over a cube of 60 mm."""
    volume = volume_from(grid((16, 16, 16), (4.0, 4.0, 4.0)), truth)
    series = FusedSeries("4. PT WB", "1.9", volume, "SUVbw g/ml", 10.0, "", (), "")
    return Fusion(replace(series, **changes))


@pytest.fixture(scope="module")
def under() -> Series:
    """Images of 24 × 20 px of 1 mm, turned at random, within the cube."""
    rotation = random_rotation(np.random.default_rng(3))
    return series_from(grid((8, 20, 24), (2.0, 1.0, 1.0), rotation), ramp)


def test_that_the_colours_are_dicoms_own() -> None:
    pydicom = pytest.importorskip("pydicom")
    from pydicom.data import get_palette_files

    stored = pydicom.dcmread(next(path for path in get_palette_files() if "hotiron" in str(path)))
    for channel, name in enumerate(("Red", "Green", "Blue")):
        table = np.frombuffer(stored[f"{name}PaletteColorLookupTableData"].value, np.uint8)
        assert np.array_equal(hot_iron()[:, channel], table)


def test_that_a_value_is_that_of_the_patient_point_on_images_of_any_direction(under: Series) -> None:
    fusion, chance = fused(), np.random.default_rng(5)
    for frame in under.frames:
        assert frame.geometry is not None
        for _ in range(20):
            point = PixelPoint(int(chance.integers(0, 24)) + 0.5, int(chance.integers(0, 20)) + 0.5)
            found = fusion.find_value(frame, point)
            # The cut's own pixels are coarser than the image's; half of one is 0.7 mm.
            assert found == pytest.approx(float(ramp(np.array(frame.geometry.to_patient(point)))), abs=0.15)


def test_that_colour_lies_where_the_uptake_is_and_nowhere_else() -> None:
    frame = series_from(grid((5, 60, 60), (2.0, 1.0, 1.0), centre=(0.0, 0.0, 2.0)), ramp).frames[2]
    assert frame.geometry is not None
    fusion = fused(ball)
    fusion.look = FusionLook(1.0, 10.0)
    canvas = np.full((240, 240, 4), 90, np.uint8)
    to_view = ViewportGeometry(60, 60, 240, 240).image_to_view()
    fusion.paint(canvas, frame, to_view)
    hot = canvas[..., 2].astype(int) - canvas[..., 0] > 60
    rows, columns = np.nonzero(hot)
    middle = to_view.unmap(float(columns.mean()) + 0.5, float(rows.mean()) + 0.5)
    point = frame.geometry.to_patient(PixelPoint(*middle))
    assert (point.x_mm, point.y_mm) == (pytest.approx(6.0, abs=0.5), pytest.approx(-4.0, abs=0.5))
    assert np.array_equal(canvas[:20, :20], np.full((20, 20, 4), 90, np.uint8)), "no uptake leaves the image as it is"


def test_that_turned_and_flipped_images_carry_their_colours_along() -> None:
    frame = series_from(grid((5, 60, 60), (2.0, 1.0, 1.0), centre=(0.0, 0.0, 2.0)), ramp).frames[2]
    fusion = fused(ball)
    straight = ViewportGeometry(60, 60, 240, 240)
    places = []
    for orientation in (
        straight.orientation,
        straight.orientation.turned(1),
        straight.orientation.flipped(horizontally=True),
    ):
        canvas = np.zeros((240, 240, 4), np.uint8)
        to_view = replace(straight, orientation=orientation).image_to_view()
        fusion.paint(canvas, frame, to_view)
        rows, columns = np.nonzero(canvas[..., 2] > 60)
        places.append(to_view.unmap(float(columns.mean()) + 0.5, float(rows.mean()) + 0.5))
    for place in places[1:]:
        assert place == (pytest.approx(places[0][0], abs=0.3), pytest.approx(places[0][1], abs=0.3))


def test_that_an_image_beyond_the_series_says_that_there_is_none_rather_than_no_uptake() -> None:
    inside = series_from(grid((3, 20, 24), (2.0, 1.0, 1.0)), ramp).frames[1]
    outside = series_from(grid((3, 20, 24), (2.0, 1.0, 1.0), centre=(0.0, 0.0, 90.0)), ramp).frames[1]
    fusion = fused()
    assert fusion.covers(inside) and not fusion.covers(outside)
    assert notices(fusion, covers=False) == ("4. PT WB has no images at this level.",)
    assert fusion.find_value(outside, PixelPoint(3.5, 3.5)) is None
    canvas = np.full((40, 40, 4), 7, np.uint8)
    fusion.paint(canvas, outside, ViewportGeometry(24, 20, 40, 40).image_to_view())
    assert (canvas == 7).all()


def test_that_values_are_said_in_the_unit_they_are_in() -> None:
    assert value_words(fused(), 3.456) == "SUVbw 3.46 g/ml"
    raw = fused(unit="BQML", reason="The header does not state the patient's weight.", top=5000.0)
    assert value_words(raw, 1234.0) == "1234 Bq/ml"
    assert notices(raw, covers=True) == (
        "Colours are in Bq/ml, not SUV: The header does not state the patient's weight.",
    )
    assert fusion_lines(fused())[1] == "60 % · 0 – 10 SUVbw g/ml"


def test_that_only_what_shares_a_frame_of_reference_lies_over(under: Series) -> None:
    pet = replace(under, modality="PT")
    assert can_lie_over(pet, under)
    assert not can_lie_over(under, pet) and not can_lie_over(pet, pet)
    assert not can_lie_over(replace(pet, frame_of_reference_uid="1.2.3"), under)
    assert not can_lie_over(replace(pet, frame_of_reference_uid=""), replace(under, frame_of_reference_uid=""))
