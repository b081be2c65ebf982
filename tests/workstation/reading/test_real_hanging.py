"""Real series hang by the shipped rules: a PET/CT of one day, a chest CT alone and beside a prior, real mammograms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.real_data import real_data
from workstation.local_files import scan_local_files
from workstation.reading.case_reading import CaseReading, SeriesItem
from workstation.reading.hanging.choosing import choose_hanging
from workstation.reading.hanging.picture_facts import pictures_of

pytestmark = pytest.mark.real_data


def read(*parts: str) -> CaseReading:
    scan = scan_local_files([real_data(*parts)])
    items = (SeriesItem(f"{s.modality} {n}", s, "one patient") for n, s in enumerate(scan.series))
    return CaseReading(None, "", tuple(items))


def test_that_the_ct_hangs_beside_the_pet_of_its_space() -> None:
    hanging = choose_hanging(read("dicom", "petct_mr_rtstruct_STS_005", "dicom"))
    assert hanging.rule == "CT beside the PET of the same study"
    assert [key.split()[0] for key in hanging.keys] == ["CT", "PT"]


def test_that_a_chest_ct_has_the_room_alone_and_hangs_left_of_its_prior() -> None:
    case = read("dicom", "ct_chest_56sl_LungDx-A0001")
    assert choose_hanging(case).layout == "1x1"
    prior = replace(case.series[0], key="prior", series=replace(case.series[0].series, study_date="20060101"))
    hanging = choose_hanging(replace(case, series=(prior, *case.series)))
    assert (hanging.rule, hanging.keys[1]) == ("Current beside prior", "prior")


def test_that_real_mammograms_say_their_side_and_view_in_either_way() -> None:
    facts = {one.date: (one.side, one.view) for one in pictures_of(read("dicom", "mammography"))}
    assert facts == {"20090407": ("R", "CC"), "20150929": ("R", "MLO")}, "by code, and by word and code"
