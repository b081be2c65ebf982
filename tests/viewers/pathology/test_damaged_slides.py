"""Whatever is in the bytes: a slide opens, or there is one sentence. Never another exception, never a crash."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.viewers.pathology.byte_sources import MemoryByteSource
from tests.viewers.pathology.test_dicom_source import instance
from tests.viewers.pathology.test_dicom_source import picture as dicom_picture
from tests.viewers.pathology.test_tiff_source import picture, tiff
from viewers.errors import ViewerError
from viewers.pathology.slide_source import open_slide


def aperio() -> bytes:
    return tiff(picture(), compression="jpeg", description="Aperio x\n400x300|AppMag = 20|MPP = 0.5")


KINDS: dict[str, Callable[[], bytes]] = {
    "jpeg": aperio,
    "lzw": lambda: tiff(picture(), compression="lzw", predictor=True),
    "strips": lambda: tiff(picture(), tile=None, rowsperstrip=32),
    "dicom": lambda: instance(dicom_picture(64, 64)),
    "dicom jpeg 2000": lambda: instance(dicom_picture(64, 64), jpeg2000=True),
    "dicom sparse": lambda: instance(dicom_picture(64, 64), sparse=True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_that_flipped_bytes_give_a_slide_or_a_sentence(kind: str) -> None:
    rng = random.Random(7)
    whole = KINDS[kind]()
    opened = 0
    for _ in range(120):
        content = bytearray(whole)
        reach = rng.choice((300, 3000, len(content)))
        for _ in range(rng.choice((1, 4, 30))):
            content[rng.randrange(min(reach, len(content)))] = rng.randrange(256)
        try:
            slide = open_slide([MemoryByteSource("odd.svs", bytes(content))])
            slide.read_tile(0, 0, 0)
            opened += 1
            slide.close()
        except ViewerError as error:
            assert "\n" not in str(error)
            assert "odd.svs" in str(error)
    assert opened > 0
