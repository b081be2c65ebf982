"""Every file of the real data is shown, shown with words, or refused with a reason; what could mislead is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.real_data import real_data
from tests.real_data_table import BEGIN, END, PAGE, real_data_table
from viewers.byte_source import FileByteSource
from viewers.radiology.frame import Series, StudyScan
from viewers.radiology.inspection import inspect_series
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.snapshot import render_snapshot
from viewers.radiology.stack_words import corner_text

MOSAIC = "Taken out of Siemens mosaics: each slice is a part of a stored picture."


@pytest.mark.real_data
def test_that_the_conformance_page_says_what_becomes_of_every_file() -> None:
    real_data("dicom")
    listed = PAGE.read_text("utf-8").split(BEGIN)[1].split(END)[0].strip()
    assert listed == real_data_table(), "write it anew with: python -m tests.real_data_table"


@pytest.mark.real_data
@pytest.mark.qt
def test_that_every_series_is_inspected_and_drawn_with_its_words(qapp: Any, real_scan: StudyScan) -> None:
    assert json.dumps(inspect_series(real_scan))
    for series in real_scan.series:
        picture = render_snapshot(series, len(series.frames) // 2 + 1, size=(500, 400), patient_line="A")
        assert picture.shape[1] == 500 and picture.std() > 0


def series_in(*path: str) -> Series:
    place = real_data("dicom", *path)
    files = sorted(place.rglob("*")) if place.is_dir() else [place]
    return scan_instances([FileByteSource(file) for file in files if file.is_file()]).series[0]


def words_on(series: Series) -> str:
    corners = corner_text(series, 0, None, inverted=False, zoom=1.0)
    texts = (*corners.top_left, *corners.top_right, *corners.bottom_left, *corners.bottom_right)
    return " | ".join((*series.warnings, *texts, series.calibration.note))


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (("mr_siemens_mosaic_epi_pe4",), MOSAIC),
        (("dicomdir_pydicom", "77654033", "CR1"), "at detector"),
        (("mammography", "MG_GH133_fo-dicom.dcm"), "Imager Pixel Spacing; magnification unknown"),
        (("mammography", "MG_PixelSpacing_vs_ImagerPixelSpacing_Clunie.dcm"), "magnification-corrected"),
        (("xa_cine",), "Lengths in px: not calibrated"),
        (("transfer_syntaxes_same_image", "no-pixel-spacing.dcm"), "inside columns 120–800, rows 60–518 only"),
        (("pydicom_data_singles", "RG1_J2KI.dcm"), "Lossy compression 10:1."),
        (("pydicom_data_singles", "JLSN_RGB_ILV0.dcm"), "JPEG-LS near-lossless, may be lossy."),
        (("pydicom_data_singles", "OT-PAL-8-face.dcm"), "How its pixels are stored is missing or wrong in the file"),
        (("nm",), "Orientation unknown."),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_that_what_could_mislead_is_said_on_the_image(path: tuple[str, ...], sentence: str) -> None:
    assert sentence in words_on(series_in(*path))


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("MR_truncated.dcm", "is incomplete: 8130 of 8192 bytes of its pixels are there."),
        ("badVR.dcm", "is damaged: its number of frames is not a number above zero."),
        ("meta_missing_tsyntax.dcm", "has no number of rows, so its pixels cannot be read."),
    ],
)
def test_that_a_broken_file_is_refused_with_its_reason(name: str, reason: str) -> None:
    file: Path = real_data("dicom", "pydicom_testfiles", name)
    scan = scan_instances([FileByteSource(file)])
    assert not scan.series and scan.unusable[0].reason == f"{name} {reason}"


@pytest.mark.real_data
def test_that_a_pet_in_suv_keeps_its_values_and_its_own_unit() -> None:
    series = series_in("petct_mr_rtstruct_STS_005", "dicom", "PET", "image")
    assert {frame.display.unit for frame in series.frames} == {"GML"}
