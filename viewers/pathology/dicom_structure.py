"""What one VL Whole Slide Microscopy instance is (DICOM PS3.3 A.32.8): its tiles, where they lie in the file, and its
scale. Reads no pixels."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import pydicom
from pydicom.errors import BytesLengthException, InvalidDicomError

from viewers.byte_source import ByteSource
from viewers.errors import UnreadableFile, UnsupportedImage

WSI_SOP_CLASS = "1.2.840.10008.5.1.4.1.1.77.1.6"
UNCOMPRESSED = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91")
SHOWN_SYNTAXES = (*UNCOMPRESSED, JPEG_BASELINE, *JPEG_LS, *JPEG_2000)
PIXEL_DATA = b"\xe0\x7f\x10\x00"
ITEM, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
MOST_TILES = 4_000_000

DICOM_FAULTS = (
    InvalidDicomError,
    BytesLengthException,
    struct.error,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    NotImplementedError,
    ArithmeticError,
    OSError,
    EOFError,
    MemoryError,
    RecursionError,
)

Span = tuple[tuple[int, int], ...]
"""Where one frame lies: (offset, length) of each of its fragments."""


@dataclass(frozen=True, slots=True)
class WsiInstance:
    """One resolution, or one picture beside the slide. ``flavour``: VOLUME, LABEL, OVERVIEW or THUMBNAIL."""

    source: ByteSource
    series_uid: str
    flavour: str
    width_px: int
    height_px: int
    tile_width_px: int
    tile_height_px: int
    transfer_syntax: str
    photometric: str
    samples: int
    frames: tuple[Span, ...]
    frame_of_tile: dict[tuple[int, int], int] | None
    """(column, row) → frame where the tiles are listed (TILED_SPARSE); None where they fill the matrix in order."""
    mpp: tuple[float, float] | None
    """(across, down) of this level."""
    objective_power: float | None
    icc_profile: bytes | None
    warnings: tuple[str, ...]


def read_instance(source: ByteSource) -> WsiInstance:
    """UnreadableFile, UnsupportedImage: one sentence naming the file."""
    try:
        with source.open() as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's remarks on odd values; what matters is checked below
            header = pydicom.dcmread(stream, stop_before_pixels=True)
            _check(header, source.name)
            return _instance(header, stream, source)
    except DICOM_FAULTS as error:
        raise UnreadableFile(f"{source.name} is damaged, or is not a whole DICOM file.") from error


def _check(header: pydicom.Dataset, name: str) -> None:
    if "SOPClassUID" not in header or "ImageType" not in header:
        raise UnreadableFile(f"{name} is damaged, or is not a whole DICOM file.")
    if str(header.SOPClassUID) != WSI_SOP_CLASS:
        raise UnsupportedImage(f"{name} is a DICOM file, but not a whole slide image.")
    syntax = header.file_meta.TransferSyntaxUID
    if str(syntax) not in SHOWN_SYNTAXES:
        known = syntax.name if syntax.is_valid else "an unknown transfer syntax"
        raise UnsupportedImage(f"{name} is encoded as {known}, which this program does not show for slides.")
    if int(header.get("InConcatenationTotalNumber", 1)) > 1:
        raise UnsupportedImage(
            f"{name} is one of {header.InConcatenationTotalNumber} parts of a level (a concatenation), "
            "which this program does not join yet."
        )
    if header.BitsAllocated != 8 or header.SamplesPerPixel not in (1, 3):
        raise UnsupportedImage(f"{name} holds {header.BitsAllocated} bits a sample; only 8-bit slides are shown.")
    if header.PhotometricInterpretation == "PALETTE COLOR":
        raise UnsupportedImage(f"{name} is coloured by a palette, which this program does not show for slides.")
    if header.SamplesPerPixel == 3 and int(header.get("PlanarConfiguration", 0)) != 0:
        raise UnsupportedImage(f"{name} keeps its colours in separate planes, which this program does not show.")


def _instance(header: pydicom.Dataset, stream: BinaryIO, source: ByteSource) -> WsiInstance:
    width, height = int(header.TotalPixelMatrixColumns), int(header.TotalPixelMatrixRows)
    tile_width, tile_height = int(header.Columns), int(header.Rows)
    if min(width, height, tile_width, tile_height) < 1:
        raise UnreadableFile(f"{source.name} states an impossible size.")
    tiles = -(-width // tile_width) * -(-height // tile_height)
    count = int(header.get("NumberOfFrames", 1))
    if max(tiles, count) > MOST_TILES:
        raise UnreadableFile(f"{source.name} states an impossible number of tiles ({max(tiles, count)}).")
    remarks: list[str] = []
    placed = None
    if (
        str(header.get("DimensionOrganizationType", "")) == "TILED_FULL"
        or "PerFrameFunctionalGroupsSequence" not in header
    ):
        planes = int(header.get("TotalPixelMatrixFocalPlanes", 1)) * int(header.get("NumberOfOpticalPaths", 1))
        if planes > 1:
            remarks.append(f"{source.name} holds {planes} focal planes or optical paths; the first is shown.")
        if count < tiles:
            raise UnreadableFile(f"{source.name} is incomplete: it holds {count} of its {tiles} tiles.")
    else:
        placed = _placed_tiles(header, tile_width, tile_height, source.name)
    path = next(iter(header.get("OpticalPathSequence", [])), pydicom.Dataset())
    syntax = str(header.file_meta.TransferSyntaxUID)
    power = path.get("ObjectiveLensPower")
    return WsiInstance(
        source,
        str(header.SeriesInstanceUID),
        str(header.ImageType[2]) if len(header.ImageType) > 2 else "VOLUME",
        width,
        height,
        tile_width,
        tile_height,
        syntax,
        str(header.PhotometricInterpretation),
        int(header.SamplesPerPixel),
        _frames(header, stream, source, count),
        placed,
        _mpp(header),
        None if power is None else float(power),
        path.get("ICCProfile"),
        tuple(remarks),
    )


def _placed_tiles(header: pydicom.Dataset, width: int, height: int, name: str) -> dict[tuple[int, int], int]:
    """Where each frame of a TILED_SPARSE image lies (PS3.3 C.8.12.14, Plane Position (Slide); positions from 1)."""
    placed: dict[tuple[int, int], int] = {}
    for frame, groups in enumerate(header.PerFrameFunctionalGroupsSequence):
        position = groups.PlanePositionSlideSequence[0]
        left = int(position.ColumnPositionInTotalImagePixelMatrix) - 1
        top = int(position.RowPositionInTotalImagePixelMatrix) - 1
        if left % width or top % height:
            raise UnsupportedImage(f"{name} holds tiles that do not lie on a grid, which this program does not show.")
        placed.setdefault((left // width, top // height), frame)
    return placed


def _mpp(header: pydicom.Dataset) -> tuple[float, float] | None:
    """Pixel Spacing of the shared Pixel Measures (PS3.3 C.7.6.16.2.1): down, across, in mm."""
    for groups in header.get("SharedFunctionalGroupsSequence", []):
        for measures in groups.get("PixelMeasuresSequence", []):
            spacing = measures.get("PixelSpacing")
            if spacing is not None and len(spacing) == 2:
                return float(spacing[1]) * 1000, float(spacing[0]) * 1000
    return None


def _frames(header: pydicom.Dataset, stream: BinaryIO, source: ByteSource, count: int) -> tuple[Span, ...]:
    """Where each frame lies, by the element header the parser stopped at (PS3.5 7.1 and A.4)."""
    if stream.read(4) != PIXEL_DATA:
        raise UnreadableFile(f"{source.name} holds no pixels.")
    if header.file_meta.TransferSyntaxUID == UNCOMPRESSED[0]:
        stream.read(4)
    else:
        stream.read(8)
    start = stream.tell()
    if str(header.file_meta.TransferSyntaxUID) in UNCOMPRESSED:
        size = int(header.Rows) * int(header.Columns) * int(header.SamplesPerPixel)
        if start + count * size > source.size_bytes:
            held = (source.size_bytes - start) // size
            raise UnreadableFile(f"{source.name} is truncated: {held} of {count} tiles are here.")
        return tuple(((start + frame * size, size),) for frame in range(count))
    first = _item_length(stream, source.name)
    offsets = struct.unpack(f"<{first // 4}I", stream.read(first)) if first else ()
    table = header.get("ExtendedOffsetTable")
    if table:
        offsets = struct.unpack(f"<{len(table) // 8}Q", table)
    base = stream.tell()
    fragments = list(_fragments(stream, source))
    if len(fragments) == count:
        return tuple((fragment,) for fragment in fragments)
    if len(offsets) != count:
        raise UnreadableFile(
            f"{source.name} is damaged: {len(fragments)} pieces for {count} tiles, and no table of them."
        )
    frames: list[list[tuple[int, int]]] = [[] for _ in offsets]
    frame = -1
    for offset, length in fragments:
        if frame + 1 < count and offset - 8 - base >= offsets[frame + 1]:
            frame += 1
        frames[max(frame, 0)].append((offset, length))
    return tuple(tuple(spans) for spans in frames)


def _item_length(stream: BinaryIO, name: str) -> int:
    tag_and_length = stream.read(8)
    if len(tag_and_length) < 8 or tag_and_length[:4] != ITEM:
        raise UnreadableFile(f"{name} is truncated or damaged in its pixel data.")
    return int(struct.unpack("<I", tag_and_length[4:])[0])


def _fragments(stream: BinaryIO, source: ByteSource) -> Iterator[tuple[int, int]]:
    """Every fragment up to the sequence delimiter; UnreadableFile where the file ends before it."""
    while True:
        head = stream.read(8)
        if head[:4] == SEQUENCE_END:
            return
        if len(head) < 8 or head[:4] != ITEM:
            raise UnreadableFile(f"{source.name} is truncated or damaged in its pixel data.")
        length = int(struct.unpack("<I", head[4:])[0])
        offset = stream.tell()
        if offset + length > source.size_bytes:
            raise UnreadableFile(f"{source.name} is truncated in its pixel data.")
        yield offset, length
        stream.seek(offset + length)
