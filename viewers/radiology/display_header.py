"""Reads an image's display facts out of its header: rescale, windows, tables, palette, padding, overlays.

What they are: `display_facts`. The functional groups of enhanced images come first where they exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from viewers.radiology.dicom_header import element, items, number, numbers, text, texts
from viewers.radiology.display_facts import DisplayFacts, LookupTable, Overlay, Palette, VoiFunction, VoiWindow
from viewers.radiology.frame import PixelLayout


def display_facts(dataset: Dataset, layout: PixelLayout, modality: str, groups: Sequence[Dataset] = ()) -> DisplayFacts:
    """The facts of one frame; *groups* are its own and the shared functional groups, own first."""
    transform = _place(groups, "PixelValueTransformationSequence", dataset, "RescaleSlope")
    voi = _place(groups, "FrameVOILUTSequence", dataset, "WindowCenter")
    slope = number(transform, "RescaleSlope")
    tables = [t for item in items(dataset, "ModalityLUTSequence") if (t := _table(item, signed=layout.signed))]
    return DisplayFacts(
        slope=slope if slope else 1.0,
        intercept=number(transform, "RescaleIntercept") or 0.0,
        unit=_unit(dataset, transform, modality),
        modality_lut=tables[0] if tables else None,
        windows=_windows(voi),
        voi_luts=tuple(t for item in items(voi, "VOILUTSequence") if (t := _table(item, signed=True))),
        padding=_padding(dataset, layout),
        inverted=layout.photometric == "MONOCHROME1" or text(dataset, "PresentationLUTShape") == "INVERSE",
        palette=_palette(dataset) if layout.photometric == "PALETTE COLOR" else None,
        overlays=_overlays(dataset),
    )


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


def _windows(dataset: Dataset) -> tuple[VoiWindow, ...]:
    centres, widths = numbers(dataset, "WindowCenter"), numbers(dataset, "WindowWidth")
    words = texts(dataset, "WindowCenterWidthExplanation")
    try:
        function = VoiFunction(text(dataset, "VOILUTFunction") or "LINEAR")
    except ValueError:
        function = VoiFunction.LINEAR
    windows = []
    for index, (centre, width) in enumerate(zip(centres, widths, strict=False)):
        if width > 0:
            windows.append(VoiWindow.make(centre, width, function, words[index] if index < len(words) else ""))
    return tuple(windows)


def _table(item: Dataset, *, signed: bool) -> LookupTable | None:
    """A LUT item (PS3.3 C.11.1.1.1): 0 entries means 65,536; the first value is signed where the pixels are."""
    described = numbers(item, "LUTDescriptor")
    data = element(item, "LUTData")
    if len(described) != 3 or data is None:
        return None
    count, first, bits = (int(part) for part in described)
    count = count % 65536 or 65536
    if signed and first > 32767:
        first -= 65536
    entries = _entries(data, count, bits)
    return LookupTable(first, bits, entries, text(item, "LUTExplanation")) if entries else None


def _entries(data: Any, count: int, bits: int) -> tuple[int, ...]:
    """Table entries from OW bytes, 8-bit bytes packed or one to a word, or a list of words."""
    if isinstance(data, bytes):
        if len(data) >= 2 * count:
            values = np.frombuffer(data[: 2 * count], "<u2")
        elif len(data) >= count and bits <= 8:
            values = np.frombuffer(data[:count], np.uint8)
        else:
            return ()
        return tuple(int(value) for value in values)
    words = data if hasattr(data, "__iter__") else [data]
    entries = tuple(int(value) & 0xFFFF for value in words)
    return entries[:count] if len(entries) >= count else ()


def _padding(dataset: Dataset, layout: PixelLayout) -> tuple[float, float] | None:
    """Pixel Padding Value and Range Limit, as stored values; read again in the pixels' sign where VR was ambiguous."""
    if layout.element != "PixelData":
        return None
    value = number(dataset, "PixelPaddingValue")
    if value is None:
        return None
    limit = number(dataset, "PixelPaddingRangeLimit")
    ends = sorted(_in_sign(int(end), layout) for end in (value, value if limit is None else limit))
    return (float(ends[0]), float(ends[1]))


def _in_sign(value: int, layout: PixelLayout) -> int:
    if layout.signed and value > 32767:
        return value - 65536
    return value & 0xFFFF if not layout.signed and value < 0 else value


def _palette(dataset: Dataset) -> Palette | None:
    described = numbers(dataset, "RedPaletteColorLookupTableDescriptor")
    if len(described) != 3:
        return None
    count, first, bits = (int(part) for part in described)
    count = count % 65536 or 65536
    tables = [_entries(_expanded(dataset, colour, count), count, bits) for colour in ("Red", "Green", "Blue")]
    if not all(tables):
        return None
    return Palette(first, bits, tables[0], tables[1], tables[2])


def _expanded(dataset: Dataset, colour: str, count: int) -> Any:
    """A palette's table: plain, or expanded from its segments (PS3.3 C.7.9.2)."""
    plain = element(dataset, f"{colour}PaletteColorLookupTableData")
    if plain is not None:
        return plain
    segmented = element(dataset, f"Segmented{colour}PaletteColorLookupTableData")
    if segmented is None:
        return b""
    words = np.frombuffer(bytes(segmented), "<u2").tolist()
    return _expand_segments(words, 0, len(words), count)


def _expand_segments(words: list[int], at: int, end: int, most: int) -> list[int]:
    """Discrete, linear and indirect segments to a full table, at most *most* entries."""
    values: list[int] = []
    while at + 1 < end and len(values) < most:
        kind, length = words[at], words[at + 1]
        if kind == 0:
            values += words[at + 2 : at + 2 + length]
            at += 2 + length
        elif kind == 1 and values and length:
            start, stop = values[-1], words[at + 2]
            values += [round(start + (stop - start) * step / length) for step in range(1, length + 1)]
            at += 3
        else:
            return []
    return values


def _overlays(dataset: Dataset) -> tuple[Overlay, ...]:
    """Single-frame overlay planes with their own data (groups 6000–601E, PS3.3 C.9.2)."""
    planes = []
    tags = dataset.keys()  # iterating over the data set itself would convert every value
    for group in sorted({tag >> 16 for tag in tags if 0x6000 <= tag >> 16 < 0x6020 and not tag >> 16 & 1}):
        if (group, 0x3000) not in dataset or (group, 0x0010) not in dataset or (group, 0x0011) not in dataset:
            continue
        try:
            rows, columns = int(dataset[group, 0x0010].value), int(dataset[group, 0x0011].value)
            packed = bytes(dataset[group, 0x3000].value)
            origin = dataset[group, 0x0050].value if (group, 0x0050) in dataset else (1, 1)
            label = str(dataset[group, 0x1500].value) if (group, 0x1500) in dataset else ""
            row, column = int(origin[0]) - 1, int(origin[1]) - 1
        except (TypeError, ValueError, IndexError):
            continue
        if rows > 0 and columns > 0 and len(packed) * 8 >= rows * columns:
            planes.append(Overlay(rows, columns, row, column, packed, label))
    return tuple(planes)
