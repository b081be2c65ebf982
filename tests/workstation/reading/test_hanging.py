from __future__ import annotations

from dataclasses import replace

from tests.workstation.reading.readings import reading, series_item, slide_item
from workstation.reading.hanging import Hanging, first_hanging


def test_that_a_stack_hangs_left_of_a_slide_where_the_case_has_both() -> None:
    case = reading(series=[series_item("1.1"), series_item("1.2")], slides=[slide_item("aa"), slide_item("bb")])
    assert first_hanging(case) == Hanging("1x2", ("series:1.1", "slide:aa"))


def test_that_a_full_stack_goes_before_a_scout_and_other_modalities() -> None:
    case = reading(
        series=[
            series_item("1.1", modality="DX", frames=1),
            series_item("1.2", frames=2),
            series_item("1.3", number=4),
            series_item("1.4", number=3),
        ]
    )
    assert first_hanging(case) == Hanging("1x2", ("series:1.4", "series:1.3"))


def test_that_one_image_has_the_whole_room() -> None:
    assert first_hanging(reading(slides=[slide_item("aa")])) == Hanging("1x1", ("slide:aa",))
    assert first_hanging(reading()) == Hanging("1x1", ())


def test_that_images_of_another_patient_are_not_hung_unasked() -> None:
    case = reading(
        series=[series_item("1.1", blocked=True), series_item("1.2")], slides=[slide_item("aa", blocked=True)]
    )
    assert first_hanging(case) == Hanging("1x1", ("series:1.2",))


def test_that_two_patients_never_hang_side_by_side_unasked() -> None:
    other = replace(series_item("1.2"), patient_line="MUSTER, BERTA")
    assert first_hanging(reading(series=[series_item("1.1"), other])) == Hanging("1x1", ("series:1.1",))
    unknown = replace(slide_item("aa"), patient_line="Biopsy · Patient unknown")
    assert first_hanging(reading(series=[series_item("1.1")], slides=[unknown])) == Hanging("1x1", ("series:1.1",))
