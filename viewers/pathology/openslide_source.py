"""The formats OpenSlide reads and we do not (NDPI, MIRAX, BIF, Philips…). It opens by path, so what lies encrypted has
to be lent to it as a plain file first.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import openslide

from viewers.byte_source import ByteSource
from viewers.calibration import Calibration
from viewers.errors import OutOfRange, UnreadableFile, UnsupportedImage
from viewers.pathology.plain_file import Lend, PlainFile, lend_nothing
from viewers.pathology.slide_calibration import calibration_from_bare_resolution, calibration_from_mpp
from viewers.pathology.slide_source import (
    TIFF_STARTS,
    Pixels,
    SlideLevel,
    SlideSource,
    assemble_region,
    exact_downsample,
)

TILE_PX = 256
LARGEST_TILE_PX = 2048
VENDORS_WITHOUT_SCALE = ("generic-tiff", "synthetic")
"""OpenSlide gives these an MPP too, from bare TIFF resolution tags."""
LIES_OPEN = "This slide lies unencrypted on this computer's disk while it is open."
ONE_OF_SEVERAL = (
    "A format of several files (MIRAX, Hamamatsu VMS) cannot be read from one of them; ask the hospital for the slide "
    "as DICOM or in a format of one file."
)


def open_with_openslide(source: ByteSource, lend: Lend = lend_nothing) -> SlideSource:
    """The slide in a plain file, or in what *lend* makes of encrypted bytes, given back when the slide is closed.

    UnreadableFile when OpenSlide does not know it either; whatever *lend* raises.
    """
    plain = lend(source) if source.path is None else PlainFile(source.path)
    try:
        return OpenSlideSlide(source.name, _opened(source, plain), plain)
    except BaseException:
        plain.close()
        raise


def _opened(source: ByteSource, plain: PlainFile) -> openslide.OpenSlide:
    if source.path is None and _is_one_of_several(source, plain):
        raise UnsupportedImage(f"{source.name} is one file of a slide that consists of several. {ONE_OF_SEVERAL}")
    try:
        handle = openslide.OpenSlide(str(plain.path))
    except openslide.OpenSlideUnsupportedFormatError as error:
        sentence = f"{source.name} is not a slide in any format this program knows."
        if source.path is None and not _is_tiff(source):
            raise UnsupportedImage(f"{sentence} {ONE_OF_SEVERAL}") from error
        raise UnreadableFile(sentence) from error
    except (openslide.OpenSlideError, OSError) as error:
        reason = str(error).replace(f"{plain.path}", "the file")
        raise UnreadableFile(f"{source.name} cannot be read as a slide ({reason}).") from error
    if "openslide.level[0].width" not in handle.properties:
        handle.close()
        raise UnsupportedImage(f"{source.name} holds no picture.")
    return handle


def _is_one_of_several(source: ByteSource, plain: PlainFile) -> bool:
    """Hamamatsu's VMS is a text with the names of other files, which must not be looked for beside a copy."""
    return not _is_tiff(source) and openslide.OpenSlide.detect_format(str(plain.path)) == "hamamatsu"


def _is_tiff(source: ByteSource) -> bool:
    with source.open() as file:
        return file.read(4) in TIFF_STARTS


class OpenSlideSlide:
    """A `SlideSource` over one OpenSlide handle, which is safe to share between threads.

    `close` waits for nobody: whoever is reading at that moment finishes, and the last one out closes the file.
    """

    def __init__(self, name: str, handle: openslide.OpenSlide, plain: PlainFile) -> None:
        self._handle = handle
        self._plain = plain
        self._gate = threading.Lock()
        self._readers = 0
        self._closed = self._let_go = False
        facts = handle.properties
        vendor = str(facts.get("openslide.vendor", ""))
        self.name = name
        self.format_name = f"{vendor} (OpenSlide)"
        self.calibration = _calibration(facts, vendor)
        power = facts.get("openslide.objective-power")
        self.objective_power = None if power is None else float(power)
        profile = handle.color_profile
        self.icc_profile = None if profile is None else profile.tobytes()
        self.warnings: tuple[str, ...] = (LIES_OPEN,) if plain.lies_on_disk else ()
        self.associated_names = tuple(handle.associated_images)
        background = str(facts.get("openslide.background-color", "FFFFFF"))
        self._background = np.frombuffer(bytes.fromhex(background), np.uint8)
        full = handle.level_dimensions[0]
        self._downsamples = handle.level_downsamples
        self.levels = tuple(
            SlideLevel(
                width,
                height,
                exact_downsample(full, (width, height)),
                _tile_side(int(facts.get(f"openslide.level[{index}].tile-width", TILE_PX))),
                _tile_side(int(facts.get(f"openslide.level[{index}].tile-height", TILE_PX))),
            )
            for index, (width, height) in enumerate(handle.level_dimensions)
        )

    def close(self) -> None:
        with self._gate:
            self._closed = True
        self._let_go_if_last()

    def read_associated(self, name: str) -> Pixels:
        if name not in self.associated_names:
            raise OutOfRange(f"{self.name} has no picture named {name}.")
        with self._reading():
            return np.ascontiguousarray(np.asarray(self._handle.associated_images[name].convert("RGB")))

    def read_tile(self, level: int, column: int, row: int) -> Pixels:
        at = self.levels[level]
        width, height = at.tile_size(column, row)
        scale = self._downsamples[level]
        origin = (round(column * at.tile_width_px * scale), round(row * at.tile_height_px * scale))
        with self._reading():
            rgba = np.asarray(self._handle.read_region(origin, level, (width, height)))
        bgrx = np.full((height, width, 4), 255, np.uint8)
        bgrx[..., :3] = np.where(rgba[..., 3:] > 0, rgba[..., 2::-1], self._background[::-1])
        return bgrx

    def read_region(self, x: int, y: int, width: int, height: int, level: int = 0) -> Pixels:
        return assemble_region(self, x, y, width, height, level)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """The file stays open meanwhile. UnreadableFile where it is closed or OpenSlide gives up on it."""
        with self._gate:
            if self._closed:
                raise UnreadableFile(f"{self.name} is closed.")
            self._readers += 1
        try:
            yield
        except openslide.OpenSlideError as error:
            raise UnreadableFile(f"{self.name} cannot be read ({error}).") from error
        finally:
            with self._gate:
                self._readers -= 1
            self._let_go_if_last()

    def _let_go_if_last(self) -> None:
        with self._gate:
            if not self._closed or self._readers or self._let_go:
                return
            self._let_go = True
        self._handle.close()
        self._plain.close()


def _tile_side(stored_px: int) -> int:
    """As the file has it, or a whole number of those: some scanners store stripes a few pixels tall, or one piece."""
    if stored_px > LARGEST_TILE_PX:
        return TILE_PX
    return stored_px * -(-TILE_PX // stored_px) if 0 < stored_px < TILE_PX else stored_px or TILE_PX


def _calibration(facts: Mapping[str, str], vendor: str) -> Calibration:
    mpp_x, mpp_y = facts.get("openslide.mpp-x"), facts.get("openslide.mpp-y")
    if mpp_x is None or mpp_y is None:
        return calibration_from_bare_resolution(None)
    if vendor in VENDORS_WITHOUT_SCALE:
        return calibration_from_bare_resolution(float(mpp_x))
    return calibration_from_mpp(float(mpp_x), float(mpp_y), f"{vendor} MPP")
