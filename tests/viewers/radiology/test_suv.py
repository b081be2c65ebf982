"""SUV only with every input there, shown with its formula; never twice; otherwise the raw unit and why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.real_data import real_data
from tests.viewers.radiology.dicom_files import ct_slice
from tests.viewers.radiology.phantom_volumes import grid
from viewers.byte_source import FileByteSource
from viewers.radiology.pydicom_warnings import silenced
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.suv import NoSuv, SuvKind, SuvScale, in_suv, suv_of, suv_scale
from viewers.radiology.voxel_volume import VoxelVolume

DRUG = {
    "RadionuclideTotalDose": "400000000",
    "RadionuclideHalfLife": "6586.2",
    "RadiopharmaceuticalStartTime": "090000",
}
PET = {
    "Modality": "PT",
    "Units": "BQML",
    "DecayCorrection": "START",
    "CorrectedImage": ["ATTN", "SCAT", "DECY"],
    "SeriesDate": "20260101",
    "SeriesTime": "100000",
    "AcquisitionDate": "20260101",
    "AcquisitionTime": "100000",
    "PatientWeight": "80",
    "PatientSize": "1.8",
    "PatientSex": "M",
}


def header(drug: dict[str, Any] | None = None, **changes: Any) -> Dataset:
    ds = ct_slice()
    for keyword, value in {**PET, **changes}.items():
        if value is None:
            ds.pop(keyword, None)
        else:
            setattr(ds, keyword, value)
    given = Dataset()
    with silenced():  # pydicom complains of the damaged time
        for keyword, value in {**DRUG, **(drug or {})}.items():
            if value is not None:
                setattr(given, keyword, value)
    ds.RadiopharmaceuticalInformationSequence = Sequence([given])
    return ds


def scale_of(*headers: Dataset, kind: SuvKind = SuvKind.BODY_WEIGHT) -> SuvScale:
    found = suv_scale(headers, kind)
    assert isinstance(found, SuvScale), found
    return found


DECAYED_BQ = 4e8 * 2 ** (-3600 / 6586.2)


def test_that_suv_is_concentration_times_weight_over_the_dose_left_at_the_start() -> None:
    found = scale_of(header())
    assert found.factor == pytest.approx(80_000 / DECAYED_BQ, rel=1e-12)
    # A body in which the tracer had spread evenly has SUV 1 everywhere (water, 1 g/ml).
    assert found.factor * (DECAYED_BQ / 80_000) == pytest.approx(1.0)
    assert found.unit == "SUVbw g/ml" and "body weight (g) / dose (Bq)" in found.formula
    assert dict(found.inputs)["injected dose"] == "400 MBq" and dict(found.inputs)["body weight"] == "80 kg"
    assert dict(found.inputs)["dose at the start"] == f"{DECAYED_BQ / 1e6:.4g} MBq"


def test_that_an_image_corrected_to_the_injection_takes_the_dose_as_it_was() -> None:
    assert scale_of(header(DecayCorrection="ADMIN")).factor == pytest.approx(80_000 / 4e8)


def test_that_the_start_is_the_series_even_where_a_bed_was_scanned_later() -> None:
    assert scale_of(header(AcquisitionTime="101500")).factor == pytest.approx(80_000 / DECAYED_BQ)


def test_that_a_series_made_anew_later_counts_from_the_first_acquisition() -> None:
    late = {"SeriesTime": "143000"}
    found = scale_of(header(**late, AcquisitionTime="100300"), header(**late))
    assert found.factor == pytest.approx(80_000 / DECAYED_BQ)
    assert dict(found.inputs)["start of the scan"] == "10:00:00 (first acquisition here)"


def test_that_a_full_time_of_injection_comes_before_the_bare_one_also_across_midnight() -> None:
    drug = {"RadiopharmaceuticalStartDateTime": "20251231233000", "RadiopharmaceuticalStartTime": "233000"}
    found = scale_of(header(drug, SeriesTime="003000", AcquisitionTime="003000"))
    assert found.factor == pytest.approx(80_000 / DECAYED_BQ)


def test_that_sul_takes_the_lean_body_mass_by_the_formula_it_names() -> None:
    man, woman = (
        scale_of(header(), kind=SuvKind.LEAN_BODY_MASS),
        scale_of(header(PatientSex="F"), kind=SuvKind.LEAN_BODY_MASS),
    )
    index = 80 / 1.8**2
    assert man.factor == pytest.approx(9270 * 80 / (6680 + 216 * index) * 1000 / DECAYED_BQ)
    assert woman.factor == pytest.approx(9270 * 80 / (8780 + 244 * index) * 1000 / DECAYED_BQ)
    assert "Janmahasatian" in man.formula and dict(man.inputs)["lean body mass"] == "61.73 kg"


@pytest.mark.parametrize("stated", [None, "BW"])
def test_that_what_is_suv_already_is_never_converted_again(stated: str | None) -> None:
    found = scale_of(header(Units="GML", SUVType=stated))
    assert found.factor == 1.0 and found.name == "SUVbw" and "as stored" in found.formula
    refused = suv_scale([header(Units="GML", SUVType=stated)], SuvKind.LEAN_BODY_MASS)
    assert refused == NoSuv("GML", "The values are SUVbw already and are not converted to SUL.")


@pytest.mark.parametrize(
    ("drug", "changes", "reason"),
    [
        ({}, {"PatientWeight": None}, "The header does not state the patient's weight."),
        ({}, {"PatientWeight": "0"}, "The patient's weight in the header, 0, cannot be."),
        ({}, {"PatientWeight": "80000"}, "The patient's weight in the header, 80000, cannot be."),
        ({"RadionuclideTotalDose": None}, {}, "The header does not state the injected dose."),
        ({"RadionuclideHalfLife": None}, {}, "The header does not state the half-life of the tracer."),
        ({"RadiopharmaceuticalStartTime": None}, {}, "The header does not state the time of injection."),
        ({"RadiopharmaceuticalStartTime": "9 o'clock"}, {}, "The time of injection in the header cannot be read."),
        ({"RadiopharmaceuticalStartTime": "110000"}, {}, "The injection is stated after the start of the scan."),
        (
            {"RadiopharmaceuticalStartDateTime": "20251230100000"},
            {},
            "The injection is stated more than a day before the scan.",
        ),
        ({}, {"SeriesTime": None}, "The header does not state the time of the series."),
        ({}, {"AcquisitionTime": None}, "The header does not state the time of acquisition."),
        (
            {},
            {"DecayCorrection": "NONE"},
            "The decay correction of the image is NONE, so the dose is not known.",
        ),
        ({}, {"CorrectedImage": ["ATTN"]}, "The header does not say that the image is corrected for decay."),
        ({}, {"CorrectedImage": None}, "The header does not say that the image is corrected for attenuation."),
        ({}, {"Units": "CNTS"}, "SUV is not computed from the unit counts."),
        ({}, {"Units": None}, "The header states no unit."),
        ({}, {"Units": "GML", "SUVType": "ODD"}, "The header states SUV of the type ODD, which is not known here."),
    ],
)
def test_that_without_any_one_input_the_raw_unit_stays_and_says_why(
    drug: dict[str, Any], changes: dict[str, Any], reason: str
) -> None:
    assert suv_scale([header(drug, **changes)], SuvKind.BODY_WEIGHT) == NoSuv(
        changes.get("Units", "BQML") or "", reason
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"PatientSize": None}, "The header does not state the patient's height."),
        ({"PatientSize": "180"}, "The patient's height in the header, 180, cannot be."),
        (
            {"PatientSex": "O"},
            "Lean body mass needs the patient's sex, which the header does not state as M or F.",
        ),
    ],
)
def test_that_lean_body_mass_is_not_guessed(changes: dict[str, Any], reason: str) -> None:
    assert suv_scale([header(**changes)], SuvKind.LEAN_BODY_MASS) == NoSuv("BQML", reason)


def test_that_a_series_of_unlike_units_has_none() -> None:
    found = suv_scale([header(), header(Units="CNTS")], SuvKind.BODY_WEIGHT)
    assert found == NoSuv("", "The images of the series are in unlike units.")


def test_that_a_volume_in_suv_shares_its_values() -> None:
    volume = VoxelVolume(grid((2, 3, 3)), np.full((2, 3, 3), 10, np.int16), np.ones(2, bool), 2.0, 4.0, "BQML")
    shown = in_suv(volume, SuvScale("SUVbw", 0.5, "", ()))
    assert shown.values is volume.values and shown.unit == "SUVbw g/ml"
    assert shown.modality_values().max() == 12


@pytest.mark.real_data
def test_that_the_real_slices_have_the_suv_of_their_headers_and_the_converted_set_is_left_alone() -> None:
    slices = sorted(real_data("dicom", "pt_single_slices_suv_tags").iterdir())
    found = {s.patient.patient_id[-3:]: suv_of(s) for s in scan_instances([FileByteSource(p) for p in slices]).series}
    late = found["029"]
    assert isinstance(late, SuvScale)
    # Injected at 14:17:00, scanned from 15:23:16.921 on.
    left = 178340011.59668 * 2 ** (-(3600 + 6 * 60 + 16.921) / 6586.2)
    assert late.factor == pytest.approx(69_734.4 / left, rel=1e-9)
    folder = real_data("dicom", "petct_mr_rtstruct_STS_005", "dicom", "PET", "image")
    (series,) = scan_instances([FileByteSource(p) for p in sorted(folder.iterdir())]).series
    already = suv_of(series)
    assert isinstance(already, SuvScale) and already.factor == 1.0
