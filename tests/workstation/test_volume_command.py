"""`readingroom volume`: another program opens the file and finds the same values in the same places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.real_data import real_data
from tests.viewers.radiology.phantom_volumes import grid, random_rotation, series_from
from viewers.radiology.frame import Series
from workstation.cli import main

sitk = pytest.importorskip("SimpleITK")
RAMP = np.array([2.0, -3.0, 1.5])


def ramp(points: np.ndarray) -> np.ndarray:
    return np.asarray(points @ RAMP)


def on_disk(series: Series, folder: Path) -> Path:
    folder.mkdir()
    for frame in series.frames:
        (folder / frame.source.name).write_bytes(frame.source.open().read())
    return folder


def centres(image: object) -> np.ndarray:
    """(slices, rows, columns, 3): every voxel's centre as SimpleITK has it, mm, LPS."""
    columns, rows, slices = image.GetSize()  # type: ignore[attr-defined]
    k, j, i = np.meshgrid(np.arange(slices), np.arange(rows), np.arange(columns), indexing="ij")
    axes = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())  # type: ignore[attr-defined]
    return np.asarray(np.stack([i, j, k], axis=-1) @ axes.T + np.array(image.GetOrigin()))  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "seed"), [("volume.nii", 0), ("volume.nii.gz", 1)])
def test_that_an_oblique_volume_opens_elsewhere_where_it_was(tmp_path: Path, name: str, seed: int) -> None:
    geometry = grid(
        (5, 7, 9), (2.5, 0.8, 0.8), random_rotation(np.random.default_rng(seed)), centre=(30.0, -80.0, 900.0)
    )
    folder, out = on_disk(series_from(geometry, ramp), tmp_path / "in"), tmp_path / name
    assert main(["volume", str(folder), "--out", str(out)]) == 0
    image = sitk.ReadImage(str(out))
    values = sitk.GetArrayFromImage(image)
    assert values.shape == (5, 7, 9)
    assert np.abs(values - ramp(centres(image))).max() <= 0.06


def test_that_half_turns_are_written_right(tmp_path: Path) -> None:
    geometry = grid((3, 4, 5), rotation=np.diag([-1.0, 1.0, -1.0]))
    folder, out = on_disk(series_from(geometry, ramp), tmp_path / "in"), tmp_path / "volume.nii"
    assert main(["volume", str(folder), "--out", str(out)]) == 0
    image = sitk.ReadImage(str(out))
    assert np.abs(sitk.GetArrayFromImage(image) - ramp(centres(image))).max() <= 0.06


def test_that_a_tilted_volume_is_straightened_and_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    geometry = grid((8, 12, 12), (2.0, 0.9, 0.9), tilt_degrees=20.0)
    folder, out = on_disk(series_from(geometry, ramp), tmp_path / "in"), tmp_path / "volume.nii.gz"
    assert main(["volume", str(folder), "--out", str(out)]) == 0
    said = capfd.readouterr().out
    assert "Tilted by 20.0° (gantry tilt)" in said and "Put on a straight, evenly spaced grid" in said
    image = sitk.ReadImage(str(out))
    values = sitk.GetArrayFromImage(image)
    here = values != -32768
    assert "Voxels without an image hold -32768." in said
    assert 0.5 < here.mean() < 1.0
    assert np.abs(values - ramp(centres(image)))[here].max() <= 0.1


def test_that_a_missing_image_is_a_hole_and_not_made_up(tmp_path: Path) -> None:
    folder, out = on_disk(series_from(grid((6, 8, 8)), ramp), tmp_path / "in"), tmp_path / "volume.nii"
    next(p for p in folder.iterdir() if p.name == "3.dcm").unlink()
    assert main(["volume", str(folder), "--out", str(out)]) == 0
    values = sitk.GetArrayFromImage(sitk.ReadImage(str(out)))
    assert [bool((image == -32768).all()) for image in values] == [False, False, False, True, False, False]


def test_that_what_is_no_volume_is_one_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = on_disk(series_from(grid((2, 4, 4)), ramp), tmp_path / "in")
    (folder / "1.dcm").unlink()
    assert main(["volume", str(folder), "--out", str(tmp_path / "volume.nii")]) == 1
    assert capfd.readouterr().err.strip() == "“3. CT Chest” cannot be shown as a volume: it is a single image."
    with pytest.raises(SystemExit) as wrong:
        main(["volume", str(folder), "--out", str(tmp_path / "volume.png")])
    assert wrong.value.code == 2


@pytest.mark.real_data
@pytest.mark.parametrize(
    "folder", ["ct_chest_56sl_LungDx-A0001", "mr_brain_t1_56sl_slab", "petct_mr_rtstruct_STS_005/dicom/PET/image"]
)
def test_that_a_real_volume_opens_in_simpleitk_as_simpleitk_reads_its_files(folder: str, tmp_path: Path) -> None:
    source, out = real_data("dicom", *folder.split("/")), tmp_path / "volume.nii"
    assert main(["volume", str(source), "--out", str(out)]) == 0
    ours = sitk.ReadImage(str(out))
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(source)))
    theirs = reader.Execute()
    assert ours.GetSize() == theirs.GetSize()
    for ask in ("GetOrigin", "GetSpacing", "GetDirection"):
        assert getattr(ours, ask)() == pytest.approx(getattr(theirs, ask)(), abs=1e-4)
    difference = np.abs(sitk.GetArrayFromImage(ours) - sitk.GetArrayFromImage(theirs).astype(np.float64)).max()
    assert difference <= 1e-5
