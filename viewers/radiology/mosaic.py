"""Siemens mosaics: one picture that holds all slices of a volume as tiles, and where each tile lies in the patient.

The number of slices and the direction they are stacked in stand in Siemens' private elements only: (0019,100A), and
the image's CSA header (0029,1010). Without them nothing is unpacked: the order of the slices would be a guess.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil, isfinite, sqrt

from pydicom.dataset import Dataset

from viewers.geometry import Direction, PatientPoint, PixelPoint, PlaneGeometry, dot, length, unit
from viewers.radiology.dicom_header import number
from viewers.radiology.frame import PixelLayout, Tile
from viewers.radiology.plane import plane_of

_MOST_SLICES = 1024
_MOST_CSA_TAGS, _LARGEST_ITEM_BYTES = 512, 1 << 20
_ALONG_NORMAL = 0.999
"""Cosine between the stated stacking direction and the images' normal: a mosaic is never tilted."""


@dataclass(frozen=True, slots=True)
class MosaicSlice:
    """One tile: which part of the picture it is, and its plane."""

    tile: Tile
    plane: PlaneGeometry


def mosaic_slices(dataset: Dataset, layout: PixelLayout) -> tuple[MosaicSlice, ...]:
    """The slices of a mosaic in the order they are stacked; empty where the header does not say all of it."""
    picture = plane_of(dataset)
    csa = dict(_csa_elements(_private(dataset, 0x0029, "SIEMENS CSA HEADER", 0x10)))
    count = _slice_count(dataset, csa)
    stacking = _direction(csa.get("SliceNormalVector", ()))
    spacing_mm = number(dataset, "SpacingBetweenSlices") or number(dataset, "SliceThickness")
    if picture is None or stacking is None or not count or not spacing_mm or spacing_mm <= 0:
        return ()
    side = ceil(sqrt(count))
    if layout.rows % side or layout.columns % side or abs(dot(stacking, picture.normal)) < _ALONG_NORMAL:
        return ()
    rows, columns = layout.rows // side, layout.columns // side
    # The stated position is that of a single image as large as the whole mosaic, around the middle of a slice.
    first = picture.to_patient(PixelPoint((layout.columns - columns) / 2 + 0.5, (layout.rows - rows) / 2 + 0.5))
    found = []
    for k in range(count):
        down, across = divmod(k, side)
        x, y, z = (p + k * spacing_mm * s for p, s in zip(first, stacking, strict=True))
        tile = Tile(layout.rows, layout.columns, down * rows, across * columns)
        found.append(MosaicSlice(tile, replace(picture, position=PatientPoint(x, y, z))))
    return tuple(found)


def tile_layout(layout: PixelLayout, slices: tuple[MosaicSlice, ...]) -> PixelLayout:
    """The layout of one slice of a mosaic stored as *layout*."""
    side = ceil(sqrt(len(slices)))
    return replace(layout, rows=layout.rows // side, columns=layout.columns // side)


def _slice_count(dataset: Dataset, csa: dict[str, tuple[str, ...]]) -> int:
    stated = csa.get("NumberOfImagesInMosaic") or (str(_private(dataset, 0x0019, "SIEMENS MR HEADER", 0x0A) or ""),)
    try:
        count = int(stated[0])
    except ValueError:
        return 0
    return count if 0 < count <= _MOST_SLICES else 0


def _direction(parts: tuple[str, ...]) -> Direction | None:
    try:
        vector = [float(part) for part in parts[:3]]
    except ValueError:
        return None
    if len(vector) < 3 or not all(isfinite(part) for part in vector) or abs(length(vector) - 1) > 1e-2:
        return None
    return unit(vector)


def _private(dataset: Dataset, group: int, creator: str, offset: int) -> object:
    try:
        return dataset.private_block(group, creator)[offset].value
    except Exception:  # noqa: BLE001 - absent, or damaged in any of the ways a private element can be
        return None


def _csa_elements(header: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names and values of a CSA header of the second form ("SV10"); stops quietly where it is damaged."""
    if not isinstance(header, bytes) or header[:4] != b"SV10" or len(header) < 16:
        return
    (count,) = struct.unpack_from("<I", header, 8)
    at = 16
    for _ in range(min(count, _MOST_CSA_TAGS)):
        if at + 84 > len(header):
            return
        raw_name, _multiplicity, _vr, _type, items, _end = struct.unpack_from("<64si4siii", header, at)
        at += 84
        values = []
        for _ in range(max(items, 0)):
            if at + 16 > len(header):
                return
            size = struct.unpack_from("<4i", header, at)[1]
            if not 0 <= size <= _LARGEST_ITEM_BYTES:
                return
            text = header[at + 16 : at + 16 + size].split(b"\0")[0].decode("ascii", "replace").strip()
            if text:
                values.append(text)
            at += 16 + (size + 3) // 4 * 4
        yield raw_name.split(b"\0")[0].decode("ascii", "replace"), tuple(values)
