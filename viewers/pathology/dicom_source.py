"""Reads DICOM whole slides (VL Whole Slide Microscopy) over any bytes. Where the tiles are, `dicom_structure` says."""

from __future__ import annotations

from collections.abc import Sequence

import imagecodecs
import numpy as np

from viewers.byte_source import ByteSource
from viewers.errors import OutOfRange, UnreadableFile, UnsupportedImage
from viewers.pathology.dicom_structure import JPEG_2000, JPEG_BASELINE, JPEG_LS, WsiInstance, read_instance
from viewers.pathology.slide_calibration import calibration_from_bare_resolution, calibration_from_mpp
from viewers.pathology.slide_source import GLASS, Pixels, SlideLevel, SlideSource, assemble_region, exact_downsample
from viewers.pathology.thread_handles import ThreadHandles
from viewers.pathology.tile_decode import (
    DECODE_FAULTS,
    bgrx_of,
    decode_jpeg,
    decode_jpeg2000,
    fitted,
    in_one_line,
    rgb_of_ycbcr,
)

BESIDE = {"LABEL": "label", "OVERVIEW": "macro", "THUMBNAIL": "thumbnail"}


def open_dicom_slide(sources: Sequence[ByteSource], *, is_partial: bool = False) -> SlideSource:
    """The slide whose levels are in *sources*, the instances of one series.

    *is_partial*: more are on their way. Each instance is one whole level, so nothing of what is here has holes; the
    finest level here is level 0 until a finer one comes. Without any level, UnsupportedImage: a label is no slide.
    """
    instances = [read_instance(source) for source in sources]
    if len({instance.series_uid for instance in instances}) > 1:
        raise UnsupportedImage(f"{sources[0].name} and the files beside it are of several slides; open one at a time.")
    if is_partial and not any(instance.flavour == "VOLUME" for instance in instances):
        raise UnsupportedImage("Only pictures beside this slide have come; it opens as soon as its first level has.")
    slide = DicomSlide(instances)
    try:
        for level in range(len(slide.levels)):
            slide.read_tile(level, slide.levels[level].columns // 2, slide.levels[level].rows // 2)
    except (UnreadableFile, UnsupportedImage):
        slide.close()
        raise
    return slide


class DicomSlide:
    """A `SlideSource` over the instances of one series, finest level first."""

    format_name = "DICOM whole slide"

    def __init__(self, instances: Sequence[WsiInstance]) -> None:
        volumes = {(i.width_px, i.height_px): i for i in reversed(instances) if i.flavour == "VOLUME"}
        warnings = [warning for instance in instances for warning in instance.warnings]
        if len(volumes) < sum(instance.flavour == "VOLUME" for instance in instances):
            warnings.append("Several images of the same resolution were given; the first of each is shown.")
        beside = {BESIDE[i.flavour]: i for i in reversed(instances) if i.flavour in BESIDE}
        if not volumes:
            only = max(instances, key=lambda instance: instance.width_px)
            volumes = {(only.width_px, only.height_px): only}
            what = f"the {BESIDE[only.flavour]}" if only.flavour in BESIDE else "a picture"
            warnings.append(f"{only.source.name} holds only {what} of a slide, not the slide itself.")
        self._instances = sorted(volumes.values(), key=lambda instance: -instance.width_px)
        self._beside = beside
        self._handles = {id(i): ThreadHandles(i.source) for i in (*self._instances, *beside.values())}
        finest = self._instances[0]
        self.name = finest.source.name
        self.objective_power = finest.objective_power
        self.icc_profile = finest.icc_profile
        self.associated_names = tuple(beside)
        self.calibration = (
            calibration_from_bare_resolution(None)
            if finest.mpp is None
            else calibration_from_mpp(*finest.mpp, "DICOM Pixel Spacing")
        )
        full = (finest.width_px, finest.height_px)
        self.levels = tuple(
            SlideLevel(
                i.width_px,
                i.height_px,
                exact_downsample(full, (i.width_px, i.height_px)),
                i.tile_width_px,
                i.tile_height_px,
            )
            for i in self._instances
        )
        self.warnings = tuple(warnings)

    def close(self) -> None:
        for handles in self._handles.values():
            handles.close()

    def read_associated(self, name: str) -> Pixels:
        instance = self._beside.get(name)
        if instance is None:
            raise OutOfRange(f"{self.name} has no picture named {name}.")
        tile_width, tile_height = instance.tile_width_px, instance.tile_height_px
        columns, rows = -(-instance.width_px // tile_width), -(-instance.height_px // tile_height)
        whole = np.full((rows * tile_height, columns * tile_width, 4), GLASS, np.uint8)
        for row in range(rows):
            for column in range(columns):
                tile = fitted(self._tile(instance, column, row, columns), tile_width, tile_height)
                top, left = row * tile_height, column * tile_width
                whole[top : top + tile_height, left : left + tile_width] = tile
        return np.ascontiguousarray(whole[: instance.height_px, : instance.width_px, 2::-1])

    def read_tile(self, level: int, column: int, row: int) -> Pixels:
        if not 0 <= level < len(self.levels):
            raise OutOfRange(f"{self.name} has no level {level}.")
        at = self.levels[level]
        width, height = at.tile_size(column, row)
        return fitted(self._tile(self._instances[level], column, row, at.columns), width, height)

    def read_region(self, x: int, y: int, width: int, height: int, level: int = 0) -> Pixels:
        return assemble_region(self, x, y, width, height, level)

    def _tile(self, instance: WsiInstance, column: int, row: int, columns: int) -> Pixels:
        """One tile as stored, BGRX; glass where a sparse slide has none."""
        placed = instance.frame_of_tile
        frame = row * columns + column if placed is None else placed.get((column, row))
        if frame is None:
            return np.full((instance.tile_height_px, instance.tile_width_px, 4), GLASS, np.uint8)
        handles = self._handles[id(instance)]
        encoded = b"".join(handles.read_at(offset, length) for offset, length in instance.frames[frame])
        name, is_ybr = instance.source.name, instance.photometric in ("YBR_FULL", "YBR_FULL_422")
        if instance.transfer_syntax == JPEG_BASELINE:
            space = "GRAYSCALE" if instance.samples == 1 else "YCBCR" if is_ybr else "RGB"
            pixels = decode_jpeg(encoded, None, space, name)
        elif instance.transfer_syntax in JPEG_2000:
            pixels = decode_jpeg2000(encoded, is_ycbcr=is_ybr, name=name)
        else:
            pixels = self._plain(instance, encoded, is_ybr)
        if instance.photometric == "MONOCHROME1":
            pixels[..., :3] = 255 - pixels[..., :3]
        return pixels

    def _plain(self, instance: WsiInstance, encoded: bytes, is_ybr: bool) -> Pixels:
        name = instance.source.name
        if instance.photometric == "YBR_FULL_422":
            raise UnsupportedImage(
                f"{name} holds uncompressed half-resolution colour, which this program does not show."
            )
        if instance.transfer_syntax in JPEG_LS:
            try:
                decoded = imagecodecs.jpegls_decode(encoded)
            except DECODE_FAULTS as error:
                raise UnreadableFile(f"{name} holds a damaged tile ({in_one_line(error)}).") from error
        else:
            shape = (instance.tile_height_px, instance.tile_width_px, instance.samples)
            decoded = np.frombuffer(encoded, np.uint8).reshape(shape)
        return bgrx_of(rgb_of_ycbcr(decoded) if is_ybr else decoded, name)
