"""Slides in scanners' own dialects of TIFF, written by hand: OpenSlide reads them, this program's reader refuses them.

Small, with every tile another picture, and structured as OpenSlide's documentation of the formats says.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDTH, HEIGHT = 1024, 768
TILE = 256
MPP = 0.25

SHORT, LONG, ASCII, FLOAT, UNDEFINED, SLONG = 3, 4, 2, 11, 7, 9
_FORMS = {SHORT: "H", LONG: "I", FLOAT: "f", SLONG: "i"}


@dataclass(frozen=True)
class Tag:
    number: int
    kind: int
    values: tuple[float, ...] | bytes


def picture(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """RGB: smooth colour across, so that JPEG keeps it, and a different square in each tile."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([x * 200 // width + 40, y * 200 // height + 40, (x + y) * 150 // (width + height) + 60], axis=-1)
    corners = [(top, left) for top in range(0, height, TILE) for left in range(0, width, TILE)]
    for number, (top, left) in enumerate(corners):
        rgb[top + 64 : top + 128, left + 64 : left + 128] = (number * 53 % 200, number * 97 % 200, number * 31 % 200)
    return rgb.astype(np.uint8)


def halved(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    sums = rgb.reshape(rgb.shape[0] // 2, 2, rgb.shape[1] // 2, 2, 3).astype(np.uint16).sum(axis=(1, 3))
    return (sums // 4).astype(np.uint8)


def jpeg(rgb: NDArray[np.uint8], **options: int) -> bytes:
    content = io.BytesIO()
    Image.fromarray(rgb).save(content, "JPEG", quality=92, subsampling=0, **options)
    return content.getvalue()


def write_ndpi(path: Path) -> None:
    """Hamamatsu: one JPEG a level with restart markers, and where each of its pieces begins (tag 65426)."""
    full = picture()
    directories = []
    for number, rgb in enumerate((full, halved(full), halved(halved(full)))):
        height, width = rgb.shape[:2]
        # A restart after every 32 blocks of 8 pixels: a piece is 256 pixels wide and 8 tall.
        content = jpeg(rgb, restart_marker_blocks=TILE // 8)
        directories.append(
            (
                content,
                [
                    Tag(256, LONG, (width,)), Tag(257, LONG, (height,)), Tag(258, SHORT, (8, 8, 8)),
                    Tag(259, SHORT, (7,)), Tag(262, SHORT, (6,)), Tag(271, ASCII, b"Hamamatsu\0"),
                    Tag(272, ASCII, b"Phantom\0"), Tag(273, LONG, ()), Tag(277, SHORT, (3,)),
                    Tag(278, LONG, (height,)), Tag(279, LONG, (len(content),)),
                    Tag(282, 5, (round(1e4 / MPP / 2**number), 1)), Tag(283, 5, (round(1e4 / MPP / 2**number), 1)),
                    Tag(296, SHORT, (3,)), Tag(65420, LONG, (1,)), Tag(65421, FLOAT, (40.0 / 2**number,)),
                    Tag(65422, SLONG, (0,)), Tag(65423, SLONG, (0,)), Tag(65424, SLONG, (0,)),
                    Tag(65426, LONG, _piece_starts(content)),
                ],
            )
        )  # fmt: skip
    path.write_bytes(_tiff(directories, ends_with_offset_64=True))


def write_philips(path: Path) -> None:
    """Philips: tiles of JPEG, and XML in the description that says which pictures there are and how they are scaled."""
    full = picture()
    directories = []
    for number, rgb in enumerate((full, halved(full))):
        height, width = rgb.shape[:2]
        tiles = [
            jpeg(_padded(rgb[top : top + TILE, left : left + TILE]))
            for top in range(0, height, TILE)
            for left in range(0, width, TILE)
        ]
        tags = [
            Tag(254, LONG, (0 if number == 0 else 1,)),
            Tag(256, LONG, (width,)), Tag(257, LONG, (height,)), Tag(258, SHORT, (8, 8, 8)),
            Tag(259, SHORT, (7,)), Tag(262, SHORT, (6,)), Tag(277, SHORT, (3,)),
            Tag(305, ASCII, b"Philips DP v1.0\0"), Tag(322, LONG, (TILE,)), Tag(323, LONG, (TILE,)),
            Tag(324, LONG, ()), Tag(325, LONG, tuple(len(tile) for tile in tiles)),
            Tag(530, SHORT, (1, 1)),
        ]  # fmt: skip
        if number == 0:
            tags.append(Tag(270, ASCII, _philips_xml().encode() + b"\0"))
        directories.append((tiles, sorted(tags, key=lambda tag: tag.number)))
    path.write_bytes(_tiff(directories))


def _padded(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    whole = np.full((TILE, TILE, 3), 255, np.uint8)
    whole[: rgb.shape[0], : rgb.shape[1]] = rgb
    return whole


def _philips_xml(levels: int = 2) -> str:
    def attribute(name: str, group: str, element: str, kind: str, text: str) -> str:
        return f'<Attribute Name="{name}" Group="{group}" Element="{element}" PMSVR="{kind}">{text}</Attribute>'

    described = "".join(
        '<DataObject ObjectType="PixelDataRepresentation">'
        + attribute("DICOM_PIXEL_SPACING", "0x0028", "0x0030", "IDoubleArray", _spacing(number))
        + attribute("PIIM_PIXEL_DATA_REPRESENTATION_NUMBER", "0x1001", "0x8B02", "IUInt16", str(number))
        + "</DataObject>"
        for number in range(levels)
    )
    scanned = (
        '<DataObject ObjectType="DPScannedImage">'
        + attribute("PIM_DP_IMAGE_TYPE", "0x301D", "0x1004", "IString", "WSI")
        + attribute("DICOM_PIXEL_SPACING", "0x0028", "0x0030", "IDoubleArray", _spacing(0))
        + '<Attribute Name="PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE" Group="0x1001" Element="0x8B01" '
        f'PMSVR="IDataObjectArray"><Array>{described}</Array></Attribute>'
        "</DataObject>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" ?><DataObject ObjectType="DPUfsImport">'
        + attribute("DICOM_MANUFACTURER", "0x0008", "0x0070", "IString", "PHILIPS")
        + '<Attribute Name="PIM_DP_SCANNED_IMAGES" Group="0x301D" Element="0x1003" PMSVR="IDataObjectArray">'
        f"<Array>{scanned}</Array></Attribute></DataObject>"
    )


def _spacing(number: int) -> str:
    millimetres = MPP * 2**number / 1000
    return f"&quot;{millimetres}&quot; &quot;{millimetres}&quot;"


def _piece_starts(content: bytes) -> tuple[int, ...]:
    """Where the entropy-coded pieces of a JPEG begin: after its scan header, and after each restart marker."""
    at = 2
    while content[at + 1] != 0xDA:
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    starts = [at]
    while (at := content.find(b"\xff", at)) >= 0:
        if 0xD0 <= content[at + 1] <= 0xD7:
            starts.append(at + 2)
        at += 2
    return tuple(starts)


def _tiff(directories: list[tuple[bytes | list[bytes], list[Tag]]], *, ends_with_offset_64: bool = False) -> bytes:
    """Little-endian classic TIFF. NDPI's links between directories are 64 bits long."""
    file = bytearray(b"II*\0" + bytes(8 if ends_with_offset_64 else 4))
    link_at = 4
    for pieces, tags in directories:
        offsets = []
        for piece in [pieces] if isinstance(pieces, bytes) else pieces:
            offsets.append(len(file))
            file += piece
        entries = []
        for tag in tags:
            values = tuple(offsets) if tag.values == () else tag.values
            if isinstance(values, bytes):
                packed, count = values, len(values)
            elif tag.kind == 5:
                packed, count = struct.pack("<2I", *map(int, values)), 1
            else:
                packed, count = struct.pack(f"<{len(values)}{_FORMS[tag.kind]}", *values), len(values)
            if len(packed) > 4:
                file += bytes(len(file) % 2)
                field = struct.pack("<I", len(file))
                file += packed
            else:
                field = packed.ljust(4, b"\0")
            entries.append(struct.pack("<HHI", tag.number, tag.kind, count) + field)
        file += bytes(len(file) % 2)
        struct.pack_into("<I", file, link_at, len(file))
        file += struct.pack("<H", len(entries)) + b"".join(entries)
        link_at = len(file)
        file += bytes(8 if ends_with_offset_64 else 4)
        if ends_with_offset_64:
            file += bytes(4 * len(entries))  # the upper halves of the values
    return bytes(file)
