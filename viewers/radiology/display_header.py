"""Reads an image's display facts out of its header: rescale, windows, padding, polarity, colour; tables and overlays
have headers of their own.

What they are: `display_facts`. The functional groups of enhanced images come first where they exist.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataset import Dataset

from viewers.radiology.cine_header import read_cine
from viewers.radiology.dicom_header import element, items, number, numbers, text, texts
from viewers.radiology.display_facts import DisplayFacts, Overlay, Palette, VoiFunction, VoiWindow
from viewers.radiology.frame import PixelLayout
from viewers.radiology.shutter import read_shutter
from viewers.radiology.table_header import lookup_table, palette
from viewers.radiology.transfer_syntax import syntax_name

LARGEST_ICC_BYTES = 4 << 20


def display_facts(
    dataset: Dataset,
    layout: PixelLayout,
    modality: str,
    groups: Sequence[Dataset] = (),
    overlays: tuple[Overlay, ...] = (),
) -> DisplayFacts:
    """The facts of one frame; *groups* are its own and the shared functional groups, own first."""
    transform = _place(groups, "PixelValueTransformationSequence", dataset, "RescaleSlope")
    voi = _place(groups, "FrameVOILUTSequence", dataset, "WindowCenter")
    slope, intercept = number(transform, "RescaleSlope"), number(transform, "RescaleIntercept") or 0.0
    tables = [t for item in items(dataset, "ModalityLUTSequence") if (t := lookup_table(item, signed=layout.signed))]
    below_zero = not tables and (layout.signed or intercept < 0)
    return DisplayFacts(
        slope=slope if slope else 1.0,
        intercept=intercept,
        unit=_unit(dataset, transform, modality),
        modality_lut=tables[0] if tables else None,
        windows=_windows(voi, layout),
        voi_luts=tuple(t for item in items(voi, "VOILUTSequence") if (t := lookup_table(item, signed=below_zero))),
        padding=_padding(dataset, layout),
        inverted=_inverted(dataset, layout),
        palette=palette(dataset) if layout.photometric == "PALETTE COLOR" else None,
        supplement=_supplement(dataset, layout),
        overlays=overlays,
        shutter=read_shutter(dataset, groups),
        icc=_icc(dataset, layout),
        remarks=_remarks(dataset, layout),
        cine=read_cine(dataset, layout.frame_count, is_functional=any(len(group) for group in groups)),
    )


def _inverted(dataset: Dataset, layout: PixelLayout) -> bool:
    """The Presentation LUT Shape comes last and so decides (PS3.3 C.11.6); DCMTK, dcm4che and Weasis read it so too."""
    shape = text(dataset, "PresentationLUTShape")
    return shape == "INVERSE" if shape in ("INVERSE", "IDENTITY") else layout.photometric == "MONOCHROME1"


def _supplement(dataset: Dataset, layout: PixelLayout) -> Palette | None:
    """The palette of an otherwise grey image whose Pixel Presentation asks for colour (PS3.3 C.7.6.19, C.8.16.2)."""
    asked = text(dataset, "PixelPresentation") in ("COLOR", "MIXED")
    return palette(dataset) if asked and layout.photometric.startswith("MONOCHROME") else None


def _icc(dataset: Dataset, layout: PixelLayout) -> bytes:
    coloured = layout.is_colour or layout.photometric == "PALETTE COLOR"
    profile = element(dataset, "ICCProfile") if coloured else None
    return bytes(profile) if isinstance(profile, bytes) and len(profile) <= LARGEST_ICC_BYTES else b""


def _remarks(dataset: Dataset, layout: PixelLayout) -> tuple[str, ...]:
    remarks = []
    if text(getattr(dataset, "file_meta", Dataset()), "TransferSyntaxUID") != layout.transfer_syntax:
        remarks.append(
            f"How its pixels are stored is missing or wrong in the file: read as {syntax_name(layout.transfer_syntax)}."
        )
    if text(dataset, "RecommendedViewingMode") == "SUB" and items(dataset, "MaskSubtractionSequence"):
        remarks.append("Meant to be seen with a mask subtracted: shown without it.")
    return tuple(remarks)


def _place(groups: Sequence[Dataset], sequence: str, dataset: Dataset, keyword: str) -> Dataset:
    """The functional group item that holds *keyword*, else the data set itself."""
    for group in groups:
        for item in items(group, sequence)[:1]:
            if element(item, keyword) is not None:
                return item
    return dataset


def _unit(dataset: Dataset, transform: Dataset, modality: str) -> str:
    """The unit of modality values: HU only for CT or where Rescale Type says so (PS3.3 C.11.1.1.2)."""
    stated = text(transform, "RescaleType") or text(dataset, "RescaleType")
    for item in items(dataset, "ModalityLUTSequence"):
        stated = text(item, "ModalityLUTType") or stated
    if stated == "US":
        return ""
    if stated:
        return stated
    if (
        modality == "CT"
        and number(transform, "RescaleIntercept") is not None
        and "LOCALIZER" not in _image_type(dataset)
    ):
        return "HU"
    return text(dataset, "Units") if modality == "PT" else ""


def _image_type(dataset: Dataset) -> tuple[str, ...]:
    return texts(dataset, "ImageType")


def _windows(dataset: Dataset, layout: PixelLayout) -> tuple[VoiWindow, ...]:
    """The windows stated. LINEAR counts in whole values; on real numbers it is meant, and taken, as LINEAR_EXACT:
    a map of 0…1 at centre 0.5 and width 1 would be white from end to end."""
    centres, widths = numbers(dataset, "WindowCenter"), numbers(dataset, "WindowWidth")
    words = texts(dataset, "WindowCenterWidthExplanation")
    try:
        function = VoiFunction(text(dataset, "VOILUTFunction") or "LINEAR")
    except ValueError:
        function = VoiFunction.LINEAR
    if layout.element != "PixelData" and function is VoiFunction.LINEAR:
        function = VoiFunction.LINEAR_EXACT
    windows = []
    for index, (centre, width) in enumerate(zip(centres, widths, strict=False)):
        if width > 0:
            windows.append(VoiWindow.make(centre, width, function, words[index] if index < len(words) else ""))
    return tuple(windows)


def _padding(dataset: Dataset, layout: PixelLayout) -> tuple[float, float] | None:
    """Pixel Padding Value and Range Limit, as stored values; read again in the pixels' sign where VR was ambiguous."""
    if layout.element != "PixelData":
        kind = "Float" if layout.element == "FloatPixelData" else "DoubleFloat"
        floor = number(dataset, f"{kind}PixelPaddingValue")
        ceiling = number(dataset, f"{kind}PixelPaddingRangeLimit")
        return None if floor is None else _range(floor, floor if ceiling is None else ceiling)
    value = number(dataset, "PixelPaddingValue")
    if value is None:
        return None
    limit = number(dataset, "PixelPaddingRangeLimit")
    return _range(*(_in_sign(int(end), layout) for end in (value, value if limit is None else limit)))


def _range(one_end: float, other_end: float) -> tuple[float, float]:
    return float(min(one_end, other_end)), float(max(one_end, other_end))


def _in_sign(value: int, layout: PixelLayout) -> int:
    if layout.signed and value > 32767:
        return value - 65536
    return value & 0xFFFF if not layout.signed and value < 0 else value
