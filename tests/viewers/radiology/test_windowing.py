"""The formulas of DICOM PS3.3 C.11, in the order of PS3.4 N.2, to the last grey level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewers.errors import OutOfRange
from viewers.radiology.colour import render_palette, render_rgb
from viewers.radiology.display_facts import DisplayFacts, LookupTable, Palette, VoiFunction, VoiWindow
from viewers.radiology.voi_choice import (
    auto_window,
    default_voi,
    file_voi,
    find_preset,
    minmax_window,
    preset_voi,
    presets_for,
)
from viewers.radiology.windowing import GreyTable, render_grey

PLAIN = DisplayFacts()


def linear_of_the_standard(x: float, centre: float, width: float) -> float:
    """PS3.3 C.11.2.1.2.1, written as the standard writes it."""
    if x <= centre - 0.5 - (width - 1) / 2:
        return 0.0
    if x > centre - 0.5 + (width - 1) / 2:
        return 255.0
    return ((x - (centre - 0.5)) / (width - 1) + 0.5) * 255.0


@given(
    st.integers(-32768, 32767),
    st.floats(-5000, 5000),
    st.floats(1, 10000),
)
def test_that_linear_windows_are_the_standards_formula(value: int, centre: float, width: float) -> None:
    grey = render_grey(np.array([[value]], np.int16), PLAIN, VoiWindow.make(centre, width))
    assert abs(int(grey[0, 0]) - linear_of_the_standard(value, centre, width)) <= 0.5 + 1e-6


def test_that_a_width_of_one_is_a_threshold() -> None:
    grey = render_grey(np.array([9, 10, 11], np.int16), PLAIN, VoiWindow(10.5, 1))
    assert grey.tolist() == [0, 0, 255]


def test_that_linear_exact_and_sigmoid_follow_their_own_formulas() -> None:
    values = np.array([0, 50, 100], np.int16)
    exact = render_grey(values, PLAIN, VoiWindow(50, 100, VoiFunction.LINEAR_EXACT))
    assert exact.tolist() == [0, 128, 255]
    sigmoid = render_grey(values, PLAIN, VoiWindow(50, 100, VoiFunction.SIGMOID))
    assert sigmoid.tolist() == [round(255 / (1 + np.exp(2))), 128, round(255 / (1 + np.exp(-2)))]


def test_that_rescale_comes_before_the_window() -> None:
    display = DisplayFacts(slope=2.0, intercept=-1000.0)
    grey = render_grey(np.array([500], np.uint16), display, VoiWindow(0, 2, VoiFunction.LINEAR_EXACT))
    assert grey.tolist() == [128]


def test_that_a_modality_lut_replaces_rescale_and_a_voi_lut_the_window() -> None:
    display = DisplayFacts(slope=100.0, modality_lut=LookupTable(10, 8, (0, 1, 2)))
    voi = LookupTable(0, 8, (0, 100, 255))
    grey = render_grey(np.array([0, 10, 11, 12, 99], np.uint8), display, voi)
    assert grey.tolist() == [0, 0, 100, 255, 255]  # before the first and after the last entry: the ends


def test_that_monochrome1_is_white_at_low_values_and_two_inversions_cancel() -> None:
    values, window = np.array([0, 255], np.uint8), VoiWindow(127.5, 255, VoiFunction.LINEAR_EXACT)
    inverted = DisplayFacts(inverted=True)
    assert render_grey(values, inverted, window).tolist() == [255, 0]
    assert render_grey(values, inverted, window, inverted=True).tolist() == [0, 255]


def test_that_padding_is_black_however_the_image_is_inverted() -> None:
    display = DisplayFacts(padding=(-2000.0, -2000.0))
    for inverted in (False, True):
        grey = render_grey(np.array([-2000, 0], np.int16), display, VoiWindow(0, 10), inverted=inverted)
        assert grey[0] == 0


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.int32, np.float32])
def test_that_a_grey_table_gives_exactly_what_the_formula_gives(dtype: type) -> None:
    values = np.arange(-100, 100).astype(dtype).reshape(10, 20)
    display = DisplayFacts(slope=0.5, intercept=3.0)
    window = VoiWindow(10, 60)
    table = GreyTable(values.dtype, display, window)
    assert (table.apply(values) == render_grey(values, display, window)).all()


def test_that_the_full_range_window_leaves_padding_out_and_ends_in_black_and_white() -> None:
    values = np.array([-2000, -100, 0, 300], np.int16)
    display = DisplayFacts(padding=(-2000.0, -2000.0))
    window = minmax_window(values, display)
    assert render_grey(values, display, window).tolist()[1:] == [0, 64, 255]


def test_that_fractional_values_get_an_exact_window() -> None:
    values = np.array([0.0, 0.25, 1.0], np.float32)
    assert render_grey(values, PLAIN, minmax_window(values, PLAIN)).tolist() == [0, 64, 255]


def test_that_an_image_of_one_value_still_has_a_window() -> None:
    flat = np.full((4, 4), 7, np.uint16)
    assert auto_window(flat, PLAIN).width >= 1


def test_that_the_files_lut_comes_before_its_windows_and_soft_tissue_before_guessing() -> None:
    table, window = LookupTable(0, 8, (0, 255)), VoiWindow(1, 2)
    assert file_voi(DisplayFacts(windows=(window,), voi_luts=(table,))) == table
    hounsfield = DisplayFacts(unit="HU")
    opened = default_voi(np.zeros((2, 2), np.int16), hounsfield, "CT")
    assert isinstance(opened, VoiWindow) and (opened.centre, opened.width) == (40, 400)


def test_that_hounsfield_presets_are_offered_only_for_hounsfield_units() -> None:
    assert [preset.name for preset in presets_for("CT", "HU")][:3] == ["Soft tissue", "Lung", "Bone"]
    assert presets_for("CT", "") == presets_for("MR", "")
    lung = preset_voi(find_preset("lung", "CT", "HU"), np.zeros((1, 1)), PLAIN)
    assert isinstance(lung, VoiWindow) and (lung.centre, lung.width) == (-600, 1500)
    with pytest.raises(OutOfRange, match=r"no window preset named lung for MR; there are: File, Auto"):
        find_preset("lung", "MR", "")


def test_that_palette_indices_outside_the_table_take_its_ends() -> None:
    palette = Palette(10, 16, (0, 65535), (0, 32768), (0, 256))
    rgb = render_palette(np.array([[0, 10, 11, 200]], np.uint8), palette)
    assert rgb.tolist() == [[[0, 0, 0], [0, 0, 0], [255, 128, 1], [255, 128, 1]]]


def test_that_deep_colour_is_shown_by_its_upper_bits() -> None:
    assert render_rgb(np.array([[[4095, 2048, 0]]], np.uint16), 12).tolist() == [[[255, 128, 0]]]
