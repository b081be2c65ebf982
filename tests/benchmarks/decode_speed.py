"""Compressed series into memory on two threads, and one frame alone, against the bare codec on the same codestreams."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.encaps import encapsulate
from pydicom.uid import HTJ2KLossless, JPEG2000Lossless, JPEGExtended12Bit, JPEGLosslessSV1, JPEGLSLossless

from sync.demo_hospital.phantoms import PhantomPatient
from sync.demo_hospital.phantoms.ct_chest import write_ct_chest
from tests.benchmarks.stopwatch import Row, medians_in_turns_ms
from viewers.byte_source import FileByteSource
from viewers.radiology.decode import read_frame
from viewers.radiology.frame import Series
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.volume import SeriesPixels

SLICES = 48
PATIENT = PhantomPatient("BENCH-2", "BENCH^Cora", "19700101", "O", "Chest CT", "B2")


@dataclass(frozen=True, slots=True)
class Codec:
    """One of imagecodecs', and the transfer syntax it is for."""

    name: str
    transfer_syntax: str
    encode: Callable[[NDArray[Any]], bytes]
    decode: Callable[[bytes], Any]


CODECS = (
    Codec("JPEG-LS", JPEGLSLossless, imagecodecs.jpegls_encode, imagecodecs.jpegls_decode),
    Codec(
        "JPEG 2000",
        JPEG2000Lossless,
        partial(imagecodecs.jpeg2k_encode, level=0, reversible=True, codecformat="j2k"),
        imagecodecs.jpeg2k_decode,
    ),
    Codec("HTJ2K", HTJ2KLossless, partial(imagecodecs.htj2k_encode, reversible=True), imagecodecs.jpeg2k_decode),
    Codec(
        "JPEG lossless",
        JPEGLosslessSV1,
        partial(imagecodecs.jpeg8_encode, lossless=True, bitspersample=16, predictor=1),
        imagecodecs.jpeg8_decode,
    ),
    Codec(
        "JPEG extended",
        JPEGExtended12Bit,
        partial(imagecodecs.jpeg8_encode, level=95, bitspersample=12),
        imagecodecs.jpeg8_decode,
    ),
)


def rows() -> Iterator[Row]:
    """Files from a warm page cache, their headers read before; the codec has its codestreams in memory."""
    with tempfile.TemporaryDirectory() as folder:
        write_ct_chest(Path(folder), PATIENT, slices=SLICES)
        paths = sorted(Path(folder).glob("*.dcm"))
        stored = [(pydicom.dcmread(path).pixel_array.astype(np.int32) + 1024).clip(0, 4095) for path in paths]
        for codec in CODECS:
            codes = [codec.encode(values.astype(np.uint16)) for values in stored]
            for path, code in zip(paths, codes, strict=True):
                _rewrite(path, code, codec.transfer_syntax)
            (series,) = scan_instances([FileByteSource(path) for path in paths]).series
            ours, alone = medians_in_turns_ms(partial(_by_program, series), partial(_by_codec, codes, codec), 7)
            yield Row(
                f"{SLICES} slices in {codec.name}, two threads",
                ours,
                "the codec alone, two threads",
                alone,
                "≤ 1.2 × the codec",
            )
            frame = series.frames[0]
            code = codes[next(n for n, path in enumerate(paths) if path.name == frame.source.name)]
            ours, alone = medians_in_turns_ms(partial(read_frame, frame), partial(codec.decode, code), 15)
            yield Row(f"one slice in {codec.name}", ours, "the codec alone", alone, "–")


def _rewrite(path: Path, code: bytes, transfer_syntax: str) -> None:
    ds = pydicom.dcmread(path)
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 12, 11, 0
    ds.PixelData = encapsulate([code])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = transfer_syntax
    ds.save_as(path, enforce_file_format=True)


def _by_codec(codes: list[bytes], codec: Codec) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(codec.decode, codes):
            pass


def _by_program(series: Series) -> None:
    pixels = SeriesPixels(series)
    pixels.start()
    if not pixels.wait(60):
        raise TimeoutError
    pixels.stop()
