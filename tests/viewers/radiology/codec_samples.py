"""How `resources/codec_samples.json` was made: the self-test's ramp in every compressed transfer syntax.

Run as ``python -m tests.viewers.radiology.codec_samples`` to write it anew.
"""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
from pydicom.pixels.encoders import RLELosslessEncoder

from viewers.radiology.codec_selftest import SIDE, expected_picture

UID_START = "1.2.840.10008.1.2."


def make_samples() -> list[dict[str, Any]]:
    """Syntax, bits of the ramp, how far a decoded value may be off, and the codestream in Base64."""
    small, large = expected_picture(8), expected_picture(12)
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    made = [
        ("4.50", 8, 3, imagecodecs.jpeg8_encode(small, level=95)),
        ("4.51", 12, 24, imagecodecs.jpeg8_encode(large, level=97, bitspersample=12)),
        ("4.57", 12, 0, imagecodecs.jpeg8_encode(large, lossless=True, bitspersample=12, predictor=4)),
        ("4.70", 12, 0, imagecodecs.jpeg8_encode(large, lossless=True, bitspersample=12, predictor=1)),
        ("4.80", 12, 0, imagecodecs.jpegls_encode(large)),
        ("4.81", 12, 2, imagecodecs.jpegls_encode(large, level=2)),
        ("4.90", 12, 0, _jpeg_2000(large, level=0, reversible=True)),
        ("4.91", 12, 24, _jpeg_2000(large, level=60)),
        ("4.201", 12, 0, imagecodecs.htj2k_encode(large, reversible=True)),
        ("4.203", 12, 24, imagecodecs.htj2k_encode(large, level=0.0001)),
        ("4.110", 12, 0, imagecodecs.jpegxl_encode(large, lossless=True)),
        ("4.112", 8, 4, imagecodecs.jpegxl_encode(small, distance=0.5)),
        ("5", 8, 0, _run_lengths(small)),
        ("8.1", 12, 0, squeeze.compress(large.tobytes()) + squeeze.flush()),
    ]
    return [
        {"syntax": UID_START + end, "bits": bits, "tolerance": off, "code": base64.b64encode(code).decode("ascii")}
        for end, bits, off, code in made
    ]


def _jpeg_2000(values: Any, **options: Any) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(values, codecformat="j2k", bitspersample=12, **options))


def _run_lengths(values: Any) -> bytes:
    return RLELosslessEncoder.encode(
        values, rows=SIDE, columns=SIDE, samples_per_pixel=1, bits_allocated=8, bits_stored=8,
        photometric_interpretation="MONOCHROME2", pixel_representation=0, number_of_frames=1,
    )  # fmt: skip


if __name__ == "__main__":
    target = Path(__file__).parents[3] / "resources" / "codec_samples.json"
    target.write_text(json.dumps(make_samples(), indent=1) + "\n", "utf-8")
