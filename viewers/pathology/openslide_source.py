"""The formats OpenSlide reads and we do not (NDPI, MIRAX, SCN, BIF, VSI…): plain files only, since it opens by path."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import openslide

from viewers.byte_source import ByteSource
from viewers.calibration import Calibration
from viewers.errors import OutOfRange, UnreadableFile, UnsupportedImage
from viewers.pathology.slide_calibration import calibration_from_bare_resolution, calibration_from_mpp
from viewers.pathology.slide_source import Pixels, SlideLevel, SlideSource, assemble_region, exact_downsample

TILE_PX = 256
VENDORS_WITHOUT_SCALE = ("generic-tiff", "synthetic")
"""OpenSlide gives these an MPP too, from bare TIFF resolution tags."""


def open_with_openslide(source: ByteSource) -> SlideSource:
    """The slide in a plain file. UnreadableFile when OpenSlide does not know it either."""
    if source.path is None:
        raise UnreadableFile(f"{source.name} is not a slide this program can read from its encrypted store.")
    try:
        handle = openslide.OpenSlide(str(source.path))
    except openslide.OpenSlideUnsupportedFormatError as error:
        raise UnreadableFile(f"{source.name} is not a slide in any format this program knows.") from error
    except (openslide.OpenSlideError, OSError) as error:
        raise UnreadableFile(f"{source.name} cannot be read as a slide ({error}).") from error
    if "openslide.level[0].width" not in handle.properties:
        handle.close()
        raise UnsupportedImage(f"{source.name} holds no picture.")
    return OpenSlideSlide(source, handle)


class OpenSlideSlide:
    """A `SlideSource` over one OpenSlide handle, which is safe to share between threads."""

    def __init__(self, source: ByteSource, handle: openslide.OpenSlide) -> None:
        self._handle = handle
        facts = handle.properties
        vendor = str(facts.get("openslide.vendor", ""))
        self.name = source.name
        self.format_name = f"{vendor} (OpenSlide)"
        self.calibration = _calibration(facts, vendor)
        power = facts.get("openslide.objective-power")
        self.objective_power = None if power is None else float(power)
        profile = handle.color_profile
        self.icc_profile = None if profile is None else profile.tobytes()
        self.warnings: tuple[str, ...] = ()
        self.associated_names = tuple(handle.associated_images)
        background = str(facts.get("openslide.background-color", "FFFFFF"))
        self._background = np.frombuffer(bytes.fromhex(background), np.uint8)
        full = handle.level_dimensions[0]
        self.levels = tuple(
            SlideLevel(
                width,
                height,
                exact_downsample(full, (width, height)),
                int(facts.get(f"openslide.level[{index}].tile-width", TILE_PX)),
                int(facts.get(f"openslide.level[{index}].tile-height", TILE_PX)),
            )
            for index, (width, height) in enumerate(handle.level_dimensions)
        )

    def close(self) -> None:
        self._handle.close()

    def read_associated(self, name: str) -> Pixels:
        if name not in self.associated_names:
            raise OutOfRange(f"{self.name} has no picture named {name}.")
        return np.ascontiguousarray(np.asarray(self._handle.associated_images[name].convert("RGB")))

    def read_tile(self, level: int, column: int, row: int) -> Pixels:
        at = self.levels[level]
        width, height = at.tile_size(column, row)
        scale = self._handle.level_downsamples[level]
        origin = (round(column * at.tile_width_px * scale), round(row * at.tile_height_px * scale))
        try:
            rgba = np.asarray(self._handle.read_region(origin, level, (width, height)))
        except openslide.OpenSlideError as error:
            raise UnreadableFile(f"{self.name} cannot be read ({error}).") from error
        bgrx = np.full((height, width, 4), 255, np.uint8)
        bgrx[..., :3] = np.where(rgba[..., 3:] > 0, rgba[..., 2::-1], self._background[::-1])
        return bgrx

    def read_region(self, x: int, y: int, width: int, height: int, level: int = 0) -> Pixels:
        return assemble_region(self, x, y, width, height, level)


def _calibration(facts: Mapping[str, str], vendor: str) -> Calibration:
    mpp_x, mpp_y = facts.get("openslide.mpp-x"), facts.get("openslide.mpp-y")
    if mpp_x is None or mpp_y is None:
        return calibration_from_bare_resolution(None)
    if vendor in VENDORS_WITHOUT_SCALE:
        return calibration_from_bare_resolution(float(mpp_x))
    return calibration_from_mpp(float(mpp_x), float(mpp_y), f"{vendor} MPP")
