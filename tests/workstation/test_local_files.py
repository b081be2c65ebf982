"""Paths sorted into what can be shown and what cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real_data import real_data
from workstation import local_files
from workstation.door.inspection_pool import InspectionPool
from workstation.local_files import scan_local_files


def test_that_a_folder_without_files_is_a_sentence(tmp_path: Path) -> None:
    scan = scan_local_files([tmp_path])
    assert not scan.holds_images
    assert [item.sentence for item in scan.not_opened] == [f"{tmp_path} holds no files."]


def test_that_a_file_named_twice_is_opened_once(tmp_path: Path) -> None:
    file = tmp_path / "a.dcm"
    file.write_text("hello")
    assert len(scan_local_files([file, tmp_path, file]).not_opened) == 1


def test_that_hidden_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").write_text("x")
    assert [item.sentence for item in scan_local_files([tmp_path]).not_opened] == [f"{tmp_path} holds no files."]


@pytest.mark.real_data
def test_that_the_index_of_a_disc_opens_what_lies_beside_it() -> None:
    index = next(path for path in sorted(real_data("dicom", "dicomdir_pydicom").rglob("DICOMDIR")))
    assert scan_local_files([index]).not_opened


@pytest.mark.real_data
def test_that_slides_of_both_kinds_are_told_from_radiology() -> None:
    scan = scan_local_files([real_data("wsi", "aperio_svs"), real_data("wsi", "dicom_wsi_CMU-1-Small-Region")])
    assert len(scan.slides) == 2
    assert scan.series == () or all(series.modality == "SM" for series in scan.series)
    assert "Slide dicom_wsi_CMU-1-Small-Region" in [slide.title for slide in scan.slides]


def test_that_a_local_file_that_crashes_what_opens_it_is_listed_and_the_others_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad.dcm").write_bytes(b"c")
    (tmp_path / "worse.tiff").write_bytes(b"m")
    monkeypatch.setattr(
        local_files, "InspectionPool", lambda: InspectionPool(check="tests.workstation.door.hostile_checks:check")
    )
    scan = scan_local_files([tmp_path])
    assert [item.sentence for item in scan.not_opened] == [
        "bad.dcm cannot be opened: opening it made the program that checks it crash.",
        "worse.tiff cannot be opened: it needs too much memory.",
    ]
