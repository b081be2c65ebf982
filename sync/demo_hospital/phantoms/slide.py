"""An invented H&E biopsy slide with known truth, written as a pyramidal tiled TIFF as an Aperio scanner would.

Levels 1, 1/4 and 1/16, JPEG tiles, thumbnail, label and macro. How the tissue is laid out, populated and stained
lives in `slide_anatomy`, `slide_nuclei` and `slide_paint`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from PIL import Image, ImageDraw

from sync.demo_hospital.phantoms.slide_anatomy import Bytes, Gland, lay_out
from sync.demo_hospital.phantoms.slide_nuclei import Nucleus, NucleusField
from sync.demo_hospital.phantoms.slide_paint import BAND_PX, coloured_bands, paint_eosin

SEED = 20260101
SOFTWARE = "Aperio Image Library v0 (Reading Room phantom)"
MPP = 0.5
OBJECTIVE_POWER = 20
TILE_PX = 256
REDUCTION = 4


@dataclass(frozen=True, slots=True)
class SlideTruth:
    """What is on the slide. Positions are level-0 px from the top-left corner, areas px² (× ``mpp``² = µm²)."""

    width_px: int
    height_px: int
    mpp: float
    objective_power: int
    glands: tuple[Gland, ...]
    nuclei: tuple[Nucleus, ...]

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON; nuclei as [kind, x, y, area] rows."""
        return {
            "width_px": self.width_px,
            "height_px": self.height_px,
            "mpp": self.mpp,
            "objective_power": self.objective_power,
            "glands": [
                {
                    "tumour": gland.tumour,
                    "x_px": round(gland.x_px, 1),
                    "y_px": round(gland.y_px, 1),
                    "area_px": round(gland.area_px, 1),
                    "lumen_area_px": round(gland.lumen_area_px, 1),
                    "outline": [[round(float(x), 1), round(float(y), 1)] for x, y in gland.outline],
                }
                for gland in self.glands
            ],
            "nuclei": [[n.kind, n.x_px, n.y_px, n.area_px] for n in self.nuclei],
        }


def write_slide(
    path: Path,
    on_progress: Callable[[float], None] = lambda _share: None,
    *,
    width_px: int = 8704,
    height_px: int = 6400,
) -> SlideTruth:
    """Write the slide to *path* and return its truth. The same size gives the same slide, byte for byte.

    *on_progress* gets the share done, 0 to 1. Sizes must be multiples of 256 px.
    """
    if width_px % TILE_PX or height_px % TILE_PX:
        raise ValueError("the slide's sides must be multiples of 256 px")
    rng = np.random.default_rng(SEED)
    anatomy = lay_out(rng, width_px, height_px)
    on_progress(0.05)
    field = NucleusField(rng, anatomy)
    field.fill()
    on_progress(0.25)
    eosin = paint_eosin(rng, anatomy, field.haematoxylin, lambda share: on_progress(0.25 + 0.25 * share))
    bands = coloured_bands(rng, field.haematoxylin, eosin)
    _write_pyramid(path, bands, width_px, height_px, lambda share: on_progress(0.5 + 0.5 * share))
    return SlideTruth(width_px, height_px, MPP, OBJECTIVE_POWER, anatomy.glands, tuple(field.nuclei))


def _write_pyramid(
    path: Path, bands: Iterator[Bytes], width_px: int, height_px: int, on_progress: Callable[[float], None]
) -> None:
    quarter = np.zeros((height_px // REDUCTION, width_px // REDUCTION, 3), np.uint8)

    def full_tiles() -> Iterator[Bytes]:
        for index, band in enumerate(bands):
            rows = BAND_PX // REDUCTION
            quarter[index * rows : (index + 1) * rows] = _reduced(band)
            yield from _tiles(band)
            on_progress((index + 1) * BAND_PX / height_px * 0.95)

    with tifffile.TiffWriter(path, bigtiff=False) as tiff:
        _write_level(tiff, full_tiles(), width_px, height_px, width_px, height_px)
        sixteenth = _reduced(quarter)
        header = f"{_header(width_px, height_px)} -> {sixteenth.shape[1]}x{sixteenth.shape[0]}"
        _write_strip(tiff, sixteenth, f"{header} - |{_facts()}", 0)
        for level in (quarter, sixteenth):
            _write_level(tiff, _tiles(level), level.shape[1], level.shape[0], width_px, height_px)
        _write_strip(tiff, _label(), f"{SOFTWARE}\nlabel 320x320", 1)
        macro = _macro(sixteenth)
        _write_strip(tiff, macro, f"{SOFTWARE}\nmacro {macro.shape[1]}x{macro.shape[0]}", 9)
    on_progress(1.0)


def _header(width_px: int, height_px: int) -> str:
    return f"{SOFTWARE}\n{width_px}x{height_px}"


def _facts() -> str:
    return f"AppMag = {OBJECTIVE_POWER}|MPP = {MPP}|Title = Invented biopsy, H&E"


def _write_level(
    tiff: tifffile.TiffWriter, tiles: Iterator[Bytes], width: int, height: int, full_width: int, full_height: int
) -> None:
    scaled = "" if width == full_width else f" -> {width}x{height}"
    quality = 82
    text = f"{_header(full_width, full_height)} [0,0 {full_width}x{full_height}] (256x256)"
    tiff.write(
        tiles,
        shape=(height, width, 3),
        dtype=np.uint8,
        tile=(TILE_PX, TILE_PX),
        photometric="rgb",
        compression="jpeg",
        compressionargs={"level": quality},
        description=f"{text}{scaled} JPEG/RGB Q={quality}|{_facts()}",
        software=False,
        metadata=None,
        maxworkers=1,
    )


def _write_strip(tiff: tifffile.TiffWriter, picture: Bytes, description: str, subfile_type: int) -> None:
    """One picture beside the levels; Aperio marks the label by NewSubfileType 1 and the macro by 9."""
    tiff.write(
        picture,
        photometric="rgb",
        compression="jpeg",
        compressionargs={"level": 85},
        rowsperstrip=picture.shape[0],
        description=description,
        subfiletype=subfile_type,
        software=False,
        metadata=None,
    )


def _reduced(picture: Bytes) -> Bytes:
    """A quarter of the size, each pixel the mean of the sixteen it stands for."""
    size = (picture.shape[1] // REDUCTION, picture.shape[0] // REDUCTION)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _tiles(picture: Bytes) -> Iterator[Bytes]:
    for top in range(0, picture.shape[0], TILE_PX):
        for left in range(0, picture.shape[1], TILE_PX):
            tile = picture[top : top + TILE_PX, left : left + TILE_PX]
            if tile.shape[:2] != (TILE_PX, TILE_PX):  # edge tiles are stored whole
                short = ((0, TILE_PX - tile.shape[0]), (0, TILE_PX - tile.shape[1]), (0, 0))
                tile = np.pad(tile, short, mode="edge")
            yield np.ascontiguousarray(tile)


def _label() -> Bytes:
    picture = Image.new("RGB", (320, 320), (250, 250, 246))
    draw = ImageDraw.Draw(picture)
    for row, text in enumerate(("INVENTED", "Biopsy A1", "H&E", "no patient")):
        draw.text((30, 40 + 62 * row), text, fill=(20, 20, 30), font_size=46)
    return np.asarray(picture)


def _macro(small: Bytes) -> Bytes:
    """The whole glass slide, 25 × 75 mm, with the section where it lies and the paper label at the left."""
    glass = np.full((420, 1260, 3), (226, 229, 232), np.uint8)
    glass[:, :330] = (247, 247, 243)
    height, width = small.shape[0] // 3, small.shape[1] // 3
    glass[150 : 150 + height, 640 : 640 + width] = cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA)
    return glass
