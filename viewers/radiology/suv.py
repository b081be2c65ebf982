"""From the values of a PET image to standardised uptake values, with the formula and every input for the reader.

SUVbw = activity concentration · body weight / injected activity at the time that the image is corrected to; SUL takes
the lean body mass instead (DICOM PS3.3 C.8.9.1; QIBA's vendor-neutral SUV calculation; Janmahasatian 2005). Where an
input is missing or contradicts another there is no SUV: the raw unit stays, and one sentence says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from pydicom.dataset import Dataset

from viewers.byte_source import ByteSource
from viewers.radiology.dicom_header import items, number, read_header, text, texts
from viewers.radiology.frame import Series
from viewers.radiology.pydicom_warnings import silenced
from viewers.radiology.unit_words import unit_words
from viewers.radiology.voxel_volume import VoxelVolume

_ALREADY_SUV = {
    "": "SUVbw",
    "BW": "SUVbw",
    "LBM": "SUL",
    "LBMJAMES128": "SUL",
    "LBMJANMA": "SUL",
    "IBW": "SUVibw",
    "BSA": "SUVbsa",
}
"""SUV Type (0054,1006)."""
_HEAVIEST_KG, _TALLEST_M = 650.0, 2.8
_LONGEST_WAIT_S = 24 * 3600


class SuvKind(Enum):
    """What the uptake is related to."""

    BODY_WEIGHT = "SUVbw"
    LEAN_BODY_MASS = "SUL"


@dataclass(frozen=True, slots=True)
class SuvScale:
    """SUV (g/ml) = ``factor`` · modality value. ``formula`` and ``inputs`` (name, value) are for the reader."""

    name: str
    factor: float
    formula: str
    inputs: tuple[tuple[str, str], ...]

    @property
    def unit(self) -> str:
        return f"{self.name} g/ml"


@dataclass(frozen=True, slots=True)
class NoSuv:
    """Why there is none: one plain sentence. ``raw_unit`` is what the values are in ("BQML"), "" where not stated."""

    raw_unit: str
    reason: str


def suv_of(series: Series, kind: SuvKind = SuvKind.BODY_WEIGHT) -> SuvScale | NoSuv:
    """The scale for all of *series*, from the headers of its files.

    Raises UnreadableFile where one of them cannot be read.
    """
    if series.modality != "PT":
        return NoSuv(series.frames[0].display.unit, "The series is no PET.")
    sources: dict[str, ByteSource] = {frame.sop_instance_uid: frame.source for frame in series.frames}
    with silenced():
        return suv_scale([read_header(source).dataset for source in sources.values()], kind)


def in_suv(volume: VoxelVolume, scale: SuvScale) -> VoxelVolume:
    """*volume* in SUV; its stored values are shared."""
    return replace(
        volume, slope=volume.slope * scale.factor, intercept=volume.intercept * scale.factor, unit=scale.unit
    )


def suv_scale(headers: Sequence[Dataset], kind: SuvKind) -> SuvScale | NoSuv:
    """As `suv_of`, from the headers of a series' instances."""
    first = headers[0]
    unit = text(first, "Units")
    if len({text(header, "Units") for header in headers}) > 1:
        return NoSuv("", "The images of the series are in unlike units.")
    if unit == "GML":
        return _as_stated(first, kind)
    if unit != "BQML":
        written = unit_words(unit) or unit  # NONE is said as the header has it
        return NoSuv(unit, f"SUV is not computed from the unit {written}." if unit else "The header states no unit.")
    try:
        return _computed(headers, kind)
    except _Missing as missing:
        return NoSuv(unit, str(missing))


class _Missing(Exception):
    """An input that is not there or cannot be; its sentence."""


def _as_stated(header: Dataset, kind: SuvKind) -> SuvScale | NoSuv:
    """Values that are SUV already (Units GML): never converted a second time."""
    stated = text(header, "SUVType")
    name = _ALREADY_SUV.get(stated, "")
    if not name:
        return NoSuv("GML", f"The header states SUV of the type {stated}, which is not known here.")
    if name != kind.value:
        return NoSuv("GML", f"The values are {name} already and are not converted to {kind.value}.")
    inputs = [("Units", "g/ml, SUV as stored"), ("SUV Type", stated or "not stated, which means body weight")]
    return SuvScale(name, 1.0, f"{name} as stored; nothing is computed", tuple(inputs))


def _computed(headers: Sequence[Dataset], kind: SuvKind) -> SuvScale:
    first = headers[0]
    corrected = texts(first, "CorrectedImage")
    for term, words in (("ATTN", "attenuation"), ("DECY", "decay")):
        if term not in corrected:
            raise _Missing(f"The header does not say that the image is corrected for {words}.")
    drug = (items(first, "RadiopharmaceuticalInformationSequence") or (Dataset(),))[0]
    dose_bq = _positive(drug, "RadionuclideTotalDose", "injected dose")
    half_life_s = _positive(drug, "RadionuclideHalfLife", "half-life of the tracer")
    weight_kg = _positive(first, "PatientWeight", "patient's weight", _HEAVIEST_KG)
    inputs = [("injected dose", f"{dose_bq / 1e6:.4g} MBq"), ("half-life", f"{half_life_s:.6g} s")]
    decayed_bq, waited = _dose_at_reference(headers, drug, dose_bq, half_life_s)
    inputs += waited
    inputs.append(("body weight", f"{weight_kg:g} kg"))
    if kind is SuvKind.BODY_WEIGHT:
        formula = "SUVbw = concentration (Bq/ml) · body weight (g) / dose (Bq) at the time of reference"
        return SuvScale(kind.value, weight_kg * 1000 / decayed_bq, formula, tuple(inputs))
    lean_kg, more = _lean_body_mass(first, weight_kg)
    formula = "SUL = concentration (Bq/ml) · lean body mass (g, Janmahasatian) / dose (Bq) at the time of reference"
    return SuvScale(kind.value, lean_kg * 1000 / decayed_bq, formula, (*inputs, *more))


def _dose_at_reference(
    headers: Sequence[Dataset], drug: Dataset, dose_bq: float, half_life_s: float
) -> tuple[float, list[tuple[str, str]]]:
    """The injected dose at the time that the image's decay correction refers to (0054,1102), and how it was found."""
    reference = text(headers[0], "DecayCorrection")
    if reference == "ADMIN":
        return dose_bq, [("decay correction", "to the injection (ADMIN)")]
    if reference != "START":
        raise _Missing(f"The decay correction of the image is {reference or 'not stated'}, so the dose is not known.")
    began = min(_moment(header, "AcquisitionDate", "AcquisitionTime", "time of acquisition") for header in headers)
    series = _moment(headers[0], "SeriesDate", "SeriesTime", "time of the series")
    # A series made later of older acquisitions has a time of its own that no decay was corrected to.
    start = series if series <= began else began
    injected = _injection(drug, start)
    waited_s = (start - injected).total_seconds()
    if waited_s < 0:
        raise _Missing("The injection is stated after the start of the scan.")
    if waited_s > _LONGEST_WAIT_S:
        raise _Missing("The injection is stated more than a day before the scan.")
    decayed = dose_bq * 2.0 ** (-waited_s / half_life_s)
    return decayed, [
        ("decay correction", "to the start of the scan (START)"),
        ("injection", f"{injected:%H:%M:%S}"),
        ("start of the scan", f"{start:%H:%M:%S}" + ("" if series <= began else " (first acquisition here)")),
        ("dose at the start", f"{decayed / 1e6:.4g} MBq"),
    ]


def _injection(drug: Dataset, start: datetime) -> datetime:
    whole = text(drug, "RadiopharmaceuticalStartDateTime")
    if len(whole) >= 14:
        return _parsed(whole[:8], whole[8:], "time of injection")
    clock = text(drug, "RadiopharmaceuticalStartTime")
    if not clock:
        raise _Missing("The header does not state the time of injection.")
    return _parsed(f"{start:%Y%m%d}", clock, "time of injection")


def _moment(header: Dataset, date: str, time: str, words: str) -> datetime:
    day, clock = text(header, date) or text(header, "SeriesDate"), text(header, time)
    if not day or not clock:
        raise _Missing(f"The header does not state the {words}.")
    return _parsed(day, clock, words)


def _parsed(day: str, clock: str, words: str) -> datetime:
    seconds, _, fraction = clock.split("+")[0].split("-")[0].partition(".")
    try:
        return datetime.strptime(  # noqa: DTZ007 - the scanner's own clock throughout
            f"{day.replace('.', '')}{seconds.replace(':', '').ljust(6, '0')}.{(fraction or '0')[:6]}", "%Y%m%d%H%M%S.%f"
        )
    except ValueError:
        raise _Missing(f"The {words} in the header cannot be read.") from None


def _positive(place: Dataset, keyword: str, words: str, largest: float = 1e15) -> float:
    found = number(place, keyword)
    if found is None:
        raise _Missing(f"The header does not state the {words}.")
    if not 0 < found <= largest:
        raise _Missing(f"The {words} in the header, {found:g}, cannot be.")
    return found


def _lean_body_mass(header: Dataset, weight_kg: float) -> tuple[float, list[tuple[str, str]]]:
    """Janmahasatian's formula: 9270 · weight / (6680 + 216 · BMI) for men, (8780 + 244 · BMI) for women."""
    height_m = _positive(header, "PatientSize", "patient's height", _TALLEST_M)
    sex = text(header, "PatientSex")
    if sex not in ("M", "F"):
        raise _Missing("Lean body mass needs the patient's sex, which the header does not state as M or F.")
    index = weight_kg / height_m**2
    lean_kg = 9270 * weight_kg / (6680 + 216 * index if sex == "M" else 8780 + 244 * index)
    return lean_kg, [("height", f"{height_m:g} m"), ("sex", sex), ("lean body mass", f"{lean_kg:.4g} kg")]
