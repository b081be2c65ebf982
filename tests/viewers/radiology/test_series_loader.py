"""What a set of files becomes: stacks, slides, what is not shown, what is unusable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.real_data import real_data
from tests.viewers.radiology.dicom_files import ct_slice, save
from viewers.byte_source import FileByteSource
from viewers.radiology.frame import Series, StudyScan
from viewers.radiology.series_loader import scan_instances


def scan(*sources: FileByteSource) -> StudyScan:
    return scan_instances(sources)


def heights(series: Series) -> list[float]:
    return [frame.geometry.position.z_mm for frame in series.frames if frame.geometry is not None]


def test_that_slices_are_ordered_by_position_and_not_by_instance_number(tmp_path: Path) -> None:
    sources = [
        save(ct_slice(z, number=10 - index, PixelSpacing=[0.7, 0.7]), tmp_path / f"{index}.dcm")
        for index, z in enumerate((5, 0, 10))
    ]
    (series,) = scan(*sources).series
    assert heights(series) == [0, 5, 10]
    assert series.warnings == ()


def test_that_images_without_positions_are_ordered_by_number_and_say_so(tmp_path: Path) -> None:
    sources = [
        save(ct_slice(number=n, ImagePositionPatient=None), tmp_path / f"{name}.dcm")
        for name, n in (("a", 3), ("b", 1), ("c", 2))
    ]
    (series,) = scan(*sources).series
    assert [frame.instance_number for frame in series.frames] == [1, 2, 3]
    assert "No positions in the images: ordered by image number." in series.warnings
    assert "Orientation unknown." in series.warnings


def test_that_two_patients_are_never_in_one_stack(tmp_path: Path) -> None:
    own = save(ct_slice(0), tmp_path / "own.dcm")
    foreign = save(ct_slice(5, PatientID="P2", PatientName="FREMD^BERTA"), tmp_path / "foreign.dcm")
    found = scan(own, foreign).series
    assert [series.patient.patient_id for series in found] == ["P1", "P2"]
    assert all("images of more than one patient" in series.warnings[0] for series in found)


def test_that_a_series_of_two_orientations_is_split_and_says_why(tmp_path: Path) -> None:
    axial = [save(ct_slice(z), tmp_path / f"a{z}.dcm") for z in (0, 5)]
    sagittal = save(ct_slice(0, ImageOrientationPatient=[0, 1, 0, 0, 0, -1]), tmp_path / "s.dcm")
    found = scan(*axial, sagittal).series
    assert sorted(len(series.frames) for series in found) == [1, 2]
    assert all("mixed orientations" in series.warnings[0] for series in found)
    assert {series.part for series in found} == {1, 2}


def test_that_images_of_another_size_are_another_stack(tmp_path: Path) -> None:
    small = save(ct_slice(0), tmp_path / "small.dcm")
    large = save(ct_slice(5, values=np.zeros((8, 8), np.int16)), tmp_path / "large.dcm")
    assert {(s.rows, s.columns) for s in scan(small, large).series} == {(4, 6), (8, 8)}


def test_that_the_first_of_two_files_of_one_object_is_kept_and_the_other_listed(tmp_path: Path) -> None:
    ds = ct_slice(0)
    result = scan(save(ds, tmp_path / "first.dcm"), save(ds, tmp_path / "second.dcm"))
    assert len(result.series) == 1
    assert result.other[0].reason == "second.dcm repeats the object of first.dcm, which is the one kept."


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.dcm", b"", "empty.dcm is empty."),
        ("notes.dcm", b"Patient seen on Tuesday.\n" * 20, "notes.dcm is not a DICOM file."),
        ("cut.dcm", b"\0" * 128 + b"DICM", "cut.dcm is damaged: it holds no DICOM elements."),
    ],
)
def test_that_a_file_that_is_no_image_gets_one_sentence(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    result = scan(FileByteSource(path))
    assert [item.reason for item in result.unusable] == [reason]
    assert result.series == ()


def test_that_a_truncated_image_says_how_much_of_it_is_there(tmp_path: Path) -> None:
    source = save(ct_slice(0), tmp_path / "half.dcm")
    whole = source.path.read_bytes()
    source.path.write_bytes(whole[:-20])
    assert scan(source).unusable[0].reason == "half.dcm is incomplete: 28 of 48 bytes of its pixels are there."


def test_that_good_files_open_beside_bad_ones(tmp_path: Path) -> None:
    bad = tmp_path / "bad.dcm"
    bad.write_bytes(b"no image at all" * 20)
    result = scan(save(ct_slice(0), tmp_path / "good.dcm"), FileByteSource(bad))
    assert (len(result.series), len(result.unusable)) == (1, 1)


def test_that_any_truncation_of_a_file_is_answered_without_an_exception(tmp_path: Path) -> None:
    whole = save(ct_slice(0), tmp_path / "whole.dcm").path.read_bytes()
    for length in range(0, len(whole), 7):
        path = tmp_path / "cut.dcm"
        path.write_bytes(whole[:length])
        result = scan(FileByteSource(path))
        assert result.series == () and len(result.unusable) + len(result.other) == 1


def test_that_scanning_stops_when_cancelled(tmp_path: Path) -> None:
    sources = [save(ct_slice(z), tmp_path / f"{z}.dcm") for z in range(3)]
    seen: list[int] = []
    result = scan_instances(sources, on_progress=lambda done, _all: seen.append(done), cancelled=lambda: len(seen) >= 2)
    assert sum(len(series.frames) for series in result.series) == 2


@pytest.mark.real_data
def test_that_every_file_of_the_real_data_ends_in_exactly_one_list(real_scan: StudyScan) -> None:
    files = sorted(p for p in real_data("dicom").rglob("*") if p.is_file())
    result = real_scan
    shown = {frame.source.path for series in result.series for frame in series.frames}
    slides = {source.path for slide in result.slides for source in slide.sources}
    assert len(shown) + len(slides) + len(result.other) + len(result.unusable) == len(files)
    for item in (*result.other, *result.unusable):
        assert item.reason.startswith(item.name) and item.reason.endswith(".") and "\n" not in item.reason


@pytest.mark.real_data
def test_that_the_real_chest_ct_is_one_stack_from_feet_to_head() -> None:
    folder = real_data("dicom", "ct_chest_56sl_LungDx-A0001")
    (series,) = scan_instances([FileByteSource(p) for p in sorted(folder.glob("*.dcm"))]).series
    assert len(series.frames) == 56 and series.warnings == ()
    assert heights(series) == sorted(heights(series))
    numbers = [frame.instance_number or 0 for frame in series.frames]
    assert numbers == sorted(numbers, reverse=True)  # the trap of this series
    assert series.frames[0].display.unit == "HU"


def test_that_a_scout_stands_apart_from_the_images_it_was_sent_with(tmp_path: Path) -> None:
    scout = save(ct_slice(0, number=1, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]), tmp_path / "scout.dcm")
    slices = [
        save(ct_slice(z, number=z + 2, ImageType=["ORIGINAL", "PRIMARY", "AXIAL"]), tmp_path / f"{z}.dcm")
        for z in (0, 5)
    ]
    first, second = scan(scout, *slices).series
    assert (first.variant, len(first.frames), len(second.frames)) == ("scout", 1, 2)
    assert "split because it holds scouts beside other images" in second.apart


def test_that_the_two_planes_of_a_biplane_are_two_stacks(tmp_path: Path) -> None:
    shots = [
        save(
            ct_slice(
                number=n,
                Modality="XA",
                ImagePositionPatient=None,
                ImageType=["ORIGINAL", "PRIMARY", f"BIPLANE {plane}"],
            ),
            tmp_path / f"{plane}{n}.dcm",
        )
        for n in (1, 2)
        for plane in ("A", "B")
    ]
    first, second = scan(*shots).series
    assert (first.variant, second.variant) == ("plane A", "plane B")
    assert "split because it holds two planes" in first.apart
    assert [frame.instance_number for frame in first.frames] == [1, 2]


def test_that_each_cine_of_a_series_is_a_stack_in_its_own_order(tmp_path: Path) -> None:
    cine = np.arange(3 * 24, dtype=np.uint8).reshape(3, 4, 6)
    sources = []
    for n in (1, 2):
        ds = ct_slice(number=n, Modality="US", ImagePositionPatient=None, values=cine[0])
        ds.NumberOfFrames, ds.PixelData = 3, cine.tobytes()
        sources.append(save(ds, tmp_path / f"{n}.dcm"))
    first, second = scan(*sources).series
    assert [frame.frame_number for frame in second.frames] == [1, 2, 3]
    assert first.apart == "Part 1 of 2 of one series, split because it holds several multi-frame images."
