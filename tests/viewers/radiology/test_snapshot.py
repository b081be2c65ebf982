"""A bare snapshot is the pixels a reader would see, and DCMTK's; with words it carries the patient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.real_data import real_data
from tests.viewers.radiology.dicom_files import ct_slice, save
from viewers.byte_source import FileByteSource
from viewers.errors import OutOfRange
from viewers.radiology.display_facts import VoiWindow
from viewers.radiology.frame import Series
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.snapshot import render_snapshot

CHEST = ("dicom", "ct_chest_56sl_LungDx-A0001", "1-32.dcm")
PYDICOM = ("dicom", "pydicom_testfiles")
SYNTAXES = ("dicom", "transfer_syntaxes_same_image")
JPEG_LOSSLESS = "CTImage.dcm_JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm"


def series_of(*paths: Path) -> Series:
    return scan_instances([FileByteSource(path) for path in paths]).series[0]


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("render", "file", "wishes"),
    [
        ("ct_lung_W1500_L-600", CHEST, {"window": VoiWindow(-600, 1500)}),
        ("ct_soft_W400_L40", CHEST, {"window": VoiWindow(40, 400)}),
        ("ctimage_W400_L40", (*SYNTAXES, "CTImage.dcm"), {"window": VoiWindow(40, 400)}),
        ("ctimage_jpll_W400_L40", (*SYNTAXES, JPEG_LOSSLESS), {"window": VoiWindow(40, 400)}),
        ("vlut_04_usefirstlut", ("dicom", "pydicom_data_singles", "vlut_04.dcm"), {"window": "file"}),
        ("mlut_18_minmax", ("dicom", "pydicom_data_singles", "mlut_18.dcm"), {"window": "minmax"}),
        ("us_palette", (*PYDICOM, "examples_palette.dcm"), {}),
        (
            "mr_overlay_W600_L300",
            ("dicom", "pydicom_testfiles", "examples_overlay.dcm"),
            {"window": VoiWindow(300, 600)},
        ),
        ("nm_frame5_minmax", ("dicom", "nm", "NM-MONO2-16-13x-heart"), {"window": "minmax", "frame": 5}),
    ],
)
def test_that_a_bare_snapshot_is_dcmtks_render_within_one_grey_level(
    render: str, file: tuple[str, ...], wishes: dict[str, Any]
) -> None:
    reference: Any = cv2.imread(str(real_data("reference", "dcmtk_renders", f"{render}.png")), cv2.IMREAD_UNCHANGED)
    if reference.ndim == 3:
        reference = reference[..., ::-1]
    found = render_snapshot(series_of(real_data(*file)), bare=True, **wishes)
    assert found.shape == reference.shape
    assert np.abs(found.astype(int) - reference.astype(int)).max() <= 1


@pytest.fixture
def gradient(tmp_path: Path) -> Series:
    values = np.arange(24, dtype=np.int16).reshape(4, 6) * 10
    return series_of(save(ct_slice(values=values, RescaleIntercept=0), tmp_path / "a.dcm").path)


def test_that_rotation_comes_before_the_flip(gradient: Series) -> None:
    plain = render_snapshot(gradient, window="minmax", bare=True)
    both = render_snapshot(gradient, window="minmax", rotate=90, flip="h", bare=True)
    assert (both == np.rot90(plain, -1)[:, ::-1]).all()
    assert (render_snapshot(gradient, window="minmax", invert=True, bare=True) == 255 - plain).all()


def test_that_a_size_fits_the_image_inside_by_its_spacing(gradient: Series) -> None:
    picture = render_snapshot(gradient, window="minmax", size=(120, 120), invert=True, bare=True)
    rows = np.flatnonzero(picture.max(axis=1))
    assert picture.shape == (120, 120)
    # 6×0.7 mm across fill the width; 4×0.8 mm down are 91 pixels of it.
    assert len(rows) == pytest.approx(120 * (4 * 0.8) / (6 * 0.7), abs=1)


def test_that_what_does_not_exist_is_refused_in_one_sentence(gradient: Series) -> None:
    with pytest.raises(OutOfRange, match="there is no image 2"):
        render_snapshot(gradient, 2, bare=True)
    with pytest.raises(OutOfRange, match="not by 45"):
        render_snapshot(gradient, rotate=45, bare=True)
    with pytest.raises(OutOfRange, match=r"a\.dcm states no window"):
        render_snapshot(gradient, window="file", bare=True)
    with pytest.raises(OutOfRange, match="no window preset named nonsense"):
        render_snapshot(gradient, preset="nonsense", bare=True)


@pytest.mark.qt
def test_that_a_snapshot_with_words_carries_the_patient_above_the_image(qapp: Any, gradient: Series) -> None:
    picture = render_snapshot(gradient, size=(500, 400), patient_line="MUSTER, Anna · F · 1960-01-01 · P1")
    assert picture.shape[1:] == (500, 3) and picture.shape[0] > 400
    bar = picture[: picture.shape[0] - 400]
    assert bar.max() > 150  # something is written there
