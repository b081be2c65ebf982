"""What is in a TIFF slide: its pictures, which of them are levels, and what the scanner says. Reads no pixels.

Kinds known here: Aperio SVS, OME-TIFF, and plain tiled (pyramidal or single) TIFF. Structure is tifffile's work.
"""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import tifffile

from viewers.byte_source import ByteSource
from viewers.calibration import Calibration
from viewers.errors import UnreadableFile, UnsupportedImage
from viewers.pathology.slide_calibration import calibration_from_bare_resolution, calibration_from_mpp
from viewers.pathology.slide_source import exact_downsample
from viewers.pathology.tiff_directories import check_directories

# tifffile writes every oddity of a tag to the log; what matters to a reader becomes a warning here.
logging.getLogger("tifffile").addHandler(logging.NullHandler())
logging.getLogger("tifffile").propagate = False

STRUCTURE_FAULTS = (
    tifffile.TiffFileError,
    ElementTree.ParseError,
    struct.error,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    ArithmeticError,
    OSError,
    EOFError,
    MemoryError,
    RecursionError,
)
LARGEST_SEGMENT_PX = 1 << 28
UM_PER_UNIT = {"µm": 1.0, "um": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6}


@dataclass(frozen=True, slots=True)
class TiffPicture:
    """One directory: a grid of tiles, or strips as wide as the picture. ``decode`` is tifffile's for this directory."""

    width_px: int
    height_px: int
    is_tiled: bool
    segment_width_px: int
    segment_height_px: int
    offsets: tuple[int, ...]
    sizes_bytes: tuple[int, ...]
    compression: int
    photometric: int
    jpeg_tables: bytes | None
    decode: Callable[..., Any]

    @property
    def columns(self) -> int:
        return -(-self.width_px // self.segment_width_px)

    @property
    def rows(self) -> int:
        return -(-self.height_px // self.segment_height_px)


@dataclass(frozen=True, slots=True)
class TiffStructure:
    """A TIFF slide. ``levels`` finest first."""

    format_name: str
    levels: tuple[TiffPicture, ...]
    associated: dict[str, TiffPicture]
    calibration: Calibration
    objective_power: float | None
    icc_profile: bytes | None
    warnings: tuple[str, ...] = field(default=())


class NotOurKind(Exception):
    """A scanner's own dialect of TIFF that OpenSlide reads and this reader does not."""


def read_structure(source: ByteSource) -> TiffStructure:
    """The structure of *source*. UnreadableFile, UnsupportedImage, or NotOurKind."""
    try:
        check_directories(source)
        with source.open() as stream, tifffile.TiffFile(stream, name=source.name) as tiff:
            return _structure(tiff, source)
    except STRUCTURE_FAULTS as error:
        raise UnreadableFile(f"{source.name} is damaged, or is not a whole TIFF file.") from error


def _structure(tiff: tifffile.TiffFile, source: ByteSource) -> TiffStructure:
    pages = [page for page in tiff.pages if isinstance(page, tifffile.TiffPage)]
    if not pages:
        raise UnreadableFile(f"{source.name} is truncated or damaged: no picture of it can be found.")
    for dialect in ("ndpi", "scn", "philips", "bif"):
        if getattr(tiff, f"is_{dialect}"):
            raise NotOurKind(dialect)
    first = pages[0]
    text = str(first.description)
    warnings: list[str] = []
    if text.startswith("Aperio"):
        kind = "Aperio SVS"
        levels = [page for page in pages if page.is_tiled]
        associated = _aperio_associated(pages)
        calibration, power = _aperio_scale(text)
    elif tiff.is_ome:
        kind = "OME-TIFF"
        levels = _with_reduced(first, list(first.pages or ()))
        associated = {}
        calibration, power = _ome_scale(text), None
        if len(pages) > 1:
            warnings.append(f"{source.name} holds {len(pages)} planes; the first is shown.")
    else:
        levels = _with_reduced(first, [*(first.pages or ()), *pages[1:]])
        kind = "pyramidal TIFF" if len(levels) > 1 else "TIFF"
        associated = {}
        calibration, power = calibration_from_bare_resolution(_resolution_um(first)), None
    if not levels:
        raise UnsupportedImage(f"{source.name} holds no tiled picture that could be the slide.")
    levels.sort(key=lambda page: -int(page.imagewidth))
    _check_orientation(levels, source.name, warnings)
    profile = levels[0].tags.get(34675)
    return TiffStructure(
        kind,
        tuple(_picture(page, source) for page in levels),
        {name: _picture(page, source) for name, page in associated.items()},
        calibration,
        power,
        bytes(profile.value) if profile is not None else None,
        tuple(warnings),
    )


def _with_reduced(first: Any, others: Sequence[Any]) -> list[Any]:
    """*first* and, of *others*, the ones that are the same picture made smaller."""
    levels = [first]
    full = (int(first.imagewidth), int(first.imagelength))
    for page in others:
        size = (int(page.imagewidth), int(page.imagelength))
        smaller = 0 < size[0] < levels[-1].imagewidth and 0 < size[1] < levels[-1].imagelength
        if smaller and page.photometric == first.photometric and page.samplesperpixel == first.samplesperpixel:
            downsample = exact_downsample(full, size)
            if all(abs(side / downsample - got) <= 1 + 0.01 * got for side, got in zip(full, size, strict=True)):
                levels.append(page)
    return levels


def _aperio_associated(pages: Sequence[Any]) -> dict[str, Any]:
    """Untiled pages: the thumbnail is the second of the file, label and macro say so in their second line."""
    associated = {}
    for index, page in enumerate(pages):
        if page.is_tiled:
            continue
        lines = str(page.description).splitlines()
        word = lines[1].split(" ")[0] if len(lines) > 1 else ""
        if word in ("label", "macro"):
            associated[word] = page
        elif index == 1:
            associated["thumbnail"] = page
    return associated


def _aperio_scale(text: str) -> tuple[Calibration, float | None]:
    facts: dict[str, str] = {}
    for part in text.split("|")[1:]:
        key, found, value = part.partition("=")
        if found:
            facts.setdefault(key.strip(), value.strip())
    power = _number(facts.get("AppMag"))
    mpp = _number(facts.get("MPP"))
    if mpp is None:
        return calibration_from_bare_resolution(None), power
    return calibration_from_mpp(mpp, mpp, "Aperio MPP"), power


def _ome_scale(text: str) -> Calibration:
    """PhysicalSizeX and Y of the first Pixels element (OME schema 2016-06; the default unit is µm)."""
    pixels = next((e for e in ElementTree.fromstring(text).iter() if e.tag.endswith("}Pixels")), None)
    sizes = []
    for axis in "XY":
        size = None if pixels is None else _number(pixels.get(f"PhysicalSize{axis}"))
        unit = "µm" if pixels is None else pixels.get(f"PhysicalSize{axis}Unit", "µm").replace("μ", "µ")
        if size is None or unit not in UM_PER_UNIT:
            return calibration_from_bare_resolution(None)
        sizes.append(size * UM_PER_UNIT[unit])
    return calibration_from_mpp(sizes[0], sizes[1], "OME PhysicalSize")


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and re.fullmatch(r"[0-9.]+(e-?\d+)?", text.strip()) else None


def _resolution_um(page: Any) -> float | None:
    """Micrometres per pixel by XResolution and ResolutionUnit (TIFF 6.0): for the sentence, never for a length."""
    resolution, unit = page.tags.get(282), page.tags.get(296)
    um_per_unit = {2: 25400.0, 3: 10000.0}.get(int(unit.value) if unit is not None else 2)
    if resolution is None or um_per_unit is None:
        return None
    numerator, denominator = resolution.value
    return um_per_unit * denominator / numerator if numerator else None


def _check_orientation(levels: Sequence[Any], name: str, warnings: list[str]) -> None:
    for page in levels:
        tag = page.tags.get(274)
        orientation = 1 if tag is None else int(tag.value)
        if 2 <= orientation <= 8:
            raise UnsupportedImage(
                f"{name} is stored turned or mirrored (TIFF orientation {orientation}); this program shows only "
                "slides stored upright."
            )
        if orientation != 1 and not warnings:
            warnings.append(f"{name} states an orientation that does not exist ({orientation}); shown as stored.")


def _picture(page: Any, source: ByteSource) -> TiffPicture:
    """The directory as a record. UnsupportedImage for what is not 8-bit grey or colour; UnreadableFile if cut off."""
    name = source.name
    width, height = int(page.imagewidth), int(page.imagelength)
    tiled = bool(page.is_tiled)
    segment = (int(page.tilewidth), int(page.tilelength)) if tiled else (width, min(int(page.rowsperstrip), height))
    if page.bitspersample != 8 or page.sampleformat != 1:
        raise UnsupportedImage(f"{name} holds {page.bitspersample} bits a sample; only 8-bit slides are shown.")
    if page.photometric not in (0, 1, 2, 6) or page.samplesperpixel not in (1, 3, 4):
        raise UnsupportedImage(f"{name} is neither grey nor colour in a way this program shows (TIFF photometric).")
    if page.planarconfig != 1:
        raise UnsupportedImage(f"{name} keeps its colours in separate planes, which this program does not show.")
    if page.compression != 1 and page.compression not in tifffile.TIFF.DECOMPRESSORS:
        raise UnsupportedImage(f"{name} is compressed in a way this program does not know ({int(page.compression)}).")
    if min(width, height, *segment) < 1 or segment[0] * segment[1] > LARGEST_SEGMENT_PX:
        raise UnreadableFile(f"{name} states an impossible size.")
    offsets, sizes = tuple(map(int, page.dataoffsets)), tuple(map(int, page.databytecounts))
    expected = -(-width // segment[0]) * -(-height // segment[1])
    if min(len(offsets), len(sizes)) < expected:
        raise UnreadableFile(
            f"{name} is damaged: it lists {min(len(offsets), len(sizes))} of the {expected} tiles of a picture."
        )
    end = max((offset + size for offset, size in zip(offsets, sizes, strict=False)), default=0)
    if end > source.size_bytes:
        raise UnreadableFile(f"{name} is truncated: its tiles reach to byte {end} of {source.size_bytes}.")
    tables = page.tags.get(347)
    return TiffPicture(
        width,
        height,
        tiled,
        *segment,
        offsets,
        sizes,
        int(page.compression),
        int(page.photometric),
        None if tables is None else bytes(tables.value),
        page.decode,
    )
