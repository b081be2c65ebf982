"""Which image a mark lies on, as the report says it: a wrong number would send a surgeon to another slice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.store.database import Store, open_store
from tests.real_data import real_data
from tests.sync.sample_records import CASE, sample_case
from tests.viewers.radiology.dicom_files import SERIES, ct_slice, save
from tests.workstation.reading.lanes import LanesAtOnce
from tests.workstation.reading.stored_case import case_with_images, put_ct, put_instance, uids_of
from viewers.annotation.annotation import FrameTarget
from viewers.errors import UnreadableFile
from viewers.image_place import ImagePlace
from viewers.radiology.stack_words import place_of
from workstation.opinion.marked_images import MarkedImages
from workstation.reading.presenter import CaseReadingPresenter


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "profile")
    opened.cases.put_case(case_with_images(), [])
    yield opened
    opened.close()


def put_slices(store: Store, folder: Path, numbers: list[int | None], **changes: Any) -> list[FrameTarget]:
    """A slice for each InstanceNumber of *numbers*, 5 mm apart from feet to head; where each mark would lie."""
    targets = []
    for position, number in enumerate(numbers):
        file = save(ct_slice(z_mm=5.0 * position, InstanceNumber=number, **changes), folder / f"{position}.dcm")
        put_instance(store, file.path)
        targets.append(FrameTarget(SERIES, uids_of(file.path)[2]))
    return targets


def words(store: Store, target: FrameTarget, listed: int = 3) -> str:
    return MarkedImages(store, case_with_images(listed)).get_frame(target).place.words


def test_that_the_place_goes_by_position_and_the_number_by_the_header_where_they_run_against_each_other(
    store: Store, tmp_path: Path
) -> None:
    feet, _, head = put_slices(store, tmp_path, [3, 2, 1])
    assert words(store, feet) == "image 1 of 3 (DICOM instance 3)"
    assert words(store, head) == "image 3 of 3 (DICOM instance 1)"


def test_that_a_number_that_several_images_have_is_said_to_be_no_single_ones(store: Store, tmp_path: Path) -> None:
    first, second, third = put_slices(store, tmp_path, [7, 7, 8])
    assert words(store, first) == "image 1 of 3 (DICOM instance 7, used more than once)"
    assert words(store, second) == "image 2 of 3 (DICOM instance 7, used more than once)"
    assert words(store, third) == "image 3 of 3 (DICOM instance 8)"


def test_that_an_image_without_a_number_has_its_place_only(store: Store, tmp_path: Path) -> None:
    _, second, _ = put_slices(store, tmp_path, [1, None, 3])
    assert words(store, second) == "image 2 of 3 (no DICOM instance number)"


def test_that_of_an_incomplete_series_only_the_dicom_number_is_said(store: Store, tmp_path: Path) -> None:
    feet, second, numberless = put_slices(store, tmp_path, [56, 55, None])
    assert words(store, feet, listed=56) == "DICOM instance 56"
    assert words(store, second, listed=56) == "DICOM instance 55"
    assert words(store, numberless, listed=56) == "image without a DICOM instance number"


def test_that_of_a_series_nobody_lists_only_the_dicom_number_is_said(store: Store, tmp_path: Path) -> None:
    feet, *_ = put_slices(store, tmp_path, [3, 2, 1])
    images = MarkedImages(store, sample_case(studies=(), documents=()))
    assert images.get_frame(feet).place.words == "DICOM instance 3"


def test_that_of_a_split_series_the_part_is_said_and_numbers_are_compared_across_parts(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "coronal").mkdir()
    axial = put_slices(store, tmp_path, [2, 1])
    (coronal,) = put_slices(store, tmp_path / "coronal", [1], ImageOrientationPatient=[1.0, 0, 0, 0, 0, -1.0])
    assert words(store, axial[0]) == "image 1 of 2, part 1 of 2 (DICOM instance 2)"
    assert words(store, axial[1]) == "image 2 of 2, part 1 of 2 (DICOM instance 1, used more than once)"
    assert words(store, coronal) == "image 1 of 1, part 2 of 2 (DICOM instance 1, used more than once)"


def test_that_an_image_that_cannot_be_shown_leaves_only_the_dicom_number_of_the_others(
    store: Store, tmp_path: Path
) -> None:
    feet, *_ = put_slices(store, tmp_path, [3, 2])
    without_pixels = ct_slice(z_mm=20.0, number=1, PixelData=None)
    put_instance(store, save(without_pixels, tmp_path / "empty.dcm").path)
    assert words(store, feet) == "DICOM instance 3"


def test_that_images_of_another_patient_are_not_counted_among_the_patients_own(store: Store, tmp_path: Path) -> None:
    put_ct(store, tmp_path, 2)
    own = FrameTarget(SERIES, store.objects.list_objects(CASE)[1].sop_instance_uid or "")
    put_ct(store, tmp_path, 1, first=2, mismatch="The image is of somebody else.", PatientID="P2")
    assert words(store, own) == "image 2 of 2 (DICOM instance 2)"


def test_that_an_image_that_is_not_here_has_no_place(store: Store) -> None:
    with pytest.raises(UnreadableFile):
        MarkedImages(store, case_with_images()).get_frame(FrameTarget(SERIES, "1.2.3.404"))


def test_that_report_and_screen_say_the_same_of_every_image(store: Store, tmp_path: Path) -> None:
    put_slices(store, tmp_path, [9, 9, 1])
    images = MarkedImages(store, case_with_images())
    (item,) = CaseReadingPresenter(store, LanesAtOnce(), "Practitioner/r").build(CASE).series
    for index, frame in enumerate(item.series.frames):
        on_screen = place_of(item.series, index, is_whole=item.is_whole)
        assert images.get_frame(FrameTarget(SERIES, frame.sop_instance_uid)).place == on_screen


@pytest.mark.real_data
def test_that_the_real_chest_ct_whose_numbers_run_downwards_is_placed_by_its_positions(
    store: Store, tmp_path: Path
) -> None:
    import pydicom

    files = sorted(real_data("dicom", "ct_chest_56sl_LungDx-A0001").glob("*.dcm"))
    headers = [pydicom.dcmread(file, stop_before_pixels=True) for file in files]
    by_height = sorted(headers, key=lambda header: float(header.ImagePositionPatient[2]))
    for file in files:
        put_instance(store, file)
    case = case_with_images()
    series = str(headers[0].SeriesInstanceUID)
    (study,) = case.studies
    listed = _listing(study, series, len(files))
    images = MarkedImages(store, sample_case(studies=(listed,), documents=()))
    for place, header in enumerate(by_height, 1):
        found = images.get_frame(FrameTarget(series, str(header.SOPInstanceUID))).place
        assert found.words == f"image {place} of 56 (DICOM instance {header.InstanceNumber})"
    assert found.image != found.instance_number


def _listing(study: Any, series_uid: str, count: int) -> Any:
    from dataclasses import replace

    return replace(study, series=(replace(study.series[0], series_uid=series_uid, instance_count=count),))


@pytest.mark.parametrize(
    "place",
    [
        ImagePlace(149, 220, 72),
        ImagePlace(3, 10, 1, is_number_shared=True, frame_number=3, part=2, parts=4),
        ImagePlace(None, None, None),
    ],
)
def test_that_a_place_survives_its_json(place: ImagePlace) -> None:
    assert ImagePlace.from_json(place.to_json()) == place


def test_that_a_frame_of_several_is_named_and_a_place_that_will_change_says_here() -> None:
    assert ImagePlace(3, 10, 1, frame_number=3).words == "image 3 of 10 (DICOM instance 1, frame 3)"
    partial = ImagePlace(12, 48, 72, is_whole=False)
    assert partial.words == "image 12 of 48 here (DICOM instance 72)"
    assert partial.lasting().words == "DICOM instance 72"
