"""Is a file a slide that can be offered: a TIFF whose tiles are all there and can be decoded. No DICOM here."""

from __future__ import annotations

import logging
from pathlib import Path

import tifffile

TIFF_MARKS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
"""How classic TIFF and BigTIFF files begin, either byte order."""

CONTENT_TYPES = {
    ".svs": "image/x-aperio-svs",
    ".ndpi": "image/x-hamamatsu-ndpi",
    ".scn": "image/x-leica-scn",
    ".bif": "image/x-ventana-bif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".svslide": "image/tiff",
}

SEVERAL_FILES = {
    ".mrxs": "unsupported: a MIRAX slide is a folder of files, and one file is offered at a time",
    ".vms": "unsupported: a Hamamatsu VMS slide is several files, and one file is offered at a time",
    ".vmu": "unsupported: a Hamamatsu VMU slide is several files, and one file is offered at a time",
    ".czi": "unsupported: Zeiss CZI slides are not read here",
}


class UnusableSlide(Exception):
    """The file cannot be offered as a slide; ``str(error)`` is the reason in a few words."""


def check_slide(path: Path) -> None:
    """Look at the structure of the TIFF at *path* and decode its first and last tile. Raises `UnusableSlide`."""
    log = logging.getLogger("tifffile")
    level = log.level
    log.setLevel(logging.CRITICAL)  # its remarks on odd tags; what matters is judged below
    try:
        with tifffile.TiffFile(path) as tiff:
            _check_tiles(tiff, path.stat().st_size)
    except UnusableSlide:
        raise
    except Exception as error:
        raise UnusableSlide("a TIFF that no reader can open") from error
    finally:
        log.setLevel(level)


def _check_tiles(tiff: tifffile.TiffFile, file_size_bytes: int) -> None:
    page = tiff.pages.first
    if page.dtype is None or page.dtype.itemsize > 2 or page.samplesperpixel not in (1, 3, 4):
        raise UnusableSlide("a TIFF, but not of grey or colour pictures")
    orientation = page.tags.get("Orientation")
    if orientation is not None and 2 <= int(orientation.value) <= 8:
        # The workstation shows slides as stored, so left and right would be wrong
        raise UnusableSlide(f"unsupported: stored turned or mirrored (TIFF orientation {int(orientation.value)})")
    for one in tiff.pages:
        whole = one.aspage()
        spans = zip(whole.dataoffsets, whole.databytecounts, strict=True)
        if any(offset + length > file_size_bytes for offset, length in spans):
            raise UnusableSlide("truncated: the file ends before its tiles do")
    filled = [index for index, length in enumerate(page.databytecounts) if length]
    if not filled:
        raise UnusableSlide("a TIFF without any pixels")
    for index in {filled[0], filled[-1]}:
        tiff.filehandle.seek(page.dataoffsets[index])
        data = tiff.filehandle.read(page.databytecounts[index])
        picture, _, _ = page.decode(data, index, jpegtables=page.jpegtables, jpegheader=page.jpegheader)
        if picture is None:
            raise UnusableSlide("a TIFF that no reader can open")
