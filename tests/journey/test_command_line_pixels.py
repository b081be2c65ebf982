"""`readingroom snapshot --bare`: DCMTK's pixels, OpenSlide's pixels, and what size, invert, rotate and flip do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import openslide
import pytest
from numpy.typing import NDArray

from tests.real_data import real_data
from tests.viewers.radiology.dicom_files import ct_slice, save
from workstation.cli import main

CHEST = "dicom/ct_chest_56sl_LungDx-A0001/1-32.dcm"
PYDICOM = "dicom/pydicom_testfiles"
SINGLES = "dicom/pydicom_data_singles"
CT_IMAGE = "dicom/transfer_syntaxes_same_image/CTImage.dcm"
JPEG_LOSSLESS = f"{CT_IMAGE}_JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm"


def picture(path: Path) -> NDArray[np.uint8]:
    """A PNG as grey (height, width) or RGB (height, width, 3)."""
    read: Any = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert read is not None, path
    found: NDArray[np.uint8] = read if read.ndim == 2 else np.ascontiguousarray(read[..., 2::-1])
    return found


def snapshot(tmp_path: Path, source: Path, *options: str) -> NDArray[np.uint8]:
    out = tmp_path / "picture.png"
    assert main(["snapshot", str(source), "--out", str(out), "--bare", *options]) == 0
    return picture(out)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("render", "file", "options"),
    [
        ("ct_lung_W1500_L-600", CHEST, ["--window", "-600,1500"]),
        ("ct_lung_W1500_L-600", CHEST, ["--window=-600,1500"]),
        ("ct_soft_W400_L40", CHEST, ["--window", "40,400"]),
        ("ctimage_W400_L40", CT_IMAGE, ["--window", "40,400"]),
        ("ctimage_jpll_W400_L40", JPEG_LOSSLESS, ["--window", "40,400"]),
        ("vlut_04_usefirstlut", f"{SINGLES}/vlut_04.dcm", ["--window", "file"]),
        ("mlut_18_minmax", f"{SINGLES}/mlut_18.dcm", ["--window", "minmax"]),
        ("us_palette", f"{PYDICOM}/examples_palette.dcm", ["--window", "minmax"]),
        ("mr_overlay_W600_L300", f"{PYDICOM}/examples_overlay.dcm", ["--window", "300,600"]),
        ("nm_frame5_minmax", "dicom/nm/NM-MONO2-16-13x-heart", ["--window", "minmax", "--frame", "5"]),
    ],
)
def test_that_a_bare_snapshot_is_dcmtk_s_render_within_one_grey_level(
    render: str, file: str, options: list[str], tmp_path: Path
) -> None:
    reference = picture(real_data("reference", "dcmtk_renders", f"{render}.png"))
    found = snapshot(tmp_path, real_data(*file.split("/")), *options)
    assert found.shape == reference.shape
    assert np.abs(found.astype(int) - reference.astype(int)).max() <= 1


@pytest.mark.journey
@pytest.mark.real_data
def test_that_the_program_itself_needs_no_display_and_takes_options_before_the_command(tmp_path: Path) -> None:
    out = tmp_path / "ct.png"
    command = [sys.executable, "-m", "workstation", "--home", str(tmp_path), "--log-level", "error", "snapshot"]
    command += [str(real_data(*CHEST.split("/"))), "--bare", "--window", "-600,1500", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})
    assert (done.returncode, done.stderr) == (0, "")
    reference = picture(real_data("reference", "dcmtk_renders", "ct_lung_W1500_L-600.png"))
    assert np.abs(picture(out).astype(int) - reference.astype(int)).max() <= 1


@pytest.mark.real_data
@pytest.mark.parametrize("region", [(0, 0, 300, 200), (700, 1100, 513, 257), (2220 - 100, 2967 - 90, 100, 90)])
@pytest.mark.parametrize("folder", ["aperio_svs", "dicom_wsi_CMU-1-Small-Region"])
def test_that_a_slide_s_region_is_openslide_s_pixels(
    folder: str, region: tuple[int, int, int, int], tmp_path: Path
) -> None:
    # Level 0 of the DICOM slide was made of the same tiles.
    svs = next(real_data("wsi", "aperio_svs").rglob("*.svs"))
    x, y, width, height = region
    with openslide.OpenSlide(svs) as slide:
        expected = np.asarray(slide.read_region((x, y), 0, (width, height)).convert("RGB"))
    source = svs if folder == "aperio_svs" else real_data("wsi", folder)
    found = snapshot(tmp_path, source, "--no-icc", "--region", ",".join(map(str, region)))
    assert np.array_equal(found, expected)


@pytest.fixture
def arrow(tmp_path: Path) -> tuple[Path, NDArray[np.uint8]]:
    """An image that no turn or mirror maps to itself, 12 wide and 8 high, and its grey levels in a window of 0–255."""
    values = (np.arange(96, dtype=np.int16) * 2 + 20).reshape(8, 12)
    values[1, 2], values[6, 9] = 255, 0
    file = save(ct_slice(values=values, RescaleIntercept=0, PixelSpacing=[1, 1]), tmp_path / "arrow.dcm").path
    return file, values.astype(np.uint8)


LINEAR = ("--window", "128,256")


def close(found: NDArray[np.uint8], expected: NDArray[np.uint8]) -> bool:
    return found.shape == expected.shape and bool((np.abs(found.astype(int) - expected.astype(int)) <= 1).all())


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", [None, "h", "v"])
def test_that_an_image_is_rotated_clockwise_and_then_flipped(
    angle: int, flip: str | None, arrow: tuple[Path, NDArray[np.uint8]], tmp_path: Path
) -> None:
    file, expected = arrow
    expected = np.rot90(expected, -(angle // 90))
    if flip is not None:
        expected = expected[:, ::-1] if flip == "h" else expected[::-1]
    options = [*LINEAR, "--rotate", str(angle), *(["--flip", flip] if flip else [])]
    assert close(snapshot(tmp_path, file, *options), np.ascontiguousarray(expected))
    # The order of the words on the line changes nothing.
    if flip is not None:
        assert close(snapshot(tmp_path, file, "--flip", flip, "--rotate", str(angle), *LINEAR), expected)


def test_that_inverting_exchanges_black_and_white(arrow: tuple[Path, NDArray[np.uint8]], tmp_path: Path) -> None:
    file, expected = arrow
    plain = snapshot(tmp_path, file, *LINEAR)
    assert close(plain, expected)
    assert np.array_equal(snapshot(tmp_path, file, *LINEAR, "--invert"), 255 - plain)


def test_that_a_size_is_the_picture_s_size_with_the_whole_image_in_it(
    arrow: tuple[Path, NDArray[np.uint8]], tmp_path: Path
) -> None:
    file, expected = arrow
    doubled = snapshot(tmp_path, file, *LINEAR, "--size", "24x16")
    assert doubled.shape == (16, 24)
    assert abs(float(doubled.mean()) - float(expected.mean())) < 3
    boxed = snapshot(tmp_path, file, *LINEAR, "--size", "24x40")
    assert boxed.shape == (40, 24)
    assert not boxed[:11].any() and not boxed[-11:].any() and boxed[13:27].any()


def test_that_a_picture_beyond_all_memory_is_refused(
    arrow: tuple[Path, NDArray[np.uint8]], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x.png"
    assert main(["snapshot", str(arrow[0]), "--out", str(out), "--bare", "--size", "99999x99999"]) == 1
    assert capfd.readouterr().err.count("\n") == 1
    assert not out.exists()
