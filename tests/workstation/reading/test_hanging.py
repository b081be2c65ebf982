from __future__ import annotations

from dataclasses import replace

from tests.workstation.reading.readings import AXIAL, CORONAL, reading, series_item, slide_item
from workstation.reading.case_reading import CaseReading
from workstation.reading.hanging.choosing import choose_hanging
from workstation.reading.hanging.picture_facts import contrast_in, pictures_of


def hung(case: CaseReading) -> tuple[str, tuple[str, ...]]:
    """The layout and what hangs in it."""
    hanging = choose_hanging(case)
    return hanging.layout, hanging.keys


def test_that_a_stack_hangs_left_of_a_slide_where_the_case_has_both() -> None:
    case = reading(series=[series_item("1.1"), series_item("1.2")], slides=[slide_item("aa"), slide_item("bb")])
    assert hung(case) == ("1x2", ("series:1.1", "slide:aa"))


def test_that_a_full_stack_goes_before_a_scout_and_other_modalities() -> None:
    case = reading(
        series=[
            series_item("1.1", modality="DX", frames=1),
            series_item("1.2", frames=2),
            series_item("1.3", number=4),
            series_item("1.4", number=3),
        ]
    )
    assert hung(case) == ("1x2", ("series:1.4", "series:1.3"))


def test_that_one_image_has_the_whole_room() -> None:
    assert hung(reading(slides=[slide_item("aa")])) == ("1x1", ("slide:aa",))
    assert hung(reading()) == ("1x1", ())


def test_that_images_of_another_patient_are_not_hung_unasked() -> None:
    case = reading(
        series=[series_item("1.1", blocked=True), series_item("1.2")], slides=[slide_item("aa", blocked=True)]
    )
    assert hung(case) == ("1x1", ("series:1.2",))


def test_that_two_patients_never_hang_side_by_side_unasked() -> None:
    other = replace(series_item("1.2"), patient_line="MUSTER, BERTA")
    assert hung(reading(series=[series_item("1.1"), other])) == ("1x1", ("series:1.1",))
    unknown = replace(slide_item("aa"), patient_line="Biopsy · Patient unknown")
    assert hung(reading(series=[series_item("1.1")], slides=[unknown])) == ("1x1", ("series:1.1",))


def test_that_a_current_series_hangs_beside_the_same_kind_of_image_of_the_latest_earlier_study() -> None:
    current = series_item("1.1", date="20260110", plane=AXIAL, words="Chest C+", number=2)
    coronal = series_item("1.2", date="20260110", plane=CORONAL, number=1)
    case = reading(
        series=[
            coronal,
            series_item("2.1", date="20240301", plane=AXIAL, words="Chest C+"),
            series_item("3.1", date="20250601", plane=AXIAL, words="Chest native"),
            series_item("3.2", date="20250601", plane=AXIAL, words="Chest C+ 5 mm"),
            series_item("3.3", date="20250601", plane=AXIAL, words="Chest C+", body_part="HEAD"),
            series_item("3.4", date="20250601", plane=AXIAL, words="Chest C+", modality="MR"),
            series_item("3.5", date="20250601", plane=AXIAL, words="Chest C+", frames=2),
            current,
        ]
    )
    hanging = choose_hanging(case)
    assert hanging.rule == "Current beside prior" and hanging.same_scale
    # The coronal series ranks first and has no prior of its plane: the axial one has.
    assert hanging.keys == ("series:1.1", "series:3.2")
    assert [place and place.beside for place in hanging.places] == [None, 0]


def test_that_a_prior_is_never_of_the_same_date_or_of_none_and_hangs_second() -> None:
    later = reading(series=[series_item("1.1", date="20260110"), series_item("2.1", date="20260111")])
    assert hung(later) == ("1x2", ("series:2.1", "series:1.1"))
    for date in ("20260110", ""):
        case = reading(series=[series_item("1.1", date="20260110"), series_item("2.1", date=date)])
        assert all(place is None or place.beside is None for place in choose_hanging(case).places)


def test_that_a_blocked_or_another_patients_prior_is_not_hung() -> None:
    current, prior = series_item("1.1", date="20260110"), series_item("2.1", date="20250110")
    assert hung(reading(series=[current, prior])) == ("1x2", ("series:1.1", "series:2.1"))
    for kept_away in (replace(prior, is_blocked=True), replace(prior, patient_line="MUSTER, BERTA")):
        assert hung(reading(series=[current, kept_away])) == ("1x1", ("series:1.1",))


def test_that_current_prior_and_slide_hang_side_by_side() -> None:
    current, prior = series_item("1.1", date="20260110"), series_item("2.1", date="20250110")
    case = reading(series=[prior, current], slides=[slide_item("aa")])
    assert hung(case) == ("1x3", ("series:1.1", "series:2.1", "slide:aa"))


def test_that_ct_and_pet_of_one_space_hang_beside_each_other() -> None:
    other = series_item("1.1", number=1, space="1.8", date="20260110")
    ct, pet = series_item("1.2", date="20260110"), series_item("1.3", modality="PT", date="20260110", number=9)
    hanging = choose_hanging(reading(series=[other, ct, pet]))
    assert hanging.keys == ("series:1.2", "series:1.3") and hanging.rule == "CT beside the PET of the same study"


def test_that_a_plate_hangs_beside_its_prior_whatever_took_it() -> None:
    current = series_item("1.1", modality="DX", views=[("", "PA")], date="20260110")
    lateral = series_item("2.1", modality="CR", views=[("", "LL")], date="20250110")
    prior = series_item("2.2", modality="CR", views=[("", "PA")], date="20250110", number=9)
    assert hung(reading(series=[lateral, prior, current])) == ("1x2", ("series:1.1", "series:2.2"))


def test_that_ultrasound_alone_has_the_whole_room() -> None:
    loops = [series_item(f"1.{n}", modality="US", frames=30) for n in range(3)]
    assert hung(reading(series=loops)) == ("1x1", ("series:1.0",))
    assert hung(reading(series=[*loops, series_item("2.1")]))[1][0] == "series:2.1"


VIEWS = [("L", "MLO"), ("R", "MLO"), ("L", "CC"), ("R", "CC")]


def test_that_the_four_views_of_a_mammogram_hang_mirrored_above_their_priors() -> None:
    current = series_item("1.1", modality="MG", views=VIEWS, date="20260110", plane=None)
    priors = [
        series_item(f"2.{n}", modality="MG", views=[view], date="20240110") for n, view in enumerate(VIEWS) if n != 1
    ]
    hanging = choose_hanging(reading(series=[*priors, current]))
    assert (hanging.layout, hanging.same_scale) == ("2x4", True)
    top, below = hanging.places[:4], hanging.places[4:]
    assert [place and (place.key, place.frame_index) for place in top] == [("series:1.1", n) for n in (3, 2, 1, 0)]
    assert [place and place.key for place in below] == ["series:2.3", "series:2.2", None, "series:2.0"]
    assert [place and place.posterior for place in top] == ["right", "left", "right", "left"]
    alone = choose_hanging(reading(series=[current]))
    assert (alone.layout, alone.rule, len(alone.keys)) == ("2x2", "Mammography, four views", 4)


def test_that_two_views_that_say_no_side_hang_as_two_images() -> None:
    case = reading(series=[series_item(f"1.{n}", modality="MG", frames=1) for n in range(2)])
    assert choose_hanging(case).rule == "Two images"


def test_that_contrast_is_known_by_the_agent_or_by_the_words_and_else_not() -> None:
    known = {"Chest C+": "with", "Abd without contrast": "without", "Thorax nativ": "without", "T1 post Gd": "with"}
    assert {words: contrast_in(words) for words in known} == known
    assert contrast_in("Chest 5 mm") == contrast_in("Chest pre and post") == ""
    named = reading(series=[series_item("1.1", words="Chest", contrast="Iopromide")])
    assert [facts.contrast for facts in pictures_of(named)] == ["with"]
